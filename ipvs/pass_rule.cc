#include "ipvs/pass_rule.h"

#include <arpa/inet.h>
#include <endian.h>
#include <fmt/core.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "ipvs/attributes.h"
#include "ipvs/rule_marks.h"

namespace ipvs {
namespace {

constexpr int kHeaderSize = sizeof(nfgenmsg);

// User data of a rule is a list of type, length, value; type 0 is the comment that nft and iptables
// print. The value has a final NUL, which is one of these.
constexpr std::string_view kComment("\0\x1bkube-ipvs: service traffic\0", 29);

std::uint8_t family_in(nlmsghdr* message) {
  return static_cast<const nfgenmsg*>(nlmsg_data(message))->nfgen_family;
}

void begin(MessageBatch& batch, std::uint16_t type, std::uint8_t family, std::uint16_t flags = 0) {
  batch.begin(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type), flags);
  batch.put_header(nfgenmsg{.nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(0)});
}

void begin_rule(MessageBatch& batch, std::uint16_t type, const ForeignChain& chain,
                std::uint16_t flags = 0) {
  begin(batch, type, chain.family, flags);
  batch.put_text(NFTA_RULE_TABLE, chain.table);
  batch.put_text(NFTA_RULE_CHAIN, chain.name);
}

bool is_iptables(const ForeignChain& chain) {
  constexpr std::array<std::string_view, 4> kTables{"filter", "mangle", "raw", "security"};
  return chain.family != NFPROTO_INET && (chain.name == "INPUT" || chain.name == "FORWARD") &&
         std::find(kTables.begin(), kTables.end(), chain.table) != kTables.end();
}

}  // namespace

std::string to_string(const ForeignChain& chain) {
  const char* family = chain.family == NFPROTO_INET   ? "inet"
                       : chain.family == NFPROTO_IPV4 ? "ip"
                                                      : "ip6";
  return fmt::format("{} {} {}", family, chain.table, chain.name);
}

NftRule pass_rule(const ForeignChain& chain, const RuleSettings& settings) {
  const std::uint32_t mark = service_mark(settings);
  if (is_iptables(chain)) return {match_connection_mark(mark), verdict(NF_ACCEPT)};
  return {load_conntrack(NFT_CT_MARK, Register::k1), change_bits(Register::k1, mark),
          compare_word(Register::k1, Comparison::kEqual, mark), verdict(NF_ACCEPT)};
}

void put_dump_chains(MessageBatch& batch) {
  begin(batch, NFT_MSG_GETCHAIN, NFPROTO_UNSPEC);
  batch.end();
}

void put_dump_rules(MessageBatch& batch, const ForeignChain& chain) {
  begin_rule(batch, NFT_MSG_GETRULE, chain);
  batch.end();
}

void put_append_pass_rule(MessageBatch& batch, const ForeignChain& chain,
                          const RuleSettings& settings) {
  begin_rule(batch, NFT_MSG_NEWRULE, chain, NLM_F_CREATE | NLM_F_APPEND);
  put_expressions(batch, pass_rule(chain, settings));
  batch.put_bytes(NFTA_RULE_USERDATA, kComment.data(), kComment.size());
  batch.end();
}

void put_delete_rule(MessageBatch& batch, const ForeignChain& chain, std::uint64_t handle) {
  begin_rule(batch, NFT_MSG_DELRULE, chain);
  batch.put(NFTA_RULE_HANDLE, htobe64(handle));
  batch.end();
}

std::optional<ForeignChain> foreign_chain_in(nlmsghdr* message) {
  const Attributes<NFTA_CHAIN_MAX> chain(message, kHeaderSize);
  if (!chain.has(NFTA_CHAIN_HOOK) || chain.text(NFTA_CHAIN_TYPE) != "filter") return std::nullopt;
  const std::uint8_t family = family_in(message);
  const bool is_ip = family == NFPROTO_INET || family == NFPROTO_IPV4 || family == NFPROTO_IPV6;
  const Attributes<NFTA_HOOK_MAX> place(chain[NFTA_CHAIN_HOOK]);
  const auto hook = ntohl(place.get<std::uint32_t>(NFTA_HOOK_HOOKNUM));
  if (!is_ip || (hook != NF_INET_LOCAL_IN && hook != NF_INET_FORWARD)) return std::nullopt;
  ForeignChain foreign{.family = family,
                       .table = chain.text(NFTA_CHAIN_TABLE),
                       .name = chain.text(NFTA_CHAIN_NAME),
                       .drops = chain.has(NFTA_CHAIN_POLICY) &&
                                ntohl(chain.get<std::uint32_t>(NFTA_CHAIN_POLICY)) == NF_DROP};
  if (family == NFPROTO_INET && foreign.table == kNftTable) return std::nullopt;
  return foreign;
}

bool is_pass_rule(nlmsghdr* message) {
  const Attributes<NFTA_RULE_MAX> rule(message, kHeaderSize);
  const auto data = rule.bytes(NFTA_RULE_USERDATA);
  return std::equal(
      data.begin(), data.end(), kComment.begin(), kComment.end(),
      [](std::uint8_t byte, char wanted) { return byte == static_cast<std::uint8_t>(wanted); });
}

bool is_pass_rule(nlmsghdr* message, const NftRule& wanted) {
  return is_pass_rule(message) && rule_in(message) == wanted;
}

std::uint64_t rule_handle_in(nlmsghdr* message) {
  return be64toh(
      Attributes<NFTA_RULE_MAX>(message, kHeaderSize).get<std::uint64_t>(NFTA_RULE_HANDLE));
}

}  // namespace ipvs
