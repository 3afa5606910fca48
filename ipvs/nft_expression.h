// The machine instructions of an nftables rule, as values that are written to the kernel and
// compared with what it holds.
//
// An instruction ("expression") is a name and its attributes. The kernel reports the ones it was
// given and adds some that are zero, so two expressions are the same when they agree on all that
// are not. The factories are the instructions our rules need, no more; registers are numbered as
// nft(8) prints them: 1-4 of sixteen bytes, 8-23 of four, which overlap. Truth:
// linux/netfilter/nf_tables.h. Pure: any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ipvs {

struct NftExpression {
  std::string name;
  std::map<std::uint16_t, std::string> attributes =
      {};  // type -> raw bytes, a nest in its raw form

  // Equal but for attributes whose bytes are all zero.
  friend bool operator==(const NftExpression& a, const NftExpression& b);
};

// One rule: what it tests, in order, and at last what it does.
using NftRule = std::vector<NftExpression>;

// Where an instruction reads or writes, in the kernel's numbers: NFT_REG_VERDICT, NFT_REG_1..4, or
// NFT_REG32_00 and on.
enum class Register : std::uint32_t { kVerdict = 0, k1 = 1 };

// The register that begins `words` words of four bytes after the first.
[[nodiscard]] constexpr Register register_at(std::uint32_t words) {
  return static_cast<Register>(words % 4 == 0 ? 1 + words / 4 : 8 + words);
}

enum class Comparison : std::uint32_t { kEqual = 0, kNotEqual = 1 };
enum class Membership : std::uint32_t { kIn = 0, kNotIn = 1 };

// A field of the packet: where it starts and how long it is, in bytes.
struct PacketField {
  std::uint32_t base;  // NFT_PAYLOAD_*
  std::uint32_t offset;
  std::uint32_t length;
};

[[nodiscard]] NftExpression load_packet(const PacketField& field, Register into);
[[nodiscard]] NftExpression load_meta(std::uint32_t key, Register into);
[[nodiscard]] NftExpression load_conntrack(std::uint32_t key, Register into);
// Of the original direction: as the first packet had it.
[[nodiscard]] NftExpression load_original(std::uint32_t key, Register into);
// The connection's or the packet's mark, from a register.
[[nodiscard]] NftExpression store_conntrack_mark(Register from);
[[nodiscard]] NftExpression store_packet_mark(Register from);
// inout = (inout & keep) | set; `set` must be clear in `keep`.
[[nodiscard]] NftExpression change_bits(Register inout, std::uint32_t keep, std::uint32_t set = 0);
[[nodiscard]] NftExpression compare(Register with, Comparison how, std::string_view bytes);
[[nodiscard]] NftExpression compare_byte(Register with, std::uint8_t value);
[[nodiscard]] NftExpression compare_word(Register with, Comparison how, std::uint32_t value);
[[nodiscard]] NftExpression lookup(Register from, Membership how, std::string_view set);
[[nodiscard]] NftExpression masquerade();
// To the address in `to`, of `family` (NFPROTO_*); the port stays.
[[nodiscard]] NftExpression destination_nat(std::uint8_t family, Register to);
[[nodiscard]] NftExpression reject(std::uint32_t type, std::uint8_t code);
// iptables' `-m connmark --mark bits/bits`.
[[nodiscard]] NftExpression match_connection_mark(std::uint32_t bits);
// NF_ACCEPT, NF_DROP, NFT_RETURN; jump(): NFT_JUMP.
[[nodiscard]] NftExpression verdict(std::int32_t code);
[[nodiscard]] NftExpression jump(std::string_view chain);

}  // namespace ipvs
