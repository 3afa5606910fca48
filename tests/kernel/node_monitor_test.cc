// What the kernel announces, and what of it is news.
#include "ipvs/node_monitor.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <optional>

#include "tests/kernel/command.h"
#include "tests/kernel/kernel_world.h"
#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)

constexpr int kPatience = 500;  // milliseconds
constexpr NodeChanges kNothing{};
constexpr NodeChanges kNodeAddresses{.node_addresses = true};
constexpr NodeChanges kServiceAddresses{.service_addresses = true};
constexpr NodeChanges kRules{.rules = true};

class NodeMonitorTest : public KernelWorld {
 protected:
  void SetUp() override {
    KernelWorld::SetUp();
    ASSERT_EQ(write_all({CreateLink{}, InstallRules{}}), (std::vector{0, 0}));
    auto monitor = NodeMonitor::open(kernel_->ports());
    ASSERT_TRUE(monitor.has_value()) << to_string(monitor.error());
    monitor_.emplace(*std::move(monitor));
  }

  // What was announced once the descriptor is readable. The kernel announces before it answers who
  // made the change, so that nothing is still under way.
  NodeChanges heard() {
    pollfd wanted{monitor_->descriptor(), POLLIN, 0};
    if (poll(&wanted, 1, kPatience) <= 0) return {};
    return monitor_->read();
  }

  static void ip(const std::string& lines) { output_of({"ip", "-batch", "-"}, {.input = lines}); }
  static void nft(const std::string& commands) {
    output_of({"nft", "-f", "-"}, {.input = commands});
  }

  std::optional<NodeMonitor> monitor_;
};

TEST_F(NodeMonitorTest, HearsNothingWhereNothingHappens) { EXPECT_EQ(monitor_->read(), kNothing); }

TEST_F(NodeMonitorTest, HearsThatAnAddressOfTheNodeComesAndGoes) {
  ip("addr add 192.0.2.1/32 dev lo\n");
  EXPECT_EQ(heard(), kNodeAddresses);
  ip("addr del 192.0.2.1/32 dev lo\n");
  EXPECT_EQ(heard(), kNodeAddresses);
  ip("addr add 2001:db8::1/128 dev lo\n");
  EXPECT_EQ(heard(), kNodeAddresses);
}

TEST_F(NodeMonitorTest, HearsOnceOfAnAddressThatIsAnnouncedAgain) {
  ip("addr add 192.0.2.1/32 dev lo\n");
  EXPECT_EQ(heard(), kNodeAddresses);
  ip("addr change 192.0.2.1/32 dev lo valid_lft 1000 preferred_lft 1000\n");
  EXPECT_EQ(heard(), kNothing);
}

TEST_F(NodeMonitorTest, HearsOfTheServiceInterfaceAndItsAddresses) {
  EXPECT_EQ(write_all({BindAddress{values::ip("10.96.0.1")}, BindAddress{values::ip("fd00::1")}}),
            (std::vector{0, 0}));
  EXPECT_EQ(heard(), kNothing) << "they are our own";
  ip("addr del 10.96.0.1/32 dev kube-ipvs0\n");
  EXPECT_EQ(heard(), kServiceAddresses);
  ip("addr del fd00::1/128 dev kube-ipvs0\n");
  EXPECT_EQ(heard(), kServiceAddresses);
  ip("link del kube-ipvs0\n");
  EXPECT_EQ(heard(), kServiceAddresses);
  EXPECT_EQ(write_all({CreateLink{}, BindAddress{values::ip("10.96.0.1")}}), (std::vector{0, 0}));
  EXPECT_EQ(heard(), kNothing);
  ip("link del kube-ipvs0\n");
  EXPECT_EQ(heard(), kServiceAddresses);
}

TEST_F(NodeMonitorTest, HearsOfOurTableButNotOfOurOwnWrites) {
  EXPECT_EQ(write_all({AddElement{service_address("10.96.0.1")}, InstallRules{},
                       DeleteElement{service_address("10.96.0.1")}}),
            (std::vector{0, 0, 0}));
  EXPECT_EQ(heard(), kNothing);
  nft("add element inet kube-ipvs service_addresses4 { 10.96.0.9 }\n");
  EXPECT_EQ(heard(), kRules);
  nft("flush ruleset\n");
  EXPECT_EQ(heard(), kRules);
}

TEST_F(NodeMonitorTest, HearsOfOthersTablesOnlyWhereAChainDropsOrLosesOurRule) {
  nft("add table inet other\nadd set inet other s { type ipv4_addr; }\n"
      "add chain inet other in { type filter hook input priority 0; }\n");
  EXPECT_EQ(heard(), kNothing);
  nft("add chain inet other in { policy drop; }\n");
  EXPECT_EQ(heard(), kRules);
  EXPECT_EQ(write(InstallRules{}), 0);
  EXPECT_EQ(heard(), kNothing);
  nft("flush chain inet other in\n");
  EXPECT_EQ(heard(), kRules);
}

TEST_F(NodeMonitorTest, CountsEverythingAsChangedWhereAnnouncementsWereLost) {
  auto narrow = NodeMonitor::open(kernel_->ports(), 1);  // the kernel makes some 2 KiB of it
  ASSERT_TRUE(narrow.has_value());
  std::string many = "add table inet other\n";
  for (int i = 0; i < 100; ++i) many += "add chain inet other c" + std::to_string(i) + "\n";
  nft(many);
  EXPECT_EQ(narrow->read(), (NodeChanges{true, true, true}));
}

}  // namespace
