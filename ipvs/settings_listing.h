// The texts of `ipvsadm -L --timeout` and `ipvsadm -L --daemon`, byte for byte. Pure: any thread.
#pragma once

#include <span>
#include <string>

#include "ipvs/sync_daemon.h"
#include "ipvs/timeouts.h"

namespace ipvs {

// "Timeout (tcp tcpfin udp): 900 120 300", with its line end.
[[nodiscard]] std::string timeout_listing(const Timeouts& timeouts);

// A line for each daemon; empty if there is none.
[[nodiscard]] std::string daemon_listing(std::span<const SyncDaemon> daemons);

}  // namespace ipvs
