// Which endpoints serve one port of a Service on this node. Pure.
//
// Rules (Kubernetes 1.36, pkg/proxy/topology.go is the reference for the behaviour): an endpoint is
// matched to the Service's port by port name and protocol, so that pods may listen on different
// numbers; the slice's family must be the address's; a ready endpoint is used. The same address and
// port in several slices counts once.
#pragma once

#include <span>
#include <vector>

#include "ipvs/virtual_server.h"
#include "kube/objects.h"

namespace reconcile {

using Slices = std::span<const kube::EndpointSlice* const>;

enum class Family : std::uint8_t { kIpv4, kIpv6 };

[[nodiscard]] Family family_of(const ipvs::Address& address);

// The real servers of `port` in `family`, sorted, without duplicates; empty if none is ready.
[[nodiscard]] std::vector<ipvs::RealServerId> usable_endpoints(const kube::ServicePort& port,
                                                               Family family, Slices slices);

// The addresses of `slices` whose pods run on `node_name`, ready or not, sorted, without
// duplicates.
[[nodiscard]] std::vector<ipvs::Address> local_addresses(Slices slices,
                                                         const std::string& node_name);

}  // namespace reconcile
