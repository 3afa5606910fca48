#include "kube/reflector.h"

#include <gmock/gmock.h>

#include "tests/kube/reflector_fixture.h"

namespace kube {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(ReflectorTest, ListsThenTellsEveryChange) {
  put_service("a");
  start();
  ASSERT_TRUE(run_until_watching());
  put_service("b");
  put_service("a");
  server_.objects().remove("services", "shop", "b");
  ASSERT_TRUE(run_until_told("deleted"));
  EXPECT_THAT(journal_.story(),
              ElementsAre("replaced shop/a", "changed shop/b", "changed shop/a", "deleted shop/b"));
  EXPECT_EQ(journal_.lines.back(), "settled");
}

TEST_F(ReflectorTest, AsksForAConsistentListAndWatchesWithBookmarks) {
  start();
  ASSERT_TRUE(run_until_watching());
  ASSERT_EQ(server_.requests().size(), 2U);
  EXPECT_THAT(server_.requests()[0], HasSubstr("GET /api/v1/services?limit=500&labelSelector="));
  EXPECT_EQ(server_.requests()[0].find("resourceVersion"), std::string::npos);
  EXPECT_THAT(server_.requests()[1],
              HasSubstr("watch=1&allowWatchBookmarks=true&resourceVersion=100&timeoutSeconds="));
}

TEST_F(ReflectorTest, ReadsAListInPages) {
  for (const char* name : {"a", "b", "c", "d", "e"}) put_service(name);
  ReflectorOptions options = paged();
  options.list_watch.page_size = 2;
  start(options);
  ASSERT_TRUE(run_until_told("replaced"));
  EXPECT_THAT(journal_.story(), ElementsAre("replaced shop/a shop/b shop/c shop/d shop/e"));
  EXPECT_EQ(requests("limit=2"), 3);
}

TEST_F(ReflectorTest, NeverSeesWhatIsOfAnotherProxyOrHeadless) {
  put_service("a");
  server_.objects().put(
      R"({"kind":"Service","metadata":{"name":"h","namespace":"shop"},"spec":{"clusterIP":"None"}})");
  server_.objects().put(R"({"kind":"Service","metadata":{"name":"o","namespace":"shop",
      "labels":{"service.kubernetes.io/service-proxy-name":"other"}},"spec":{}})");
  start();
  ASSERT_TRUE(run_until_watching());
  EXPECT_THAT(journal_.story(), ElementsAre("replaced shop/a"));
}

TEST_F(ReflectorTest, UnderstandsAStreamOfOneByteChunks) {
  server_.faults().byte_by_byte = true;
  start();
  ASSERT_TRUE(run_until_watching());
  put_service("a");
  put_service("b");
  ASSERT_TRUE(run_until_told("changed", 2));
  EXPECT_THAT(journal_.story(), ElementsAre("replaced", "changed shop/a", "changed shop/b"));
}

TEST_F(ReflectorTest, WatchesOnFromTheLastVersionAfterACleanEnd) {
  start();
  ASSERT_TRUE(run_until_watching());
  put_service("a");
  ASSERT_TRUE(run_until_told("changed"));
  server_.end_watches();
  ASSERT_TRUE(run_until([&] { return requests("watch=1") == 2; }));
  EXPECT_EQ(requests("limit=500"), 1) << "no new list";
  EXPECT_EQ(requests("resourceVersion=101"), 1);
  put_service("b");
  ASSERT_TRUE(run_until_told("changed shop/b"));
  EXPECT_THAT(journal_.troubles, IsEmpty());
}

TEST_F(ReflectorTest, FollowsTheHistoryByBookmarksAlone) {
  start();
  ASSERT_TRUE(run_until([&] { return journal_.settlements == 2; })) << "listed, and watching";
  // Changes that this watch does not see move the version, and the old history goes.
  server_.objects().put(R"({"kind":"Node","metadata":{"name":"n"}})");
  server_.bookmark();
  ASSERT_TRUE(run_until([&] { return journal_.settlements == 3; }));
  server_.objects().compact();
  server_.end_watches();
  ASSERT_TRUE(run_until([&] { return requests("resourceVersion=101") == 1; }));
  EXPECT_EQ(requests("limit=500"), 1) << "no new list";
}

