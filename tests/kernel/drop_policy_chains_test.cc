// Our rule in the chains of other firewalls, with nft(8) and iptables(8) as the witnesses.
#include <gmock/gmock.h>

#include "tests/kernel/command.h"
#include "tests/kernel/kernel_world.h"

namespace {

using namespace ipvs;  // NOLINT(google-build-using-namespace): a test's vocabulary
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr auto kNative =
    "add table inet firewall\n"
    "add chain inet firewall in { type filter hook input priority 0; policy drop; }\n"
    "add rule inet firewall in tcp dport 22 accept\n"
    "add chain inet firewall through { type filter hook forward priority 5; policy drop; }\n"
    "add chain inet firewall out { type filter hook output priority 0; policy drop; }\n"
    "add chain inet firewall open { type filter hook input priority 1; policy accept; }\n";

constexpr auto kOurs =
    "ct mark & 0x00002000 == 0x00002000 accept comment \"kube-ipvs: service traffic\"";

class DropPolicyChainsTest : public KernelWorld {
 protected:
  static void nft(const std::string& commands) {
    output_of({"nft", "-f", "-"}, {.input = commands});
  }
  static std::string chain(const std::string& name) {
    return output_of({"nft", "list", "chain", "inet", "firewall", name});
  }
};

TEST_F(DropPolicyChainsTest, GetOurRuleBehindTheirOwn) {
  nft(kNative);
  EXPECT_EQ(write(InstallRules{}), 0);
  EXPECT_TRUE(observe().rules_intact);
  EXPECT_THAT(chain("in"), HasSubstr("tcp dport 22 accept\n\t\t" + std::string(kOurs)));
  EXPECT_THAT(chain("through"), HasSubstr(kOurs));
  EXPECT_THAT(chain("out"), Not(HasSubstr("kube-ipvs")));
  EXPECT_THAT(chain("open"), Not(HasSubstr("kube-ipvs")));
}

TEST_F(DropPolicyChainsTest, HaveOurRuleOnceHoweverOftenItIsInstalled) {
  nft(kNative);
  EXPECT_EQ(write_all({InstallRules{}, InstallRules{}}), (std::vector{0, 0}));
  const std::string text = chain("in");
  EXPECT_EQ(text.find("kube-ipvs"), text.rfind("kube-ipvs"));
}

TEST_F(DropPolicyChainsTest, AreMissedWhenTheyComeLaterAndWhenTheyLoseOurRule) {
  EXPECT_EQ(write(InstallRules{}), 0);
  EXPECT_TRUE(observe().rules_intact);
  nft(kNative);
  EXPECT_FALSE(observe().rules_intact);
  EXPECT_EQ(write(InstallRules{}), 0);
  EXPECT_TRUE(observe().rules_intact);
  nft("flush chain inet firewall in\n");
  EXPECT_FALSE(observe().rules_intact);
}

TEST_F(DropPolicyChainsTest, GetTheRuleOfOtherSettingsInsteadOfTheOldOne) {
  nft(kNative);
  EXPECT_EQ(write(InstallRules{}), 0);
  kernel_ = open_kernel({.rules = {.masquerade_bit = 21}});
  EXPECT_FALSE(observe().rules_intact);
  EXPECT_EQ(write(InstallRules{}), 0);
  EXPECT_THAT(chain("in"), HasSubstr("ct mark & 0x00100000 == 0x00100000 accept"));
  EXPECT_THAT(chain("in"), Not(HasSubstr("0x00002000")));
}

TEST_F(DropPolicyChainsTest, AreUnderstoodByIptablesAfterwards) {
  for (const std::string tool : {"iptables", "ip6tables"}) {
    output_of({tool, "-P", "INPUT", "DROP"});
    output_of({tool, "-P", "FORWARD", "DROP"});
  }
  EXPECT_EQ(write(InstallRules{}), 0);
  EXPECT_TRUE(observe().rules_intact);
  for (const std::string tool : {"iptables", "ip6tables"}) {
    for (const std::string chain : {"INPUT", "FORWARD"}) {
      EXPECT_THAT(output_of({tool, "-S", chain}),
                  AllOf(HasSubstr("-m connmark --mark 0x2000/0x2000"), HasSubstr("-j ACCEPT")));
    }
  }
}

TEST_F(DropPolicyChainsTest, LoseOurRuleWithTheTable) {
  nft(kNative);
  output_of({"iptables", "-P", "INPUT", "DROP"});
  EXPECT_EQ(write(InstallRules{}), 0);
  nft("add chain inet firewall in { policy accept; }\n");
  EXPECT_EQ(kernel_->remove_rules(), std::nullopt);
  EXPECT_THAT(output_of({"nft", "list", "ruleset"}), Not(HasSubstr("kube-ipvs")));
  EXPECT_THAT(output_of({"iptables", "-S", "INPUT"}), EndsWith("-P INPUT DROP\n"));
  EXPECT_EQ(kernel_->remove_rules(), std::nullopt);
}

}  // namespace
