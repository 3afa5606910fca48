// No Service takes an address that is a node's or a cluster IP's: when the addresses of all nodes
// are asked for, what waits for them, and how long.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"
#include "reconcile/reconciliation.h"

namespace reconcile::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const TimePoint kNow{};
const auto kOther = ip("192.168.0.2");  // of node n2

kube::NodeAddresses n2() { return {.metadata = {.id = {"", "n2"}}, .addresses = {kOther}}; }

kube::Service asking_for(const std::string& address, const std::string& name = "a/asking") {
  auto made = service(name, {"10.96.0.2"});
  made.external_ips = {ip(address)};
  return made;
}

class NodeAddresses : public testing::Test {
 protected:
  void tell(const std::vector<kube::Service>& services) {
    it.replaced(services, kNow);
    it.replaced(std::vector<kube::EndpointSlice>{}, kNow);
    it.observed({});
  }
  void tell_nodes() { it.replaced(std::vector{n2()}, kNow); }

  // The external addresses that are served, once all that is pending is done.
  std::vector<ipvs::Address> served() {
    if (it.pending()) {
      const auto plan = it.decide(kNow);
      for (const auto* steps : {&plan.claims, &plan.changes, &plan.releases}) {
        EXPECT_TRUE(it.acknowledge(*steps, std::vector<ipvs::Outcome>(steps->size()), kNow));
      }
    }
    std::vector<ipvs::Address> addresses;
    for (const auto& id : it.observed_state().everything_ours().virtual_servers) {
      if (id.address != ip("10.96.0.1") && id.address != ip("10.96.0.2"))
        addresses.push_back(id.address);
    }
    return addresses;
  }

  Reconciliation it{NodeConfig{.name = "n1", .knows_all_nodes = true}, 60s};
};

TEST_F(NodeAddresses, AreNotAskedForWhileNoServiceAsksForAnAddress) {
  tell({service("a/web", {"10.96.0.1"})});
  EXPECT_FALSE(it.wants_nodes());
  EXPECT_TRUE(it.ready());
  it.changed(asking_for("203.0.113.1"), kNow);
  EXPECT_TRUE(it.wants_nodes());
  it.deleted<kube::Service>(named("a/asking"), kNow);
  EXPECT_FALSE(it.wants_nodes());
}

TEST_F(NodeAddresses, AreNotAskedForWhereTheOperatorSaysSo) {
  Reconciliation sparing{NodeConfig{.name = "n1"}, 60s};
  sparing.replaced(std::vector{asking_for("203.0.113.1")}, kNow);
  EXPECT_FALSE(sparing.wants_nodes());
}

TEST_F(NodeAddresses, AreWaitedForBeforeTheFirstDecision) {
  tell({asking_for(kOther.to_string())});
  EXPECT_FALSE(it.ready());
  tell_nodes();
  ASSERT_TRUE(it.ready());
  EXPECT_THAT(served(), IsEmpty());
  EXPECT_THAT(it.complaints().front().complaint.reason, "an address of node n2; use a node port");
}

TEST_F(NodeAddresses, AreNotWaitedForBeyondPatienceAndTakenBackWhenTheyCome) {
  tell({asking_for(kOther.to_string())});
  it.do_without_nodes();
  ASSERT_TRUE(it.ready());
  EXPECT_THAT(served(), ElementsAre(kOther));
  tell_nodes();
  EXPECT_THAT(served(), IsEmpty());
}

TEST_F(NodeAddresses, HoldBackAServiceThatComesLaterUntilTheyAreKnown) {
  tell({service("a/web", {"10.96.0.1"})});
  EXPECT_THAT(served(), IsEmpty());
  it.changed(asking_for("203.0.113.1"), kNow);
  EXPECT_TRUE(it.ready()) << "the other Services do not wait";
  EXPECT_THAT(served(), IsEmpty());
  tell_nodes();
  EXPECT_THAT(served(), ElementsAre(ip("203.0.113.1")));
}

TEST_F(NodeAddresses, HoldBackNobodyForEver) {
  tell({service("a/web", {"10.96.0.1"})});
  EXPECT_THAT(served(), IsEmpty());
  it.changed(asking_for("203.0.113.1"), kNow);
  EXPECT_THAT(served(), IsEmpty());
  it.do_without_nodes();
  EXPECT_THAT(served(), ElementsAre(ip("203.0.113.1")));
}

TEST_F(NodeAddresses, AreFollowed) {
  tell({asking_for("203.0.113.1")});
  tell_nodes();
  EXPECT_THAT(served(), ElementsAre(ip("203.0.113.1")));
  auto moved = n2();
  moved.addresses = {ip("203.0.113.1")};
  it.changed(moved, kNow);
  EXPECT_THAT(served(), IsEmpty());
  it.deleted<kube::NodeAddresses>({"", "n2"}, kNow);
  EXPECT_THAT(served(), ElementsAre(ip("203.0.113.1")));
}

TEST_F(NodeAddresses, ConcernNobodyElse) {
  tell({asking_for("203.0.113.1"), service("a/web", {"10.96.0.1"})});
  tell_nodes();
  served();
  it.changed(n2(), kNow);
  EXPECT_FALSE(it.pending()) << "a status without another address";
  auto moved = n2();
  moved.addresses = {ip("192.168.0.3")};
  it.changed(moved, kNow);
  EXPECT_FALSE(it.pending()) << "no Service asks for it";
}

TEST_F(NodeAddresses, AreForgottenWithTheLastServiceThatAsks) {
  tell({asking_for("203.0.113.1")});
  tell_nodes();
  served();
  it.deleted<kube::Service>(named("a/asking"), kNow);
  EXPECT_FALSE(it.facts().elsewhere().nodes_told());
  it.changed(asking_for("203.0.113.1"), kNow);
  EXPECT_TRUE(it.awaits_nodes());
}

TEST_F(NodeAddresses, AreRefusedLikeTheRangesOfClusterIpsWhichAreFollowedToo) {
  tell({asking_for("172.20.0.1")});
  tell_nodes();
  EXPECT_THAT(served(), ElementsAre(ip("172.20.0.1")));
  const kube::ServiceCidr range{.metadata = {.id = {"", "more"}},
                                .ranges = {*kube::parse_cidr_range("172.20.0.0/16")}};
  it.changed(range, kNow);
  EXPECT_THAT(served(), IsEmpty());
  it.deleted<kube::ServiceCidr>({"", "more"}, kNow);
  EXPECT_THAT(served(), ElementsAre(ip("172.20.0.1")));
}

}  // namespace
}  // namespace reconcile::test
