// The machine instructions of an nftables rule, as values that are written to the kernel and
// compared with what it holds.
//
// An instruction ("expression") is a name and its attributes. The kernel reports the ones it was
// given and adds some that are zero, so two expressions are the same when they agree on all that
// are not. The factories are the instructions our rules need, no more; registers are numbered as
// nft(8) prints them: 1-4 of sixteen bytes, 8-23 of four. Truth: linux/netfilter/nf_tables.h. Pure:
// any thread.
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

// The kernel names its 4-byte registers NFT_REG32_00 and on; kWord1 is NFT_REG32_01.
enum class Register : std::uint32_t { k1 = 1, k2 = 2, kWord1 = 9, kWord2 = 10, kWord5 = 13 };
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
[[nodiscard]] NftExpression mask(Register inout, std::uint32_t bits);
[[nodiscard]] NftExpression compare_byte(Register with, std::uint8_t value);
[[nodiscard]] NftExpression compare_word(Register with, Comparison how, std::uint32_t value);
[[nodiscard]] NftExpression lookup(Register from, Membership how, std::string_view set);
[[nodiscard]] NftExpression masquerade();
[[nodiscard]] NftExpression reject(std::uint32_t type, std::uint8_t code);

}  // namespace ipvs
