// What the kernel counts, and a table as it was read: in the kernel's own dump order, counters
// included.
//
// Apart from the settings (virtual_server.h), so that a counter can never make two tables differ.
// The estimator hands the rates and totals on every 2 s only. Plain values: any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "ipvs/virtual_server.h"

namespace ipvs {

// IPVS_STATS_ATTR_*, 64 bit where the kernel offers it. Rates are per second; bytes, not bits.
struct Traffic {
  std::uint64_t connections = 0;
  std::uint64_t packets_in = 0;
  std::uint64_t packets_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t connections_per_second = 0;
  std::uint64_t packets_in_per_second = 0;
  std::uint64_t packets_out_per_second = 0;
  std::uint64_t bytes_in_per_second = 0;
  std::uint64_t bytes_out_per_second = 0;
};

// Connections of a real server now. `inactive` are those not ESTABLISHED: opening, closing,
// TIME_WAIT.
struct ConnectionCounts {
  std::uint32_t active = 0;
  std::uint32_t inactive = 0;
  std::uint32_t persistent = 0;  // templates of persistence, not connections
};

struct ObservedRealServer {
  RealServerId id;
  RealServer settings;
  ConnectionCounts connections;
  Traffic traffic;
};

struct ObservedVirtualServer {
  VirtualServerId id;
  VirtualServer settings;
  Traffic traffic;
  std::vector<ObservedRealServer> real_servers;  // dump order
};

// IPVS_CMD_GET_INFO.
struct KernelInfo {
  std::uint32_t version = 0;                // 0x010201 is 1.2.1
  std::uint32_t connection_table_size = 0;  // as reported; 0 from 7.1 on while no service exists
};

}  // namespace ipvs
