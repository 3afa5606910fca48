// The static part of the table `inet kube-ipvs` as values: its sets, its chains and their rules.
//
// What to_nft_text() says in words, this says in the kernel's instructions; a test loads both and
// compares. Why each rule hangs at its hook: README.md. Pure: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ipvs/nft_expression.h"
#include "ipvs/ruleset.h"

namespace ipvs {

inline constexpr std::string_view kNftTable = "kube-ipvs";

struct NftSet {
  std::string name;
  SetName set = SetName::kServiceAddresses;
  std::uint8_t family = 0;     // of its addresses: AF_INET or AF_INET6
  std::uint32_t key_type = 0;  // for nft(8) alone: how it prints the key
  std::uint32_t key_length = 0;
  // The parts of the key in bytes, where elements are ranges: the kernel wants to know them then.
  std::vector<std::uint32_t> range_parts = {};
};

struct NftChain {
  std::string name;
  std::string type = {};   // "nat", "filter"; empty: at no hook, others jump to it
  std::uint32_t hook = 0;  // NF_INET_*
  std::int32_t priority = 0;
  std::vector<NftRule> rules = {};
};

[[nodiscard]] const std::vector<NftSet>& nft_sets();

// A chain that others jump to stands before them.
[[nodiscard]] std::vector<NftChain> nft_chains(const RuleSettings& settings);

// The set that holds `element`.
[[nodiscard]] const NftSet& set_of(const SetElement& element);

}  // namespace ipvs
