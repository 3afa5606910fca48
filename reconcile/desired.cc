#include "reconcile/desired.h"

#include <algorithm>
#include <array>

#include "reconcile/source_ranges.h"

namespace reconcile {
namespace {

using ipvs::SetElement;
using ipvs::SetName;

// The endpoints of one port in one family, each list made once however many frontends use it.
class Backends {
 public:
  Backends(const kube::ServicePort& port, Family family, Slices slices, const Location& here)
      : endpoints_(port, family, slices), here_(here) {}

  const RealServers& of(EndpointList list) {
    auto& known = lists_[static_cast<std::size_t>(list)];
    if (!known) {
      known.emplace();
      for (const auto& id : endpoints_.chosen(list, here_))
        known->emplace_back(id, ipvs::RealServer{});
    }
    return *known;
  }

 private:
  Endpoints endpoints_;
  const Location& here_;
  std::array<std::optional<RealServers>, 2> lists_;
};

ipvs::VirtualServer settings_for(const kube::Service& service, const ipvs::Address& address,
                                 const NodeConfig& config) {
  ipvs::VirtualServer settings{.scheduler = config.scheduler,
                               .netmask = ipvs::host_netmask(address)};
  // Of Maglev hashing: the client's port counts, too, or a client would stay with one server.
  if (config.scheduler == "mh") settings.flags |= ipvs::VirtualServerFlag::kScheduler2;
  if (service.session_affinity) {
    settings.flags |= ipvs::VirtualServerFlag::kPersistent;
    settings.timeout = *service.session_affinity;
  }
  return settings;
}

SetElement of_port(SetName set, const ipvs::VirtualServerId& id) {
  return {.set = set, .address = id.address, .protocol = id.protocol, .port = id.port};
}

// Decides one Service; gone with the call.
class Decision {
 public:
  Decision(const kube::Service& service, Slices slices, const NodeFacts& node)
      : service_(service), slices_(slices), node_(node) {}

  ServiceState decide() {
    const auto frontends = frontends_of(service_, node_, state_.complaints);
    if (frontends.empty()) return std::move(state_);
    const auto ports = std::min(service_.ports.size(), kMostPorts);
    for (std::size_t i = 0; i < ports; ++i) decide_port(service_.ports[i], frontends);
    for (const auto& frontend : frontends) announce(frontend);
    add_hairpins();
    add_health_check();
    note_no_local();
    complain(ports);
    return std::move(state_);
  }

 private:
  void decide_port(const kube::ServicePort& port, const std::vector<Frontend>& frontends) {
    std::array<std::optional<Backends>, 2> by_family;
    for (const auto& frontend : frontends) {
      const auto number = frontend.kind == FrontendKind::kNodePort ? port.node_port : port.port;
      if (number == 0) continue;
      const auto family = family_of(frontend.address);
      auto& backends = by_family[static_cast<std::size_t>(family)];
      if (!backends) backends.emplace(port, family, slices_, node_.location());
      state_.virtual_servers.push_back(virtual_server(
          {.address = frontend.address, .protocol = protocol_of(port.protocol), .port = number},
          frontend, *backends));
    }
  }

  DesiredVirtualServer virtual_server(const ipvs::VirtualServerId& id, const Frontend& frontend,
                                      Backends& backends) {
    DesiredVirtualServer server{.id = id,
                                .settings = settings_for(service_, id.address, node_.config()),
                                .real_servers = backends.of(list_for(service_, frontend.kind)),
                                .kind = frontend.kind};
    auto& elements = server.elements;
    elements.push_back(of_port(frontend.bind ? SetName::kServicePorts : SetName::kNodePorts, id));
    if (is_masqueraded(frontend.kind)) elements.push_back(of_port(SetName::kMasqueradePorts, id));
    if (is_outside(frontend.kind) && server.real_servers.empty() &&
        service_.external_policy == kube::TrafficPolicy::kLocal) {
      server.real_servers = backends.of(EndpointList::kCluster);
      if (!server.real_servers.empty()) elements.push_back(of_port(SetName::kInsidePorts, id));
    }
    if (frontend.kind == FrontendKind::kLoadBalancer) restrict_sources(id, elements);
    return server;
  }