TEST_F(ReflectorTest, KeepsOneConnectionForListAndWatch) {
  start();
  ASSERT_TRUE(run_until_watching());
  server_.end_watches();
  ASSERT_TRUE(run_until([&] { return requests("watch=1") >= 2; }));
  EXPECT_THAT(journal_.troubles, IsEmpty());
}

TEST_F(ReflectorTest, StopsWhileWatching) {
  start();
  ASSERT_TRUE(run_until_watching());
  reflector_->stop();
  EXPECT_TRUE(run_until([&] { return ended_; }));
  EXPECT_THAT(journal_.troubles, IsEmpty());
}

TEST_F(ReflectorTest, StopsWhileItWaitsToTryAgain) {
  server_.stop();
  ReflectorOptions options = paged();
  options.retry.often = 1h;
  start(options);
  ASSERT_TRUE(run_until_told("troubled"));
  reflector_->stop();
  EXPECT_TRUE(run_until([&] { return ended_; }));
}

TEST_F(ReflectorTest, StopsWhileTheServerIsSilent) {
  next_answer("", fakes::CannedAnswer::Then::kStall);
  start();
  ASSERT_TRUE(run_until([&] { return requests("GET") == 1; }));
  reflector_->stop();
  EXPECT_TRUE(run_until([&] { return ended_; }));
}

TEST_F(ReflectorTest, FollowsSlicesAndTheOwnNodeAsWell) {
  server_.objects().put(R"({"kind":"EndpointSlice","metadata":{"name":"s","namespace":"shop",
      "labels":{"kubernetes.io/service-name":"a"}},"addressType":"IPv4",
      "endpoints":[{"addresses":["10.1.1.1"]}],"ports":[{"port":80}]})");
  server_.objects().put(R"({"kind":"Node","metadata":{"name":"n1"}})");
  server_.objects().put(R"({"kind":"Node","metadata":{"name":"n2"}})");
  Journal<EndpointSlice> slices;
  Journal<Node> nodes;
  Reflector slice_reflector(io_.get_executor(), access(), all_endpoint_slices(), slices, paged());
  Reflector node_reflector(io_.get_executor(), access(), node_named("n2"), nodes, paged());
  const auto ended = [](const std::exception_ptr& error) { EXPECT_FALSE(error); };
  boost::asio::co_spawn(io_, slice_reflector.run(), ended);
  boost::asio::co_spawn(io_, node_reflector.run(), ended);
  ASSERT_TRUE(run_until([&] { return server_.watches() == 2; }));
  EXPECT_THAT(slices.story(), ElementsAre("replaced shop/s"));
  EXPECT_THAT(nodes.story(), ElementsAre("replaced n2"));
  slice_reflector.stop();
  node_reflector.stop();
}

TEST_F(ReflectorTest, FollowsTheAddressesOfAllNodesAndTheRangesOfClusterIps) {
  server_.objects().put(R"({"kind":"Node","metadata":{"name":"n1"},
      "status":{"addresses":[{"type":"InternalIP","address":"10.0.0.1"}]}})");
  server_.objects().put(R"({"kind":"Node","metadata":{"name":"n2"}})");
  server_.objects().put(R"({"kind":"ServiceCIDR","metadata":{"name":"kubernetes"},
      "spec":{"cidrs":["10.96.0.0/12"]}})");
  Journal<NodeAddresses> nodes;
  Journal<ServiceCidr> cidrs;
  Reflector node_reflector(io_.get_executor(), access(), all_nodes(), nodes, paged());
  Reflector cidr_reflector(io_.get_executor(), access(), all_service_cidrs(), cidrs, paged());
  const auto ended = [](const std::exception_ptr& error) { EXPECT_FALSE(error); };
  boost::asio::co_spawn(io_, node_reflector.run(), ended);
  boost::asio::co_spawn(io_, cidr_reflector.run(), ended);
  ASSERT_TRUE(run_until([&] { return server_.watches() == 2; }));
  EXPECT_THAT(nodes.story(), ElementsAre("replaced n1 n2"));
  EXPECT_THAT(cidrs.story(), ElementsAre("replaced kubernetes"));
  server_.objects().remove("servicecidrs", "", "kubernetes");
  EXPECT_TRUE(run_until([&] { return cidrs.story().size() > 1; }));
  EXPECT_THAT(cidrs.story(), testing::Contains("deleted kubernetes"));
  node_reflector.stop();
  cidr_reflector.stop();
}

}  // namespace
}  // namespace kube
