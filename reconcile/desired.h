// What one Service asks of this node: the first half of the decision, pure.
//
//   desired(service, its slices, node) -> ServiceState
//
// A port of a Service becomes one virtual server per cluster IP, with or without real servers:
// without, the kernel refuses connections at once. Headless and ExternalName Services ask for
// nothing.
#pragma once

#include <utility>
#include <vector>

#include "ipvs/ruleset.h"
#include "ipvs/virtual_server.h"
#include "kube/objects.h"
#include "reconcile/endpoints.h"
#include "reconcile/node_config.h"

namespace reconcile {

using RealServers = std::vector<std::pair<ipvs::RealServerId, ipvs::RealServer>>;  // sorted by id

struct DesiredVirtualServer {
  ipvs::VirtualServerId id;
  ipvs::VirtualServer settings;
  RealServers real_servers;

  friend bool operator==(const DesiredVirtualServer&, const DesiredVirtualServer&) = default;
};

// Everything one Service asks for. Several Services may ask for the same address or element.
struct ServiceState {
  std::vector<DesiredVirtualServer> virtual_servers;
  std::vector<ipvs::Address> addresses;    // to bind to kube-ipvs0
  std::vector<ipvs::SetElement> elements;  // of the nftables sets

  friend bool operator==(const ServiceState&, const ServiceState&) = default;
};

[[nodiscard]] ServiceState desired(const kube::Service& service, Slices slices,
                                   const NodeConfig& node);

}  // namespace reconcile
