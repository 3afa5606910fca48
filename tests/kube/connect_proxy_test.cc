#include "kube/connect_proxy.h"

#include <gmock/gmock.h>

namespace kube {
namespace {

using testing::HasSubstr;

TEST(ConnectProxy, IsAskedForTheServerAndNothingElse) {
  ClusterAccess access;
  access.host = "fd00::1";
  access.port = 6443;
  access.token.data = "secret";
  EXPECT_EQ(tunnel_request(access),
            "CONNECT [fd00::1]:6443 HTTP/1.1\r\nHost: [fd00::1]:6443\r\n\r\n");
}

TEST(ConnectProxy, OpensATunnelWhereverItsAnswerIsCut) {
  const std::string answer = "HTTP/1.1 200 OK\r\nVia: x\r\n\r\n";
  for (std::size_t size = 0; size < answer.size(); ++size) {
    EXPECT_EQ(tunnel_opened(answer.substr(0, size)), false) << size;
  }
  EXPECT_EQ(tunnel_opened(answer), true);
}

TEST(ConnectProxy, RefusesWhatIsNoOpenTunnel) {
  EXPECT_THAT(tunnel_opened("HTTP/1.1 503 Busy\r\n\r\n").error(), HasSubstr("503 Busy"));
  EXPECT_THAT(tunnel_opened("220 smtp\r\n\r\n").error(), HasSubstr("opens no tunnel"));
  EXPECT_THAT(tunnel_opened("HTTP/1.1 200 OK\r\n\r\nmore").error(), HasSubstr("says more"));
  EXPECT_THAT(tunnel_opened(std::string(20'000, 'x')).error(), HasSubstr("no end"));
  EXPECT_THAT(tunnel_opened("HTTP/1.1 4\x1b[0m\r\n\r\n").error(), HasSubstr("4?[0m"));
}

}  // namespace
}  // namespace kube
