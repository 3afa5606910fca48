// Host and service names in place of numbers, as ipvsadm writes them without -n.
//
// The lookups are the caller's (they block, and ask the network); the texts are made here. Pure:
// any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "ipvs/virtual_server.h"

namespace ipvs {

struct Names {
  // An empty answer means that there is none; the number is written then.
  std::function<std::string(const Address&)> host;
  std::function<std::string(std::uint16_t port, Protocol)> service;
};

// "kubernetes.default:https", "[host]:443"; without `names` as endpoint_text(address, port). At
// most 59 characters, ipvsadm's buffer. `protocol` is the virtual server's, for a mark kNone: ports
// stay numbers.
[[nodiscard]] std::string endpoint_text(const Address& address, std::uint16_t port,
                                        Protocol protocol, const Names* names);

}  // namespace ipvs
