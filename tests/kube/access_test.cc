#include "kube/access.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "kube/in_cluster.h"

namespace kube {
namespace {

using testing::HasSubstr;

// A folder that is gone after the test.
class AccessTest : public testing::Test {
 protected:
  AccessTest()
      : folder_(std::filesystem::path(testing::TempDir()) /
                testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::create_directories(folder_);
  }
  ~AccessTest() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  std::filesystem::path folder_;
};

std::string url_of(const std::string& server) {
  ClusterAccess access;
  const auto set = set_server(access, server);
  return set ? access.url() : "refused";
}

TEST(ServerAddress, ReadsNamesAddressesPortsAndPrefixes) {
  EXPECT_EQ(url_of("https://api.example.com"), "https://api.example.com:443");
  EXPECT_EQ(url_of("https://10.0.0.1:6443/"), "https://10.0.0.1:6443");
  EXPECT_EQ(url_of("https://[fd00::1]:6443"), "https://[fd00::1]:6443");
  EXPECT_EQ(url_of("https://[fd00::1]"), "https://[fd00::1]:443");
  EXPECT_EQ(url_of("http://127.0.0.1:8080/k8s/a/"), "http://127.0.0.1:8080/k8s/a");
}

TEST(ServerAddress, RefusesWhatIsNone) {
  for (const char* server : {"", "10.0.0.1:6443", "ftp://a", "https://", "https://a:0",
                             "https://a:x", "https://a:65536", "https://[fd00::1", "https://u:p@a",
                             "https://a b", "https://a?x", "https://[fd00::1]6443", "https://a:"}) {
    EXPECT_EQ(url_of(server), "refused") << server;
  }
}

TEST_F(AccessTest, ReadsCredentialsAfreshEachTime) {
  ClusterAccess access{.host = "a"};
  access.token.file = write("token", "first\n");
  EXPECT_EQ(read_credentials(access)->token, "first");
  write("token", "second\n");
  EXPECT_EQ(read_credentials(access)->token, "second");
}

TEST_F(AccessTest, RefusesATokenThatCouldEndAHeaderLine) {
  ClusterAccess access{.host = "a"};
  access.token.file = write("token", "one\r\nX-Evil: two");
  EXPECT_THAT(read_credentials(access).error(), HasSubstr("characters that no token has"));
  access.token.file = write("token", " \n");
  EXPECT_FALSE(read_credentials(access).has_value());
}

TEST_F(AccessTest, SaysWhichFileCannotBeRead) {
  ClusterAccess access{.host = "a"};
  access.certificate_authority.file = folder_ / "ca.crt";
  EXPECT_THAT(read_credentials(access).error(), HasSubstr("ca.crt: No such file"));
}

TEST_F(AccessTest, NeverHandsOutCredentialsForPlainHttp) {
  ClusterAccess access{.tls = false, .host = "a"};
  access.token.data = "secret";
  EXPECT_EQ(read_credentials(access), Credentials{});
}

TEST_F(AccessTest, FindsTheClusterOfAPod) {
  write("token", "t");
  write("ca.crt", "c");
  const auto access =
      in_cluster_access({.service_host = "fd00::1", .service_port = "443", .folder = folder_});
  ASSERT_TRUE(access.has_value()) << access.error().why;
  EXPECT_EQ(access->url(), "https://[fd00::1]:443");
  EXPECT_EQ(access->token.file, folder_ / "token");
}

TEST_F(AccessTest, SaysWhyThisIsNoPod) {
  const auto outside = in_cluster_access({.service_host = "", .service_port = ""});
  ASSERT_FALSE(outside.has_value());
  EXPECT_THAT(outside.error().why, HasSubstr("KUBERNETES_SERVICE_HOST"));
  EXPECT_THAT(outside.error().remedy, HasSubstr("--kubeconfig"));
  const auto without_token =
      in_cluster_access({.service_host = "10.96.0.1", .service_port = "443", .folder = folder_});
  EXPECT_THAT(without_token.error().why, HasSubstr("cannot read"));
}

}  // namespace
}  // namespace kube
