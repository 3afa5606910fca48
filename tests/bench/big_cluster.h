// A cluster of any size for measurements: Services with one port and ten endpoints in one slice.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kube/objects.h"

namespace bench {

constexpr std::uint32_t kEndpoints = 10;
constexpr std::uint32_t kNodes = 100;
inline const std::string kOwnNode = "node-0";

inline kube::Address address(std::uint32_t base, std::uint32_t index) {
  return boost::asio::ip::make_address_v4(base + index);
}

inline kube::Metadata metadata(const std::string& name, std::uint32_t number) {
  kube::Metadata made;
  made.id = {"namespace-" + std::to_string(number % 50), name};
  made.uid = "4f1d6f0a-0000-4000-8000-" + std::to_string(100'000'000'000 + number);
  made.resource_version = std::to_string(1'000'000 + number);
  made.created = std::chrono::sys_seconds(std::chrono::seconds(1'700'000'000 + number));
  return made;
}

inline std::string service_name(std::uint32_t number) {
  return "service-" + std::to_string(number);
}

inline kube::Service service(std::uint32_t number) {
  kube::Service made;
  made.metadata = metadata(service_name(number), number);
  made.cluster_ips = {address(0x0a600001, number)};  // 10.96.0.1 and on
  made.ports = {{.name = "http", .protocol = kube::Protocol::kTcp, .port = 80}};
  return made;
}

// Its first `ready` endpoints are ready, the others are not.
inline kube::EndpointSlice slice(std::uint32_t number, std::uint32_t ready = kEndpoints) {
  kube::EndpointSlice made;
  made.metadata = metadata(service_name(number) + "-x7k2p", number);
  made.service_name = service_name(number);
  made.ports = {{.name = "http", .protocol = kube::Protocol::kTcp, .port = 8080}};
  for (std::uint32_t i = 0; i < kEndpoints; ++i) {
    kube::Endpoint endpoint;
    endpoint.address = address(0x64400001, number * kEndpoints + i);  // 100.64.0.1 and on
    endpoint.ready = i < ready;
    endpoint.serving = endpoint.ready;
    endpoint.node_name = "node-" + std::to_string((number + i) % kNodes);
    made.endpoints.push_back(endpoint);
  }
  return made;
}

inline std::vector<kube::Service> services(std::uint32_t count) {
  std::vector<kube::Service> made;
  for (std::uint32_t i = 0; i < count; ++i) made.push_back(service(i));
  return made;
}

inline std::vector<kube::EndpointSlice> slices(std::uint32_t count) {
  std::vector<kube::EndpointSlice> made;
  for (std::uint32_t i = 0; i < count; ++i) made.push_back(slice(i));
  return made;
}

}  // namespace bench
