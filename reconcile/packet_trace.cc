#include "reconcile/packet_trace.h"

#include <algorithm>

namespace reconcile {
namespace {

using ipvs::SetElement;
using ipvs::SetName;

// Follows one packet; the questions are the rules' own.
class Trace {
 public:
  Trace(const NodeTables& node, const Packet& packet) : node_(node), packet_(packet) {
    // Of several local addresses the kernel takes the one it talks to.
    if (packet_.entry == Entry::kNode && is_local(packet_.destination)) {
      packet_.source = packet_.destination;
    }
  }

  Fate fate() const {
    if (!is_local(packet_.destination)) return NotOurs{};
    if (packet_.entry != Entry::kNode && has_port(SetName::kInsidePorts) && !is_pod()) {
      return Dropped{"the policy is Local, and no endpoint is on this node"};
    }
    if (packet_.entry != Entry::kNode && is_unserved()) return refused();
    if (has_port(SetName::kRestrictedPorts) && !is_in_ranges(SetName::kSourceRanges)) {
      return Dropped{"the client is in none of loadBalancerSourceRanges"};
    }
    const auto server = node_.virtual_servers.find(id());
    // The node's own packets meet IPVS first; what it leaves comes in again by the loopback.
    if (server == node_.virtual_servers.end()) return is_unserved() ? refused() : Fate{NotOurs{}};
    if (server->second.empty()) return Refused{"no endpoint"};
    return forwarded(server->second);
  }

 private:
  ipvs::VirtualServerId id() const {
    return {.address = packet_.destination, .protocol = packet_.protocol, .port = packet_.port};
  }

  static Fate refused() { return Refused{"no Service has this port at this address"}; }

  bool is_unserved() const {
    return has_address(SetName::kServiceAddresses) && !has_port(SetName::kServicePorts);
  }

  bool is_local(const ipvs::Address& address) const {
    return node_.bound.contains(address) || node_.own.contains(address);
  }

  bool has_port(SetName set) const {
    return node_.elements.contains({.set = set,
                                    .address = packet_.destination,
                                    .protocol = packet_.protocol,
                                    .port = packet_.port});
  }

  bool has_address(SetName set) const { return has_address(set, packet_.destination); }
  bool has_address(SetName set, const ipvs::Address& address) const {
    return node_.elements.contains({.set = set, .address = address});
  }

  // Is the source in a range of `set`, one for this port where the set has ports?
  bool is_in_ranges(SetName set) const {
    const auto concerns = [&](const SetElement& one) {
      const bool any_port = set == SetName::kPodRanges || set == SetName::kOwnPodRanges;
      return one.set == set &&
             (any_port || (one.address == packet_.destination && one.protocol == packet_.protocol &&
                           one.port == packet_.port)) &&
             kube::CidrRange{one.range.address, one.range.prefix}.contains(packet_.source);
    };
    return std::any_of(node_.elements.begin(), node_.elements.end(), concerns);
  }

  bool is_pod(SetName ranges = SetName::kPodRanges) const {
    if (node_.pods_by_interface && packet_.entry == Entry::kLocalPod) return true;
    return is_in_ranges(ranges);
  }

  bool is_marked() const {
    if (packet_.source.is_loopback()) return false;
    return has_port(SetName::kMasqueradePorts) ||
           (has_port(SetName::kInsidePorts) && !is_pod(SetName::kOwnPodRanges)) ||
           (has_address(SetName::kClusterAddresses) && !is_pod());
  }

  Fate forwarded(const std::vector<ipvs::RealServerId>& servers) const {
    const bool always = is_marked() || (has_address(SetName::kServiceAddresses) &&
                                        has_address(SetName::kServiceAddresses, packet_.source));
    Forwarded fate;
    for (const auto& server : servers) {
      const bool hairpin =
          server.address == packet_.source && has_address(SetName::kHairpin, server.address);
      fate.servers.push_back({server, always || hairpin});
    }
    return fate;
  }

  const NodeTables& node_;
  Packet packet_;
};

// What Trace asks for.
struct Concerns {
  const Packet& packet;

  bool operator()(const DesiredVirtualServer& wanted) const {
    return wanted.id.address == packet.destination;
  }
  bool operator()(const ipvs::Address& address) const {
    return address == packet.destination || address == packet.source;
  }
  // Ranges of pods have no address; of the hairpins, those of the endpoints count.
  bool operator()(const SetElement& element) const {
    return element.set == SetName::kHairpin || element.address.is_unspecified() ||
           (*this)(element.address);
  }
};

NodeTables tables_of(const DesiredState& desired, const Scope& scope) {
  NodeTables node;
  for (const auto& id : scope.virtual_servers) {
    auto& servers = node.virtual_servers[id];
    for (const auto& [server, settings] : desired.virtual_server(id)->real_servers) {
      if (settings.weight > 0) servers.push_back(server);
    }
  }
  node.elements = {scope.elements.begin(), scope.elements.end()};
  node.bound = {scope.addresses.begin(), scope.addresses.end()};
  return node;
}

}  // namespace

NodeTables tables_of(const DesiredState& desired) {
  return tables_of(desired, desired.everything());
}

NodeTables tables_for(const DesiredState& desired, const Packet& packet) {
  return tables_of(desired, desired.wanted_if(Concerns{packet}));
}

Fate trace(const NodeTables& node, const Packet& packet) { return Trace(node, packet).fate(); }

}  // namespace reconcile
