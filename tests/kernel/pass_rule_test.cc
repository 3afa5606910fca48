// Our rule for other firewalls' chains, without a kernel.
#include "ipvs/pass_rule.h"

#include <gtest/gtest.h>
#include <linux/netfilter.h>

namespace {

using namespace ipvs;  // NOLINT(google-build-using-namespace): a test's vocabulary

const ForeignChain kNative{
    .family = NFPROTO_INET, .table = "firewall", .name = "in", .drops = true};
const ForeignChain kIptables{
    .family = NFPROTO_IPV4, .table = "filter", .name = "INPUT", .drops = true};

TEST(PassRule, IsKnownAgainByItsCommentAndItsWords) {
  for (const ForeignChain& chain : {kNative, kIptables}) {
    MessageBatch batch;
    put_append_pass_rule(batch, chain, {});
    EXPECT_TRUE(is_pass_rule(&batch.message(0)));
    EXPECT_TRUE(is_pass_rule(&batch.message(0), pass_rule(chain, {})));
    EXPECT_FALSE(is_pass_rule(&batch.message(0), pass_rule(chain, {.masquerade_bit = 5})));
  }
}

TEST(PassRule, SpeaksTheLanguageOfTheChain) {
  EXPECT_EQ(pass_rule(kIptables, {}).front().name, "match");
  EXPECT_EQ(pass_rule(kNative, {}).front().name, "ct");
  ForeignChain named_alike = kNative;
  named_alike.table = kIptables.table;
  EXPECT_EQ(pass_rule(named_alike, {}).front().name, "ct") << "iptables has no inet tables";
}

TEST(PassRule, IsNoRuleWithoutTheComment) {
  MessageBatch batch;
  put_add_rule(batch, {.name = "in"}, pass_rule(kNative, {}));
  EXPECT_FALSE(is_pass_rule(&batch.message(0)));
}

TEST(PassRule, LeavesOurOwnChainsOut) {
  for (const NftChain& chain : nft_chains({})) {
    MessageBatch batch;
    put_add_chain(batch, chain);
    EXPECT_FALSE(foreign_chain_in(&batch.message(0)).has_value()) << chain.name;
  }
}

TEST(PassRule, NamesAChainAsNftDoes) {
  EXPECT_EQ(to_string(kNative), "inet firewall in");
  EXPECT_EQ(to_string(kIptables), "ip filter INPUT");
}

}  // namespace
