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
          hairpin("fd00:10:244:1::2")};
}

TEST_F(NftTableTest, IsTheTableThatTheTextDescribes) {
  for (const SetElement& element : one_of_each()) EXPECT_EQ(write(AddElement{element}), 0);
  const std::string written = listed();
  enter_new_network_namespace();
  kernel_ = open_kernel();
  nft(to_nft_text(one_of_each()));
  EXPECT_EQ(written, listed());
  // And the text's table, loaded by nft, counts as ours.
  const auto seen = observe();
  EXPECT_TRUE(seen.rules_intact);
  EXPECT_THAT(seen.elements, testing::UnorderedElementsAreArray(one_of_each()));
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
  nft("flush chain inet kube-ipvs input\ndelete chain inet kube-ipvs input");
  expect_repair();
  nft("flush chain inet kube-ipvs postrouting\ndelete set inet kube-ipvs hairpin6");
  expect_repair();
}

TEST_F(NftTableTest, OpensAChainThatWasClosed) {
  nft("add chain inet kube-ipvs input { type filter hook input priority filter; policy drop; }");
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
