// Whom we believe to be the API server, and how we follow credentials that change (rows 24 and 25
// of the fault list). TLS 1.2 or later, the authority given, the name in the certificate.
#include <gmock/gmock.h>
#include <openssl/ssl.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX

#include <filesystem>
#include <fstream>

#include "kube/tls.h"
#include "tests/fakes/api_server/fronts.h"
#include "tests/kube/heap.h"
#include "tests/kube/reflector_fixture.h"

namespace kube {
namespace {

using namespace std::chrono_literals;
using fakes::CertificateAuthority;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class TlsTest : public ReflectorTest {
 protected:
  TlsTest() {
    std::string name = (std::filesystem::temp_directory_path() / "kube-tls-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    write("ca.crt", authority_.certificate());
    write("token", "first");
    front_.show(server_identity());
    put_service("a");
  }
  ~TlsTest() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] fakes::Identity server_identity() const {
    return authority_.sign("kube-apiserver", {"IP:127.0.0.1", "DNS:api.example"});
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name) << text;
  }

  [[nodiscard]] ClusterAccess access() const {
    ClusterAccess access;
    access.host = "127.0.0.1";
    access.port = front_.port();
    access.certificate_authority.file = folder_ + "/ca.crt";
    access.token.file = folder_ + "/token";
    return access;
  }

  void start_with(const ClusterAccess& access) {
    reflector_ = std::make_unique<Reflector>(io_.get_executor(), access, all_services(), journal_,
                                             streaming());
    boost::asio::co_spawn(io_, reflector_->run(),
                          [](const std::exception_ptr& error) { EXPECT_FALSE(error); });
  }

  // What the first trouble says; nothing may have been listed.
  std::string first_trouble() {
    EXPECT_TRUE(run_until([&] { return !journal_.troubles.empty(); }));
    EXPECT_EQ(journal_.count("replaced"), 0);
    EXPECT_THAT(server_.requests(), IsEmpty()) << "nothing is asked, no token sent";
    return journal_.troubles.empty() ? "" : journal_.troubles[0].why;
  }

