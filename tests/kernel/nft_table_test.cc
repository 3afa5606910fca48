// Our nftables table in a real kernel, with nft(8) as the witness.
#include <gmock/gmock.h>

#include <cerrno>
#include <regex>

#include "tests/kernel/command.h"
#include "tests/kernel/kernel_world.h"
#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)

class NftTableTest : public KernelWorld {
 protected:
  void SetUp() override {
    KernelWorld::SetUp();
    ASSERT_EQ(write(InstallRules{}), 0);
    pristine_ = listed();
  }

  void expect_repair() {
    EXPECT_FALSE(observe().rules_intact);
    EXPECT_EQ(write(InstallRules{}), 0);
    EXPECT_TRUE(observe().rules_intact);
    EXPECT_EQ(listed(), pristine_);
  }

  // The table as nft prints it for programs, without the handles, which say when a thing was made.
  static std::string listed() {
    const std::string json = output_of({"nft", "--json", "list", "table", "inet", "kube-ipvs"});
    return std::regex_replace(json, std::regex(R"(, "handle": \d+|"handle": \d+, )"), "");
  }

  static void nft(const std::string& command) {
    output_of({"nft", "-f", "-"}, {.input = command + "\n"});
  }

  std::string pristine_;  // listed() of the table as installed
};

std::vector<SetElement> one_of_each() {
  return {service_address("10.96.0.1"),
          service_address("fd00:10:96::1"),
          service_port(tcp("10.96.0.1", 443)),
          service_port(udp("10.96.0.1", 53)),
          service_port(sctp("fd00:10:96::1", 9)),
          hairpin("10.244.1.2"),
          hairpin("fd00:10:244:1::2"),
          in_set(SetName::kNodePorts, tcp("192.0.2.1", 30080)),
          in_set(SetName::kMasqueradePorts, udp("192.0.2.1", 30080)),
          cluster_address("fd00:10:96::1"),
          pod_range("10.244.0.0", 16),
          pod_range("fd00:10:244::", 47),
          in_set(SetName::kInsidePorts, tcp("fd00::7", 80)),
          in_set(SetName::kRestrictedPorts, tcp("203.0.113.9", 80)),
          source_range(tcp("203.0.113.9", 80), "198.51.100.0", 25),
          source_range(tcp("203.0.113.9", 80), "198.51.100.128", 25),
          source_range(tcp("203.0.113.9", 80), "203.0.113.9", 32),
          source_range(udp("2001:db8::9", 80), "2001:db8:1::", 48),
          health_port("0.0.0.0", 31000),
          health_port("::", 31001)};
}

class NftTableText : public NftTableTest, public testing::WithParamInterface<RuleSettings> {};

TEST_P(NftTableText, DescribesTheTable) {
  enter_new_network_namespace();
  kernel_ = open_kernel({.rules = GetParam()});
  ASSERT_EQ(write(InstallRules{}), 0);
  for (const SetElement& element : one_of_each()) EXPECT_EQ(write(AddElement{element}), 0);
  const std::string written = listed();
  enter_new_network_namespace();
  kernel_ = open_kernel({.rules = GetParam()});
  nft(to_nft_text(one_of_each(), GetParam()));
  EXPECT_EQ(written, listed());
  EXPECT_THAT(observe().elements, testing::UnorderedElementsAreArray(one_of_each()));
}

INSTANTIATE_TEST_SUITE_P(Settings, NftTableText,
                         testing::Values(RuleSettings{},
                                         RuleSettings{.pod_interface = "cni0", .masquerade_bit = 0},
                                         RuleSettings{.pod_interface = "veth",
                                                      .pod_interface_is_prefix = true,
                                                      .masquerade_bit = 31}));

TEST_F(NftTableTest, RefusesARangeInsideAnother) {
  EXPECT_EQ(
      write_all({AddElement{pod_range("10.0.0.0", 8)}, AddElement{pod_range("10.1.0.0", 16)}}),
      (std::vector{0, ENOTEMPTY}));
  EXPECT_EQ(observe().elements, std::vector{pod_range("10.0.0.0", 8)});
}

TEST_F(NftTableTest, ReplacesARangeByOneInsideItInOneWrite) {
  EXPECT_EQ(write(AddElement{pod_range("10.0.0.0", 8)}), 0);
  EXPECT_EQ(
      write_all({DeleteElement{pod_range("10.0.0.0", 8)}, AddElement{pod_range("10.0.0.0", 9)}}),
      (std::vector{0, 0}));
  EXPECT_EQ(observe().elements, std::vector{pod_range("10.0.0.0", 9)});
}

