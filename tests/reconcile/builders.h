// Objects for the tests of the decision, spelled the way a sentence would.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ipvs/virtual_server.h"
#include "kube/objects.h"
#include "reconcile/desired_state.h"

namespace reconcile::test {

inline ipvs::Address ip(const std::string& text) { return boost::asio::ip::make_address(text); }

// "namespace/name"
inline kube::NamespacedName named(const std::string& text) {
  const auto slash = text.find('/');
  return {text.substr(0, slash), text.substr(slash + 1)};
}

inline kube::Service service(const std::string& name, const std::vector<std::string>& addresses,
                             std::vector<kube::ServicePort> ports = {{.name = "", .port = 80}}) {
  kube::Service made;
  made.metadata = {.id = named(name), .uid = "uid-" + name, .resource_version = "1", .created = {}};
  for (const auto& address : addresses) made.cluster_ips.push_back(ip(address));
  made.ports = std::move(ports);
  return made;
}

inline kube::Endpoint ready(const std::string& address, std::string node = "") {
  return {.address = ip(address), .node_name = std::move(node)};
}

inline kube::Endpoint unready(const std::string& address, std::string node = "") {
  return {.address = ip(address), .ready = false, .serving = false, .node_name = std::move(node)};
}

// Draining: still serves, takes nothing new while somebody else is ready.
inline kube::Endpoint terminating(const std::string& address, std::string node = "") {
  return {.address = ip(address),
          .ready = false,
          .serving = true,
          .terminating = true,
          .node_name = std::move(node)};
}

inline std::vector<const kube::EndpointSlice*> pointers_to(
    const std::vector<kube::EndpointSlice>& slices) {
  std::vector<const kube::EndpointSlice*> pointers;
  for (const auto& one : slices) pointers.push_back(&one);
  return pointers;
}

// Every set element that `state` asks for, those of its virtual servers, too.
inline std::vector<ipvs::SetElement> elements_of(const ServiceState& state) {
  auto all = state.elements;
  for (const auto& server : state.virtual_servers)
    all.insert(all.end(), server.elements.begin(), server.elements.end());
  return all;
}

// A slice of `service_name`, in its namespace.
inline kube::EndpointSlice slice(const std::string& name, const std::string& service_name,
                                 std::vector<kube::Endpoint> endpoints,
                                 std::vector<kube::EndpointPort> ports = {
                                     {.name = "", .port = 8080}}) {
  kube::EndpointSlice made;
  made.metadata = {.id = named(name), .uid = "uid-" + name, .resource_version = "1", .created = {}};
  made.service_name = service_name;
  if (!endpoints.empty() && endpoints.front().address.is_v6()) {
    made.address_type = kube::AddressType::kIpv6;
  }
  made.ports = std::move(ports);
  made.endpoints = std::move(endpoints);
  return made;
}

inline ipvs::VirtualServerId tcp(const std::string& address, std::uint16_t port) {
  return {.address = ip(address), .protocol = ipvs::Protocol::kTcp, .port = port};
}

inline ipvs::VirtualServerId udp(const std::string& address, std::uint16_t port) {
  return {.address = ip(address), .protocol = ipvs::Protocol::kUdp, .port = port};
}

inline ipvs::RealServerId real(const std::string& address, std::uint16_t port) {
  return {.address = ip(address), .port = port};
}

}  // namespace reconcile::test
