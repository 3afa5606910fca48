#include "reconcile/cluster_state.h"

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

template <class T>
std::set<kube::NamespacedName> names_of(const std::map<kube::NamespacedName, T>& objects) {
  std::set<kube::NamespacedName> names;
  for (const auto& [name, object] : objects) names.insert(names.end(), name);
  return names;
}

// Puts every object of a complete list, and removes those that neither it nor `doubtful` names.
template <class T>
ServiceNames replace_all(ClusterState& state, std::set<kube::NamespacedName> vanished,
                         std::vector<T> objects, const ClusterState::Doubtful& doubtful) {
  ServiceNames dirty;
  for (const auto& name : doubtful) vanished.erase(name);
  for (auto& object : objects) {
    vanished.erase(object.metadata.id);
    dirty.merge(state.put(std::move(object)));
  }
  for (const auto& name : vanished) dirty.merge(state.remove<T>(name));
  return dirty;
}

}  // namespace

ServiceNames ClusterState::replace(std::vector<kube::Service> services, const Doubtful& doubtful) {
  services_synced_ = true;
  return replace_all(*this, names_of(services_), std::move(services), doubtful);
}

ServiceNames ClusterState::replace(std::vector<kube::EndpointSlice> slices,
                                   const Doubtful& doubtful) {
  slices_synced_ = true;
  return replace_all(*this, names_of(slices_), std::move(slices), doubtful);
}

ServiceNames ClusterState::replace(std::vector<kube::Node> nodes, const Doubtful& doubtful) {
  if (doubtful.empty()) node_.reset();
  for (auto& node : nodes) node_ = std::move(node);
  return {};
}

ServiceNames ClusterState::put(kube::Service service) {
  const auto name = service.metadata.id;
  const auto known = services_.find(name);
  if (known != services_.end() && same_decision(known->second, service)) return {};
  services_.insert_or_assign(name, std::move(service));
  return {name};
}

ServiceNames ClusterState::put(kube::EndpointSlice slice) {
  const auto name = slice.metadata.id;
  ServiceNames dirty;
  if (const auto known = slices_.find(name); known != slices_.end()) {
    if (same_decision(known->second, slice)) return {};
    // The slice may have moved to another Service: both are concerned.
    dirty = remove<kube::EndpointSlice>(name);
  }
  if (!slice.service_name.empty()) {
    slices_by_service_[slice.service()].insert(name);
    dirty.insert(slice.service());
  }
  slices_.insert_or_assign(name, std::move(slice));
  return dirty;
}

ServiceNames ClusterState::put(kube::Node node) {
  node_ = std::move(node);
  return {};
}

template <>
ServiceNames ClusterState::remove<kube::Service>(const kube::NamespacedName& id) {
  return services_.erase(id) > 0 ? ServiceNames{id} : ServiceNames{};
}

template <>
ServiceNames ClusterState::remove<kube::EndpointSlice>(const kube::NamespacedName& id) {
  const auto node = slices_.extract(id);
  if (!node || node.mapped().service_name.empty()) return {};
  const auto owner = slices_by_service_.find(node.mapped().service());
  owner->second.erase(id);
  const auto service = owner->first;
  if (owner->second.empty()) slices_by_service_.erase(owner);
  return {service};
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
  std::vector<const kube::EndpointSlice*> slices;
  const auto owned = slices_by_service_.find(service);
  if (owned == slices_by_service_.end()) return slices;
  slices.reserve(owned->second.size());
  for (const auto& name : owned->second) slices.push_back(&slices_.at(name));
  return slices;
}

}  // namespace reconcile