  static bool is_outside(FrontendKind kind) { return kind != FrontendKind::kClusterIp; }

  bool is_masqueraded(FrontendKind kind) const {
    return is_outside(kind) ? service_.external_policy == kube::TrafficPolicy::kCluster
                            : node_.config().masquerade_all;
  }

  void restrict_sources(const ipvs::VirtualServerId& id, std::vector<SetElement>& elements) const {
    const auto allowed = allowed_sources(service_.source_ranges, id.address, node_);
    if (!allowed) return;
    elements.push_back(of_port(SetName::kRestrictedPorts, id));
    for (const auto& range : *allowed) {
      elements.push_back(of_port(SetName::kSourceRanges, id));
      elements.back().range = {range.address, range.prefix};
    }
  }

  void announce(const Frontend& frontend) {
    if (!frontend.bind) return;
    state_.addresses.push_back(frontend.address);
    state_.elements.push_back({.set = SetName::kServiceAddresses, .address = frontend.address});
    if (frontend.kind == FrontendKind::kClusterIp && node_.tells_pods() &&
        !node_.config().masquerade_all) {
      state_.elements.push_back({.set = SetName::kClusterAddresses, .address = frontend.address});
    }
  }

  void add_hairpins() {
    for (const auto& address : local_addresses(slices_, node_.location().node)) {
      state_.elements.push_back({.set = SetName::kHairpin, .address = address});
    }
  }

  void add_health_check() {
    if (service_.type != kube::ServiceType::kLoadBalancer ||
        service_.external_policy != kube::TrafficPolicy::kLocal ||
        service_.health_check_node_port == 0) {
      return;
    }
    const auto port = service_.health_check_node_port;
    state_.health_check = {port, count_local_ready(slices_, node_.location().node)};
    for (const auto& address : {ipvs::Address(boost::asio::ip::address_v4::any()),
                                ipvs::Address(boost::asio::ip::address_v6::any())}) {
      state_.elements.push_back({.set = SetName::kHealthPorts, .address = address, .port = port});
    }
  }

  void note_no_local() {
    const bool internal = service_.internal_policy == kube::TrafficPolicy::kLocal;
    const bool external = service_.external_policy == kube::TrafficPolicy::kLocal;
    if ((!internal && !external) || slices_.empty()) return;
    if (count_local_ready(slices_, node_.location().node) > 0) return;
    for (const auto& address : service_.cluster_ips) {
      const auto family = static_cast<std::size_t>(family_of(address));
      state_.no_local.internal[family] = internal;
      state_.no_local.external[family] = external;
    }
  }

  void complain(std::size_t ports_served) {
    if (ports_served < service_.ports.size()) {
      state_.complaints.push_back({"spec.ports", std::to_string(service_.ports.size()),
                                   "only the first " + std::to_string(kMostPorts) +
                                       " are served; divide them among several Services"});
    }
    for (const auto* slice : slices_) complain_of(*slice);
  }

  // One line for a slice, however many of its addresses are bad.
  void complain_of(const kube::EndpointSlice& slice) {
    if (slice.address_type == kube::AddressType::kFqdn) return;
    const auto refused = [](const auto& one) { return !is_acceptable_endpoint(one.address); };
    const auto& all = slice.endpoints;
    const auto first = std::find_if(all.begin(), all.end(), refused);
    if (first == all.end()) return;
    const auto more = std::count_if(std::next(first), all.end(), refused);
    std::string reason(to_string(EndpointVerdict::kRefusedAddress));
    if (more > 0) reason += ", and " + std::to_string(more) + " more";
    state_.complaints.push_back(
        {"endpointslice " + slice.metadata.id.name, first->address.to_string(), reason});
  }

  const kube::Service& service_;
  Slices slices_;
  const NodeFacts& node_;
  ServiceState state_;
};

}  // namespace

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

EndpointList list_for(const kube::Service& service, FrontendKind kind) {
  const auto policy =
      kind == FrontendKind::kClusterIp ? service.internal_policy : service.external_policy;
  return policy == kube::TrafficPolicy::kLocal ? EndpointList::kLocal : EndpointList::kCluster;
}

ServiceState desired(const kube::Service& service, Slices slices, const NodeFacts& node) {
  return Decision(service, slices, node).decide();
}

}  // namespace reconcile
