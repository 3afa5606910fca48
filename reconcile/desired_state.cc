#include "reconcile/desired_state.h"

#include <algorithm>
#include <utility>

namespace reconcile {
namespace {

Scope keys_of(const ServiceState& state) {
  Scope scope{.virtual_servers = {}, .addresses = state.addresses, .elements = state.elements};
  scope.virtual_servers.reserve(state.virtual_servers.size());
  for (const auto& server : state.virtual_servers) scope.virtual_servers.push_back(server.id);
  return scope;
}

bool asks_for_the_same_keys(const ServiceState& before, const ServiceState& after) {
  const auto same_id = [](const auto& a, const auto& b) { return a.id == b.id; };
  return before.addresses == after.addresses && before.elements == after.elements &&
         std::equal(before.virtual_servers.begin(), before.virtual_servers.end(),
                    after.virtual_servers.begin(), after.virtual_servers.end(), same_id);
}

template <class Counts, class Key>
void count_down(Counts& counts, const Key& key) {
  const auto found = counts.find(key);
  if (--found->second == 0) counts.erase(found);
}

template <class Map, class Key>
void append_keys(const Map& map, std::vector<Key>& keys) {
  keys.reserve(map.size());
  for (const auto& [key, value] : map) keys.push_back(key);
}

}  // namespace

Scope DesiredState::update(const Claimant& claimant, ServiceState state) {
  const auto known = holdings_.find(claimant.service);
  if (known != holdings_.end() && known->second.claimant == claimant &&
      asks_for_the_same_keys(known->second.state, state)) {
    return replace_servers(known->second, std::move(state));
  }
  Scope scope = remove(claimant.service);
  scope.merge(keys_of(state));
  const auto [holding, inserted] =
      holdings_.emplace(claimant.service, Holding{claimant, std::move(state)});
  claim(holding->second);
  return scope;
}

// In place, so that the claims hold.
Scope DesiredState::replace_servers(Holding& holding, ServiceState state) {
  Scope scope;
  for (std::size_t i = 0; i < state.virtual_servers.size(); ++i) {
    auto& before = holding.state.virtual_servers[i];
    auto& after = state.virtual_servers[i];
    if (before == after) continue;
    scope.virtual_servers.push_back(after.id);
    before = std::move(after);
  }
  return scope;
}

Scope DesiredState::remove(const kube::NamespacedName& service) {
  const auto known = holdings_.find(service);
  if (known == holdings_.end()) return {};
  Scope scope = keys_of(known->second.state);
  release(known->second);
  holdings_.erase(known);
  return scope;
}

const DesiredVirtualServer* DesiredState::virtual_server(const ipvs::VirtualServerId& id) const {
  const auto found = claims_.find(id);
  return found == claims_.end() ? nullptr : found->second.front().wanted;
}

bool DesiredState::wants(const ipvs::Address& address) const {
  return addresses_.contains(address);
}

bool DesiredState::wants(const ipvs::SetElement& element) const {
  return elements_.contains(element);
}

std::vector<kube::NamespacedName> DesiredState::losers(const ipvs::VirtualServerId& id) const {
  std::vector<kube::NamespacedName> names;
  const auto found = claims_.find(id);
  if (found == claims_.end()) return names;
  const auto& claims = found->second;
  std::transform(std::next(claims.begin()), claims.end(), std::back_inserter(names),
                 [](const Claim& claim) { return claim.claimant->service; });
  return names;
}

Scope DesiredState::everything() const {
  Scope scope;
  append_keys(claims_, scope.virtual_servers);
  append_keys(addresses_, scope.addresses);
  append_keys(elements_, scope.elements);
  return scope;
}

void DesiredState::claim(const Holding& holding) {
  for (const auto& server : holding.state.virtual_servers) {
    auto& claims = claims_[server.id];
    const auto place = std::find_if(claims.begin(), claims.end(), [&](const Claim& claim) {
      return holding.claimant <= *claim.claimant;
    });
    // One Service may name a port twice; the second naming claims nothing.
    if (place != claims.end() && place->claimant == &holding.claimant) continue;
    claims.insert(place, {&holding.claimant, &server});
  }
  for (const auto& address : holding.state.addresses) ++addresses_[address];
  for (const auto& element : holding.state.elements) ++elements_[element];
}

void DesiredState::release(const Holding& holding) {
  for (const auto& server : holding.state.virtual_servers) {
    const auto found = claims_.find(server.id);
    if (found == claims_.end()) continue;
    auto& claims = found->second;
    const auto mine = std::find_if(claims.begin(), claims.end(), [&](const Claim& claim) {
      return claim.claimant == &holding.claimant;
    });
    if (mine != claims.end()) claims.erase(mine);
    if (claims.empty()) claims_.erase(found);
  }
  for (const auto& address : holding.state.addresses) count_down(addresses_, address);
  for (const auto& element : holding.state.elements) count_down(elements_, element);
}

}  // namespace reconcile
