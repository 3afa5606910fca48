// A node that kube-proxy has left, with other programs' rules and sets among its own. The rules are
// those of a kube-proxy 1.36, one of each kind; iptables and ipset write and witness.
#include "ipvs/kube_proxy_cleaner.h"

#include <gmock/gmock.h>

#include <sstream>

#include "tests/kernel/command.h"
#include "tests/kernel/kernel_world.h"

namespace {

using namespace ipvs;  // NOLINT(google-build-using-namespace): a test's vocabulary
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kSets =
    "create KUBE-CLUSTER-IP hash:ip,port family inet\n"
    "add KUBE-CLUSTER-IP 10.96.0.1,tcp:443\n"
    "create KUBE-LOOP-BACK hash:ip,port,ip family inet\n"
    "create KUBE-NODE-PORT-TCP bitmap:port range 0-65535\n"
    "create KUBE-6-LOOP-BACK hash:ip,port,ip family inet6\n"
    "create KUBE-6-LOAD-BALANCER-SOURCE-CID hash:ip,port,net family inet6\n"
    "create KUBE-6-NODE-PORT-LOCAL-SCTP-HAS hash:ip,port family inet6\n"
    "create KUBE-OF-OTHERS hash:ip family inet\n"
    "create others hash:ip family inet\n";

const std::string kRules =
    "*filter\n"
    ":KUBE-FIREWALL - [0:0]\n"
    ":KUBE-FORWARD - [0:0]\n"
    ":OTHERS - [0:0]\n"
    "-A INPUT -j KUBE-FIREWALL\n"
    "-A FORWARD -m comment --comment \"kubernetes forwarding rules\" -j KUBE-FORWARD\n"
    "-A FORWARD -j OTHERS\n"
    "-A KUBE-FIREWALL -d 127.0.0.0/8 -j DROP\n"
    "-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT\n"
    "-A OTHERS -m set --match-set others dst -j ACCEPT\n"
    "COMMIT\n"
    "*nat\n"
    ":KUBE-MARK-MASQ - [0:0]\n"
    ":KUBE-POSTROUTING - [0:0]\n"
    ":KUBE-SERVICES - [0:0]\n"
    "-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n"
    "-A OUTPUT -j KUBE-SERVICES\n"
    "-A POSTROUTING -s 10.9.0.0/16 -j MASQUERADE\n"
    "-A POSTROUTING -j KUBE-POSTROUTING\n"
    "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000\n"
    "-A KUBE-POSTROUTING -m set --match-set KUBE-LOOP-BACK dst,dst,src -j MASQUERADE\n"
    "-A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j KUBE-MARK-MASQ\n"
    "COMMIT\n";

class KubeProxyNode : public KernelWorld {
 protected:
  void SetUp() override {
    KernelWorld::SetUp();
    output_of({"ipset", "restore"}, {.input = kSets});
    output_of({"iptables-nft-restore"}, {.input = kRules});
    output_of({"ip6tables-nft", "-t", "nat", "-N", "KUBE-POSTROUTING"});
    auto opened = KubeProxyCleaner::open();
    ASSERT_TRUE(opened.has_value()) << to_string(opened.error());
    cleaner_ = std::make_unique<KubeProxyCleaner>(*std::move(opened));
  }

  // Without the comments, which tell the time.
  static std::string saved_rules() {
    std::istringstream saved(output_of({"iptables-nft-save"}));
    std::string rules;
    for (std::string line; std::getline(saved, line);) {
      if (!line.starts_with('#')) rules += line + '\n';
    }
    return rules;
  }

  KubeProxyLeftovers find() {
    const auto found = cleaner_->find();
    if (found) return *found;
    ADD_FAILURE() << to_string(found.error());
    return {};
  }

  std::unique_ptr<KubeProxyCleaner> cleaner_;
};

TEST_F(KubeProxyNode, IsCleanedOfWhatIsKubeProxysAndOfNothingElse) {
  const auto errors = cleaner_->remove(find());
  for (const auto& error : errors) ADD_FAILURE() << to_string(error);
  const auto rules = saved_rules();
  EXPECT_THAT(rules, Not(HasSubstr("KUBE-SERVICES")));
  EXPECT_THAT(rules, Not(HasSubstr("KUBE-POSTROUTING")));
  EXPECT_THAT(rules, Not(HasSubstr("KUBE-FORWARD")));
  EXPECT_THAT(rules, HasSubstr("-A INPUT -j KUBE-FIREWALL"));  // kubelet's
  EXPECT_THAT(rules, HasSubstr("-A FORWARD -j OTHERS"));
  EXPECT_THAT(rules, HasSubstr("-A OTHERS -m set --match-set others dst -j ACCEPT"));
  EXPECT_THAT(rules, HasSubstr("-A POSTROUTING -s 10.9.0.0/16 -j MASQUERADE"));
  EXPECT_THAT(output_of({"ip6tables-nft-save"}), Not(HasSubstr("KUBE-")));
  EXPECT_EQ(output_of({"ipset", "list", "-n"}), "KUBE-OF-OTHERS\nothers\n");
  EXPECT_TRUE(find().empty());
}

TEST_F(KubeProxyNode, SaysWhatItWouldDoAndDoesNothing) {
  const auto before = saved_rules();
  const auto commands = to_commands(find());
  EXPECT_THAT(commands, HasSubstr("nft delete rule ip nat PREROUTING handle "));
  EXPECT_THAT(commands, HasSubstr("nft delete chain ip filter KUBE-FORWARD\n"));
  EXPECT_THAT(commands, HasSubstr("ipset destroy KUBE-6-LOOP-BACK\n"));
  EXPECT_THAT(commands, Not(HasSubstr("KUBE-FIREWALL")));
  EXPECT_THAT(commands, Not(HasSubstr("others")));
  EXPECT_EQ(saved_rules(), before);
}

TEST_F(KubeProxyNode, KeepsASetThatAnotherProgramsRuleUses) {
  output_of({"iptables-nft", "-A", "OTHERS", "-m", "set", "--match-set", "KUBE-CLUSTER-IP",
             "dst,dst", "-j", "ACCEPT"});
  const auto errors = cleaner_->remove(find());
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors.front().subject, "KUBE-CLUSTER-IP");
  EXPECT_EQ(errors.front().code, EBUSY);
}

TEST_F(KubeProxyNode, MayBeCleanedAgain) {
  EXPECT_THAT(cleaner_->remove(find()), IsEmpty());
  EXPECT_THAT(cleaner_->remove(find()), IsEmpty());
}

}  // namespace
