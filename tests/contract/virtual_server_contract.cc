// The promises about virtual and real servers.
#include <algorithm>
#include <cerrno>
#include <limits>

#include "tests/contract/kernel_contract.h"
#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)

const VirtualServerId kWeb = tcp("10.96.0.1", 443);
const VirtualServerId kWeb6 = tcp("fd00:10:96::1", 443);
const RealServerId kPod = real_server("10.244.1.2", 6443);
const RealServerId kPod6 = real_server("fd00:10:244:1::2", 6443);

TEST_P(KernelContract, StartsInAnEmptyWorld) {
  const Observation seen = observe();
  EXPECT_TRUE(seen.virtual_servers.empty());
  EXPECT_FALSE(seen.link_present);
  EXPECT_TRUE(seen.bound.empty());
  EXPECT_FALSE(seen.rules_intact);
  EXPECT_TRUE(seen.elements.empty());
}

TEST_P(KernelContract, KnowsTheVersionOfIpvs) { EXPECT_GE(observe().info.version, 0x010201U); }

TEST_P(KernelContract, AnswersNothingForNothing) { EXPECT_TRUE(kernel_->write({}).empty()); }

TEST_P(KernelContract, ReadsBackAVirtualServerOfEveryProtocolAndFamily) {
  for (const VirtualServerId& id : {kWeb, udp("10.96.0.10", 53), sctp("10.96.0.11", 9), kWeb6,
                                    udp("fd00:10:96::a", 53), sctp("fd00:10:96::b", 9)}) {
    SCOPED_TRACE(id.address.to_string());
    EXPECT_EQ(write(add(id)), 0);
    const auto seen = read(id);
    ASSERT_TRUE(seen.has_value());
    EXPECT_EQ(seen->settings, settings_for(id));
    EXPECT_TRUE(seen->real_servers.empty());
  }
}

TEST_P(KernelContract, ReadsBackAFirewallMarkOfEachFamily) {
  EXPECT_EQ(write_all({add(mark(7)), add(mark(7, "::"))}), (std::vector{0, 0}));
  EXPECT_TRUE(read(mark(7)).has_value());
  EXPECT_TRUE(read(mark(7, "::")).has_value());
}

TEST_P(KernelContract, ReadsBackTheLargestFirewallMark) {
  EXPECT_EQ(write(add(mark(std::numeric_limits<std::uint32_t>::max()))), 0);
  EXPECT_TRUE(read(mark(std::numeric_limits<std::uint32_t>::max())).has_value());
}

TEST_P(KernelContract, ReadsBackPersistenceWithItsMask) {
  VirtualServer settings;
  settings.scheduler = "wrr";
  settings.flags = VirtualServerFlag::kPersistent;
  settings.timeout = std::chrono::seconds(10800);
  settings.netmask = 0xffffff00;
  EXPECT_EQ(write(AddVirtualServer{.id = kWeb, .settings = settings}), 0);
  ASSERT_TRUE(read(kWeb).has_value());
  EXPECT_EQ(read(kWeb)->settings, settings);
}

TEST_P(KernelContract, ReadsBackAnIpv6PersistencePrefix) {
  VirtualServer settings = settings_for(kWeb6);
  settings.flags = VirtualServerFlag::kPersistent;
  settings.timeout = std::chrono::seconds(60);
  settings.netmask = 64;
  EXPECT_EQ(write(AddVirtualServer{.id = kWeb6, .settings = settings}), 0);
  ASSERT_TRUE(read(kWeb6).has_value());
  EXPECT_EQ(read(kWeb6)->settings, settings);
}

TEST_P(KernelContract, ReadsBackSchedulerFlagsAndOnePacket) {
  VirtualServer settings;
  settings.scheduler = "sh";
  settings.flags = VirtualServerFlag::kScheduler1 | VirtualServerFlag::kScheduler2 |
                   VirtualServerFlag::kOnePacket;
  const VirtualServerId dns = udp("10.96.0.10", 53);
  EXPECT_EQ(write(AddVirtualServer{.id = dns, .settings = settings}), 0);
  ASSERT_TRUE(read(dns).has_value());
  EXPECT_EQ(read(dns)->settings, settings);
}

