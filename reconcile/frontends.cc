#include "reconcile/frontends.h"

#include <algorithm>
#include <optional>
#include <string>

#include "reconcile/endpoints.h"

namespace reconcile {
namespace {

using Reason = std::optional<std::string>;

// Why nobody may have this address as a Service's; nothing: it may be.
Reason refusal(const kube::Address& address, const NodeFacts& node) {
  if (address.is_unspecified()) return "no address";
  if (address.is_loopback()) return "a loopback address";
  if (address.is_multicast()) return "a multicast address";
  if (!is_acceptable_endpoint(address)) return "an address of one link only";
  if (node.is_known_by(address)) return "an address of this node; use a node port";
  if (node.is_api_server(address)) return "the API server's address";
  if (node.is_in_pod_ranges(address)) return "inside the range of pod addresses";
  if (node.elsewhere().in_service_ranges(address)) return "inside the range of cluster IPs";
  if (const auto* name = node.elsewhere().node_at(address)) {
    return "an address of node " + *name + "; use a node port";
  }
  if (node.withholds_addresses()) return kWaitsForNodes;
  return std::nullopt;
}

Reason external_refusal(const kube::Address& address, const NodeFacts& node) {
  if (!node.config().external_ips) return "external IPs are switched off (AllowServiceExternalIPs)";
  const auto& allowed = node.config().external_ip_ranges;
  if (!allowed.empty() && !contains(allowed, address)) return "outside the ranges that are allowed";
  return refusal(address, node);
}

class Collector {
 public:
  Collector(const kube::Service& service, const NodeFacts& node, std::vector<Complaint>& complaints)
      : service_(service), node_(node), complaints_(complaints) {}

  std::vector<Frontend> collect() {
    for (const auto& address : service_.cluster_ips) {
      frontends_.push_back({FrontendKind::kClusterIp, address, /*bind=*/true});
    }
    add_node_ports();
    for (const auto& address : service_.load_balancer_ips) {
      add(FrontendKind::kLoadBalancer, "status.loadBalancer.ingress", address,
          refusal(address, node_));
    }
    for (const auto& address : service_.external_ips) {
      add(FrontendKind::kExternalIp, "spec.externalIPs", address, external_refusal(address, node_));
    }
    return std::move(frontends_);
  }

 private:
  // The Service exists in the families of its cluster IPs only.
  bool has_family(const kube::Address& address) const {
    return std::any_of(service_.cluster_ips.begin(), service_.cluster_ips.end(),
                       [&](const auto& own) { return own.is_v4() == address.is_v4(); });
  }

  void add_node_ports() {
    const bool any = std::any_of(service_.ports.begin(), service_.ports.end(),
                                 [](const auto& port) { return port.node_port != 0; });
    if (!any) return;
    for (const auto& address : node_.node_port_addresses()) {
      if (has_family(address)) frontends_.push_back({FrontendKind::kNodePort, address, false});
    }
  }

  void add(FrontendKind kind, const char* field, const kube::Address& address, Reason refused) {
    if (!refused && !has_family(address)) refused = "of a family that the Service has no IP of";
    if (refused) {
      complaints_.push_back({field, address.to_string(), *refused});
      return;
    }
    const bool known = std::any_of(frontends_.begin(), frontends_.end(), [&](const auto& one) {
      return one.kind == kind && one.address == address;
    });
    if (!known) frontends_.push_back({kind, address, !node_.has(address)});
  }

  const kube::Service& service_;
  const NodeFacts& node_;
  std::vector<Complaint>& complaints_;
  std::vector<Frontend> frontends_;
};

}  // namespace

std::string_view to_string(FrontendKind kind) {
  switch (kind) {
    case FrontendKind::kClusterIp:
      return "clusterIP";
    case FrontendKind::kNodePort:
      return "nodePort";
    case FrontendKind::kLoadBalancer:
      return "loadBalancer";
    case FrontendKind::kExternalIp:
      return "externalIP";
  }
  return "";
}

std::vector<Frontend> frontends_of(const kube::Service& service, const NodeFacts& node,
                                   std::vector<Complaint>& complaints) {
  if (service.type == kube::ServiceType::kExternalName || service.cluster_ips.empty()) return {};
  return Collector(service, node, complaints).collect();
}

bool depends_on_node_addresses(const kube::Service& service) {
  return !service.external_ips.empty() || !service.load_balancer_ips.empty() ||
         std::any_of(service.ports.begin(), service.ports.end(),
                     [](const auto& port) { return port.node_port != 0; });
}

}  // namespace reconcile
