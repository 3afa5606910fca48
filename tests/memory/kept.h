// How many allocations an object cannot do without: one for each string that does not fit into
// itself, and one for each list that is not empty.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "kube/objects.h"

namespace kube {

inline std::size_t kept_allocations(const std::string& text) {
  return text.size() > std::string().capacity() ? 1 : 0;
}
inline std::size_t kept_allocations(const Metadata& metadata) {
  return kept_allocations(metadata.id.namespace_name) + kept_allocations(metadata.id.name) +
         kept_allocations(metadata.uid) + kept_allocations(metadata.resource_version);
}
template <class Item>
std::size_t kept_allocations(const std::vector<Item>& list) {
  std::size_t count = list.empty() ? 0 : 1;
  if constexpr (requires(const Item& item) { item.name; }) {
    for (const Item& item : list) count += kept_allocations(item.name);
  }
  return count;
}
inline std::size_t kept_allocations(const Service& service) {
  return kept_allocations(service.metadata) + kept_allocations(service.cluster_ips) +
         kept_allocations(service.ports) + kept_allocations(service.external_ips) +
         kept_allocations(service.load_balancer_ips) + kept_allocations(service.source_ranges);
}
// Names of nodes and hints are kept once for all endpoints.
inline std::size_t kept_allocations(const EndpointSlice& slice) {
  return kept_allocations(slice.metadata) + kept_allocations(slice.service_name) +
         kept_allocations(slice.ports) + kept_allocations(slice.endpoints);
}

}  // namespace kube
