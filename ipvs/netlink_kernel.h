// The real kernel door: Kernel over generic netlink (virtual and real servers, time-outs),
// rtnetlink (kube-ipvs0 and every address of the node), nfnetlink (our nftables table, conntrack)
// and /proc/sys.
//
// It holds a socket for each and no state about the node. The sockets belong to the network
// namespace in which open() ran. Steps keep their order across the sockets: a run of steps for one
// socket is answered for before the next run is sent. A run is written many messages at a time:
// 110,000 steps are some hundred system calls. Errors: kernel_errors.h. Thread: one at a time;
// blocks, at most some seconds where the kernel does not answer.
#pragma once

#include <memory>
#include <vector>

#include "ipvs/kernel.h"
#include "ipvs/shared_port.h"

namespace ipvs {

// What of the node is set rather than filled.
struct SettingsReading {
  Timeouts timeouts;
  std::vector<SysctlReading> sysctls;  // as KernelSettings asks, in its order
};

class NetlinkKernel : public Kernel {
 public:
  // Fails with a remedy when the kernel has no IPVS or nftables, or the process no CAP_NET_ADMIN.
  [[nodiscard]] static Result<std::unique_ptr<NetlinkKernel>> open(KernelSettings settings = {});
  ~NetlinkKernel() override;

  [[nodiscard]] Result<Observation> observe() override;
  [[nodiscard]] Result<Observation> sweep() override;

  // The part of an observation that does not grow with the tables.
  [[nodiscard]] Result<SettingsReading> read_settings();

  [[nodiscard]] Result<std::vector<ObservedVirtualServer>> observe(
      std::span<const VirtualServerId> ids) override;
  [[nodiscard]] std::vector<Outcome> write(std::span<const Step> steps) override;

  // Deletes the table `inet kube-ipvs` and our rule in others' chains, when the agent leaves the
  // node for good. No Step: a running agent has no use for it. No table is no error.
  [[nodiscard]] Outcome remove_rules();

  // Deletes kube-ipvs0, likewise.
  [[nodiscard]] Outcome remove_link();

  // What NodeMonitor knows our own writes by.
  [[nodiscard]] std::vector<SharedPort> ports() const;

 private:
  struct Doors;  // keeps libnl out of this header
  using VirtualServers = std::vector<ObservedVirtualServer>;
  NetlinkKernel(std::unique_ptr<Doors> doors, KernelSettings settings);
  [[nodiscard]] Result<Observation> observation(Result<VirtualServers> virtual_servers);

  std::unique_ptr<Doors> doors_;
  KernelSettings settings_;
};

}  // namespace ipvs
