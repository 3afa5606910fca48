// From the settings that a person gives to what the decision and the kernel door are told.
#include "reconcile/configured_node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace reconcile::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

NodeConfig configured(const AgentConfig& config, const std::string& server = "api.example",
                      unsigned cpus = 4) {
  return node_config(config, server, cpus);
}

kube::CidrRange range(const std::string& text) { return *kube::parse_cidr_range(text); }

TEST(ConfiguredNode, IsNamedAndScheduledAsToldAndServesAtAllItsAddresses) {
  const auto node = configured({.node_name = "n1", .scheduler = "lc"});
  EXPECT_EQ(node.name, "n1");
  EXPECT_EQ(node.scheduler, "lc");
  EXPECT_FALSE(node.node_port_addresses.primary_only);
  EXPECT_THAT(node.node_port_addresses.ranges, IsEmpty());
  EXPECT_TRUE(node.external_ips);
  EXPECT_TRUE(node.knows_all_nodes);
}

TEST(ConfiguredNode, KnowsTheApiServersAddressButNoName) {
  EXPECT_THAT(configured({}, "192.168.0.100").api_servers, ElementsAre(ip("192.168.0.100")));
  EXPECT_THAT(configured({}, "fd00::100").api_servers, ElementsAre(ip("fd00::100")));
  EXPECT_THAT(configured({}, "api.example").api_servers, IsEmpty());
}

TEST(ConfiguredNode, TakesRangesAndPassesOverWhatIsNone) {
  const auto node = configured({.exclude_cidrs = {"192.0.2.0/24", "nonsense"},
                                .node_port_addresses = {"192.168.0.0/16"},
                                .external_ip_cidrs = {"203.0.113.0/24"}});
  EXPECT_THAT(node.excluded, ElementsAre(range("192.0.2.0/24")));
  EXPECT_THAT(node.node_port_addresses.ranges, ElementsAre(range("192.168.0.0/16")));
  EXPECT_THAT(node.external_ip_ranges, ElementsAre(range("203.0.113.0/24")));
}

TEST(ConfiguredNode, TakesPrimaryForTheNodesOwnAddresses) {
  EXPECT_TRUE(configured({.node_port_addresses = {"primary"}}).node_port_addresses.primary_only);
}

TEST(ConfiguredNode, TellsPodsByTheOneDetectorThatIsChosen) {
  AgentConfig config{.cluster_cidrs = {"10.244.0.0/16"},
                     .bridge_interface = "cni0",
                     .interface_name_prefix = "veth"};
  auto node = configured(config);
  EXPECT_THAT(node.cluster_ranges, ElementsAre(range("10.244.0.0/16")));
  EXPECT_EQ(node.rules.pod_interface, "");

  config.detect_local_mode = DetectLocalMode::kNodeCidr;
  node = configured(config);
  EXPECT_TRUE(node.pods_by_node_ranges);
  EXPECT_THAT(node.cluster_ranges, IsEmpty());

  config.detect_local_mode = DetectLocalMode::kBridgeInterface;
  node = configured(config);
  EXPECT_EQ(node.rules.pod_interface, "cni0");
  EXPECT_FALSE(node.rules.pod_interface_is_prefix);

  config.detect_local_mode = DetectLocalMode::kInterfaceNamePrefix;
  node = configured(config);
  EXPECT_EQ(node.rules.pod_interface, "veth");
  EXPECT_TRUE(node.rules.pod_interface_is_prefix);
}

TEST(ConfiguredNode, SizesTheConnectionTrackingTableByTheCpus) {
  const auto max = [](ConntrackConfig conntrack, unsigned cpus) {
    return configured({.conntrack = conntrack}, "api.example", cpus).settings.conntrack.max;
  };
  EXPECT_EQ(max({}, 1), 131'072U) << "the least";
  EXPECT_EQ(max({}, 8), 262'144U);
  EXPECT_EQ(max({}, 256), 1'048'576U) << "the most that is asked for without being told";
  EXPECT_EQ(max({.min = 2'000'000}, 1), 2'000'000U);
  EXPECT_EQ(max({.max_per_core = 0}, 8), 0U) << "the kernel's stays";
}

TEST(ConfiguredNode, RoundsTimeOutsUpSoThatNoneBecomesTheKernelsOwn) {
  const auto settings = configured({.timeouts = {.tcp = 1ms, .tcp_fin = 90s, .udp = 0ms}}).settings;
  EXPECT_EQ(settings.timeouts.tcp, 1s);
  EXPECT_EQ(settings.timeouts.tcp_fin, 90s);
  EXPECT_EQ(settings.timeouts.udp, 0s);
}

TEST(ConfiguredNode, TellsTheKernelDoorItsRulesAndWhichSysctlsToRead) {
  const auto door = kernel_settings(configured({.strict_arp = true, .masquerade_bit = 9}));
  EXPECT_EQ(door.rules.masquerade_bit, 9);
  EXPECT_THAT(door.sysctls, Contains("net/ipv4/conf/all/arp_ignore"));
}

}  // namespace
}  // namespace reconcile::test
