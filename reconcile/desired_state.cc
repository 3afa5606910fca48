#include "reconcile/desired_state.h"

#include <algorithm>
#include <utility>

namespace reconcile {
namespace {

bool asks_for_the_same_keys(const ServiceState& before, const ServiceState& after) {
  const auto same_id = [](const auto& a, const auto& b) {
    return a.id == b.id && a.kind == b.kind;
  };
  return before.addresses == after.addresses && before.elements == after.elements &&
         std::equal(before.virtual_servers.begin(), before.virtual_servers.end(),
                    after.virtual_servers.begin(), after.virtual_servers.end(), same_id);
}

// `a` comes before `b`, or is its equal.
bool precedes(const Claimant& a, FrontendKind kind_a, const Claimant& b, FrontendKind kind_b) {
  return kind_a == kind_b ? a <= b : kind_a < kind_b;
}

}  // namespace

void DesiredState::expect(std::size_t services) {
  if (services <= holdings_.size()) return;
  holdings_.reserve(services);
  claims_.reserve(services);
  addresses_.reserve(services);
  elements_.reserve(2 * services);
}

Scope DesiredState::update(const Claimant& claimant, ServiceState state) {
  const auto known = holdings_.find(claimant.service);
  if (known != holdings_.end() && known->second.claimant == claimant &&
      asks_for_the_same_keys(known->second.state, state)) {
    Scope scope;
    replace_in_place(known->second, std::move(state), scope);
    return scope;
  }
  Scope scope = remove(claimant.service);
  const auto [holding, inserted] =
      holdings_.emplace(claimant.service, Holding{claimant, std::move(state)});
  claim(holding->second, scope);
  return scope;
}

// So that the claims hold.
void DesiredState::replace_in_place(Holding& holding, ServiceState state, Scope& scope) {
  for (std::size_t i = 0; i < state.virtual_servers.size(); ++i) {
    auto& before = holding.state.virtual_servers[i];
    auto& after = state.virtual_servers[i];
    if (before == after) continue;
    scope.virtual_servers.push_back(after.id);
    if (before.elements != after.elements && virtual_server(after.id) == &before) {
      count_down(before.elements, scope);
      count_up(after.elements, scope);
    }
    before = std::move(after);
  }
  tally_.replace(holding.state, state);
  holding.state.health_check = state.health_check;
  holding.state.complaints = std::move(state.complaints);
  holding.state.no_local = state.no_local;
  note_health_check(holding);
}

Scope DesiredState::remove(const kube::NamespacedName& service) {
  Scope scope;
  const auto known = holdings_.find(service);
  if (known == holdings_.end()) return scope;
  release(known->second, scope);
  health_checks_.erase(service);
  holdings_.erase(known);
  return scope;
}

Scope DesiredState::update_node(const std::vector<ipvs::SetElement>& elements) {
  Scope scope;
  if (elements == node_elements_) return scope;
  count_down(std::exchange(node_elements_, elements), scope);
  count_up(node_elements_, scope);
  return scope;
}

const DesiredVirtualServer* DesiredState::virtual_server(const ipvs::VirtualServerId& id) const {
  const auto found = claims_.find(id);
  return found == claims_.end() ? nullptr : found->second.front().wanted;
}

const kube::NamespacedName& DesiredState::owner(const ipvs::VirtualServerId& id) const {
  return claims_.find(id)->second.front().claimant->service;
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
  for (auto claim = std::next(claims.begin()); claim != claims.end(); ++claim) {
    if (claim->claimant != claims.front().claimant) names.push_back(claim->claimant->service);
  }
  return names;
}

const ServiceState* DesiredState::state_of(const kube::NamespacedName& service) const {
  const auto found = holdings_.find(service);
  return found == holdings_.end() ? nullptr : &found->second.state;
}

DesiredState::Wishes DesiredState::services() const {
  Wishes all;
  all.reserve(holdings_.size());
  for (const auto& [name, holding] : holdings_) all.emplace_back(&name, &holding.state);
  std::ranges::sort(all, [](const auto& a, const auto& b) { return *a.first < *b.first; });
  return all;
}

Scope DesiredState::everything() const {
  return wanted_if([](const auto&) { return true; });
}

// One Service may name an address twice, say as an external and as a load balancer's.
std::size_t DesiredState::lost(const Claims& claims) {
  return static_cast<std::size_t>(std::ranges::count_if(
      claims, [&](const Claim& claim) { return claim.claimant != claims.front().claimant; }));
}

void DesiredState::claim(const Holding& holding, Scope& scope) {
  const auto& state = holding.state;
  for (const auto& server : state.virtual_servers) claim(holding.claimant, server, scope);
  for (const auto& address : state.addresses) ++addresses_[address];
  scope.merge({.virtual_servers = {}, .addresses = state.addresses, .elements = {}});
  count_up(state.elements, scope);
  tally_.add(state);
  note_health_check(holding);
}

void DesiredState::claim(const Claimant& claimant, const DesiredVirtualServer& server,
                         Scope& scope) {
  scope.virtual_servers.push_back(server.id);
  auto& claims = claims_[server.id];
  const auto place = std::find_if(claims.begin(), claims.end(), [&](const Claim& claim) {
    return precedes(claimant, server.kind, *claim.claimant, claim.wanted->kind);
  });
  // One Service may name a port twice; the second naming claims nothing.
  if (place != claims.end() && place->claimant == &claimant && place->wanted->kind == server.kind)
    return;
  if (place == claims.begin()) {
    if (!claims.empty()) count_down(claims.front().wanted->elements, scope);
    count_up(server.elements, scope);
  }
  const auto lost_before = lost(claims);
  claims.insert(place, {&claimant, &server});
  tally_.lost_claims(lost_before, lost(claims));
}

void DesiredState::release(const Holding& holding, Scope& scope) {
  const auto& state = holding.state;
  for (const auto& server : state.virtual_servers) release(server, scope);
  for (const auto& address : state.addresses) {
    const auto found = addresses_.find(address);
    if (--found->second == 0) addresses_.erase(found);
  }
  scope.merge({.virtual_servers = {}, .addresses = state.addresses, .elements = {}});
  count_down(state.elements, scope);
  tally_.remove(state);
}

void DesiredState::release(const DesiredVirtualServer& server, Scope& scope) {
  scope.virtual_servers.push_back(server.id);
  const auto found = claims_.find(server.id);
  if (found == claims_.end()) return;
  auto& claims = found->second;
  const auto mine = std::find_if(claims.begin(), claims.end(),
                                 [&](const Claim& claim) { return claim.wanted == &server; });
  if (mine == claims.end()) return;
  const bool won = mine == claims.begin();
  const auto lost_before = lost(claims);
  claims.erase(mine);
  tally_.lost_claims(lost_before, lost(claims));
  if (won) count_down(server.elements, scope);
  if (won && !claims.empty()) count_up(claims.front().wanted->elements, scope);
  if (claims.empty()) claims_.erase(found);
}

void DesiredState::count_up(const std::vector<ipvs::SetElement>& elements, Scope& scope) {
  for (const auto& element : elements) ++elements_[element];
  scope.merge({.virtual_servers = {}, .addresses = {}, .elements = elements});
}

void DesiredState::count_down(const std::vector<ipvs::SetElement>& elements, Scope& scope) {
  for (const auto& element : elements) {
    const auto found = elements_.find(element);
    if (--found->second == 0) elements_.erase(found);
  }
  scope.merge({.virtual_servers = {}, .addresses = {}, .elements = elements});
}

void DesiredState::note_health_check(const Holding& holding) {
  const auto& service = holding.claimant.service;
  if (holding.state.health_check) {
    health_checks_.insert_or_assign(service, *holding.state.health_check);
  } else {
    health_checks_.erase(service);
  }
}

}  // namespace reconcile
