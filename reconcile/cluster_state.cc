#include "reconcile/cluster_state.h"

#include <algorithm>
#include <utility>

namespace reconcile {
namespace {

// Equal in everything that decides; a new resourceVersion alone is no change. Leaves `after` as it
// was.
template <class T>
bool same_decision(const T& before, T& after) {
  auto& version = after.metadata.resource_version;
  const auto newer = std::exchange(version, before.metadata.resource_version);
  const bool same = before == after;
  version = newer;
  return same;
}

template <class Objects>
std::set<kube::NamespacedName> names_of(const Objects& objects,
                                        const ClusterState::Doubtful& doubtful) {
  std::set<kube::NamespacedName> names;
  for (const auto& [name, object] : objects) {
    if (!doubtful.contains(name)) names.insert(name);
  }
  return names;
}

bool by_name(const kube::EndpointSlice* a, const kube::EndpointSlice* b) {
  return a->metadata.id < b->metadata.id;
}

// Those of `doubtful` that `known` has nothing of.
template <class Objects>
ClusterState::Doubtful never_read(const ClusterState::Doubtful& doubtful, const Objects& known) {
  ClusterState::Doubtful unread;
  for (const auto& id : doubtful) {
    if (!known.contains(id)) unread.insert(id);
  }
  return unread;
}

}  // namespace

template <>
std::set<kube::NamespacedName> ClusterState::begin_replacing<kube::Service>(
    std::size_t count, const Doubtful& doubtful) {
  services_synced_ = true;
  unread_services_ = never_read(doubtful, services_);
  services_.reserve(count);
  return names_of(services_, doubtful);
}

template <>
std::set<kube::NamespacedName> ClusterState::begin_replacing<kube::EndpointSlice>(
    std::size_t count, const Doubtful& doubtful) {
  slices_synced_ = true;
  unread_slices_ = never_read(doubtful, slices_);
  slices_.reserve(count);
  slices_by_service_.reserve(count);
  return names_of(slices_, doubtful);
}

// There is at most one: the list's takes its place.
template <>
std::set<kube::NamespacedName> ClusterState::begin_replacing<kube::Node>(std::size_t,
                                                                         const Doubtful& doubtful) {
  node_synced_ = true;
  if (doubtful.empty()) node_.reset();
  return {};
}

ServiceNames ClusterState::put(kube::Service service) {
  const auto name = service.metadata.id;
  const auto known = services_.find(name);
  if (known != services_.end()) {
    if (same_decision(known->second, service)) return {};
    asking_ -= asks_for_addresses(known->second) ? 1 : 0;
  }
  asking_ += asks_for_addresses(service) ? 1 : 0;
  unread_services_.erase(name);
  services_.insert_or_assign(name, std::move(service));
  return {name};
}

ServiceNames ClusterState::put(kube::EndpointSlice slice) {
  const auto name = slice.metadata.id;
  unread_slices_.erase(name);
  ServiceNames dirty;
  if (const auto known = slices_.find(name); known != slices_.end()) {
    if (same_decision(known->second, slice)) return {};
    // The slice may have moved to another Service: both are concerned.
    dirty = remove<kube::EndpointSlice>(name);
  }
  const auto& put = slices_.emplace(name, std::move(slice)).first->second;
  if (put.service_name.empty()) return dirty;
  auto& siblings = slices_by_service_[put.service()];
  siblings.insert(std::upper_bound(siblings.begin(), siblings.end(), &put, by_name), &put);
  dirty.insert(put.service());
  return dirty;
}

ServiceNames ClusterState::put(kube::Node node) {
  node_ = std::move(node);
  return {};
}

template <>
ServiceNames ClusterState::remove<kube::Service>(const kube::NamespacedName& id) {
  unread_services_.erase(id);
  const auto known = services_.find(id);
  if (known == services_.end()) return {};
  asking_ -= asks_for_addresses(known->second) ? 1 : 0;
  services_.erase(known);
  return {id};
}

template <>
ServiceNames ClusterState::remove<kube::EndpointSlice>(const kube::NamespacedName& id) {
  unread_slices_.erase(id);
  const auto known = slices_.find(id);
  if (known == slices_.end()) return {};
  ServiceNames dirty;
  if (!known->second.service_name.empty()) {
    disown(known->second);
    dirty.insert(known->second.service());
  }
  slices_.erase(known);
  return dirty;
}

template <>
ServiceNames ClusterState::remove<kube::Node>(const kube::NamespacedName&) {
  node_.reset();
  return {};
}

const kube::Service* ClusterState::service(const kube::NamespacedName& id) const {
  const auto found = services_.find(id);
  return found == services_.end() ? nullptr : &found->second;
}

std::vector<const kube::EndpointSlice*> ClusterState::slices_of(
    const kube::NamespacedName& service) const {
  const auto owned = slices_by_service_.find(service);
  if (owned == slices_by_service_.end()) return {};
  return {owned->second.begin(), owned->second.end()};
}

void ClusterState::disown(const kube::EndpointSlice& slice) {
  const auto owner = slices_by_service_.find(slice.service());
  auto& siblings = owner->second;
  siblings.erase(std::find(siblings.begin(), siblings.end(), &slice));
  if (siblings.empty()) slices_by_service_.erase(owner);
}

}  // namespace reconcile
