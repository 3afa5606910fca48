// A virtual server as people write it on a command line: "10.96.0.1:443", "[fd00::1]:https". Pure:
// any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "ipvs/virtual_server.h"

namespace reconcile {

// The number of a port that is written by name (/etc/services), if it has one.
using PortLookup =
    std::function<std::optional<std::uint16_t>(const std::string& name, ipvs::Protocol protocol)>;

// Without a port it is 0, as with ipvsadm. Nothing if it is none.
[[nodiscard]] std::optional<ipvs::VirtualServerId> parse_service_address(
    const std::string& text, ipvs::Protocol protocol, const PortLookup& port_of = {});

}  // namespace reconcile
