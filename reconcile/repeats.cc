#include "reconcile/repeats.h"

#include <utility>

namespace reconcile {

std::optional<int> Repeats::note(const std::string& key, const std::string& what, TimePoint now) {
  const auto [entry, fresh] = last_.try_emplace(key, Last{what, now, 0});
  if (fresh) return 0;
  auto& last = entry->second;
  if (last.what == what && now - last.said < quiet_) {
    ++last.silent;
    return std::nullopt;
  }
  const int silent = std::exchange(last.silent, 0);
  last.what = what;
  last.said = now;
  return silent;
}

}  // namespace reconcile
