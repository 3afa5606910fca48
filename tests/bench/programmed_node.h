// A node's decision and its kernel, as the agent has them, without an API server: in a network
// namespace of its own, which lasts as long as the node. Ends the program if the kernel refuses.
#pragma once

#include <chrono>
#include <memory>

#include "ipvs/netlink_kernel.h"
#include "reconcile/reconciliation.h"

namespace bench {

using Clock = std::chrono::steady_clock;

template <class Work>
double seconds(Work work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class ProgrammedNode {
 public:
  // In a new namespace; nothing is written yet. Moves the calling thread there.
  explicit ProgrammedNode(std::uint32_t services);

  // Reads the kernel and writes what it lacks; how many steps that took.
  std::size_t audit();
  // One endpoint of the Service with this number goes (ready = 9), or comes back (10).
  void tell(std::uint32_t service, std::uint32_t ready);
  // Writes what was told; how many steps that took.
  std::size_t write();
  // When the kernel had answered for the last step of either.
  [[nodiscard]] Clock::time_point written() const { return written_; }

  [[nodiscard]] ipvs::NetlinkKernel& kernel() { return *kernel_; }

 private:
  std::unique_ptr<ipvs::NetlinkKernel> kernel_;
  reconcile::Reconciliation reconciliation_;
  Clock::time_point written_;
};

// The steps that make the virtual and real servers of such a cluster in an empty kernel.
[[nodiscard]] std::vector<ipvs::Step> server_steps(std::uint32_t services);

}  // namespace bench
