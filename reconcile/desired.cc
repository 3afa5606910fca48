#include "reconcile/desired.h"

namespace reconcile {
namespace {

ipvs::Protocol protocol_of(kube::Protocol protocol) {
  switch (protocol) {
    case kube::Protocol::kTcp:
      return ipvs::Protocol::kTcp;
    case kube::Protocol::kUdp:
      return ipvs::Protocol::kUdp;
    case kube::Protocol::kSctp:
      return ipvs::Protocol::kSctp;
  }
  return ipvs::Protocol::kNone;
}

DesiredVirtualServer virtual_server(const ipvs::Address& address, const kube::ServicePort& port,
                                    Slices slices, const NodeConfig& node) {
  DesiredVirtualServer server{
      .id = {.address = address, .protocol = protocol_of(port.protocol), .port = port.port},
      .settings = {.scheduler = node.scheduler, .netmask = ipvs::host_netmask(address)},
      .real_servers = {}};
  const auto endpoints = usable_endpoints(port, family_of(address), slices);
  server.real_servers.reserve(endpoints.size());
  for (const auto& endpoint : endpoints)
    server.real_servers.emplace_back(endpoint, ipvs::RealServer{});
  return server;
}

}  // namespace

ServiceState desired(const kube::Service& service, Slices slices, const NodeConfig& node) {
  ServiceState state;
  if (service.type == kube::ServiceType::kExternalName) return state;
  for (const auto& address : service.cluster_ips) {
    state.addresses.push_back(address);
    state.elements.push_back({.set = ipvs::SetName::kServiceAddresses, .address = address});
    for (const auto& port : service.ports) {
      state.virtual_servers.push_back(virtual_server(address, port, slices, node));
      state.elements.push_back({.set = ipvs::SetName::kServicePorts,
                                .address = address,
                                .protocol = protocol_of(port.protocol),
                                .port = port.port});
    }
  }
  if (service.cluster_ips.empty()) return state;
  for (const auto& address : local_addresses(slices, node.name)) {
    state.elements.push_back({.set = ipvs::SetName::kHairpin, .address = address});
  }
  return state;
}

}  // namespace reconcile
