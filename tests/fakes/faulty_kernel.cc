#include "tests/fakes/faulty_kernel.h"

#include <cerrno>
#include <utility>

#include "ipvs/step_text.h"

void FaultyKernel::fail_step(std::uint64_t n, ipvs::Error error) {
  write_faults_[steps_seen_ + n] = {.error = std::move(error), .is_executed = false};
}

void FaultyKernel::lose_answer(std::uint64_t n) {
  ipvs::Error lost;
  lost.code = ETIMEDOUT;
  write_faults_[steps_seen_ + n] = {.error = std::move(lost), .is_executed = true};
}

std::optional<ipvs::Error> FaultyKernel::take_read_fault() {
  if (read_faults_.empty()) return {};
  ipvs::Error error = std::move(read_faults_.front());
  read_faults_.erase(read_faults_.begin());
  return error;
}

ipvs::Result<ipvs::Observation> FaultyKernel::observe() {
  if (auto error = take_read_fault()) return tl::unexpected(*std::move(error));
  return inner_.observe();
}

ipvs::Result<std::vector<ipvs::ObservedVirtualServer>> FaultyKernel::observe(
    std::span<const ipvs::VirtualServerId> ids) {
  if (auto error = take_read_fault()) return tl::unexpected(*std::move(error));
  return inner_.observe(ids);
}

ipvs::Outcome FaultyKernel::write_one(const ipvs::Step& step) {
  const auto fault = write_faults_.find(++steps_seen_);
  if (fault == write_faults_.end()) return inner_.write({&step, 1}).front();
  auto [error, is_executed] = fault->second;
  write_faults_.erase(fault);
  if (is_executed) static_cast<void>(inner_.write({&step, 1}));
  return error.operation.empty() ? ipvs::error_of(step, error.code) : std::move(error);
}

std::vector<ipvs::Outcome> FaultyKernel::write(std::span<const ipvs::Step> steps) {
  std::vector<ipvs::Outcome> outcomes;
  outcomes.reserve(steps.size());
  for (const ipvs::Step& step : steps) outcomes.push_back(write_one(step));
  return outcomes;
}
