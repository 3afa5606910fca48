#include "kube/kubeconfig.h"

#include <gmock/gmock.h>

#include <string>

namespace kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string config(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: main\n"
         "contexts:\n- name: main\n  context: {cluster: c, user: u}\n"
         "- name: other\n  context: {cluster: gone, user: u}\n"
         "clusters:\n- name: c\n  cluster: {" +
         cluster +
         "}\n"
         "users:\n- name: u\n  user: {" +
         user + "}\n";
}

constexpr const char* kServer = "server: \"https://10.0.0.1:6443\"";

tl::expected<ClusterAccess, Trouble> parse(const std::string& text) {
  return parse_kubeconfig(text, "/etc/agent/kubeconfig");
}

std::string why(const std::string& cluster, const std::string& user) {
  const auto parsed = parse(config(cluster, user));
  return parsed ? "accepted" : parsed.error().why;
}

TEST(Kubeconfig, ReadsServerAndCredentialsOfTheCurrentContext) {
  const auto access = parse(
      config(std::string(kServer) + ", certificate-authority-data: aGVsbG8=, tls-server-name: api",
             "client-certificate: pki/a.crt, client-key: /pki/a.key, tokenFile: token"));
  ASSERT_TRUE(access.has_value()) << access.error().why;
  EXPECT_EQ(access->url(), "https://10.0.0.1:6443");
  EXPECT_EQ(access->certificate_authority.data, "hello");
  EXPECT_EQ(access->tls_server_name, "api");
  EXPECT_EQ(access->client_certificate.file, "/etc/agent/pki/a.crt");
  EXPECT_EQ(access->client_key.file, "/pki/a.key");
  EXPECT_EQ(access->token.file, "/etc/agent/token");
  EXPECT_THAT(access->warnings, IsEmpty());
}

TEST(Kubeconfig, PrefersTheTokenFileThatIsRenewed) {
  const auto access = parse(config(kServer, "token: abc, tokenFile: /t"));
  ASSERT_TRUE(access.has_value());
  EXPECT_EQ(access->token, (CredentialSource{.file = "/t", .data = ""}));
  EXPECT_EQ(parse(config(kServer, "token: abc"))->token.data, "abc");
}

TEST(Kubeconfig, WarnsLoudlyWhenTheServerIsNotVerified) {
  const auto access = parse(config(std::string(kServer) + ", insecure-skip-tls-verify: true", ""));
  ASSERT_TRUE(access.has_value());
  EXPECT_TRUE(access->insecure_skip_tls_verify);
  EXPECT_THAT(access->warnings, ElementsAre(HasSubstr("insecure-skip-tls-verify")));
}

TEST(Kubeconfig, WarnsThatNothingSecretTravelsOverHttp) {
  const auto access = parse(config("server: \"http://127.0.0.1:8080\"", "token: abc"));
  ASSERT_TRUE(access.has_value());
  EXPECT_THAT(access->warnings, ElementsAre(HasSubstr("no credentials are sent")));
}

TEST(Kubeconfig, RefusesByNameWhatItDoesNotSupport) {
  EXPECT_EQ(why(kServer, "exec: {command: aws}"),
            "line 14: users[0].user.exec is not supported: the agent never starts another program");
  EXPECT_THAT(why(kServer, "auth-provider: {name: gcp}"), HasSubstr("users[0].user.auth-provider"));
  EXPECT_THAT(why(kServer, "username: admin, password: x"), HasSubstr("users[0].user.username"));
  EXPECT_THAT(why(kServer, "as: admin"), HasSubstr("users[0].user.as is not supported"));
  EXPECT_THAT(why(std::string(kServer) + ", proxy-url: \"socks5://p\"", ""),
              HasSubstr("clusters[0].cluster.proxy-url is refused"));
  EXPECT_THAT(why(std::string(kServer) + ", proxy-url: \"https://p\"", ""),
              HasSubstr("it is no http://HOST:PORT"));
  const auto parsed = parse(config(kServer, "exec: {command: aws}"));
  EXPECT_EQ(parsed.error().what, "cannot use kubeconfig /etc/agent/kubeconfig");
  EXPECT_THAT(parsed.error().remedy, HasSubstr("ServiceAccount"));
}

TEST(Kubeconfig, KnowsAProxyAndWhetherListsMayBeCompressed) {
  const auto plain = parse(config(kServer, ""));
  EXPECT_EQ(plain->proxy, std::nullopt);
  EXPECT_TRUE(plain->compression);
  const auto access = parse(config(std::string(kServer) + ", proxy-url: \"http://[fd00::1]:3128\", "
                                                          "disable-compression: true",
                                   ""));
  ASSERT_TRUE(access.has_value());
  EXPECT_EQ(access->proxy, (ProxyAddress{.host = "fd00::1", .port = 3128}));
  EXPECT_FALSE(access->compression);
}

TEST(Kubeconfig, NamesLineAndFieldOfWhatIsWrong) {
  EXPECT_THAT(why("server: nonsense", ""),
              HasSubstr("line 11: clusters[0].cluster.server is refused"));
  EXPECT_THAT(why("tls-server-name: x", ""), HasSubstr("clusters[0].cluster.server is missing"));
  EXPECT_THAT(why(std::string(kServer) + ", certificate-authority-data: \"*\"", ""),
              HasSubstr("certificate-authority-data is not Base64"));
  EXPECT_THAT(why(kServer, "client-certificate: a"), HasSubstr("need each other"));
  EXPECT_THAT(why(std::string(kServer) + ", server: \"https://b\"", ""),
              HasSubstr("server appears twice"));
  EXPECT_THAT(why(std::string(kServer) + ", insecure-skip-tls-verify: yes", ""),
              HasSubstr("must be true or false"));
  EXPECT_THAT(why("server: [a]", ""), HasSubstr("must be a text"));
}

TEST(Kubeconfig, ChoosesAnotherContextByName) {
  const auto missing = parse_kubeconfig(config(kServer, ""), "k", "other");
  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(missing.error().why, HasSubstr("clusters has no entry named \"gone\""));
  EXPECT_TRUE(parse_kubeconfig(config(kServer, ""), "k", "main").has_value());
}

TEST(Kubeconfig, SaysWhatIsWrongWithTextThatIsNoKubeconfig) {
  for (const char* text : {"", "[]", "hello", "a: [", "{}", "clusters: 7", "current-context: main",
                           "current-context: {}", "\t\x01"}) {
    const auto parsed = parse(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_NE(parsed.error().why, "") << text;
    EXPECT_NE(parsed.error().remedy, "") << text;
  }
}

TEST(Kubeconfig, SaysThatAFileIsMissing) {
  const auto loaded = load_kubeconfig("/nonexistent/kubeconfig");
  ASSERT_FALSE(loaded.has_value());
  EXPECT_THAT(loaded.error().why, HasSubstr("cannot read /nonexistent/kubeconfig: No such file"));
}

}  // namespace
}  // namespace kube
