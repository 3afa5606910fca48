#include "reconcile/endpoints.h"

#include <algorithm>

namespace reconcile {
namespace {

bool is_of(const kube::EndpointSlice& slice, Family family) {
  return slice.address_type ==
         (family == Family::kIpv4 ? kube::AddressType::kIpv4 : kube::AddressType::kIpv6);
}

template <class T>
void sort_unique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

Family family_of(const ipvs::Address& address) {
  return address.is_v4() ? Family::kIpv4 : Family::kIpv6;
}

std::vector<ipvs::RealServerId> usable_endpoints(const kube::ServicePort& port, Family family,
                                                 Slices slices) {
  std::vector<ipvs::RealServerId> usable;
  for (const auto* slice : slices) {
    if (!is_of(*slice, family)) continue;
    for (const auto& target : slice->ports) {
      if (target.name != port.name || target.protocol != port.protocol) continue;
      for (const auto& endpoint : slice->endpoints) {
        if (endpoint.ready) usable.push_back({endpoint.address, target.port});
      }
    }
  }
  sort_unique(usable);
  return usable;
}

std::vector<ipvs::Address> local_addresses(Slices slices, const std::string& node_name) {
  std::vector<ipvs::Address> local;
  for (const auto* slice : slices) {
    if (slice->address_type == kube::AddressType::kFqdn) continue;
    for (const auto& endpoint : slice->endpoints) {
      if (endpoint.node_name == node_name) local.push_back(endpoint.address);
    }
  }
  sort_unique(local);
  return local;
}

}  // namespace reconcile
