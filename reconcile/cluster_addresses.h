// Addresses that mean something elsewhere in the cluster, so that no Service may have one for
// itself: those of every node, and the ranges that cluster IPs come from. As the API server tells
// them; pure; one thread (io).
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "kube/objects.h"
#include "reconcile/node_config.h"

namespace reconcile {

class ClusterAddresses {
 public:
  using Doubtful = std::set<kube::NamespacedName>;

  // Each answers with the addresses of which something else holds now than before: nothing, for an
  // update that changes no address.
  Ranges put(const kube::NodeAddresses& node);
  Ranges put(const kube::ServiceCidr& cidr);
  // T is kube::NodeAddresses or kube::ServiceCidr.
  template <class T>
  Ranges remove(const kube::NamespacedName& id);
  // A complete list; what of it is doubtful stays as it was.
  Ranges replace(const std::vector<kube::NodeAddresses>& nodes, const Doubtful& doubtful);
  Ranges replace(const std::vector<kube::ServiceCidr>& cidrs, const Doubtful& doubtful);

  // The nodes have been listed since they were last forgotten.
  [[nodiscard]] bool nodes_told() const { return nodes_told_; }
  // Nobody tells of them any more.
  void forget_nodes();

  // The name of a node known by `address`; null: none that was told. Valid until the next change.
  [[nodiscard]] const std::string* node_at(const kube::Address& address) const;
  [[nodiscard]] bool in_service_ranges(const kube::Address& address) const;

 private:
  Ranges put_node(const std::string& name, std::vector<kube::Address> addresses);
  Ranges put_cidr(const std::string& name, Ranges ranges);

  std::map<std::string, std::vector<kube::Address>> nodes_;  // by name, sorted; none without any
  std::multimap<kube::Address, std::string> names_;
  std::map<std::string, Ranges> cidrs_;  // by name, sorted; none without any
  bool nodes_told_ = false;
};

template <>
Ranges ClusterAddresses::remove<kube::NodeAddresses>(const kube::NamespacedName& id);
template <>
Ranges ClusterAddresses::remove<kube::ServiceCidr>(const kube::NamespacedName& id);

}  // namespace reconcile
