// API objects, trimmed to the fields that decide something: Service, EndpointSlice, Node.
//
// Absent and null fields have taken the API's documented default; what no valid object could hold
// has been refused by the decoder (decode.h), so these values can be trusted. Field names follow
// the API reference (core/v1, discovery.k8s.io/v1). Plain values: any thread.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace kube {

using Address = boost::asio::ip::address;

struct NamespacedName {
  std::string namespace_name;  // empty for cluster-scoped objects
  std::string name;

  friend bool operator==(const NamespacedName&, const NamespacedName&) = default;
  friend std::strong_ordering operator<=>(const NamespacedName&, const NamespacedName&) = default;
};

// "namespace/name", or "name" without a namespace.
[[nodiscard]] std::string to_string(const NamespacedName& id);

enum class Protocol : std::uint8_t { kTcp, kUdp, kSctp };

// What every object carries.
struct Metadata {
  NamespacedName id;
  std::string uid;
  std::string resource_version;
  std::chrono::sys_seconds created{};

  friend bool operator==(const Metadata&, const Metadata&) = default;
};

enum class ServiceType : std::uint8_t { kClusterIp, kNodePort, kLoadBalancer, kExternalName };

struct ServicePort {
  std::string name;  // may be empty when it is the only one
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;       // 1..65535
  std::uint16_t node_port = 0;  // 0: none

  friend bool operator==(const ServicePort&, const ServicePort&) = default;
};

struct Service {
  Metadata metadata;
  ServiceType type = ServiceType::kClusterIp;
  std::vector<Address>
      cluster_ips;  // empty for headless and ExternalName; at most one of each family
  std::vector<ServicePort> ports;

  friend bool operator==(const Service&, const Service&) = default;
};

enum class AddressType : std::uint8_t { kIpv4, kIpv6, kFqdn };

struct EndpointPort {
  std::string name;
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;  // 1..65535; entries without a port are left out

  friend bool operator==(const EndpointPort&, const EndpointPort&) = default;
};

struct Endpoint {
  Address address;  // addresses[0], of the slice's family
  bool ready = true;
  bool serving = true;
  bool terminating = false;
  std::string node_name;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct EndpointSlice {
  Metadata metadata;
  std::string service_name;  // label kubernetes.io/service-name; empty: belongs to no Service
  AddressType address_type = AddressType::kIpv4;
  std::vector<EndpointPort> ports;
  std::vector<Endpoint> endpoints;

  // The Service that owns this slice.
  [[nodiscard]] NamespacedName service() const {
    return {metadata.id.namespace_name, service_name};
  }

  friend bool operator==(const EndpointSlice&, const EndpointSlice&) = default;
};

struct Node {
  Metadata metadata;
  std::string zone;                // label topology.kubernetes.io/zone
  std::vector<Address> addresses;  // status.addresses of type InternalIP and ExternalIP
  std::vector<std::string> pod_cidrs;

  friend bool operator==(const Node&, const Node&) = default;
};

}  // namespace kube