TEST_P(KernelContract, RefusesAVirtualServerThatIsThere) {
  EXPECT_EQ(write_all({add(kWeb), add(kWeb)}), (std::vector{0, EEXIST}));
}

TEST_P(KernelContract, TakesAProtocolOrAPortForAnotherVirtualServer) {
  EXPECT_EQ(write_all({add(kWeb), add(udp("10.96.0.1", 443)), add(tcp("10.96.0.1", 80))}),
            (std::vector{0, 0, 0}));
  EXPECT_EQ(observe().virtual_servers.size(), 3U);
}

TEST_P(KernelContract, RefusesAnUnknownScheduler) {
  VirtualServer settings;
  settings.scheduler = "nosuch";
  EXPECT_EQ(write(AddVirtualServer{.id = kWeb, .settings = settings}), ENOENT);
  EXPECT_FALSE(read(kWeb).has_value());
}

TEST_P(KernelContract, RefusesToEditToAnUnknownSchedulerAndKeepsTheOldOne) {
  VirtualServer settings;
  settings.scheduler = "nosuch";
  EXPECT_EQ(write_all({add(kWeb), EditVirtualServer{.id = kWeb, .settings = settings}}),
            (std::vector{0, ENOENT}));
  ASSERT_TRUE(read(kWeb).has_value());
  EXPECT_EQ(read(kWeb)->settings.scheduler, "rr");
}

TEST_P(KernelContract, RefusesAnIpv6PrefixLengthThatIsNone) {
  VirtualServer settings = settings_for(kWeb6);
  for (const std::uint32_t length : {0U, 129U, 0xffffffffU}) {
    settings.netmask = length;
    EXPECT_EQ(write(AddVirtualServer{.id = kWeb6, .settings = settings}), EINVAL) << length;
  }
}

TEST_P(KernelContract, RefusesToChangeOrRemoveAVirtualServerThatIsNotThere) {
  EXPECT_EQ(write_all({EditVirtualServer{.id = kWeb, .settings = {}}, DeleteVirtualServer{kWeb}}),
            (std::vector{ESRCH, ESRCH}));
}

TEST_P(KernelContract, EditsAVirtualServerInPlace) {
  VirtualServer settings;
  settings.scheduler = "wrr";
  settings.flags = VirtualServerFlag::kPersistent;
  settings.timeout = std::chrono::seconds(300);
  EXPECT_EQ(
      write_all({add(kWeb), add(kWeb, kPod), EditVirtualServer{.id = kWeb, .settings = settings}}),
      (std::vector{0, 0, 0}));
  const auto seen = read(kWeb);
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->settings, settings);
  EXPECT_EQ(seen->real_servers.size(), 1U);
}

TEST_P(KernelContract, EditsPersistenceAway) {
  VirtualServer settings;
  settings.flags = VirtualServerFlag::kPersistent;
  settings.timeout = std::chrono::seconds(300);
  EXPECT_EQ(write_all({AddVirtualServer{.id = kWeb, .settings = settings},
                       EditVirtualServer{.id = kWeb, .settings = settings_for(kWeb)}}),
            (std::vector{0, 0}));
  ASSERT_TRUE(read(kWeb).has_value());
  EXPECT_EQ(read(kWeb)->settings, settings_for(kWeb));
}

TEST_P(KernelContract, DeletesAVirtualServerWithItsRealServers) {
  EXPECT_EQ(write_all({add(kWeb), add(kWeb, kPod), DeleteVirtualServer{kWeb}, add(kWeb)}),
            (std::vector{0, 0, 0, 0}));
  ASSERT_TRUE(read(kWeb).has_value());
  EXPECT_TRUE(read(kWeb)->real_servers.empty());
}

TEST_P(KernelContract, ReadsBackARealServerOfEachFamily) {
  EXPECT_EQ(write_all({add(kWeb), add(kWeb, kPod, weighing(7)), add(kWeb6), add(kWeb6, kPod6)}),
            (std::vector{0, 0, 0, 0}));
  ASSERT_TRUE(read(kWeb, kPod).has_value());
  EXPECT_EQ(read(kWeb, kPod)->settings, weighing(7));
  ASSERT_TRUE(read(kWeb6, kPod6).has_value());
  EXPECT_EQ(read(kWeb6, kPod6)->settings, RealServer());
  EXPECT_EQ(read(kWeb, kPod)->connections.active, 0U);
}

