// The two bits by which our rules know a packet or a connection again. Every rule tests and sets
// its own bit and leaves the others as they are.
//
// Pure: any thread.
#pragma once

#include <cstdint>

#include "ipvs/ruleset.h"

namespace ipvs {

// On a packet: the source of this new connection is to be masqueraded. Cleared once that is done.
[[nodiscard]] constexpr std::uint32_t masquerade_mark(const RuleSettings& settings) {
  return std::uint32_t{1} << settings.masquerade_bit;
}

// On a connection (conntrack's mark): it belongs to one of our services. The neighbour of the
// masquerade bit, never the same: where somebody copies connection marks to packets, it must mean
// nothing there.
[[nodiscard]] constexpr std::uint32_t service_mark(const RuleSettings& settings) {
  return std::uint32_t{1} << (settings.masquerade_bit == 0 ? 1 : settings.masquerade_bit - 1);
}

}  // namespace ipvs
