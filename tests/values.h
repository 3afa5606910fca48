// Addresses and entries for the tests of the node's side, short enough to be read in a sentence.
#pragma once

#include <string>

#include "ipvs/ruleset.h"
#include "ipvs/step.h"
#include "ipvs/virtual_server.h"

namespace values {

inline ipvs::Address ip(const std::string& text) { return boost::asio::ip::make_address(text); }

inline ipvs::VirtualServerId virtual_server(ipvs::Protocol protocol, const std::string& address,
                                            std::uint16_t port) {
  return {.fwmark = 0, .address = ip(address), .protocol = protocol, .port = port};
}
inline ipvs::VirtualServerId tcp(const std::string& address, std::uint16_t port) {
  return virtual_server(ipvs::Protocol::kTcp, address, port);
}
inline ipvs::VirtualServerId udp(const std::string& address, std::uint16_t port) {
  return virtual_server(ipvs::Protocol::kUdp, address, port);
}
inline ipvs::VirtualServerId sctp(const std::string& address, std::uint16_t port) {
  return virtual_server(ipvs::Protocol::kSctp, address, port);
}
// `any` is "0.0.0.0" or "::" and says which family the mark is for.
inline ipvs::VirtualServerId mark(std::uint32_t fwmark, const std::string& any = "0.0.0.0") {
  return {.fwmark = fwmark, .address = ip(any), .protocol = ipvs::Protocol::kNone, .port = 0};
}

inline ipvs::RealServerId real_server(const std::string& address, std::uint16_t port) {
  return {.address = ip(address), .port = port};
}

// The default settings, with the netmask that the family of `id` needs.
inline ipvs::VirtualServer settings_for(const ipvs::VirtualServerId& id) {
  ipvs::VirtualServer settings;
  settings.netmask = ipvs::host_netmask(id.address);
  return settings;
}

inline ipvs::Step add(const ipvs::VirtualServerId& id) {
  return ipvs::AddVirtualServer{.id = id, .settings = settings_for(id)};
}
inline ipvs::Step add(const ipvs::VirtualServerId& parent, const ipvs::RealServerId& id,
                      const ipvs::RealServer& settings = {}) {
  return ipvs::AddRealServer{.parent = parent, .id = id, .settings = settings};
}

inline ipvs::RealServer weighing(std::int32_t weight) {
  ipvs::RealServer settings;
  settings.weight = weight;
  return settings;
}

inline ipvs::SetElement service_address(const std::string& address) {
  return {.set = ipvs::SetName::kServiceAddresses, .address = ip(address)};
}
inline ipvs::SetElement hairpin(const std::string& address) {
  return {.set = ipvs::SetName::kHairpin, .address = ip(address)};
}
inline ipvs::SetElement cluster_address(const std::string& address) {
  return {.set = ipvs::SetName::kClusterAddresses, .address = ip(address)};
}
// For the sets whose elements are ports.
inline ipvs::SetElement in_set(ipvs::SetName set, const ipvs::VirtualServerId& id) {
  return {.set = set, .address = id.address, .protocol = id.protocol, .port = id.port};
}
inline ipvs::SetElement service_port(const ipvs::VirtualServerId& id) {
  return in_set(ipvs::SetName::kServicePorts, id);
}
inline ipvs::AddressRange range(const std::string& address, std::uint8_t prefix) {
  return {.address = ip(address), .prefix = prefix};
}
inline ipvs::SetElement pod_range(const std::string& address, std::uint8_t prefix) {
  return {.set = ipvs::SetName::kPodRanges, .range = range(address, prefix)};
}
inline ipvs::SetElement source_range(const ipvs::VirtualServerId& id, const std::string& address,
                                     std::uint8_t prefix) {
  ipvs::SetElement element = in_set(ipvs::SetName::kSourceRanges, id);
  element.range = range(address, prefix);
  return element;
}
// `any` is "0.0.0.0" or "::".
inline ipvs::SetElement health_port(const std::string& any, std::uint16_t port) {
  return {.set = ipvs::SetName::kHealthPorts, .address = ip(any), .port = port};
}

}  // namespace values
