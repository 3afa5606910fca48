// Reading the rtnetlink messages about addresses, whether asked for or announced.
// Pure: any thread.
#pragma once

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <optional>

#include "ipvs/attributes.h"
#include "ipvs/wire_address.h"

namespace ipvs {

// Nothing when the message is too short, or of another family than IPv4 and IPv6.
inline std::optional<Address> address_in(nlmsghdr* message) {
  if (nlmsg_valid_hdr(message, sizeof(ifaddrmsg)) == 0) return std::nullopt;
  const Attributes<IFA_MAX> attributes(message, sizeof(ifaddrmsg));
  const auto* header = static_cast<const ifaddrmsg*>(nlmsg_data(message));
  // IPv6 has no IFA_LOCAL unless the address has a peer.
  const int type = attributes.has(IFA_LOCAL) ? IFA_LOCAL : IFA_ADDRESS;
  return from_wire(header->ifa_family, attributes.bytes(type));
}

// The index of the interface. REQUIRES: address_in(message) found one.
inline std::uint32_t link_of_address(nlmsghdr* message) {
  return static_cast<const ifaddrmsg*>(nlmsg_data(message))->ifa_index;
}

}  // namespace ipvs
