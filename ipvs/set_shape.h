// What the sets of our nftables table are called and what their keys are made of: all that the
// table's text and the table's netlink messages must agree on.
//
// Pure: any thread.
#pragma once

#include <array>
#include <string_view>

#include "ipvs/ruleset.h"

namespace ipvs {

enum class SetShape : std::uint8_t {
  kAddress,       // address
  kAddressPair,   // address . the same address
  kPort,          // address . protocol . port
  kPortNumber,    // port
  kRange,         // range . nfproto
  kPortAndRange,  // address . protocol . port . range
};

// In the order in which the table lists them.
inline constexpr std::array kAllSets{
    SetName::kServiceAddresses, SetName::kServicePorts,    SetName::kHairpin,
    SetName::kNodePorts,        SetName::kMasqueradePorts, SetName::kClusterAddresses,
    SetName::kPodRanges,        SetName::kOwnPodRanges,    SetName::kInsidePorts,
    SetName::kRestrictedPorts,  SetName::kSourceRanges,    SetName::kHealthPorts};

// Without the digit of the family at its end.
[[nodiscard]] constexpr std::string_view base_name(SetName set) {
  switch (set) {
    case SetName::kServiceAddresses:
      return "service_addresses";
    case SetName::kServicePorts:
      return "service_ports";
    case SetName::kHairpin:
      return "hairpin";
    case SetName::kNodePorts:
      return "node_ports";
    case SetName::kMasqueradePorts:
      return "masquerade_ports";
    case SetName::kClusterAddresses:
      return "cluster_addresses";
    case SetName::kPodRanges:
      return "pod_ranges";
    case SetName::kOwnPodRanges:
      return "own_pod_ranges";
    case SetName::kInsidePorts:
      return "inside_ports";
    case SetName::kRestrictedPorts:
      return "restricted_ports";
    case SetName::kSourceRanges:
      return "source_ranges";
    case SetName::kHealthPorts:
      return "health_ports";
  }
  return "";
}

[[nodiscard]] constexpr SetShape shape_of(SetName set) {
  switch (set) {
    case SetName::kServiceAddresses:
    case SetName::kClusterAddresses:
      return SetShape::kAddress;
    case SetName::kHairpin:
      return SetShape::kAddressPair;
    case SetName::kServicePorts:
    case SetName::kNodePorts:
    case SetName::kMasqueradePorts:
    case SetName::kInsidePorts:
    case SetName::kRestrictedPorts:
      return SetShape::kPort;
    case SetName::kHealthPorts:
      return SetShape::kPortNumber;
    case SetName::kPodRanges:
    case SetName::kOwnPodRanges:
      return SetShape::kRange;
    case SetName::kSourceRanges:
      return SetShape::kPortAndRange;
  }
  return SetShape::kAddress;
}

[[nodiscard]] constexpr bool has_ranges(SetShape shape) {
  return shape == SetShape::kRange || shape == SetShape::kPortAndRange;
}

// Whether the element stands in the IPv6 twin of its set.
[[nodiscard]] inline bool is_v6(const SetElement& element) {
  const bool by_range = shape_of(element.set) == SetShape::kRange;
  return (by_range ? element.range.address : element.address).is_v6();
}

}  // namespace ipvs
