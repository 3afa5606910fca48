// A connection synchronisation daemon of the kernel (`ipvsadm --start-daemon`). We only ever read
// it. Plain value: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ipvs/virtual_server.h"

namespace ipvs {

struct SyncDaemon {
  bool master = false;  // else backup
  std::string interface;
  std::uint32_t sync_id = 0;
  std::uint16_t max_length = 0;  // 0: the kernel does not say
  std::optional<Address> group;  // of multicast
  std::uint16_t port = 0;
  std::uint8_t ttl = 0;

  friend bool operator==(const SyncDaemon&, const SyncDaemon&) = default;
};

}  // namespace ipvs
