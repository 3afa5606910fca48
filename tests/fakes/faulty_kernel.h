// A kernel door with faults at chosen places, over any other one: what the agent does when a step
// is refused, when a read fails, and when a step happens but its answer is lost.
//
// Steps are counted from the moment a fault is set, across calls of write; the first is number 1.
// One thread at a time; `inner` must outlive it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "ipvs/kernel.h"

class FaultyKernel : public ipvs::Kernel {
 public:
  explicit FaultyKernel(ipvs::Kernel& inner) : inner_(inner) {}

  // The n-th step from now on does not reach the kernel and meets `error`. An error without an
  // operation gets the step's own words.
  void fail_step(std::uint64_t n, ipvs::Error error);
  // The n-th step from now on is executed, but reported as ETIMEDOUT.
  void lose_answer(std::uint64_t n);
  // The next observe, of either kind, fails. Set twice, the next two fail.
  void fail_next_observe(ipvs::Error error) { read_faults_.push_back(std::move(error)); }

  [[nodiscard]] ipvs::Result<ipvs::Observation> observe() override;
  [[nodiscard]] ipvs::Result<std::vector<ipvs::ObservedVirtualServer>> observe(
      std::span<const ipvs::VirtualServerId> ids) override;
  [[nodiscard]] std::vector<ipvs::Outcome> write(std::span<const ipvs::Step> steps) override;

 private:
  struct WriteFault {
    ipvs::Error error;
    bool is_executed = false;
  };

  ipvs::Outcome write_one(const ipvs::Step& step);
  std::optional<ipvs::Error> take_read_fault();

  ipvs::Kernel& inner_;
  std::uint64_t steps_seen_ = 0;
  std::map<std::uint64_t, WriteFault> write_faults_;  // by the number of the step, from the start
  std::vector<ipvs::Error> read_faults_;
};
