// A Prometheus histogram: how many durations were at most so long. Plain value: any thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace reconcile {

class Histogram {
 public:
  explicit Histogram(std::vector<double> bounds)
      : bounds_(std::move(bounds)), counts_(bounds_.size()) {}

  void add(std::chrono::duration<double> duration) {
    const auto bound = std::ranges::lower_bound(bounds_, duration.count());
    if (bound != bounds_.end()) ++counts_[static_cast<std::size_t>(bound - bounds_.begin())];
    sum_ += duration.count();
    ++count_;
  }

  [[nodiscard]] const std::vector<double>& bounds() const { return bounds_; }  // seconds, rising
  // Of each bound alone; those above the last are only in count().
  [[nodiscard]] const std::vector<std::uint64_t>& counts() const { return counts_; }
  [[nodiscard]] double sum() const { return sum_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  std::vector<double> bounds_;
  std::vector<std::uint64_t> counts_;
  double sum_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace reconcile
