// IPVS's time-outs of idle connections (IPVS_CMD_SET_CONFIG; `ipvsadm --set`). Per network
// namespace. Plain value: any thread.
#pragma once

#include <chrono>

namespace ipvs {

struct Timeouts {
  std::chrono::seconds tcp{0};
  std::chrono::seconds tcp_fin{0};
  std::chrono::seconds udp{0};

  friend bool operator==(const Timeouts&, const Timeouts&) = default;
};

}  // namespace ipvs
