#include "ipvs/nft_skeleton.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "ipvs/set_shape.h"

namespace ipvs {
namespace {

// nft's numbers for key types; a concatenation takes six bits for each part.
constexpr std::uint32_t kTypeIpv4Address = 7;
constexpr std::uint32_t kTypeIpv6Address = 8;
constexpr std::uint32_t kTypeProtocol = 12;
constexpr std::uint32_t kTypeService = 13;
constexpr std::uint32_t kTypeNetfilterFamily = 31;
constexpr std::uint32_t kPartBits = 6;

constexpr std::uint32_t kIcmpv6PortUnreachable = 4;  // ICMPV6_PORT_UNREACH
constexpr std::uint32_t kStateNew = 8;               // NF_CT_STATE_BIT(IP_CT_NEW)

// What differs between the IPv4 and the IPv6 half of the table.
struct Half {
  char digit;
  std::uint8_t family;
  std::uint8_t netfilter_family;
  std::uint32_t address_type;
  PacketField source;
  PacketField destination;
  std::uint32_t original_destination;
  std::uint8_t port_unreachable;
  Register second_address;       // after one address in register 1
  Register port_after_protocol;  // after an address and a protocol
};

constexpr Half kIpv4{.digit = '4',
                     .family = AF_INET,
                     .netfilter_family = NFPROTO_IPV4,
                     .address_type = kTypeIpv4Address,
                     .source = {NFT_PAYLOAD_NETWORK_HEADER, 12, 4},
                     .destination = {NFT_PAYLOAD_NETWORK_HEADER, 16, 4},
                     .original_destination = NFT_CT_DST_IP,
                     .port_unreachable = ICMP_PORT_UNREACH,
                     .second_address = Register::kWord1,
                     .port_after_protocol = Register::kWord2};

constexpr Half kIpv6{.digit = '6',
                     .family = AF_INET6,
                     .netfilter_family = NFPROTO_IPV6,
                     .address_type = kTypeIpv6Address,
                     .source = {NFT_PAYLOAD_NETWORK_HEADER, 8, 16},
                     .destination = {NFT_PAYLOAD_NETWORK_HEADER, 24, 16},
                     .original_destination = NFT_CT_DST_IP6,
                     .port_unreachable = kIcmpv6PortUnreachable,
                     .second_address = Register::k2,
                     .port_after_protocol = Register::kWord5};

constexpr PacketField kDestinationPort{NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2};

std::string set_name(std::string_view base, const Half& half) {
  return std::string(base) + half.digit;
}

void append(NftRule& rule, NftRule more) {
  std::move(more.begin(), more.end(), std::back_inserter(rule));
}

NftRule family_is(const Half& half) {
  return {load_meta(NFT_META_NFPROTO, Register::k1),
          compare_byte(Register::k1, half.netfilter_family)};
}

NftRule protocol_is(std::uint8_t protocol) {
  return {load_meta(NFT_META_L4PROTO, Register::k1), compare_byte(Register::k1, protocol)};
}

NftRule connection_is_new() {
  return {load_conntrack(NFT_CT_STATE, Register::k1), mask(Register::k1, kStateNew),
          compare_word(Register::k1, Comparison::kNotEqual, 0)};
}

// ct original ip daddr @service_addresses4
NftRule went_to_service(const Half& half) {
  return {load_original(half.original_destination, Register::k1),
          lookup(Register::k1, Membership::kIn, set_name("service_addresses", half))};
}

// ip saddr @service_addresses4 masquerade
NftRule masquerade_node(const Half& half) {
  NftRule rule = went_to_service(half);
  append(rule, family_is(half));
  append(rule, {load_packet(half.source, Register::k1),
                lookup(Register::k1, Membership::kIn, set_name("service_addresses", half)),
                masquerade()});
  return rule;
}

// ip saddr . ip daddr @hairpin4 masquerade
NftRule masquerade_hairpin(const Half& half) {
  NftRule rule = went_to_service(half);
  append(rule, family_is(half));
  append(rule, {load_packet(half.source, Register::k1),
                load_packet(half.destination, half.second_address),
                lookup(Register::k1, Membership::kIn, set_name("hairpin", half)), masquerade()});
  return rule;
}

constexpr std::array<std::uint8_t, 3> kProtocolsWithPorts{IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};

NftExpression refusal(const Half& half, std::uint8_t protocol) {
  if (protocol == IPPROTO_TCP) return reject(NFT_REJECT_TCP_RST, 0);
  return reject(NFT_REJECT_ICMP_UNREACH, half.port_unreachable);
}

// ct state new meta l4proto tcp ip daddr @service_addresses4
//   ip daddr . meta l4proto . th dport != @service_ports4 reject
NftRule refuse_unserved_port(const Half& half, std::uint8_t protocol) {
  NftRule rule = connection_is_new();
  append(rule, protocol_is(protocol));
  append(rule, family_is(half));
  append(rule, {load_packet(half.destination, Register::k1),
                lookup(Register::k1, Membership::kIn, set_name("service_addresses", half)),
                load_packet(half.destination, Register::k1),
                load_meta(NFT_META_L4PROTO, half.second_address),
                load_packet(kDestinationPort, half.port_after_protocol),
                lookup(Register::k1, Membership::kNotIn, set_name("service_ports", half)),
                refusal(half, protocol)});
  return rule;
}

// One part of a key: nft's number for its type, and its length in bytes.
struct KeyPart {
  std::uint32_t type;
  std::uint32_t length;
};

std::vector<KeyPart> key_parts(SetShape shape, const Half& half) {
  const KeyPart address{half.address_type, half.destination.length};
  constexpr KeyPart kProtocol{kTypeProtocol, 1};
  constexpr KeyPart kPort{kTypeService, 2};
  switch (shape) {
    case SetShape::kAddress:
      return {address};
    case SetShape::kAddressPair:
      return {address, address};
    case SetShape::kPort:
      return {address, kProtocol, kPort};
    case SetShape::kPortNumber:
      return {kPort};
    case SetShape::kRange:
      return {address, {kTypeNetfilterFamily, 1}};
    case SetShape::kPortAndRange:
      return {address, kProtocol, kPort, address};
  }
  return {};
}

NftSet set_for(SetName name, const Half& half) {
  const SetShape shape = shape_of(name);
  const auto parts = key_parts(shape, half);
  NftSet set{.name = set_name(base_name(name), half), .set = name, .family = half.family};
  for (const KeyPart& part : parts) {
    set.key_type = set.key_type << kPartBits | part.type;
    // Every part of a concatenated key starts at a multiple of four bytes.
    set.key_length += parts.size() == 1 ? part.length : (part.length + 3) & ~3U;
    if (has_ranges(shape)) set.range_parts.push_back(part.length);
  }
  return set;
}

std::vector<NftSet> sets() {
  std::vector<NftSet> sets;
  for (const SetName set : kAllSets) {
    for (const Half& half : {kIpv4, kIpv6}) sets.push_back(set_for(set, half));
  }
  return sets;
}

std::vector<NftChain> chains() {
  NftChain postrouting{.name = "postrouting",
                       .type = "nat",
                       .hook = NF_INET_POST_ROUTING,
                       .priority = NF_IP_PRI_NAT_SRC,
                       .rules = {}};
  NftChain input{.name = "input",
                 .type = "filter",
                 .hook = NF_INET_LOCAL_IN,
                 .priority = NF_IP_PRI_FILTER,
                 .rules = {}};
  for (const Half& half : {kIpv4, kIpv6}) {
    postrouting.rules.push_back(masquerade_node(half));
    postrouting.rules.push_back(masquerade_hairpin(half));
    for (const std::uint8_t protocol : kProtocolsWithPorts) {
      input.rules.push_back(refuse_unserved_port(half, protocol));
    }
  }
  return {postrouting, input};
}

}  // namespace

const NftSkeleton& nft_skeleton() {
  static const NftSkeleton skeleton{.sets = sets(), .chains = chains()};
  return skeleton;
}

const NftSet& set_of(const SetElement& element) {
  const std::uint8_t family = is_v6(element) ? AF_INET6 : AF_INET;
  const auto& sets = nft_skeleton().sets;
  return *std::find_if(sets.begin(), sets.end(), [&](const NftSet& set) {
    return set.set == element.set && set.family == family;
  });
}

}  // namespace ipvs
