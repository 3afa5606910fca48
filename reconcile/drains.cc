#include "reconcile/drains.h"

#include <utility>

namespace reconcile {

void Drains::replace(const std::vector<Drain>& drains, TimePoint now) {
  auto before = std::exchange(deadlines_, {});
  for (const auto& drain : drains) {
    const auto known = before.find(drain);
    deadlines_.emplace(drain, known == before.end() ? now + grace_ : known->second);
  }
}

void Drains::add(const Drain& drain, TimePoint now) { deadlines_.emplace(drain, now + grace_); }

void Drains::end_all(const ipvs::VirtualServerId& id) {
  auto drain = deadlines_.lower_bound({id, {}});
  while (drain != deadlines_.end() && drain->first.virtual_server == id) {
    drain = deadlines_.erase(drain);
  }
}

bool Drains::is_overdue(const Drain& drain, TimePoint now) const {
  const auto found = deadlines_.find(drain);
  return found != deadlines_.end() && found->second <= now;
}

std::vector<ipvs::VirtualServerId> Drains::virtual_servers() const {
  std::vector<ipvs::VirtualServerId> ids;
  for (const auto& [drain, deadline] : deadlines_) {
    if (ids.empty() || ids.back() != drain.virtual_server) ids.push_back(drain.virtual_server);
  }
  return ids;
}

}  // namespace reconcile
