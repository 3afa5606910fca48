// What is said to an HTTP proxy so that it opens a tunnel to the API server (RFC 9110, 9.3.6).
// Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "kube/access.h"

namespace kube {

// "CONNECT host:port …". Nothing of our credentials is in it.
[[nodiscard]] std::string tunnel_request(const ClusterAccess& access);

// Reads the proxy's answer from its first bytes. False: not yet whole. The error is for a person:
// the proxy refuses, or what it says is no such answer.
[[nodiscard]] tl::expected<bool, std::string> tunnel_opened(std::string_view answer);

}  // namespace kube