TEST_P(KernelContract, ReadsBackEveryForwardingMethodAndThresholds) {
  std::vector<Step> steps = {add(kWeb)};
  std::uint16_t port = 1000;
  const std::vector methods = {Forward::kMasquerade, Forward::kLocal, Forward::kTunnel,
                               Forward::kRoute};
  for (const Forward method : methods) {
    RealServer settings;
    settings.forward = method;
    settings.upper_threshold = 20;
    settings.lower_threshold = 10;
    steps.push_back(add(kWeb, real_server("10.244.1.2", port++), settings));
  }
  EXPECT_EQ(write_all(steps), std::vector<int>(steps.size(), 0));
  port = 1000;
  for (const Forward method : methods) {
    const auto seen = read(kWeb, real_server("10.244.1.2", port++));
    ASSERT_TRUE(seen.has_value());
    EXPECT_EQ(seen->settings.forward, method);
    EXPECT_EQ(seen->settings.upper_threshold, 20U);
    EXPECT_EQ(seen->settings.lower_threshold, 10U);
  }
}

TEST_P(KernelContract, RefusesARealServerThatIsThere) {
  EXPECT_EQ(write_all({add(kWeb), add(kWeb, kPod), add(kWeb, kPod)}), (std::vector{0, 0, EEXIST}));
}

TEST_P(KernelContract, RefusesRealServersOfAVirtualServerThatIsNotThere) {
  EXPECT_EQ(write_all({add(kWeb, kPod), EditRealServer{.parent = kWeb, .id = kPod, .settings = {}},
                       DeleteRealServer{.parent = kWeb, .id = kPod}}),
            (std::vector{ESRCH, ESRCH, ESRCH}));
}

TEST_P(KernelContract, RefusesToChangeOrRemoveARealServerThatIsNotThere) {
  EXPECT_EQ(write_all({add(kWeb), EditRealServer{.parent = kWeb, .id = kPod, .settings = {}},
                       DeleteRealServer{.parent = kWeb, .id = kPod}}),
            (std::vector{0, ENOENT, ENOENT}));
}

TEST_P(KernelContract, RefusesARealServerAtAnAddressThatIsNoHosts) {
  EXPECT_EQ(write(add(kWeb)), 0);
  for (const char* address : {"0.0.0.0", "224.0.0.1", "255.255.255.255"}) {
    EXPECT_EQ(write(add(kWeb, real_server(address, 80))), EINVAL) << address;
  }
}

TEST_P(KernelContract, RefusesAnIpv6RealServerAtAnAddressThatIsNoHosts) {
  EXPECT_EQ(write(add(kWeb6)), 0);
  for (const char* address : {"::", "ff02::1", "fe80::1", "::ffff:10.0.0.1"}) {
    EXPECT_EQ(write(add(kWeb6, real_server(address, 80))), EINVAL) << address;
  }
}

TEST_P(KernelContract, RefusesToTranslateBetweenFamilies) {
  EXPECT_EQ(write_all({add(kWeb), add(kWeb, kPod6)}), (std::vector{0, EINVAL}));
}

TEST_P(KernelContract, RefusesANegativeWeight) {
  EXPECT_EQ(write_all({add(kWeb), add(kWeb, kPod, weighing(-1)), add(kWeb, kPod),
                       EditRealServer{.parent = kWeb, .id = kPod, .settings = weighing(-1)}}),
            (std::vector{0, ERANGE, 0, ERANGE}));
}

TEST_P(KernelContract, TakesTheLargestWeight) {
  const auto largest = std::numeric_limits<std::int32_t>::max();
  EXPECT_EQ(write_all({add(kWeb), add(kWeb, kPod, weighing(largest))}), (std::vector{0, 0}));
  ASSERT_TRUE(read(kWeb, kPod).has_value());
  EXPECT_EQ(read(kWeb, kPod)->settings.weight, largest);
}

