#include "reconcile/cluster_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace reconcile::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ClusterState, IsSyncedOnlyOnceBothKindsWereListed) {
  ClusterState state;
  EXPECT_FALSE(state.synced());
  EXPECT_THAT(state.replace(std::vector<kube::Service>{}), IsEmpty());
  EXPECT_FALSE(state.synced());
  EXPECT_THAT(state.replace(std::vector<kube::EndpointSlice>{}), IsEmpty());
  EXPECT_TRUE(state.synced());
}

TEST(ClusterState, MarksAServiceThatIsNewAndNotOneThatIsTheSame) {
  ClusterState state;
  EXPECT_THAT(state.put(service("a/web", {"10.96.0.1"})), ElementsAre(named("a/web")));
  EXPECT_THAT(state.put(service("a/web", {"10.96.0.1"})), IsEmpty());
}

TEST(ClusterState, EndsAnUpdateThatChangesOnlyTheResourceVersion) {
  ClusterState state;
  auto web = service("a/web", {"10.96.0.1"});
  std::ignore = state.put(web);
  web.metadata.resource_version = "2";
  EXPECT_THAT(state.put(web), IsEmpty());
}

TEST(ClusterState, MarksARecreatedServiceByItsUid) {
  ClusterState state;
  auto web = service("a/web", {"10.96.0.1"});
  std::ignore = state.put(web);
  web.metadata.uid = "another";
  EXPECT_THAT(state.put(web), ElementsAre(named("a/web")));
}

TEST(ClusterState, MarksTheOwnerOfASliceThatChanges) {
  ClusterState state;
  EXPECT_THAT(state.put(slice("a/web-1", "web", {ready("10.0.0.1")})), ElementsAre(named("a/web")));
  EXPECT_THAT(state.put(slice("a/web-1", "web", {ready("10.0.0.2")})), ElementsAre(named("a/web")));
  EXPECT_THAT(state.put(slice("a/web-1", "web", {ready("10.0.0.2")})), IsEmpty());
}

TEST(ClusterState, MarksBothOwnersOfASliceThatMoves) {
  ClusterState state;
  std::ignore = state.put(slice("a/s", "old", {ready("10.0.0.1")}));
  EXPECT_THAT(state.put(slice("a/s", "new", {ready("10.0.0.1")})),
              ElementsAre(named("a/new"), named("a/old")));
  EXPECT_THAT(state.slices_of(named("a/old")), IsEmpty());
  EXPECT_EQ(state.slices_of(named("a/new")).size(), 1U);
}

TEST(ClusterState, IgnoresASliceWithoutAnOwner) {
  ClusterState state;
  EXPECT_THAT(state.put(slice("a/s", "", {ready("10.0.0.1")})), IsEmpty());
  EXPECT_THAT(state.remove<kube::EndpointSlice>(named("a/s")), IsEmpty());
}

TEST(ClusterState, RemovesWhatANewListNoLongerNames) {
  ClusterState state;
  std::ignore = state.put(service("a/one", {"10.96.0.1"}));
  std::ignore = state.put(service("a/two", {"10.96.0.2"}));
  EXPECT_THAT(state.replace(std::vector{service("a/two", {"10.96.0.2"})}),
              ElementsAre(named("a/one")));
  EXPECT_EQ(state.service(named("a/one")), nullptr);
  EXPECT_NE(state.service(named("a/two")), nullptr);
}

TEST(ClusterState, KeepsWhatANewListHoldsButCouldNotBeBelieved) {
  ClusterState state;
  std::ignore = state.put(service("a/one", {"10.96.0.1"}));
  EXPECT_THAT(state.replace(std::vector<kube::Service>{}, {named("a/one")}), IsEmpty());
  EXPECT_NE(state.service(named("a/one")), nullptr);
}

TEST(ClusterState, SaysNothingOfTheRemovalOfWhatItNeverKnew) {
  ClusterState state;
  EXPECT_THAT(state.remove<kube::Service>(named("a/none")), IsEmpty());
  EXPECT_THAT(state.remove<kube::EndpointSlice>(named("a/none")), IsEmpty());
}

TEST(ClusterState, KeepsTheNodeApartFromTheServices) {
  ClusterState state;
  kube::Node node;
  node.zone = "west";
  EXPECT_THAT(state.put(node), IsEmpty());
  ASSERT_TRUE(state.node());
  EXPECT_EQ(state.node()->zone, "west");
  EXPECT_THAT(state.remove<kube::Node>({}), IsEmpty());
  EXPECT_FALSE(state.node());
}

TEST(ClusterState, KnowsWhichObjectsItHasNeverRead) {
  ClusterState state;
  const ClusterState::Doubtful both{named("a/known"), named("a/unread")};
  std::ignore = state.put(service("a/known", {"10.96.0.1"}));
  std::ignore = state.replace(std::vector<kube::Service>{}, both);
  EXPECT_THAT(state.unread<kube::Service>(), ElementsAre(named("a/unread")));
  std::ignore = state.replace(std::vector<kube::EndpointSlice>{}, both);
  EXPECT_EQ(state.unread<kube::EndpointSlice>(), both);

  std::ignore = state.put(service("a/unread", {"10.96.0.2"}));
  EXPECT_THAT(state.unread<kube::Service>(), IsEmpty());
  std::ignore = state.remove<kube::EndpointSlice>(named("a/unread"));
  EXPECT_THAT(state.unread<kube::EndpointSlice>(), ElementsAre(named("a/known")));
}

TEST(ClusterState, CountsTheServicesThatAskForAddresses) {
  ClusterState state;
  auto web = service("a/web", {"10.96.0.1"});
  std::ignore = state.put(web);
  EXPECT_FALSE(state.any_asks_for_addresses());
  web.load_balancer_ips = {boost::asio::ip::make_address("203.0.113.1")};
  std::ignore = state.put(web);
  std::ignore = state.put(web);
  EXPECT_TRUE(state.any_asks_for_addresses());
  web.external_ips.swap(web.load_balancer_ips);
  std::ignore = state.put(web);
  EXPECT_TRUE(state.any_asks_for_addresses());
  std::ignore = state.replace(std::vector<kube::Service>{});
  EXPECT_FALSE(state.any_asks_for_addresses());
}

}  // namespace
}  // namespace reconcile::test
