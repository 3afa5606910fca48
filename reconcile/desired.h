// What one Service asks of this node: the first half of the decision, pure.
//
//   desired(service, its slices, node) -> ServiceState
//
// A port of a Service becomes one virtual server for each address that it is served at
// (frontends.h), with or without real servers: without, the kernel refuses connections at once.
// Headless and ExternalName Services ask for nothing.
//
// Policies: Local means the endpoints of this node alone. Inside the cluster nobody else ever
// serves then; from outside, where no endpoint is here, pods and the node itself are served by the
// others (they have no load balancer to send them elsewhere), and everybody else is dropped
// (SetName::kInsidePorts).
#pragma once

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "ipvs/ruleset.h"
#include "ipvs/virtual_server.h"
#include "kube/objects.h"
#include "reconcile/complaint.h"
#include "reconcile/endpoints.h"
#include "reconcile/frontends.h"
#include "reconcile/node_facts.h"

namespace reconcile {

using RealServers = std::vector<std::pair<ipvs::RealServerId, ipvs::RealServer>>;  // sorted by id

struct DesiredVirtualServer {
  ipvs::VirtualServerId id;
  ipvs::VirtualServer settings;
  RealServers real_servers;
  FrontendKind kind = FrontendKind::kClusterIp;
  std::vector<ipvs::SetElement> elements = {};  // that follow whoever wins this virtual server

  friend bool operator==(const DesiredVirtualServer&, const DesiredVirtualServer&) = default;
};

// What a load balancer asks this node on the health-check node port.
struct HealthCheck {
  std::uint16_t port = 0;
  std::size_t local_endpoints = 0;  // ready, on this node

  friend bool operator==(const HealthCheck&, const HealthCheck&) = default;
};

// Of a Service's policies, those that say Local although its endpoints are all elsewhere; by
// family: IPv4, IPv6.
struct NoLocalEndpoints {
  std::array<bool, 2> internal{};
  std::array<bool, 2> external{};

  friend bool operator==(const NoLocalEndpoints&, const NoLocalEndpoints&) = default;
};

// Everything one Service asks for. Several Services may ask for the same address or element.
struct ServiceState {
  std::vector<DesiredVirtualServer> virtual_servers;
  std::vector<ipvs::Address> addresses;    // to bind to kube-ipvs0
  std::vector<ipvs::SetElement> elements;  // of the nftables sets, those of no single port
  std::optional<HealthCheck> health_check = {};
  std::vector<Complaint> complaints = {};
  NoLocalEndpoints no_local = {};

  friend bool operator==(const ServiceState&, const ServiceState&) = default;
};

// Of a Service with more ports than this the first ones are served, the rest is complained about.
inline constexpr std::size_t kMostPorts = 1'000;

[[nodiscard]] ServiceState desired(const kube::Service& service, Slices slices,
                                   const NodeFacts& node);

// The endpoints that a frontend of this kind is served by, before it is known whether there are
// any.
[[nodiscard]] EndpointList list_for(const kube::Service& service, FrontendKind kind);

[[nodiscard]] ipvs::Protocol protocol_of(kube::Protocol protocol);

}  // namespace reconcile