TEST_P(KernelContract, EditsAWeightToZeroAndBack) {
  EXPECT_EQ(write_all({add(kWeb), add(kWeb, kPod),
                       EditRealServer{.parent = kWeb, .id = kPod, .settings = weighing(0)}}),
            (std::vector{0, 0, 0}));
  ASSERT_TRUE(read(kWeb, kPod).has_value());
  EXPECT_EQ(read(kWeb, kPod)->settings.weight, 0);
  EXPECT_EQ(write(EditRealServer{.parent = kWeb, .id = kPod, .settings = weighing(1)}), 0);
  EXPECT_EQ(read(kWeb, kPod)->settings.weight, 1);
}

TEST_P(KernelContract, DeletesOnlyTheNamedRealServer) {
  const RealServerId other = real_server("10.244.1.3", 6443);
  EXPECT_EQ(write_all({add(kWeb), add(kWeb, kPod), add(kWeb, other),
                       DeleteRealServer{.parent = kWeb, .id = kPod}}),
            (std::vector{0, 0, 0, 0}));
  EXPECT_FALSE(read(kWeb, kPod).has_value());
  EXPECT_TRUE(read(kWeb, other).has_value());
}

TEST_P(KernelContract, WritesInOrderAndGoesOnAfterAnError) {
  EXPECT_EQ(write_all({add(kWeb, kPod), add(kWeb), add(kWeb, kPod), DeleteVirtualServer{kWeb6},
                       add(kWeb6)}),
            (std::vector{ESRCH, 0, 0, ESRCH, 0}));
  EXPECT_TRUE(read(kWeb, kPod).has_value());
  EXPECT_TRUE(read(kWeb6).has_value());
}

TEST_P(KernelContract, AnswersForEachOfManySteps) {
  constexpr int kCount = 2000;
  std::vector<Step> steps;
  std::vector<int> expected;
  for (int i = 0; i < kCount; ++i) {
    const auto port = static_cast<std::uint16_t>(i + 1);
    steps.push_back(add(tcp("10.96.0.1", port)));
    expected.push_back(0);
    if (i % 100 != 0) continue;
    steps.push_back(add(tcp("10.96.0.1", port)));
    expected.push_back(EEXIST);
  }
  EXPECT_EQ(write_all(steps), expected);
  EXPECT_EQ(observe().virtual_servers.size(), static_cast<std::size_t>(kCount));
}

TEST_P(KernelContract, ObservesEachEntryOnce) {
  std::vector<Step> steps;
  for (std::uint16_t port = 1; port <= 500; ++port) {
    const VirtualServerId id = udp("10.96.0.10", port);
    steps.push_back(add(id));
    steps.push_back(add(id, kPod));
  }
  EXPECT_EQ(write_all(steps), std::vector<int>(steps.size(), 0));
  std::vector<VirtualServerId> ids;
  for (const auto& server : observe().virtual_servers) {
    ids.push_back(server.id);
    EXPECT_EQ(server.real_servers.size(), 1U);
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(ids.size(), 500U);
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
}

TEST_P(KernelContract, ObservesTheNamedAndLeavesOutTheAbsent) {
  EXPECT_EQ(write_all({add(kWeb), add(kWeb, kPod), add(kWeb6)}), (std::vector{0, 0, 0}));
  const std::vector ids = {udp("10.96.0.10", 53), kWeb};
  const auto seen = kernel_->observe(ids);
  ASSERT_TRUE(seen.has_value());
  ASSERT_EQ(seen->size(), 1U);
  EXPECT_EQ(seen->front().id, kWeb);
  ASSERT_EQ(seen->front().real_servers.size(), 1U);
  EXPECT_EQ(seen->front().real_servers.front().id, kPod);
}

TEST_P(KernelContract, ObservesANamedFirewallMark) {
  EXPECT_EQ(write_all({add(mark(9)), add(mark(9), kPod)}), (std::vector{0, 0}));
  const std::vector ids = {mark(9)};
  const auto seen = kernel_->observe(ids);
  ASSERT_TRUE(seen.has_value());
  ASSERT_EQ(seen->size(), 1U);
  EXPECT_EQ(seen->front().real_servers.size(), 1U);
}

}  // namespace
