#include "reconcile/node_facts.h"

#include <algorithm>
#include <utility>

namespace reconcile {
namespace {

bool is_link_local(const kube::Address& address) {
  return address.is_v6() && address.to_v6().is_link_local();
}

// Do the ranges of a family let all of it be: because there are none, or because of one of prefix
// 0?
bool are_all(const Ranges& ranges, bool v4) {
  bool none = true;
  for (const auto& range : ranges) {
    if (range.address.is_v4() != v4) continue;
    if (range.prefix == 0) return true;
    none = false;
  }
  return none;
}

}  // namespace

bool contains(const Ranges& ranges, const kube::Address& address) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const auto& range) { return range.contains(address); });
}

Ranges without_overlaps(Ranges ranges) {
  // A range sorts before those inside it, so it is enough to look at the last one kept.
  std::sort(ranges.begin(), ranges.end());
  Ranges kept;
  for (const auto& range : ranges) {
    if (kept.empty() || !kept.back().contains(range.address)) kept.push_back(range);
  }
  return kept;
}

NodeFacts::NodeFacts(NodeConfig config) : config_(std::move(config)) { derive(); }

void NodeFacts::configured(NodeConfig config) {
  config_ = std::move(config);
  derive();
}

FactsChange NodeFacts::told(const std::optional<kube::Node>& node) {
  node_ = node;
  return derive();
}

FactsChange NodeFacts::read(const std::vector<ipvs::NodeAddress>& addresses) {
  std::set<kube::Address> own;
  for (const auto& one : addresses) own.insert(one.address);
  const bool differs = std::exchange(own_, std::move(own)) != own_;
  auto change = derive();
  change.addresses |= differs;
  return change;
}

FactsChange NodeFacts::told_api_servers(std::vector<kube::Address> addresses) {
  std::sort(addresses.begin(), addresses.end());
  if (addresses == api_servers_) return {};
  api_servers_ = std::move(addresses);
  return {.addresses = true};
}

bool NodeFacts::is_api_server(const kube::Address& address) const {
  const auto& told = config_.api_servers;
  return std::find(told.begin(), told.end(), address) != told.end() ||
         std::binary_search(api_servers_.begin(), api_servers_.end(), address);
}

bool NodeFacts::is_in_pod_ranges(const kube::Address& address) const {
  return contains(config_.cluster_ranges, address) ||
         (node_ && contains(node_->pod_cidrs, address));
}

bool NodeFacts::tells_pods() const {
  if (!config_.rules.pod_interface.empty()) return true;
  return config_.pods_by_node_ranges ? !pod_ranges_.empty() : !config_.cluster_ranges.empty();
}

FactsChange NodeFacts::derive() {
  const std::string zone = node_ ? node_->zone : "";
  std::set<kube::Address> status;
  if (node_) status.insert(node_->addresses.begin(), node_->addresses.end());

  FactsChange change;
  change.addresses |= std::exchange(status_, std::move(status)) != status_;
  change.zone = std::exchange(location_, {config_.name, zone}).zone != zone;
  auto node_ports = choose_node_port_addresses();
  change.addresses |=
      std::exchange(node_port_addresses_, std::move(node_ports)) != node_port_addresses_;
  auto own = node_ ? without_overlaps(node_->pod_cidrs) : Ranges{};
  change.pod_ranges |= std::exchange(own_pod_ranges_, std::move(own)) != own_pod_ranges_;
  auto ranges = choose_pod_ranges();
  change.pod_ranges |= std::exchange(pod_ranges_, std::move(ranges)) != pod_ranges_;
  return change;
}

std::vector<kube::Address> NodeFacts::choose_node_port_addresses() const {
  const auto& wanted = config_.node_port_addresses;
  std::vector<kube::Address> chosen;
  if (wanted.primary_only) {
    // Only what the node really has: a cloud's external address never arrives here.
    for (const bool v4 : {true, false}) {
      if (!node_) break;
      const auto found =
          std::find_if(node_->addresses.begin(), node_->addresses.end(),
                       [&](const auto& one) { return one.is_v4() == v4 && has(one); });
      if (found != node_->addresses.end()) chosen.push_back(*found);
    }
    return chosen;
  }
  for (const auto& address : own_) {
    const bool all = are_all(wanted.ranges, address.is_v4());
    if (address.is_loopback() || (all && is_link_local(address))) continue;
    if (all || contains(wanted.ranges, address)) chosen.push_back(address);
  }
  return chosen;
}

Ranges NodeFacts::choose_pod_ranges() const {
  if (!config_.pods_by_node_ranges) {
    if (!config_.cluster_ranges.empty()) return without_overlaps(config_.cluster_ranges);
    if (!config_.rules.pod_interface.empty()) return {};
  }
  return own_pod_ranges_;
}

}  // namespace reconcile
