// What DesiredState counts as it changes, counted anew by walking over everything.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "reconcile/desired_state.h"

namespace reconcile::test {

struct Recount {
  std::map<std::string, std::uint64_t> refusals;  // without those that are 0
  ServiceTally::NoLocalCount no_local;

  friend bool operator==(const Recount&, const Recount&) = default;
};

inline Recount recount(const DesiredState& desired,
                       const std::vector<kube::NamespacedName>& services) {
  Recount count;
  std::set<std::tuple<ipvs::VirtualServerId, kube::NamespacedName, FrontendKind>> lost;
  for (const auto& name : services) {
    const auto* state = desired.state_of(name);
    if (state == nullptr) continue;
    for (const auto& complaint : state->complaints)
      ++count.refusals[complaint.field.substr(0, complaint.field.find(' '))];
    for (const auto& server : state->virtual_servers)
      if (desired.owner(server.id) != name) lost.emplace(server.id, name, server.kind);
    for (std::size_t family = 0; family < 2; ++family) {
      count.no_local.internal[family] += state->no_local.internal[family] ? 1 : 0;
      count.no_local.external[family] += state->no_local.external[family] ? 1 : 0;
    }
  }
  if (!lost.empty()) count.refusals["claim"] = lost.size();
  return count;
}

inline Recount counted(const ServiceTally& tally) {
  Recount count{.refusals = {}, .no_local = tally.no_local()};
  for (const auto& [field, number] : tally.refusals())
    if (number > 0) count.refusals.emplace(field, number);
  return count;
}

inline std::ostream& operator<<(std::ostream& out, const Recount& count) {
  for (const auto& [field, number] : count.refusals) out << field << ": " << number << ", ";
  for (std::size_t family = 0; family < 2; ++family)
    out << count.no_local.internal[family] << "/" << count.no_local.external[family] << " ";
  return out;
}

}  // namespace reconcile::test
