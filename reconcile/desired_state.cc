#include "reconcile/desired_state.h"

#include <utility>

namespace reconcile {
namespace {

void add_keys(const ServiceState& state, Scope& scope) {
  for (const auto& server : state.virtual_servers) scope.virtual_servers.insert(server.id);
  scope.addresses.insert(state.addresses.begin(), state.addresses.end());
  scope.elements.insert(state.elements.begin(), state.elements.end());
}

template <class Key>
void count_down(std::map<Key, int>& counts, const Key& key) {
  const auto found = counts.find(key);
  if (--found->second == 0) counts.erase(found);
}

}  // namespace

Scope DesiredState::update(const Claimant& claimant, ServiceState state) {
  const auto known = holdings_.find(claimant.service);
  if (known != holdings_.end() && known->second.claimant == claimant &&
      known->second.state == state) {
    return {};
  }
  Scope scope = remove(claimant.service);
  add_keys(state, scope);
  const auto [holding, inserted] =
      holdings_.emplace(claimant.service, Holding{claimant, std::move(state)});
  claim(holding->second);
  return scope;
}

Scope DesiredState::remove(const kube::NamespacedName& service) {
  Scope scope;
  const auto known = holdings_.find(service);
  if (known == holdings_.end()) return scope;
  add_keys(known->second.state, scope);
  release(known->second);
  holdings_.erase(known);
  return scope;
}

const DesiredVirtualServer* DesiredState::virtual_server(const ipvs::VirtualServerId& id) const {
  const auto found = claims_.find(id);
  return found == claims_.end() ? nullptr : found->second.begin()->second;
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
  for (auto claim = std::next(found->second.begin()); claim != found->second.end(); ++claim) {
    names.push_back(claim->first.service);
  }
  return names;
}

Scope DesiredState::everything() const {
  Scope scope;
  for (const auto& [id, claimants] : claims_)
    scope.virtual_servers.insert(scope.virtual_servers.end(), id);
  for (const auto& [address, count] : addresses_)
    scope.addresses.insert(scope.addresses.end(), address);
  for (const auto& [element, count] : elements_)
    scope.elements.insert(scope.elements.end(), element);
  return scope;
}

void DesiredState::claim(const Holding& holding) {
  for (const auto& server : holding.state.virtual_servers) {
    claims_[server.id].emplace(holding.claimant, &server);
  }
  for (const auto& address : holding.state.addresses) ++addresses_[address];
  for (const auto& element : holding.state.elements) ++elements_[element];
}

void DesiredState::release(const Holding& holding) {
  for (const auto& server : holding.state.virtual_servers) {
    const auto found = claims_.find(server.id);
    // One Service may name a port twice; the second naming claimed nothing.
    if (found == claims_.end()) continue;
    found->second.erase(holding.claimant);
    if (found->second.empty()) claims_.erase(found);
  }
  for (const auto& address : holding.state.addresses) count_down(addresses_, address);
  for (const auto& element : holding.state.elements) count_down(elements_, element);
}

}  // namespace reconcile