TEST_F(NftTableTest, IsAnotherTableWithOtherSettings) {
  kernel_ = open_kernel({.rules = {.masquerade_bit = 15}});
  EXPECT_FALSE(observe().rules_intact);
  EXPECT_EQ(write(InstallRules{}), 0);
  EXPECT_TRUE(observe().rules_intact);
}

TEST_F(NftTableTest, RepairsADeletedRuleAndKeepsTheElements) {
  EXPECT_EQ(write(AddElement{service_address("10.96.0.1")}), 0);
  nft("flush chain inet kube-ipvs input");
  EXPECT_FALSE(observe().rules_intact);
  EXPECT_EQ(write(InstallRules{}), 0);
  EXPECT_TRUE(observe().rules_intact);
  EXPECT_EQ(observe().elements, std::vector{service_address("10.96.0.1")});
}

TEST_F(NftTableTest, RemovesAForeignRuleFromOurChain) {
  nft("insert rule inet kube-ipvs input tcp dport 22 drop");
  expect_repair();
}

TEST_F(NftTableTest, SeesARuleThatOnlyLooksLikeOurs) {
  nft("flush chain inet kube-ipvs postrouting\n"
      "add rule inet kube-ipvs postrouting ct original ip daddr @service_addresses4 ip saddr != "
      "@service_addresses4 masquerade");
  expect_repair();
}

TEST_F(NftTableTest, PutsTheRulesBackInOrder) {
  const std::string rule =
      "ct original ip daddr @service_addresses4 ip saddr @service_addresses4 masquerade";
  nft("add rule inet kube-ipvs postrouting " + rule);
  expect_repair();
}

TEST_F(NftTableTest, ComesBackAfterAFlushOfTheWholeRuleset) {
  nft("flush ruleset");
  EXPECT_TRUE(observe().elements.empty());
  expect_repair();
}

TEST_F(NftTableTest, ComesBackAfterTheDeletionOfAChainOrASet) {
  nft("flush chain inet kube-ipvs unmark\ndelete chain inet kube-ipvs unmark");
  expect_repair();
  nft("flush chain inet kube-ipvs input\ndelete set inet kube-ipvs health_ports6");
  expect_repair();
}

TEST_F(NftTableTest, OpensAChainThatWasClosed) {
  nft("add chain inet kube-ipvs input { type filter hook input priority -140; policy drop; }");
  expect_repair();
}

TEST_F(NftTableTest, WakesATableThatWasPutToSleep) {
  nft("add table inet kube-ipvs { flags dormant; }");
  expect_repair();
}

TEST_F(NftTableTest, ReplacesAChainThatHangsAtAnotherHook) {
  nft("delete table inet kube-ipvs\nadd table inet kube-ipvs\n"
      "add chain inet kube-ipvs input { type filter hook forward priority 0; }");
  expect_repair();
}

TEST_F(NftTableTest, ReplacesASetOfAnotherType) {
  nft("delete table inet kube-ipvs\nadd table inet kube-ipvs\n"
      "add set inet kube-ipvs service_addresses4 { type inet_service; }");
  expect_repair();
}

TEST_F(NftTableTest, LeavesOtherTablesAlone) {
  nft("add table inet foreign\nadd chain inet foreign input { type filter hook input priority 5; "
      "}");
  nft("flush chain inet kube-ipvs input");
  expect_repair();
  output_of({"nft", "list", "chain", "inet", "foreign", "input"});
}

TEST_F(NftTableTest, WritesThousandsOfElementsAndNamesTheRefusedOnes) {
  std::vector<Step> steps;
  for (std::uint32_t i = 1; i <= 3000; ++i) {
    steps.push_back(AddElement{{.set = SetName::kServiceAddresses,
                                .address = boost::asio::ip::make_address_v4(0x0a600000 + i)}});
  }
  std::vector<int> expected(3000, 0);
  for (const std::size_t missing : {0UL, 1000UL, 1022UL, 1024UL, 2999UL}) {
    steps[missing] = DeleteElement{hairpin("10.244.1.2")};
    expected[missing] = ENOENT;
  }
  EXPECT_EQ(write_all(steps), expected);
  EXPECT_EQ(observe().elements.size(), 2995U);
}

}  // namespace
