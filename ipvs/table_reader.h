// Reads the IPVS table of this network namespace, and nothing else: for subcommands that look at
// the kernel beside, or without, an agent. Needs CAP_NET_ADMIN, as ipvsadm does. Thread: one at a
// time; blocks.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "ipvs/counters.h"
#include "ipvs/error.h"
#include "ipvs/sync_daemon.h"
#include "ipvs/timeouts.h"

namespace ipvs {

class TableReader {
 public:
  // Or why there is no IPVS, or none for us.
  [[nodiscard]] static Result<TableReader> open();
  TableReader(TableReader&&) noexcept;
  TableReader& operator=(TableReader&&) noexcept;
  ~TableReader();

  [[nodiscard]] Result<KernelInfo> info();
  [[nodiscard]] Result<Timeouts> timeouts();
  [[nodiscard]] Result<std::vector<SyncDaemon>> daemons();  // at most one master and one backup
  [[nodiscard]] Result<std::vector<ObservedVirtualServer>> observe();
  // As observe(), without the traffic of real servers, and many times cheaper: Kernel::sweep().
  [[nodiscard]] Result<std::vector<ObservedVirtualServer>> sweep();
  // Those that do not exist are left out.
  [[nodiscard]] Result<std::vector<ObservedVirtualServer>> observe(
      std::span<const VirtualServerId> ids);

 private:
  struct Door;  // keeps libnl out of here
  explicit TableReader(std::unique_ptr<Door> door);
  std::unique_ptr<Door> door_;
};

}  // namespace ipvs
