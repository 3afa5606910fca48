// API objects, trimmed to the fields that decide something: Service, EndpointSlice, Node (our own),
// the addresses of all nodes, ServiceCIDR.
//
// Absent and null fields have taken the API's documented default; what no valid object could hold
// has been refused by the decoder (decode.h), so these values can be trusted. Field names follow
// the API reference (core/v1, discovery.k8s.io/v1, networking.k8s.io/v1). Plain values: any thread.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <compare>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "kube/cidr_range.h"
#include "kube/interned.h"

namespace kube {

using Address = boost::asio::ip::address;

// The objects of a complete list. It grows without moving what is in it, and gives its memory back
// while it is emptied from the front.
template <class T>
using ObjectList = std::deque<T>;

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

// Which endpoints take the traffic: all, or those on this node.
enum class TrafficPolicy : std::uint8_t { kCluster, kLocal };

struct Service {
  Metadata metadata;
  ServiceType type = ServiceType::kClusterIp;
  std::vector<Address>
      cluster_ips;  // empty for headless and ExternalName; at most one of each family
  std::vector<ServicePort> ports;
  std::vector<Address> external_ips;
  // status.loadBalancer.ingress[].ip of type LoadBalancer; those with ipMode Proxy are the load
  // balancer's own and left out.
  std::vector<Address> load_balancer_ips;
  std::vector<CidrRange> source_ranges;  // who may use load_balancer_ips; empty: everybody
  TrafficPolicy external_policy = TrafficPolicy::kCluster;  // what comes from outside the cluster
  TrafficPolicy internal_policy = TrafficPolicy::kCluster;
  std::uint16_t health_check_node_port = 0;              // 0: none
  std::optional<std::chrono::seconds> session_affinity;  // by client address; 1 s..1 day

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
  Interned<std::string> node_name;
  // For which zones and nodes it is meant first; empty: for all.
  Interned<std::vector<std::string>> zone_hints;
  Interned<std::vector<std::string>> node_hints;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct EndpointSlice {
  Metadata metadata;
  std::string service_name;  // label kubernetes.io/service-name; empty: belongs to no Service
  AddressType address_type = AddressType::kIpv4;
  std::vector<EndpointPort> ports;
  std::vector<Endpoint> endpoints;
  // When the change happened of which this version tells (annotation
  // endpoints.kubernetes.io/last-change-trigger-time); no part of what the slice says.
  std::optional<std::chrono::sys_time<std::chrono::milliseconds>> last_change;

  // The Service that owns this slice.
  [[nodiscard]] NamespacedName service() const {
    return {metadata.id.namespace_name, service_name};
  }

  friend bool operator==(const EndpointSlice& left, const EndpointSlice& right) {
    return left.metadata == right.metadata && left.service_name == right.service_name &&
           left.address_type == right.address_type && left.ports == right.ports &&
           left.endpoints == right.endpoints;
  }
};

struct Node {
  Metadata metadata;
  std::string zone;                // label topology.kubernetes.io/zone
  std::vector<Address> addresses;  // status.addresses of type InternalIP and ExternalIP
  std::vector<CidrRange> pod_cidrs;
  bool deleting = false;             // deletionTimestamp is set
  bool taint_to_be_deleted = false;  // the cluster autoscaler is about to take it away

  friend bool operator==(const Node&, const Node&) = default;
};

// Any node of the cluster, trimmed to the addresses that it is known by.
struct NodeAddresses {
  Metadata metadata;
  std::vector<Address> addresses;  // as in Node

  friend bool operator==(const NodeAddresses&, const NodeAddresses&) = default;
};

// Ranges that the API server gives out cluster IPs from.
struct ServiceCidr {
  Metadata metadata;
  std::vector<CidrRange> ranges;  // spec.cidrs: one, or one of each family

  friend bool operator==(const ServiceCidr&, const ServiceCidr&) = default;
};

}  // namespace kube
