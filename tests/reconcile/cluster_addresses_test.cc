#include "reconcile/cluster_addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace reconcile::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pointee;

kube::NodeAddresses node(const std::string& name, const std::vector<std::string>& addresses) {
  kube::NodeAddresses made{.metadata = {.id = {"", name}}};
  for (const auto& address : addresses) made.addresses.push_back(ip(address));
  return made;
}

kube::ServiceCidr cidr(const std::string& name, const std::string& range) {
  return {.metadata = {.id = {"", name}}, .ranges = {*kube::parse_cidr_range(range)}};
}

kube::CidrRange range(const std::string& text) { return *kube::parse_cidr_range(text); }

TEST(ClusterAddresses, KnowWhoseAnAddressIs) {
  ClusterAddresses addresses;
  addresses.put(node("n1", {"192.168.0.1", "2001:db8::1"}));
  EXPECT_THAT(addresses.node_at(ip("2001:db8::1")), Pointee(std::string("n1")));
  EXPECT_EQ(addresses.node_at(ip("192.168.0.2")), nullptr);
}

TEST(ClusterAddresses, AnswerWithTheAddressesThatAChangeIsAbout) {
  ClusterAddresses addresses;
  EXPECT_THAT(addresses.put(node("n1", {"192.168.0.1", "192.168.0.2"})),
              ElementsAre(range("192.168.0.1/32"), range("192.168.0.2/32")));
  EXPECT_THAT(addresses.put(node("n1", {"2001:db8::1", "192.168.0.1"})),
              ElementsAre(range("192.168.0.2/32"), range("2001:db8::1/128")));
  EXPECT_THAT(addresses.remove<kube::NodeAddresses>({"", "n1"}),
              ElementsAre(range("192.168.0.1/32"), range("2001:db8::1/128")));
  EXPECT_EQ(addresses.node_at(ip("192.168.0.1")), nullptr);
}

TEST(ClusterAddresses, EndAnUpdateThatChangesNoAddress) {
  ClusterAddresses addresses;
  addresses.put(node("n1", {"192.168.0.1", "192.168.0.2"}));
  auto same = node("n1", {"192.168.0.2", "192.168.0.1"});
  same.metadata.resource_version = "2";
  EXPECT_THAT(addresses.put(same), IsEmpty());
  EXPECT_THAT(addresses.remove<kube::NodeAddresses>({"", "unknown"}), IsEmpty());
}

TEST(ClusterAddresses, KeepWhatTwoNodesAreKnownByUntilBothAreGone) {
  ClusterAddresses addresses;
  addresses.put(node("n1", {"192.168.0.1"}));
  addresses.put(node("n2", {"192.168.0.1"}));
  addresses.remove<kube::NodeAddresses>({"", "n1"});
  EXPECT_THAT(addresses.node_at(ip("192.168.0.1")), Pointee(std::string("n2")));
  addresses.remove<kube::NodeAddresses>({"", "n2"});
  EXPECT_EQ(addresses.node_at(ip("192.168.0.1")), nullptr);
}

TEST(ClusterAddresses, ForgetWhatAListLacksUnlessItIsDoubtful) {
  ClusterAddresses addresses;
  addresses.put(node("gone", {"192.168.0.1"}));
  addresses.put(node("doubtful", {"192.168.0.2"}));
  EXPECT_FALSE(addresses.nodes_told());
  EXPECT_THAT(addresses.replace(std::vector{node("new", {"192.168.0.3"})}, {{"", "doubtful"}}),
              ElementsAre(range("192.168.0.3/32"), range("192.168.0.1/32")));
  EXPECT_TRUE(addresses.nodes_told());
  EXPECT_THAT(addresses.node_at(ip("192.168.0.2")), Pointee(std::string("doubtful")));
}

TEST(ClusterAddresses, KnowTheRangesOfClusterIps) {
  ClusterAddresses addresses;
  EXPECT_THAT(addresses.put(cidr("kubernetes", "10.96.0.0/12")),
              ElementsAre(range("10.96.0.0/12")));
  addresses.put(cidr("more", "172.20.0.0/16"));
  EXPECT_TRUE(addresses.in_service_ranges(ip("10.100.0.1")));
  EXPECT_TRUE(addresses.in_service_ranges(ip("172.20.1.1")));
  EXPECT_FALSE(addresses.in_service_ranges(ip("10.0.0.1")));
  EXPECT_THAT(addresses.replace(std::vector{cidr("kubernetes", "10.96.0.0/12")}, {}),
              ElementsAre(range("172.20.0.0/16")));
  EXPECT_FALSE(addresses.in_service_ranges(ip("172.20.1.1")));
}

}  // namespace
}  // namespace reconcile::test
