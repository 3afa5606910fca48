#include "ipvs/nft_expression.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cstring>

namespace ipvs {
namespace {

template <class T>
std::string raw(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string number(std::uint32_t value) { return raw(htonl(value)); }

template <class Enumeration>
std::string number(Enumeration value) {
  return number(static_cast<std::uint32_t>(value));
}

std::string attribute(std::uint16_t type, std::string_view value) {
  const nlattr header{static_cast<std::uint16_t>(NLA_HDRLEN + value.size()), type};
  std::string text = raw(header) + std::string(value);
  text.resize(NLA_ALIGN(text.size()));
  return text;
}

// An attribute whose value is nft_data: a nest with the one attribute NFTA_DATA_VALUE.
std::string value_of(std::string_view bytes) { return attribute(NFTA_DATA_VALUE, bytes); }

NftExpression immediate_verdict(const std::string& parts) {
  return {"immediate",
          {{NFTA_IMMEDIATE_DREG, number(Register::kVerdict)},
           {NFTA_IMMEDIATE_DATA, attribute(NFTA_DATA_VERDICT, parts)}}};
}

std::string verdict_code(std::int32_t code) {
  return attribute(NFTA_VERDICT_CODE, number(static_cast<std::uint32_t>(code)));
}

bool is_zero(const std::string& bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; });
}

}  // namespace

bool operator==(const NftExpression& a, const NftExpression& b) {
  auto left = a.attributes;
  auto right = b.attributes;
  const auto zero = [](const auto& attribute) { return is_zero(attribute.second); };
  std::erase_if(left, zero);
  std::erase_if(right, zero);
  return a.name == b.name && left == right;
}

NftExpression load_packet(const PacketField& field, Register into) {
  return {"payload",
          {{NFTA_PAYLOAD_DREG, number(into)},
           {NFTA_PAYLOAD_BASE, number(field.base)},
           {NFTA_PAYLOAD_OFFSET, number(field.offset)},
           {NFTA_PAYLOAD_LEN, number(field.length)}}};
}

NftExpression load_meta(std::uint32_t key, Register into) {
  return {"meta", {{NFTA_META_KEY, number(key)}, {NFTA_META_DREG, number(into)}}};
}

NftExpression load_conntrack(std::uint32_t key, Register into) {
  return {"ct", {{NFTA_CT_KEY, number(key)}, {NFTA_CT_DREG, number(into)}}};
}

NftExpression load_original(std::uint32_t key, Register into) {
  NftExpression expression = load_conntrack(key, into);
  expression.attributes[NFTA_CT_DIRECTION] = raw(std::uint8_t{0});  // IP_CT_DIR_ORIGINAL
  return expression;
}

NftExpression store_conntrack_mark(Register from) {
  return {"ct", {{NFTA_CT_KEY, number(NFT_CT_MARK)}, {NFTA_CT_SREG, number(from)}}};
}

NftExpression store_packet_mark(Register from) {
  return {"meta", {{NFTA_META_KEY, number(NFT_META_MARK)}, {NFTA_META_SREG, number(from)}}};
}

NftExpression change_bits(Register inout, std::uint32_t keep, std::uint32_t set) {
  return {"bitwise",
          {{NFTA_BITWISE_SREG, number(inout)},
           {NFTA_BITWISE_DREG, number(inout)},
           {NFTA_BITWISE_LEN, number(std::uint32_t{sizeof keep})},
           {NFTA_BITWISE_MASK, value_of(raw(keep))},
           {NFTA_BITWISE_XOR, value_of(raw(set))}}};
}

NftExpression compare(Register with, Comparison how, std::string_view bytes) {
  return {"cmp",
          {{NFTA_CMP_SREG, number(with)},
           {NFTA_CMP_OP, number(how)},
           {NFTA_CMP_DATA, value_of(bytes)}}};
}

NftExpression compare_byte(Register with, std::uint8_t value) {
  return compare(with, Comparison::kEqual, raw(value));
}

NftExpression compare_word(Register with, Comparison how, std::uint32_t value) {
  return compare(with, how, raw(value));
}

NftExpression lookup(Register from, Membership how, std::string_view set) {
  return {"lookup",
          {{NFTA_LOOKUP_SET, std::string(set) + '\0'},
           {NFTA_LOOKUP_SREG, number(from)},
           {NFTA_LOOKUP_FLAGS, number(how)}}};
}

NftExpression masquerade() { return {"masq"}; }

// The kernel reports both ends of the range and that it is one of addresses, whoever said so.
NftExpression destination_nat(std::uint8_t family, Register to) {
  return {"nat",
          {{NFTA_NAT_TYPE, number(NFT_NAT_DNAT)},
           {NFTA_NAT_FAMILY, number(std::uint32_t{family})},
           {NFTA_NAT_REG_ADDR_MIN, number(to)},
           {NFTA_NAT_REG_ADDR_MAX, number(to)},
           {NFTA_NAT_FLAGS, number(std::uint32_t{NF_NAT_RANGE_MAP_IPS})}}};
}

NftExpression reject(std::uint32_t type, std::uint8_t code) {
  return {"reject", {{NFTA_REJECT_TYPE, number(type)}, {NFTA_REJECT_ICMP_CODE, raw(code)}}};
}

NftExpression match_connection_mark(std::uint32_t bits) {
  xt_connmark_mtinfo1 info{};
  info.mark = bits;
  info.mask = bits;
  std::string padded = raw(info);
  padded.resize((padded.size() + 7) & ~std::size_t{7});  // XT_ALIGN, as iptables writes it
  return {"match",
          {{NFTA_MATCH_NAME, std::string("connmark") + '\0'},
           {NFTA_MATCH_REV, number(std::uint32_t{1})},
           {NFTA_MATCH_INFO, padded}}};
}

NftExpression verdict(std::int32_t code) { return immediate_verdict(verdict_code(code)); }

NftExpression jump(std::string_view chain) {
  return immediate_verdict(verdict_code(NFT_JUMP) +
                           attribute(NFTA_VERDICT_CHAIN, std::string(chain) + '\0'));
}

}  // namespace ipvs
