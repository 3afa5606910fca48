// The keys of our sets' elements, in the bytes that nf_tables compares with the packet's.
//
// Each part of a concatenated key starts at a multiple of four bytes; numbers are in network order.
// Pure: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ipvs/nft_skeleton.h"
#include "ipvs/ruleset.h"

namespace ipvs {

using NftKey = std::vector<std::uint8_t>;

// The first key that belongs to an element and, where its set holds ranges, the last.
struct NftKeys {
  NftKey first;
  NftKey last;
};

[[nodiscard]] NftKeys keys_of(const SetElement& element);

// The element of `set` with these keys (`last` is empty where `set` holds no ranges); nothing when
// it is none that we would write.
[[nodiscard]] std::optional<SetElement> element_of(const NftSet& set,
                                                   std::span<const std::uint8_t> first,
                                                   std::span<const std::uint8_t> last);

}  // namespace ipvs
