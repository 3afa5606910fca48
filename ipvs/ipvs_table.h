// The IPVS table of this network namespace: virtual and real servers, read and written through the
// generic netlink family "IPVS".
//
// It decides nothing: a step is a message, an answer is an errno. Reads are whole or an error.
// Truth: ipvs_codec.h. Thread: one at a time; blocks.
#pragma once

#include <span>
#include <vector>

#include "ipvs/counters.h"
#include "ipvs/error.h"
#include "ipvs/ipv4_table.h"
#include "ipvs/kernel.h"
#include "ipvs/socket.h"
#include "ipvs/sync_daemon.h"

namespace ipvs {

class IpvsTable {
 public:
  // Finds the family and asks it for its version, so that a kernel without IPVS and a process
  // without the privilege are told apart here, each with its remedy.
  [[nodiscard]] static Result<IpvsTable> open();

  [[nodiscard]] Result<KernelInfo> info();
  [[nodiscard]] Result<Timeouts> timeouts();
  [[nodiscard]] Result<std::vector<SyncDaemon>> daemons();  // at most one master and one backup
  [[nodiscard]] Result<std::vector<ObservedVirtualServer>> observe();
  [[nodiscard]] Result<std::vector<ObservedVirtualServer>> observe(
      std::span<const VirtualServerId> ids);
  // As observe(), with what is of IPv4 read the cheap way (ipv4_table.h): see Kernel::sweep().
  [[nodiscard]] Result<std::vector<ObservedVirtualServer>> sweep();

  // `outcomes` has one entry per step. REQUIRES: steps about virtual and real servers and time-outs
  // only.
  void write(std::span<const Step> steps, std::span<Outcome> outcomes);

 private:
  explicit IpvsTable(Socket socket) : socket_(std::move(socket)) {}
  [[nodiscard]] int resolve_family();
  [[nodiscard]] int read_services(std::vector<ObservedVirtualServer>& services);
  [[nodiscard]] int dump_services(std::vector<ObservedVirtualServer>& services);
  [[nodiscard]] int read_services(std::span<const VirtualServerId> ids,
                                  std::vector<ObservedVirtualServer>& services);
  [[nodiscard]] int read_chunk(std::span<const VirtualServerId> ids,
                               std::vector<ObservedVirtualServer>& services);
  [[nodiscard]] int read_dests(ObservedVirtualServer& parent);
  [[nodiscard]] Result<std::vector<ObservedVirtualServer>> with_dests(
      std::vector<ObservedVirtualServer> services);
  [[nodiscard]] int sweep_dests(ObservedVirtualServer& parent,
                                const std::vector<Ipv4VirtualServer>& listed);

  Socket socket_;
  Ipv4Table ipv4_;
  std::uint16_t family_ = 0;
  MessageBatch batch_;
};

}  // namespace ipvs
