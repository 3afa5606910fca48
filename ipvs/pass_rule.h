// The rule in other firewalls' chains that lets the connections to our services pass: values to and
// from nfnetlink messages, no socket.
//
// In a chain that iptables made, the rule is spelled in iptables' own instructions: it shows as
// `-m connmark --mark 0x2000/0x2000 -j ACCEPT`, and `iptables -L` still understands the whole
// chain. Elsewhere it is `ct mark & 0x00002000 == 0x00002000 accept`. Truth:
// linux/netfilter/nf_tables.h, nf_tables_compat.h. Pure: any thread.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>
#include <string>

#include "ipvs/message_batch.h"
#include "ipvs/nft_codec.h"

namespace ipvs {

struct ForeignChain {
  std::uint8_t family = 0;  // NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6
  std::string table;
  std::string name;
  bool drops = false;  // its policy
};

// "ip filter INPUT", as nft(8) names it.
[[nodiscard]] std::string to_string(const ForeignChain& chain);

[[nodiscard]] NftRule pass_rule(const ForeignChain& chain, const RuleSettings& settings);

void put_dump_chains(MessageBatch& batch);  // of every table
void put_dump_rules(MessageBatch& batch, const ForeignChain& chain);
void put_append_pass_rule(MessageBatch& batch, const ForeignChain& chain,
                          const RuleSettings& settings);
void put_delete_rule(MessageBatch& batch, const ForeignChain& chain, std::uint64_t handle);

// A base chain of another table that filters at the hook input or forward; else nothing.
[[nodiscard]] std::optional<ForeignChain> foreign_chain_in(nlmsghdr* message);
// Whether the message is about a rule with our comment; and that says what `wanted` says.
[[nodiscard]] bool is_pass_rule(nlmsghdr* message);
[[nodiscard]] bool is_pass_rule(nlmsghdr* message, const NftRule& wanted);
[[nodiscard]] std::uint64_t rule_handle_in(nlmsghdr* message);

}  // namespace ipvs
