#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace ipvs {

// The port id by which the kernel knows a socket, and names the one who made a change. It changes
// when the socket is replaced; any thread may read it.
using SharedPort = std::shared_ptr<const std::atomic<std::uint32_t>>;

}  // namespace ipvs
