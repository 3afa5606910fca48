// The nftables table `inet kube-ipvs`: what IPVS does not do. A static part (chains, rules, empty
// sets: "the skeleton") and the elements of its sets, which alone follow the Services.
//
//   service_addresses  every address we serve. In this set: traffic from the node to it is
//   masqueraded
//                      (its source would be a service address itself), and new connections to a
//                      port that is no service are refused. First in and last out, so it also
//                      records, next to kube-ipvs0, which virtual servers are ours.
//   service_ports      address, protocol and port of every service: exempt from that refusal.
//   hairpin            endpoint addresses on this node: masqueraded when one reaches itself.
//
// Why each rule hangs at its hook: README.md of this folder. Plain values: any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "ipvs/virtual_server.h"

namespace ipvs {

enum class SetName : std::uint8_t { kServiceAddresses, kServicePorts, kHairpin };

// One element of one set. The family of `address` chooses between the IPv4 and the IPv6 twin of the
// set. `protocol` and `port` belong to kServicePorts alone and are 0 elsewhere.
struct SetElement {
  SetName set = SetName::kServiceAddresses;
  Address address;
  Protocol protocol = Protocol::kNone;
  std::uint16_t port = 0;

  friend bool operator==(const SetElement&, const SetElement&) = default;
  friend std::strong_ordering operator<=>(const SetElement& a, const SetElement& b) {
    if (auto order = a.set <=> b.set; order != 0) return order;
    if (auto order = compare(a.address, b.address); order != 0) return order;
    return std::tie(a.protocol, a.port) <=> std::tie(b.protocol, b.port);
  }
};

// The whole table as a script for `nft -f`, with `elements` in their sets: for plans, goldens and
// people. What nft_codec writes over netlink is the same table (the tests load both and compare).
[[nodiscard]] std::string to_nft_text(const std::vector<SetElement>& elements);

}  // namespace ipvs
