// What is known of the node that is decided for: the operator's configuration, the Node object, the
// addresses that the kernel has, and where the API server is. Pure; one thread (io).
//
// Each of the last three changes while we run. Whoever passes a change on is told whom it concerns,
// so that no other Service is decided anew.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ipvs/kernel.h"
#include "kube/objects.h"
#include "reconcile/cluster_addresses.h"
#include "reconcile/node_config.h"

namespace reconcile {

// Where an endpoint has to be to be near.
struct Location {
  std::string node;
  std::string zone;  // empty: unknown
};

// What a change of the facts can alter.
struct FactsChange {
  bool addresses = false;   // which node ports, external and load-balancer addresses are served
  bool zone = false;        // which endpoints of those with hints
  bool pod_ranges = false;  // who is masqueraded
  Ranges elsewhere = {};    // which external and load-balancer addresses inside these are served

  [[nodiscard]] bool any() const { return addresses || zone || pod_ranges || !elsewhere.empty(); }
};

class NodeFacts {
 public:
  NodeFacts() = default;
  NodeFacts(NodeConfig config);  // NOLINT: a node of which nothing else is known yet

  // The operator has another opinion: everything may be decided otherwise.
  void configured(NodeConfig config);
  // The Node object; none: it does not exist.
  FactsChange told(const std::optional<kube::Node>& node);
  // What the kernel says of its addresses.
  FactsChange read(const std::vector<ipvs::NodeAddress>& addresses);
  // The endpoints of the Service default/kubernetes.
  FactsChange told_api_servers(std::vector<kube::Address> addresses);

  // What of the cluster's addresses is not this node's; a change of it is FactsChange::elsewhere.
  [[nodiscard]] ClusterAddresses& elsewhere() { return elsewhere_; }
  [[nodiscard]] const ClusterAddresses& elsewhere() const { return elsewhere_; }
  // Until it is known which addresses are nodes', no external or load-balancer address is served.
  void withhold_addresses(bool withhold) { withholds_addresses_ = withhold; }
  [[nodiscard]] bool withholds_addresses() const { return withholds_addresses_; }

  [[nodiscard]] const NodeConfig& config() const { return config_; }
  [[nodiscard]] const Location& location() const { return location_; }

  // The addresses that carry node ports, sorted.
  [[nodiscard]] const std::vector<kube::Address>& node_port_addresses() const {
    return node_port_addresses_;
  }
  // On an interface of the node other than kube-ipvs0.
  [[nodiscard]] bool has(const kube::Address& address) const { return own_.contains(address); }
  // Every address for which has() holds.
  [[nodiscard]] const std::set<kube::Address>& own_addresses() const { return own_; }
  // In the Node's status: what the node is known by.
  [[nodiscard]] bool is_known_by(const kube::Address& address) const {
    return status_.contains(address);
  }
  [[nodiscard]] bool is_api_server(const kube::Address& address) const;
  [[nodiscard]] bool is_in_pod_ranges(const kube::Address& address) const;

  // Elements for pod_ranges: sources that count as pods, none inside another.
  [[nodiscard]] const Ranges& pod_ranges() const { return pod_ranges_; }
  // Elements for own_pod_ranges: the pods of this node; empty where nobody says.
  [[nodiscard]] const Ranges& own_pod_ranges() const { return own_pod_ranges_; }
  // Something tells pods from other sources, so that these can be masqueraded.
  [[nodiscard]] bool tells_pods() const;

 private:
  FactsChange derive();
  [[nodiscard]] std::vector<kube::Address> choose_node_port_addresses() const;
  [[nodiscard]] Ranges choose_pod_ranges() const;

  NodeConfig config_;
  std::optional<kube::Node> node_;
  std::set<kube::Address> own_;
  std::vector<kube::Address> api_servers_;
  ClusterAddresses elsewhere_;
  bool withholds_addresses_ = false;

  Location location_;
  std::set<kube::Address> status_;
  std::vector<kube::Address> node_port_addresses_;
  Ranges pod_ranges_;
  Ranges own_pod_ranges_;
};

// `ranges` sorted, without those inside another: an interval set takes no overlaps.
[[nodiscard]] Ranges without_overlaps(Ranges ranges);
[[nodiscard]] bool contains(const Ranges& ranges, const kube::Address& address);

}  // namespace reconcile
