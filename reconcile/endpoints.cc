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

bool is_local(const kube::Endpoint& endpoint, const std::string& node_name) {
  return !endpoint.node_name.empty() && endpoint.node_name == node_name;
}

bool names(const std::vector<std::string>& hints, const std::string& name) {
  return std::find(hints.begin(), hints.end(), name) != hints.end();
}

// Whether hints of one kind, seen one endpoint after the other, decide: all have some, and one
// names this place.
struct HintTally {
  bool all = true;
  bool here = false;

  void add(const std::vector<std::string>& hints, const std::string& name) {
    if (hints.empty()) all = false;
    here = here || names(hints, name);
  }
  [[nodiscard]] bool decides() const { return all && here; }
};

// The addresses of the endpoints of `slices` for which `takes` holds.
template <class Takes>
std::vector<ipvs::Address> addresses_of(Slices slices, Takes takes) {
  std::vector<ipvs::Address> addresses;
  for (const auto* slice : slices) {
    if (slice->address_type == kube::AddressType::kFqdn) continue;
    for (const auto& endpoint : slice->endpoints) {
      if (takes(endpoint) && is_acceptable_endpoint(endpoint.address))
        addresses.push_back(endpoint.address);
    }
  }
  sort_unique(addresses);
  return addresses;
}

}  // namespace

Family family_of(const ipvs::Address& address) {
  return address.is_v4() ? Family::kIpv4 : Family::kIpv6;
}

std::string_view to_string(EndpointVerdict verdict) {
  switch (verdict) {
    case EndpointVerdict::kUsed:
      return "used";
    case EndpointVerdict::kUsedTerminating:
      return "used although it terminates: nobody is ready";
    case EndpointVerdict::kNotReady:
      return "not ready";
    case EndpointVerdict::kTerminating:
      return "terminating";
    case EndpointVerdict::kNotLocal:
      return "not on this node, and the policy is Local";
    case EndpointVerdict::kOtherNode:
      return "hinted to other nodes";
    case EndpointVerdict::kOtherZone:
      return "hinted to other zones";
    case EndpointVerdict::kDuplicate:
      return "named by another slice, too";
    case EndpointVerdict::kRefusedAddress:
      return "an address that no pod can have";
    case EndpointVerdict::kWrongFamily:
      return "of the other address family";
    case EndpointVerdict::kOtherPort:
      return "without a port of this name and protocol";
  }
  return "";
}

Endpoints::Endpoints(const kube::ServicePort& port, Family family, Slices slices)
    : port_(port), family_(family) {
  for (const auto* slice : slices) {
    if (!is_of(*slice, family)) continue;
    for (const auto& target : slice->ports) {
      if (!matches(target)) continue;
      candidates_.reserve(candidates_.size() + slice->endpoints.size());
      for (const auto& endpoint : slice->endpoints) {
        if (is_acceptable_endpoint(endpoint.address))
          candidates_.push_back({{endpoint.address, target.port}, &endpoint});
      }
    }
  }
  // Slices come in the order of their names: of two that agree the first stands.
  std::stable_sort(candidates_.begin(), candidates_.end(), [](const auto& a, const auto& b) {
    if (auto order = a.id <=> b.id; order != 0) return order < 0;
    return a.endpoint->terminating < b.endpoint->terminating;
  });
  candidates_.erase(std::unique(candidates_.begin(), candidates_.end(),
                                [](const auto& a, const auto& b) { return a.id == b.id; }),
                    candidates_.end());
}

std::vector<ipvs::RealServerId> Endpoints::chosen(EndpointList list, const Location& here) const {
  const auto rule = rule_for(list, here);
  std::vector<ipvs::RealServerId> ids;
  ids.reserve(candidates_.size());
  for (const auto& candidate : candidates_) {
    if (is_used(verdict(*candidate.endpoint, list, rule, here))) ids.push_back(candidate.id);
  }
  return ids;
}

