// The chains of the table and their rules, in the kernel's instructions. Above each is the rule as
// to_nft_text() writes it for IPv4.
#include "ipvs/nft_skeleton.h"

#include <linux/if.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <array>
#include <iterator>

#include "ipvs/rule_marks.h"
#include "ipvs/set_shape.h"

namespace ipvs {
namespace {

using Rules = std::vector<NftRule>;

constexpr std::uint8_t kIcmpv6PortUnreachable = 4;  // ICMPV6_PORT_UNREACH
constexpr std::uint32_t kStateNew = 8;              // NF_CT_STATE_BIT(IP_CT_NEW)

// What differs between the IPv4 and the IPv6 half of the table.
struct Half {
  char digit;
  std::uint8_t netfilter_family;
  PacketField source;
  PacketField destination;
  PacketField loopback_source;  // the bytes that tell it, and what they are then
  std::string_view loopback;
  std::uint32_t original_destination;
  std::uint8_t port_unreachable;
};

constexpr char kLoopback6[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

constexpr Half kIpv4{.digit = '4',
                     .netfilter_family = NFPROTO_IPV4,
                     .source = {NFT_PAYLOAD_NETWORK_HEADER, 12, 4},
                     .destination = {NFT_PAYLOAD_NETWORK_HEADER, 16, 4},
                     .loopback_source = {NFT_PAYLOAD_NETWORK_HEADER, 12, 1},
                     .loopback = "\x7f",
                     .original_destination = NFT_CT_DST_IP,
                     .port_unreachable = ICMP_PORT_UNREACH};

constexpr Half kIpv6{.digit = '6',
                     .netfilter_family = NFPROTO_IPV6,
                     .source = {NFT_PAYLOAD_NETWORK_HEADER, 8, 16},
                     .destination = {NFT_PAYLOAD_NETWORK_HEADER, 24, 16},
                     .loopback_source = {NFT_PAYLOAD_NETWORK_HEADER, 8, 16},
                     .loopback = {kLoopback6, sizeof kLoopback6},
                     .original_destination = NFT_CT_DST_IP6,
                     .port_unreachable = kIcmpv6PortUnreachable};

constexpr PacketField kDestinationPort{NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2};

NftRule operator+(NftRule rule, NftRule more) {
  std::move(more.begin(), more.end(), std::back_inserter(rule));
  return rule;
}

void append(Rules& rules, Rules more) {
  std::move(more.begin(), more.end(), std::back_inserter(rules));
}

NftRule family_is(const Half& half) {
  return {load_meta(NFT_META_NFPROTO, Register::k1),
          compare_byte(Register::k1, half.netfilter_family)};
}

NftRule protocol_is(std::uint8_t protocol) {
  return {load_meta(NFT_META_L4PROTO, Register::k1), compare_byte(Register::k1, protocol)};
}

// What a key is made of.
enum class Part : std::uint8_t { kSource, kDestination, kProtocol, kPort, kFamily };

NftExpression load(const Half& half, Part part, Register into) {
  switch (part) {
    case Part::kSource:
      return load_packet(half.source, into);
    case Part::kDestination:
      return load_packet(half.destination, into);
    case Part::kProtocol:
      return load_meta(NFT_META_L4PROTO, into);
    case Part::kPort:
      return load_packet(kDestinationPort, into);
    case Part::kFamily:
      break;
  }
  return load_meta(NFT_META_NFPROTO, into);
}

// ip daddr . meta l4proto . th dport @service_ports4
NftRule key(const Half& half, std::initializer_list<Part> parts, Membership how, SetName set) {
  NftRule rule;
  std::uint32_t words = 0;
  for (const Part part : parts) {
    rule.push_back(load(half, part, register_at(words)));
    const bool is_address = part == Part::kSource || part == Part::kDestination;
    words += is_address ? half.source.length / 4 : 1;
  }
  rule.push_back(lookup(Register::k1, how, std::string(base_name(set)) + half.digit));
  return rule;
}

NftRule port_is(const Half& half, Membership how, SetName set) {
  return key(half, {Part::kDestination, Part::kProtocol, Part::kPort}, how, set);
}

// ct mark & 0x2000 == 0x2000
NftRule connection_has(std::uint32_t mark) {
  return {load_conntrack(NFT_CT_MARK, Register::k1), change_bits(Register::k1, mark),
          compare_word(Register::k1, Comparison::kEqual, mark)};
}

// ct mark set ct mark | 0x2000
NftRule mark_connection(std::uint32_t mark) {
  return {load_conntrack(NFT_CT_MARK, Register::k1), change_bits(Register::k1, ~mark, mark),
          store_conntrack_mark(Register::k1)};
}

// meta mark & 0x4000 == 0x4000
NftRule packet_has(std::uint32_t mark) {
  return {load_meta(NFT_META_MARK, Register::k1), change_bits(Register::k1, mark),
          compare_word(Register::k1, Comparison::kEqual, mark)};
}

// meta mark set meta mark | 0x4000, or & ~0x4000
NftRule change_packet_mark(std::uint32_t keep, std::uint32_t set) {
  return {load_meta(NFT_META_MARK, Register::k1), change_bits(Register::k1, keep, set),
          store_packet_mark(Register::k1)};
}

NftRule connection_is_new() {
  return {load_conntrack(NFT_CT_STATE, Register::k1), change_bits(Register::k1, kStateNew),
          compare_word(Register::k1, Comparison::kNotEqual, 0)};
}

// iifname != "cni0"
NftRule not_by_interface(const RuleSettings& settings) {
  if (settings.pod_interface.empty()) return {};
  std::string name = settings.pod_interface;
  if (!settings.pod_interface_is_prefix) name.resize(IFNAMSIZ);
  return {load_meta(NFT_META_IIFNAME, Register::k1),
          compare(Register::k1, Comparison::kNotEqual, name)};
}

// iifname != "cni0" ip saddr . meta nfproto != @pod_ranges4
NftRule not_a_pod(const Half& half, const RuleSettings& settings,
                  SetName ranges = SetName::kPodRanges) {
  return not_by_interface(settings) +
         key(half, {Part::kSource, Part::kFamily}, Membership::kNotIn, ranges);
}

NftExpression refusal(const Half& half, std::uint8_t protocol) {
  if (protocol == IPPROTO_TCP) return reject(NFT_REJECT_TCP_RST, 0);
  return reject(NFT_REJECT_ICMP_UNREACH, half.port_unreachable);
}

// meta l4proto tcp ip daddr @service_addresses4
//   ip daddr . meta l4proto . th dport != @service_ports4 reject with tcp reset
NftRule refuse_unserved_port(const Half& half, std::uint8_t protocol) {
  return protocol_is(protocol) + family_is(half) +
         key(half, {Part::kDestination}, Membership::kIn, SetName::kServiceAddresses) +
         port_is(half, Membership::kNotIn, SetName::kServicePorts) +
         NftRule{refusal(half, protocol)};
}

// ip daddr . meta l4proto . th dport @inside_ports4 ip saddr . meta nfproto != @pod_ranges4 drop
NftRule drop_outsiders(const Half& half, const RuleSettings& settings) {
  return family_is(half) + port_is(half, Membership::kIn, SetName::kInsidePorts) +
         not_a_pod(half, settings) + NftRule{verdict(NF_DROP)};
}

// ip daddr . meta l4proto . th dport @restricted_ports4
//   ip daddr . meta l4proto . th dport . ip saddr != @source_ranges4 drop
NftRule drop_out_of_range(const Half& half) {
  return family_is(half) + port_is(half, Membership::kIn, SetName::kRestrictedPorts) +
         key(half, {Part::kDestination, Part::kProtocol, Part::kPort, Part::kSource},
             Membership::kNotIn, SetName::kSourceRanges) +
         NftRule{verdict(NF_DROP)};
}

// ip saddr 127.0.0.0/8 return
NftRule leave_loopback(const Half& half) {
  return family_is(half) + NftRule{load_packet(half.loopback_source, Register::k1),
                                   compare(Register::k1, Comparison::kEqual, half.loopback),
                                   verdict(NFT_RETURN)};
}

// ip daddr . meta l4proto . th dport @masquerade_ports4 meta mark set meta mark | 0x4000
NftRule mark_masqueraded_port(const Half& half, std::uint32_t mark) {
  return family_is(half) + port_is(half, Membership::kIn, SetName::kMasqueradePorts) +
         change_packet_mark(~mark, mark);
}

// ip daddr . meta l4proto . th dport @inside_ports4
//   ip saddr . meta nfproto != @own_pod_ranges4 meta mark set ...
NftRule mark_pods_of_other_nodes(const Half& half, const RuleSettings& settings) {
  const std::uint32_t mark = masquerade_mark(settings);
  return family_is(half) + port_is(half, Membership::kIn, SetName::kInsidePorts) +
         not_a_pod(half, settings, SetName::kOwnPodRanges) + change_packet_mark(~mark, mark);
}

// ip daddr @cluster_addresses4 ip saddr . meta nfproto != @pod_ranges4 meta mark set ...
NftRule mark_clients_that_are_no_pods(const Half& half, const RuleSettings& settings) {
  const std::uint32_t mark = masquerade_mark(settings);
  return family_is(half) +
         key(half, {Part::kDestination}, Membership::kIn, SetName::kClusterAddresses) +
         not_a_pod(half, settings) + change_packet_mark(~mark, mark);
}

// ip daddr . meta l4proto . th dport @service_ports4 ct mark set ct mark | 0x2000
NftRule mark_service(const Half& half, SetName ports, std::uint32_t mark) {
  return family_is(half) + port_is(half, Membership::kIn, ports) + mark_connection(mark);
}

// meta nfproto ipv4 tcp dport @health_ports4 ct mark set ct mark | 0x2000
NftRule mark_health_check(const Half& half, std::uint32_t mark) {
  return family_is(half) + protocol_is(IPPROTO_TCP) +
         key(half, {Part::kPort}, Membership::kIn, SetName::kHealthPorts) + mark_connection(mark);
}

// ct original ip daddr @service_addresses4 ip saddr @service_addresses4 masquerade
NftRule masquerade_node(const Half& half) {
  return NftRule{load_original(half.original_destination, Register::k1),
                 lookup(Register::k1, Membership::kIn,
                        std::string(base_name(SetName::kServiceAddresses)) + half.digit)} +
         family_is(half) + key(half, {Part::kSource}, Membership::kIn, SetName::kServiceAddresses) +
         NftRule{masquerade()};
}

// ip daddr @service_addresses4 dnat ip to ip daddr
NftRule keep_destination(const Half& half) {
  return family_is(half) +
         key(half, {Part::kDestination}, Membership::kIn, SetName::kServiceAddresses) +
         NftRule{load_packet(half.destination, Register::k1),
                 destination_nat(half.netfilter_family, Register::k1)};
}

// ct mark & 0x2000 == 0x2000 ip saddr . ip daddr @hairpin4 masquerade
NftRule masquerade_hairpin(const Half& half, std::uint32_t mark) {
  return connection_has(mark) + family_is(half) +
         key(half, {Part::kSource, Part::kDestination}, Membership::kIn, SetName::kHairpin) +
         NftRule{masquerade()};
}

Rules refuse_rules(const Half& half, const RuleSettings& settings) {
  Rules rules{drop_outsiders(half, settings)};
  for (const std::uint8_t protocol : {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP}) {
    rules.push_back(refuse_unserved_port(half, protocol));
  }
  return rules;
}

Rules client_rules(const Half& half, const RuleSettings& settings) {
  return {drop_out_of_range(half), leave_loopback(half),
          mark_masqueraded_port(half, masquerade_mark(settings)),
          mark_pods_of_other_nodes(half, settings), mark_clients_that_are_no_pods(half, settings)};
}

Rules service_rules(const Half& half, const RuleSettings& settings) {
  return {mark_service(half, SetName::kServicePorts, service_mark(settings)),
          mark_service(half, SetName::kNodePorts, service_mark(settings))};
}

Rules health_rules(const Half& half, const RuleSettings& settings) {
  return {mark_health_check(half, service_mark(settings))};
}

Rules arrival_rules(const Half& half, const RuleSettings&) { return {keep_destination(half)}; }

Rules postrouting_rules(const Half& half, const RuleSettings& settings) {
  return {masquerade_node(half), masquerade_hairpin(half, service_mark(settings))};
}

Rules unmark_rules(std::uint32_t mark) { return {packet_has(mark) + change_packet_mark(~mark, 0)}; }

// After `first`, what `rules_of` says for each half.
Rules for_both(Rules first, Rules (*rules_of)(const Half&, const RuleSettings&),
               const RuleSettings& settings) {
  for (const Half& half : {kIpv4, kIpv6}) append(first, rules_of(half, settings));
  return first;
}

// After mangle (others restore connection marks there), before nat and IPVS.
constexpr std::int32_t kEarly = NF_IP_PRI_MANGLE + 10;
// Before everybody else's destination NAT; what has been translated is not translated again.
constexpr std::int32_t kFirstOfNat = NF_IP_PRI_NAT_DST - 1;

NftChain base_chain(std::string name, std::string type, std::uint32_t hook, std::int32_t priority,
                    Rules rules) {
  return {.name = std::move(name),
          .type = std::move(type),
          .hook = hook,
          .priority = priority,
          .rules = std::move(rules)};
}

}  // namespace

std::vector<NftChain> nft_chains(const RuleSettings& settings) {
  const NftRule let_in = connection_has(service_mark(settings)) + NftRule{verdict(NF_ACCEPT)};
  const auto new_ones_to = [](std::string_view chain) {
    return connection_is_new() + NftRule{jump(chain)};
  };
  const NftRule masquerade_marked = packet_has(masquerade_mark(settings)) + NftRule{masquerade()};
  const Rules arrivals = for_both({}, arrival_rules, settings);
  return {{.name = "refuse", .rules = for_both({}, refuse_rules, settings)},
          {.name = "clients", .rules = for_both({}, client_rules, settings)},
          {.name = "services", .rules = for_both({}, service_rules, settings)},
          base_chain(
              "input", "filter", NF_INET_LOCAL_IN, kEarly,
              for_both({let_in, new_ones_to("refuse"), new_ones_to("clients"), {jump("services")}},
                       health_rules, settings)),
          base_chain("output", "filter", NF_INET_LOCAL_OUT, kEarly,
                     {let_in, new_ones_to("clients"), new_ones_to("services")}),
          base_chain("prerouting", "nat", NF_INET_PRE_ROUTING, kFirstOfNat, arrivals),
          base_chain("output_nat", "nat", NF_INET_LOCAL_OUT, kFirstOfNat, arrivals),
          base_chain("postrouting", "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC,
                     for_both({masquerade_marked}, postrouting_rules, settings)),
          base_chain("unmark", "filter", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC + 1,
                     unmark_rules(masquerade_mark(settings)))};
}

}  // namespace ipvs
