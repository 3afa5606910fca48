// The nftables table `inet kube-ipvs`: what IPVS does not do. A static part (chains, rules, empty
// sets: "the skeleton") and the elements of its sets, which alone follow the Services.
//
// Why each rule hangs at its hook: README.md of this folder. Plain values: any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "ipvs/virtual_server.h"

namespace ipvs {

// The sets, each a pair of twins for IPv4 and IPv6. "Port" means address, protocol and port.
enum class SetName : std::uint8_t {
  // Every address on kube-ipvs0. Traffic from the node to it is masqueraded (its source would be a
  // service address itself), and new connections to a port that is no service are refused. First in
  // and last out, so it also records, next to kube-ipvs0, which virtual servers are ours.
  kServiceAddresses,
  // The ports of every service on those addresses: exempt from that refusal.
  kServicePorts,
  // Endpoint addresses on this node: masqueraded when one reaches itself.
  kHairpin,
  // Node ports on addresses that the node has of its own: never bound, never refused; the record
  // that these virtual servers are ours (law 5).
  kNodePorts,
  // Ports whose every new connection is masqueraded: node ports, external and load-balancer
  // addresses under the policy Cluster; cluster addresses under masqueradeAll.
  kMasqueradePorts,
  // Cluster addresses whose connections are masqueraded unless a pod opened them. Empty where
  // nothing says which sources are pods.
  kClusterAddresses,
  // Ranges of pod addresses (of the whole cluster, or of this node): `range` alone is used. Ranges
  // in one set must not overlap: a range inside another is refused (ENOTEMPTY) or, by some
  // kernels, taken and left out. One that takes another's place is added after the other was
  // deleted, in one write: both happen at once.
  kPodRanges,
  // Ranges of the pods of this node, where it knows them. What kPodRanges lets through to
  // kInsidePorts from elsewhere is masqueraded: its answer would not come back through this node.
  kOwnPodRanges,
  // Ports that only pods and this node may open a connection to: policy Local, and no endpoint
  // here. Everybody else is dropped, which is how a load balancer learns to look elsewhere.
  kInsidePorts,
  // Ports of load-balancer addresses that only the kSourceRanges of the same port may open a
  // connection to; everybody else is dropped.
  kRestrictedPorts,
  // A port, and a range of client addresses that may use it. As for kPodRanges, the ranges of one
  // port must not overlap.
  kSourceRanges,
  // Health-check node ports of the agent itself: let through where the node drops by default.
  // `port` alone is used, with the unspecified address of the family.
  kHealthPorts,
};

// A block of addresses: those that agree with `address` in the first `prefix` bits; the other bits
// of `address` are 0.
struct AddressRange {
  Address address;
  std::uint8_t prefix = 0;

  friend bool operator==(const AddressRange&, const AddressRange&) = default;
  friend std::strong_ordering operator<=>(const AddressRange& a, const AddressRange& b) {
    if (auto order = compare(a.address, b.address); order != 0) return order;
    return a.prefix <=> b.prefix;
  }
};

// One element of one set. The family of `address` (of `range` for kPodRanges) chooses between the
// twins. What the set has no use for keeps its default.
struct SetElement {
  SetName set = SetName::kServiceAddresses;
  Address address;
  Protocol protocol = Protocol::kNone;
  std::uint16_t port = 0;
  AddressRange range = {};

  friend bool operator==(const SetElement&, const SetElement&) = default;
  friend std::strong_ordering operator<=>(const SetElement& a, const SetElement& b) {
    if (auto order = a.set <=> b.set; order != 0) return order;
    if (auto order = compare(a.address, b.address); order != 0) return order;
    if (auto order = a.protocol <=> b.protocol; order != 0) return order;
    if (auto order = a.port <=> b.port; order != 0) return order;
    return a.range <=> b.range;
  }
};

// What the rules depend on beside their sets; fixed for the life of a kernel door.
struct RuleSettings {
  // Packets that come in by this interface, or by one whose name begins so, are pods' (kube-proxy's
  // detectLocalMode BridgeInterface and InterfaceNamePrefix). Empty: kPodRanges alone says so.
  std::string pod_interface = {};
  bool pod_interface_is_prefix = false;
  // Bit of the packet mark that means "masquerade" (kube-proxy's masqueradeBit).
  std::uint8_t masquerade_bit = 14;

  friend bool operator==(const RuleSettings&, const RuleSettings&) = default;
};

// The whole table as a script for `nft -f`, with `elements` in their sets: for plans, goldens and
// people. What nft_codec writes over netlink is the same table (the tests load both and compare).
[[nodiscard]] std::string to_nft_text(const std::vector<SetElement>& elements,
                                      const RuleSettings& settings = {});

}  // namespace ipvs
