// At which addresses a Service is served on this node, and which of those it names are refused.
// Pure.
//
// Cluster IPs are what the API server gave out, and believed. External and load-balancer addresses
// are what a user or a controller wrote: they never take away an address that means something else
// (faults-and-security: CVE-2020-8554; kubernetes#127410).
#pragma once

#include <string_view>
#include <vector>

#include "ipvs/virtual_server.h"
#include "kube/objects.h"
#include "reconcile/complaint.h"
#include "reconcile/node_facts.h"

namespace reconcile {

// In the order of precedence: of two that claim one address and port, the smaller kind has it.
enum class FrontendKind : std::uint8_t { kClusterIp, kNodePort, kLoadBalancer, kExternalIp };

// As the API calls it: "externalIP".
[[nodiscard]] std::string_view to_string(FrontendKind kind);

struct Frontend {
  FrontendKind kind = FrontendKind::kClusterIp;
  ipvs::Address address;
  // To be put on kube-ipvs0. Not what the node has already on another interface: there only the
  // Service's own ports are taken.
  bool bind = true;
};

// The frontends of `service`, without duplicates of one kind. What is refused is added to
// `complaints`. None for Services that have no cluster IP, or are an ExternalName.
[[nodiscard]] std::vector<Frontend> frontends_of(const kube::Service& service,
                                                 const NodeFacts& node,
                                                 std::vector<Complaint>& complaints);

// Does what `service` asks for depend on the node's addresses?
[[nodiscard]] bool depends_on_node_addresses(const kube::Service& service);

}  // namespace reconcile
