#include "reconcile/source_ranges.h"

#include <algorithm>
#include <utility>

namespace reconcile {

std::optional<Ranges> allowed_sources(const Ranges& ranges, const kube::Address& address,
                                      const NodeFacts& node) {
  if (ranges.empty()) return std::nullopt;
  Ranges allowed;
  bool everybody = false;  // of either family
  for (const auto& range : ranges) {
    everybody = everybody || range.prefix == 0;
    if (range.address.is_v4() != address.is_v4()) continue;
    if (range.prefix == 0) return std::nullopt;
    allowed.push_back(range);
  }
  if (allowed.empty() && everybody) return std::nullopt;
  const auto& own = node.own_addresses();
  if (std::any_of(own.begin(), own.end(),
                  [&](const auto& one) { return contains(allowed, one); })) {
    allowed.push_back({address, static_cast<std::uint8_t>(address.is_v4() ? 32 : 128)});
  }
  return without_overlaps(std::move(allowed));
}

}  // namespace reconcile
