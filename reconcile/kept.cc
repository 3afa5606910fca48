#include "reconcile/kept.h"

#include <algorithm>
#include <utility>

#include "reconcile/node_facts.h"

namespace reconcile {
namespace {

ipvs::VirtualServerId server_of(const ipvs::SetElement& element) {
  return {.address = element.address, .protocol = element.protocol, .port = element.port};
}

// Is it one of those without which a virtual server could not be reached, or not be known as ours?
bool keeps_a_server(const ipvs::SetElement& element) {
  return element.set == ipvs::SetName::kServiceAddresses ||
         element.set == ipvs::SetName::kServicePorts || element.set == ipvs::SetName::kNodePorts;
}

// Is it no Service's?
bool is_the_nodes(const ipvs::SetElement& element) {
  return element.set == ipvs::SetName::kPodRanges || element.set == ipvs::SetName::kOwnPodRanges;
}

ipvs::SetElement claim_of(const ipvs::Address& address) {
  return {.set = ipvs::SetName::kServiceAddresses, .address = address};
}

std::set<std::string> namespaces_of(const ClusterState::Doubtful& ids) {
  std::set<std::string> names;
  for (const auto& id : ids) names.insert(id.namespace_name);
  return names;
}

Kept::RealServerIds unwanted(const DesiredVirtualServer& wanted,
                             const ObservedVirtualServer& present) {
  Kept::RealServerIds ids;
  for (const auto& [id, server] : present.real_servers) ids.insert(id);
  for (const auto& [id, settings] : wanted.real_servers) ids.erase(id);
  return ids;
}

}  // namespace

void Kept::hold(const ClusterState& cluster, const DesiredState& desired,
                const ObservedState& observed) {
  const auto namespaces = namespaces_of(cluster.unread<kube::EndpointSlice>());
  const bool may_be_a_services = !cluster.unread<kube::Service>().empty();
  if (namespaces.empty() && !may_be_a_services) return;
  const auto present = observed.everything_ours();
  for (const auto& id : present.virtual_servers) {
    const auto* wanted = desired.virtual_server(id);
    if (wanted == nullptr) {
      if (may_be_a_services) virtual_servers_.insert(id);
    } else if (const auto& name = desired.owner(id).namespace_name; namespaces.contains(name)) {
      auto ids = unwanted(*wanted, *observed.virtual_server(id));
      if (!ids.empty()) real_servers_.emplace(id, HeldRealServers{name, std::move(ids)});
    }
  }
  if (!may_be_a_services) return;
  for (const auto& address : present.addresses) {
    if (!desired.wants(address)) addresses_.insert(address);
  }
  for (const auto& element : present.elements) {
    if (!is_the_nodes(element) && !desired.wants(element)) elements_.insert(element);
  }
}

Scope Kept::release(const ClusterState& cluster) {
  Scope released;
  if (cluster.unread<kube::Service>().empty()) {
    const auto ids = std::exchange(virtual_servers_, {});
    const auto addresses = std::exchange(addresses_, {});
    const auto elements = std::exchange(elements_, {});
    released = {.virtual_servers = {ids.begin(), ids.end()},
                .addresses = {addresses.begin(), addresses.end()},
                .elements = {elements.begin(), elements.end()}};
    for (const auto& id : ids) {
      released.addresses.push_back(id.address);
      released.elements.push_back(claim_of(id.address));
    }
  }
  const auto namespaces = namespaces_of(cluster.unread<kube::EndpointSlice>());
  std::erase_if(real_servers_, [&](const auto& held) {
    const bool stays = namespaces.contains(held.second.namespace_name);
    if (stays) return false;
    released.virtual_servers.push_back(held.first);
    // Held back because of them, as "nobody is here" could not be known.
    released.elements.push_back({.set = ipvs::SetName::kInsidePorts,
                                 .address = held.first.address,
                                 .protocol = held.first.protocol,
                                 .port = held.first.port});
    return true;
  });
  return released;
}

bool Kept::keeps(const ipvs::VirtualServerId& id) const {
  return contains(excluded_, id.address) || virtual_servers_.contains(id);
}

bool Kept::keeps(const ipvs::Address& address) const {
  return contains(excluded_, address) || addresses_.contains(address) || holds_server_at(address);
}

bool Kept::holds_server_at(const ipvs::Address& address) const {
  return std::ranges::any_of(virtual_servers_,
                             [&](const auto& id) { return id.address == address; });
}

bool Kept::keeps(const ipvs::SetElement& element, const DesiredState& desired) const {
  if (keeps_a_server(element) && contains(excluded_, element.address)) return true;
  if (element == claim_of(element.address) && holds_server_at(element.address)) return true;
  // A port that is wanted now is as its Service says.
  return elements_.contains(element) && desired.virtual_server(server_of(element)) == nullptr;
}

const Kept::RealServerIds* Kept::real_servers(const ipvs::VirtualServerId& id) const {
  const auto found = real_servers_.find(id);
  return found == real_servers_.end() ? nullptr : &found->second.ids;
}

Kept::Counts Kept::counts() const {
  Counts counts{.virtual_servers = virtual_servers_.size(), .addresses = addresses_.size()};
  for (const auto& [id, held] : real_servers_) counts.real_servers += held.ids.size();
  return counts;
}

}  // namespace reconcile