std::vector<JudgedEndpoint> Endpoints::judged(EndpointList list, const Location& here,
                                              Slices slices) const {
  const auto rule = rule_for(list, here);
  std::vector<JudgedEndpoint> all;
  for (const auto* slice : slices) {
    const auto target = std::find_if(slice->ports.begin(), slice->ports.end(),
                                     [&](const auto& one) { return matches(one); });
    for (const auto& endpoint : slice->endpoints) {
      JudgedEndpoint one{slice, &endpoint, 0, EndpointVerdict::kWrongFamily};
      if (is_of(*slice, family_)) {
        const bool has_port = target != slice->ports.end();
        one.port = has_port ? target->port : std::uint16_t{0};
        one.verdict = !has_port                                   ? EndpointVerdict::kOtherPort
                      : !is_acceptable_endpoint(endpoint.address) ? EndpointVerdict::kRefusedAddress
                      : !stands_for(endpoint, one.port)           ? EndpointVerdict::kDuplicate
                                                        : verdict(endpoint, list, rule, here);
      }
      all.push_back(one);
    }
  }
  return all;
}

Endpoints::Rule Endpoints::rule_for(EndpointList list, const Location& here) const {
  Rule rule;
  HintTally nodes;
  HintTally zones;
  for (const auto& candidate : candidates_) {
    const auto& endpoint = *candidate.endpoint;
    if (!endpoint.ready) continue;
    if (list == EndpointList::kLocal && !is_local(endpoint, here.node)) continue;
    rule.somebody_ready = true;
    nodes.add(endpoint.node_hints, here.node);
    zones.add(endpoint.zone_hints, here.zone);
  }
  if (list == EndpointList::kLocal || !rule.somebody_ready) return rule;
  if (nodes.decides()) {
    rule.hints = Hints::kNode;
  } else if (!here.zone.empty() && zones.decides()) {
    rule.hints = Hints::kZone;
  }
  return rule;
}

EndpointVerdict Endpoints::verdict(const kube::Endpoint& endpoint, EndpointList list,
                                   const Rule& rule, const Location& here) {
  if (list == EndpointList::kLocal && !is_local(endpoint, here.node)) {
    return EndpointVerdict::kNotLocal;
  }
  if (!rule.somebody_ready && endpoint.serving && endpoint.terminating) {
    return EndpointVerdict::kUsedTerminating;
  }
  if (!endpoint.ready) {
    return endpoint.terminating ? EndpointVerdict::kTerminating : EndpointVerdict::kNotReady;
  }
  if (rule.hints == Hints::kNode && !names(endpoint.node_hints, here.node)) {
    return EndpointVerdict::kOtherNode;
  }
  if (rule.hints == Hints::kZone && !names(endpoint.zone_hints, here.zone)) {
    return EndpointVerdict::kOtherZone;
  }
  return EndpointVerdict::kUsed;
}

// Is it this naming of the address that counts?
bool Endpoints::stands_for(const kube::Endpoint& endpoint, std::uint16_t port) const {
  const ipvs::RealServerId id{endpoint.address, port};
  const auto found =
      std::lower_bound(candidates_.begin(), candidates_.end(), id,
                       [](const auto& one, const auto& wanted) { return one.id < wanted; });
  return found != candidates_.end() && found->endpoint == &endpoint;
}

bool Endpoints::matches(const kube::EndpointPort& target) const {
  return target.name == port_.name && target.protocol == port_.protocol;
}

bool is_acceptable_endpoint(const kube::Address& address) {
  if (address.is_unspecified() || address.is_loopback() || address.is_multicast()) return false;
  if (address.is_v6()) return !address.to_v6().is_link_local() && !address.to_v6().is_v4_mapped();
  const auto bytes = address.to_v4().to_bytes();
  const bool is_link_local = bytes[0] == 169 && bytes[1] == 254;
  return !is_link_local && address.to_v4() != boost::asio::ip::address_v4::broadcast();
}

std::vector<ipvs::Address> local_addresses(Slices slices, const std::string& node_name) {
  return addresses_of(slices, [&](const auto& endpoint) { return is_local(endpoint, node_name); });
}

std::size_t count_local_ready(Slices slices, const std::string& node_name) {
  return addresses_of(
             slices,
             [&](const auto& endpoint) { return endpoint.ready && is_local(endpoint, node_name); })
      .size();
}

}  // namespace reconcile
