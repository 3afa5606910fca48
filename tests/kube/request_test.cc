#include <gmock/gmock.h>

#include "kube/api_error.h"
#include "kube/backoff.h"
#include "kube/base64.h"
#include "kube/resource.h"
#include "kube/resource_version.h"

namespace kube {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(Request, ListsServicesWithTheSelectorsOfKubeProxy) {
  EXPECT_EQ(list_target(all_services(), 500, ""),
            "/api/v1/services?limit=500"
            "&labelSelector=%21service.kubernetes.io%2Fservice-proxy-name"
            "&fieldSelector=spec.clusterIP%21%3DNone");
}

TEST(Request, ContinuesAListWithTheTokenEncoded) {
  EXPECT_EQ(list_target(all_endpoint_slices(), 7, "a+b/=="),
            "/apis/discovery.k8s.io/v1/endpointslices?limit=7"
            "&labelSelector=%21service.kubernetes.io%2Fheadless&continue=a%2Bb%2F%3D%3D");
}

TEST(Request, WatchesTheOwnNodeByName) {
  EXPECT_EQ(watch_target(node_named("node-1"), "42", 300s),
            "/api/v1/nodes?watch=1&allowWatchBookmarks=true&resourceVersion=42&timeoutSeconds=300"
            "&fieldSelector=metadata.name%3Dnode-1");
}

TEST(Request, ListsAllNodesAndTheRangesOfClusterIps) {
  EXPECT_EQ(list_target(all_nodes(), 500, ""), "/api/v1/nodes?limit=500");
  EXPECT_EQ(list_target(all_service_cidrs(), 500, ""),
            "/apis/networking.k8s.io/v1/servicecidrs?limit=500");
}

TEST(ResourceVersion, ComparesNumbersOfAnyLength) {
  EXPECT_TRUE(is_older("9", "10"));
  EXPECT_TRUE(is_older("99999999999999999999", "100000000000000000000"));
  EXPECT_FALSE(is_older("10", "10"));
  EXPECT_FALSE(is_older("11", "10"));
}

TEST(ResourceVersion, DoesNotCompareWhatIsNoNumber) {
  EXPECT_FALSE(is_older("", "10"));
  EXPECT_FALSE(is_older("09", "10"));
  EXPECT_FALSE(is_older("abc", "10"));
}

TEST(Backoff, DoublesUpToTheCapAndStretchesByTheJitter) {
  Backoff backoff(800ms, 30s);
  EXPECT_EQ(backoff.next(0), 800ms);
  EXPECT_EQ(backoff.next(0.5), 2400ms);
  for (int tries = 0; tries < 20; ++tries) (void)backoff.next(0);
  EXPECT_EQ(backoff.next(0), 30s);
  EXPECT_EQ(backoff.next(0.5), 45s);
}

TEST(Backoff, BeginsAnewAfterASuccess) {
  Backoff backoff(800ms, 30s);
  (void)backoff.next(0);
  backoff.reset();
  EXPECT_EQ(backoff.next(0), 800ms);
}

TEST(Backoff, SpreadsAroundAPause) {
  EXPECT_EQ(spread(1s, 0), 800ms);
  EXPECT_EQ(spread(1s, 0.5), 1s);
}

TEST(Base64, DecodesWhatKubeconfigFilesHold) {
  EXPECT_EQ(base64_decoded(""), "");
  EXPECT_EQ(base64_decoded("aGVsbG8="), "hello");
  EXPECT_EQ(base64_decoded("aGVs\n bG8h"), "hello!");
  for (const char* bad : {"aGVsbG8", "a===", "aGV*", "=aGV", "aG=V"}) {
    EXPECT_FALSE(base64_decoded(bad).has_value()) << bad;
  }
}

Trouble trouble(unsigned code, const std::string& reason, const std::string& message) {
  const ApiError error{.kind = ApiError::Kind::kStatus,
                       .detail = {},
                       .status = {.code = code, .reason = reason, .message = message}};
  return trouble_of(error, "list", all_endpoint_slices(), "https://10.0.0.1:6443");
}

TEST(Trouble, PrintsTheRuleToAddWhenSomethingIsForbidden) {
  const Trouble forbidden = trouble(403, "Forbidden", "User \"agent\" cannot list endpointslices");
  EXPECT_EQ(forbidden.what, "cannot list endpointslices");
  EXPECT_EQ(forbidden.why, "403 Forbidden: User \"agent\" cannot list endpointslices");
  EXPECT_THAT(forbidden.remedy, HasSubstr("  - apiGroups: [\"discovery.k8s.io\"]\n"
                                          "    resources: [\"endpointslices\"]\n"
                                          "    verbs: [\"list\", \"watch\"]"));
}

TEST(Trouble, AlwaysSaysWhatToDoAboutAConnection) {
  for (const auto kind :
       {ApiError::Kind::kCredentials, ApiError::Kind::kResolve, ApiError::Kind::kRefused,
        ApiError::Kind::kConnect, ApiError::Kind::kTls, ApiError::Kind::kTimeout,
        ApiError::Kind::kClosed, ApiError::Kind::kProtocol}) {
    const ApiError error{.kind = kind, .detail = "why", .status = {}};
    const Trouble said = trouble_of(error, "watch", all_services(), "https://10.0.0.1:6443");
    EXPECT_EQ(said.what, "cannot watch services");
    EXPECT_EQ(said.why, "why");
    EXPECT_NE(said.remedy, "");
  }
}

TEST(Trouble, ShowsNoControlCharactersOfTheServer) {
  EXPECT_EQ(trouble(500, "X", "a\r\n\x1b[31m").why, "500 X: a   [31m");
}

}  // namespace
}  // namespace kube
