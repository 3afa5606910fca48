#include "reconcile/node_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace reconcile::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

kube::CidrRange range(const std::string& text) { return *kube::parse_cidr_range(text); }

const std::vector<ipvs::NodeAddress> kAddresses{
    {ip("127.0.0.1"), "lo"}, {ip("192.168.0.1"), "eth0"}, {ip("192.168.9.1"), "eth1"},
    {ip("::1"), "lo"},       {ip("fe80::1"), "eth0"},     {ip("fd00:50::1"), "eth0"}};

kube::Node node(const std::vector<std::string>& addresses, const std::string& zone = "") {
  kube::Node made;
  made.zone = zone;
  for (const auto& address : addresses) made.addresses.push_back(ip(address));
  return made;
}

std::vector<kube::Address> node_port_addresses(NodePortAddresses wanted) {
  NodeFacts facts({.name = "here", .node_port_addresses = std::move(wanted)});
  facts.told(node({"203.0.113.9", "192.168.0.1", "fd00:50::1"}));
  facts.read(kAddresses);
  return facts.node_port_addresses();
}

TEST(NodePortAddresses, AreAllButLoopbackAndLinkLocal) {
  EXPECT_THAT(node_port_addresses({}),
              ElementsAre(ip("192.168.0.1"), ip("192.168.9.1"), ip("fd00:50::1")));
  EXPECT_EQ(node_port_addresses({.ranges = {range("10.0.0.0/8"), range("0.0.0.0/0")}}),
            node_port_addresses({}));
}

TEST(NodePortAddresses, AreThoseInTheRangesAndNeverLoopback) {
  EXPECT_THAT(node_port_addresses({.ranges = {range("192.168.9.0/24"), range("127.0.0.0/8")}}),
              ElementsAre(ip("192.168.9.1"), ip("fd00:50::1")));
}

TEST(NodePortAddresses, OfOneFamilyAreNotNarrowedByRangesOfTheOther) {
  EXPECT_THAT(node_port_addresses({.ranges = {range("fd00:50::/64")}}),
              ElementsAre(ip("192.168.0.1"), ip("192.168.9.1"), ip("fd00:50::1")));
  EXPECT_THAT(node_port_addresses({.ranges = {range("0.0.0.0/0"), range("fd00:60::/64")}}),
              ElementsAre(ip("192.168.0.1"), ip("192.168.9.1")));
}

TEST(NodePortAddresses, AreTheFirstOfEachFamilyThatTheNodeReallyHas) {
  EXPECT_THAT(node_port_addresses({.primary_only = true}),
              ElementsAre(ip("192.168.0.1"), ip("fd00:50::1")));
}

TEST(NodePortAddresses, AreNoneWhilePrimaryOnesAreAskedForAndTheNodeIsUnknown) {
  NodeFacts facts({.name = "here", .node_port_addresses = {.primary_only = true}});
  facts.read(kAddresses);
  EXPECT_THAT(facts.node_port_addresses(), IsEmpty());
}

TEST(NodeFacts, SayWhatAChangeConcerns) {
  NodeFacts facts(NodeConfig{.name = "here"});
  EXPECT_TRUE(facts.read(kAddresses).addresses);
  EXPECT_FALSE(facts.read(kAddresses).any());

  auto change = facts.told(node({"192.168.0.1"}, "a"));
  EXPECT_TRUE(change.zone);
  EXPECT_FALSE(facts.told(node({"192.168.0.1"}, "a")).any());

  change = facts.told(node({"192.168.0.1"}, "b"));
  EXPECT_TRUE(change.zone);
  EXPECT_FALSE(change.addresses);
}

TEST(NodeFacts, TakeThePodRangesFromTheOperatorFirst) {
  NodeFacts facts(
      {.name = "here", .cluster_ranges = {range("10.244.1.0/24"), range("10.244.0.0/16")}});
  EXPECT_THAT(facts.pod_ranges(), ElementsAre(range("10.244.0.0/16")));
  EXPECT_TRUE(facts.tells_pods());
}

TEST(NodeFacts, KnowTheNodesOwnPodsWhateverTellsPods) {
  NodeFacts facts({.name = "here", .cluster_ranges = {range("10.244.0.0/16")}});
  auto told = node({});
  told.pod_cidrs = {range("10.244.1.0/24")};
  EXPECT_TRUE(facts.told(told).pod_ranges);
  EXPECT_FALSE(facts.told(told).any());
  EXPECT_THAT(facts.own_pod_ranges(), ElementsAre(range("10.244.1.0/24")));
  EXPECT_THAT(facts.pod_ranges(), ElementsAre(range("10.244.0.0/16")));
}

TEST(NodeFacts, TakeThePodRangesFromTheNodeWhereItIsAskedFor) {
  NodeFacts facts(
      {.name = "here", .cluster_ranges = {range("10.244.0.0/16")}, .pods_by_node_ranges = true});
  EXPECT_FALSE(facts.tells_pods());
  auto told = node({});
  told.pod_cidrs = {range("10.244.1.0/24")};
  EXPECT_TRUE(facts.told(told).pod_ranges);
  EXPECT_THAT(facts.pod_ranges(), ElementsAre(range("10.244.1.0/24")));
  EXPECT_TRUE(facts.tells_pods());
}

TEST(WithoutOverlaps, KeepsTheWiderOfTwoRanges) {
  EXPECT_THAT(without_overlaps({range("10.1.2.0/24"), range("10.0.0.0/8"), range("10.1.0.0/16"),
                                range("11.0.0.0/8"), range("10.0.0.0/8")}),
              ElementsAre(range("10.0.0.0/8"), range("11.0.0.0/8")));
}

}  // namespace
}  // namespace reconcile::test
