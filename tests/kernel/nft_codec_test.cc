// The table's codec, without a kernel: what is written reads back as the same, and what differs,
// differs.
#include "ipvs/nft_codec.h"

#include <gtest/gtest.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <string>

#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)

RuleSettings with_pod_interface() {
  return {.pod_interface = "veth", .pod_interface_is_prefix = true, .masquerade_bit = 3};
}

TEST(NftCodec, ReadsBackEveryRuleItWrites) {
  int rules = 0;
  for (const NftChain& chain : nft_chains(with_pod_interface())) {
    for (const NftRule& rule : chain.rules) {
      MessageBatch batch;
      put_add_rule(batch, chain, rule);
      EXPECT_EQ(rule_in(&batch.message(0)), rule);
      ++rules;
    }
  }
  EXPECT_EQ(rules, 41);
}

TEST(NftCodec, TellsEveryTwoRulesOfAChainApart) {
  for (const NftChain& chain : nft_chains({})) {
    const auto& rules = chain.rules;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        EXPECT_FALSE(rules[i] == rules[j]) << chain.name << ' ' << i << " and " << j;
      }
    }
  }
}

TEST(NftCodec, TellsTheRulesOfOtherSettingsApart) {
  const auto rules_of = [](const RuleSettings& settings) {
    std::vector<NftRule> rules;
    for (const NftChain& chain : nft_chains(settings)) {
      rules.insert(rules.end(), chain.rules.begin(), chain.rules.end());
    }
    return rules;
  };
  EXPECT_FALSE(rules_of({}) == rules_of({.masquerade_bit = 15}));
  EXPECT_FALSE(rules_of({}) == rules_of({.pod_interface = "cni0"}));
  EXPECT_FALSE(rules_of({.pod_interface = "cni0"}) ==
               rules_of({.pod_interface = "cni0", .pod_interface_is_prefix = true}));
}

TEST(NftCodec, TakesAnAttributeThatIsAllZeroForAnAbsentOne) {
  NftExpression spoken = masquerade();
  spoken.attributes[NFTA_MASQ_FLAGS] = std::string(4, '\0');
  EXPECT_EQ(spoken, masquerade());
  spoken.attributes[NFTA_MASQ_FLAGS] = std::string("\0\0\0\x10", 4);
  EXPECT_FALSE(spoken == masquerade());
}

TEST(NftCodec, ReadsBackAnElementOfEverySet) {
  const std::vector<SetElement> elements{service_address("10.96.0.1"),
                                         service_address("fd00::1"),
                                         service_port(tcp("10.96.0.1", 443)),
                                         service_port(sctp("fd00::1", 65535)),
                                         hairpin("10.244.1.2"),
                                         hairpin("fd00:10:244::2"),
                                         in_set(SetName::kNodePorts, tcp("192.0.2.1", 30080)),
                                         cluster_address("10.96.0.1"),
                                         pod_range("10.244.0.0", 16),
                                         pod_range("10.244.1.128", 25),
                                         pod_range("::", 0),
                                         pod_range("fd00::", 61),
                                         source_range(udp("192.0.2.1", 53), "198.51.100.7", 32),
                                         source_range(udp("fd00::1", 53), "2001:db8::", 29),
                                         health_port("0.0.0.0", 31000),
                                         health_port("::", 31000)};
  for (const SetElement& element : elements) {
    MessageBatch batch;
    put_element_step(batch, AddElement{element});
    std::vector<SetElement> read;
    append_elements(&batch.message(0), set_of(element), read);
    EXPECT_EQ(read, std::vector{element});
  }
}

TEST(NftCodec, LeavesOutARangeThatIsNoBlock) {
  MessageBatch batch;
  put_element_step(batch, AddElement{pod_range("10.244.0.0", 31)});
  nlmsghdr& message = batch.message(0);
  auto* bytes = reinterpret_cast<char*>(&message);
  const std::string last("\x0a\xf4\x00\x01", 4);
  auto* found = std::search(bytes, bytes + message.nlmsg_len, last.begin(), last.end());
  ASSERT_NE(found, bytes + message.nlmsg_len);
  found[3] = 2;  // from .0 to .2
  std::vector<SetElement> read;
  append_elements(&message, set_of(pod_range("10.244.0.0", 31)), read);
  EXPECT_TRUE(read.empty());
}

TEST(NftCodec, LeavesOutAnElementThatIsNoneOfOurs) {
  MessageBatch batch;
  put_element_step(batch, AddElement{service_port(tcp("10.96.0.1", 443))});
  std::vector<SetElement> read;
  append_elements(&batch.message(0), set_of(hairpin("10.244.1.2")),
                  read);  // keys of another length
  EXPECT_TRUE(read.empty());
}

TEST(NftCodec, KnowsItsOwnTableSetsAndChains) {
  MessageBatch batch;
  put_add_table(batch);
  EXPECT_TRUE(is_as_written(&batch.message(0)));
  for (const NftSet& set : nft_sets()) {
    batch.clear();
    put_add_set(batch, set, 1);
    EXPECT_TRUE(is_as_written(&batch.message(0), set)) << set.name;
    EXPECT_EQ(is_as_written(&batch.message(0), nft_sets()[0]), &set == &nft_sets()[0]);
  }
  for (const NftChain& chain : nft_chains({})) {
    batch.clear();
    put_add_chain(batch, chain);
    EXPECT_TRUE(is_as_written(&batch.message(0), chain)) << chain.name;
  }
}

TEST(NftCodec, TakesNoWrongSizeForAnAnswer) {
  MessageBatch batch;
  put_add_table(batch);
  batch.message(0).nlmsg_len = NLMSG_HDRLEN;
  EXPECT_FALSE(is_as_written(&batch.message(0)));
  EXPECT_TRUE(rule_in(&batch.message(0)).empty());
}

}  // namespace