  CertificateAuthority authority_{"test authority"};
  fakes::TlsFront front_{io_.get_executor(), port_};
  std::string folder_;
};

TEST_F(TlsTest, ListsAndWatchesWithAToken) {
  server_.required_token = "first";
  start_with(access());
  ASSERT_TRUE(run_until_told("replaced shop/a"));
  for (const auto& trouble : journal_.troubles)
    ADD_FAILURE() << trouble.what << ": " << trouble.why;
}

TEST_F(TlsTest, ConnectionsWithTheSameCredentialsShareAContext) {
  const Credentials ours{.certificate_authority = authority_.certificate()};
  const Credentials renewed{.certificate_authority = CertificateAuthority("another").certificate()};
  const auto first = tls_context(access(), ours);
  ASSERT_TRUE(first) << first.error();
  EXPECT_EQ(*tls_context(access(), ours), *first);
  EXPECT_NE(*tls_context(access(), renewed), *first);
}

TEST_F(TlsTest, TheSystemsAuthoritiesAreReadForEachConnection) {
  const auto first = tls_context(access(), {});
  ASSERT_TRUE(first) << first.error();
  EXPECT_NE(*tls_context(access(), {}), *first);
}

TEST_F(TlsTest, ServerOfAnotherAuthorityIsRefused) {
  const CertificateAuthority other("somebody else");
  front_.show(other.sign("kube-apiserver", {"IP:127.0.0.1"}));
  start_with(access());
  EXPECT_THAT(first_trouble(), HasSubstr("certificate is refused"));
}

TEST_F(TlsTest, ServerWithAnotherNameIsRefused) {
  front_.show(authority_.sign("kube-apiserver", {"IP:10.0.0.1", "DNS:127.0.0.1"}));
  start_with(access());
  EXPECT_THAT(first_trouble(), HasSubstr("\"127.0.0.1\" is not in it"));
}

TEST_F(TlsTest, NameGivenWinsOverTheAddress) {
  ClusterAccess named = access();
  named.tls_server_name = "api.example";
  start_with(named);
  EXPECT_TRUE(run_until_told("replaced shop/a"));
}

TEST_F(TlsTest, NameGivenMustBeInTheCertificate) {
  ClusterAccess named = access();
  named.tls_server_name = "other.example";
  start_with(named);
  EXPECT_THAT(first_trouble(), HasSubstr("\"other.example\" is not in it"));
}

TEST_F(TlsTest, ExpiredCertificateIsRefusedUntilItIsRenewed) {
  front_.show(authority_.sign("kube-apiserver", {"IP:127.0.0.1"}, -60s));
  start_with(access());
  EXPECT_THAT(first_trouble(), HasSubstr("expired"));
  front_.show(server_identity());
  EXPECT_TRUE(run_until_told("replaced shop/a"));
}

// Seen from a node whose clock is ten years slow, or ten years fast.
TEST_F(TlsTest, ClockTenYearsOffTrustsNobodyUntilItIsSetRight) {
  constexpr auto kYears = 10 * std::chrono::hours(24 * 365);
  for (const auto& identity :
       {authority_.sign("kube-apiserver", {"IP:127.0.0.1"}, kYears + 1h, kYears),
        authority_.sign("kube-apiserver", {"IP:127.0.0.1"}, -kYears, -kYears - 1h)}) {
    front_.show(identity);
    front_.drop();
    if (!reflector_) start_with(access());
    const auto before = journal_.troubles.size();
    ASSERT_TRUE(run_until([&] { return journal_.troubles.size() > before; }));
    EXPECT_THAT(journal_.troubles.back().why, HasSubstr("certificate is refused"));
    EXPECT_THAT(server_.requests(), IsEmpty()) << "nothing is asked, no token sent";
  }
  front_.show(server_identity());
  EXPECT_LE(time_until([&] { return journal_.count("replaced shop/a") == 1; }), 2s);
}

TEST_F(TlsTest, OldVersionsAreRefused) {
  fakes::TlsFront::Settings old;
  old.highest_version = TLS1_1_VERSION;
  front_.show(server_identity(), old);
  start_with(access());
  EXPECT_THAT(first_trouble(), HasSubstr("TLS handshake"));
}

TEST_F(TlsTest, RenewedTokenIsUsedAtOnceAfterA401) {
  server_.required_token = "first";
  start_with(access());
  ASSERT_TRUE(run_until_watching());
  server_.required_token = "second";
  write("token", "second\n");
  put_service("b");
  front_.drop();
  ASSERT_TRUE(run_until_told("changed shop/b"));
  EXPECT_EQ(journal_.count("replaced"), 1) << "the watch goes on";
  for (const Trouble& trouble : journal_.troubles) EXPECT_THAT(trouble.why, Not(HasSubstr("401")));
}

TEST_F(TlsTest, TokenThatIsRenewedLateIsUsedAtTheNextTry) {
  start_with(access());
  ASSERT_TRUE(run_until_watching());
  server_.required_token = "second";
  front_.drop();
  ASSERT_TRUE(run_until([&] { return journal_.count("troubled cannot watch services: 401") > 0; }));
  write("token", "second");
  put_service("b");
  EXPECT_LE(time_until([&] { return journal_.count("changed shop/b") == 1; }), 3s);
}

TEST_F(TlsTest, RenewedAuthorityIsBelievedWithoutARestart) {
  start_with(access());
  ASSERT_TRUE(run_until_watching());
  const CertificateAuthority next("next authority");
  front_.show(next.sign("kube-apiserver", {"IP:127.0.0.1"}));
  front_.drop();
  ASSERT_TRUE(run_until_told("troubled", 2));
  write("ca.crt", next.certificate());
  put_service("b");
  EXPECT_TRUE(run_until_told("changed shop/b"));
}

TEST_F(TlsTest, ClientCertificateIsShownAndItsRenewalTakenUp) {
  fakes::TlsFront::Settings mutual;
  mutual.client_authority = authority_.certificate();
  front_.show(server_identity(), mutual);
  const CertificateAuthority stranger("stranger");
  const auto show = [&](const fakes::Identity& identity) {
    write("client.crt", identity.certificate);
    write("client.key", identity.key);
  };
  show(stranger.sign("system:node:n1", {}));
  ClusterAccess access = this->access();
  access.client_certificate.file = folder_ + "/client.crt";
  access.client_key.file = folder_ + "/client.key";
  start_with(access);
  ASSERT_TRUE(run_until_told("troubled", 2));
  EXPECT_EQ(journal_.count("replaced"), 0);
  show(authority_.sign("system:node:n1", {}));
  EXPECT_TRUE(run_until_told("replaced shop/a"));
}

TEST_F(TlsTest, CredentialsThatCannotBeReadAreNeverReplacedByNone) {
  std::filesystem::remove(folder_ + "/ca.crt");
  start_with(access());
  EXPECT_THAT(first_trouble(), HasSubstr("ca.crt"));
  write("ca.crt", authority_.certificate());
  EXPECT_TRUE(run_until_told("replaced shop/a"));
}

TEST_F(TlsTest, GoesThroughAProxyWithTlsToTheServer) {
  fakes::ConnectProxy proxy(io_.get_executor());
  ClusterAccess access = this->access();
  access.proxy = {.host = "127.0.0.1", .port = proxy.port()};
  start_with(access);
  ASSERT_TRUE(run_until_told("replaced shop/a"));
  ASSERT_THAT(proxy.requests(), Not(IsEmpty()));
  EXPECT_EQ(proxy.requests()[0],
            "CONNECT 127.0.0.1:" + std::to_string(front_.port()) + " HTTP/1.1");
}

TEST_F(TlsTest, BlackHoleBehindAProxyThatAcknowledgesIsLeftWithinTwoAndAHalfMinutes) {
  fakes::ConnectProxy proxy(io_.get_executor());
  ClusterAccess access = this->access();
  access.proxy = {.host = "127.0.0.1", .port = proxy.port()};
  start_with(access);
  ASSERT_TRUE(run_until_watching());
  proxy.swallow();
  put_service("b");
  EXPECT_LE(time_until([&] { return journal_.count("changed shop/b") == 1; }), 150s);
  EXPECT_EQ(journal_.count("replaced"), 1) << "the watch goes on from where it was";
}

TEST_F(TlsTest, DayWithoutAServerInWhichTheTokenRunsOutIsCaughtUpWithinTwoSeconds) {
  server_.required_token = "first";
  start_with(access());
  ASSERT_TRUE(run_until_watching());
  front_.hide();
  pass(1h, 1min);
  journal_ = {};
  const std::size_t heap = heap_in_use();
  pass(23h, 1min);
  journal_ = {};
  EXPECT_LE(heap_in_use(), heap + 65536) << "an outage costs no memory";
  server_.required_token = "second";
  write("token", "second\n");
  put_service("b");
  front_.show(server_identity());
  EXPECT_LE(time_until([&] { return journal_.count("replaced shop/a shop/b") == 1; }), 2s);
}

TEST_F(TlsTest, ProxyThatRefusesIsSaid) {
  fakes::ConnectProxy proxy(io_.get_executor());
  proxy.refusal = "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
  ClusterAccess access = this->access();
  access.proxy = {.host = "127.0.0.1", .port = proxy.port()};
  start_with(access);
  EXPECT_THAT(first_trouble(), HasSubstr("opens no tunnel: \"HTTP/1.1 407"));
}

}  // namespace
}  // namespace kube
