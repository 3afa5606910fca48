// Which texts are believed to be an address, and which addresses to be a service's or a pod's.
//
// One address has one meaning only: leading zeros ("10.0.0.010" is 8 or 10?), zones
// ("fe80::1%eth0") and IPv4 inside IPv6 ("::ffff:10.0.0.1") are refused. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "kube/objects.h"

namespace kube {

[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

// Not unspecified, 0.0.0.0/8, loopback, link-local or multicast: none of these can be reached
// through a virtual server, and each would turn a packet against the node itself (CVE-2021-25737).
[[nodiscard]] bool is_routable(const Address& address);

}  // namespace kube
