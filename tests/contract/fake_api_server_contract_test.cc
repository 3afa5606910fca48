// The scripted API server keeps the promises of the real one. Behind TLS, as that is; its time is
// simulated.
#include "tests/contract/api_server_contract.h"
#include "tests/fakes/api_server/api_server.h"
#include "tests/fakes/api_server/certificates.h"
#include "tests/fakes/api_server/fronts.h"
#include "tests/kube/simulated_time.h"

namespace {

constexpr const char* kAdministrator = "administrator";
constexpr const char* kPowerless = "powerless";

class FakeApiServerWorld final : public ApiServerWorld {
 public:
  FakeApiServerWorld() {
    server_.required_token = kAdministrator;
    server_.powerless_token = kPowerless;
    front_.show(authority_.sign("kube-apiserver", {"IP:127.0.0.1"}));
  }

  kube::ClusterAccess administrator() const override { return with_token(kAdministrator); }
  kube::ClusterAccess powerless() const override { return with_token(kPowerless); }

  bool run_until(const std::function<bool()>& condition, std::chrono::seconds most) override {
    return kube::SimulatedTime::run_until(io_, condition, most, std::chrono::milliseconds(10));
  }

 private:
  kube::ClusterAccess with_token(const char* token) const {
    kube::ClusterAccess access;
    access.host = "127.0.0.1";
    access.port = front_.port();
    access.certificate_authority.data = authority_.certificate();
    access.token.data = token;
    return access;
  }

  kube::SimulatedTime time_;
  fakes::ApiServer server_{io_.get_executor()};
  fakes::CertificateAuthority authority_{"contract"};
  fakes::TlsFront front_{io_.get_executor(), server_.start()};
};

INSTANTIATE_TEST_SUITE_P(Fake, ApiServerContract,
                         testing::Values(ApiServerFactory{
                             "ApiServer", [] { return std::make_unique<FakeApiServerWorld>(); }}),
                         api_server_name);

}  // namespace
