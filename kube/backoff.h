// Exponential backoff as a value: no clock and no randomness inside, both are arguments.
// Defaults are client-go's: 0.8 s, doubling, at most 30 s, each stretched by up to its own length.
#pragma once

#include <algorithm>
#include <chrono>

namespace kube {

class Backoff {
 public:
  using Duration = std::chrono::milliseconds;

  constexpr Backoff(Duration initial, Duration cap)
      : initial_(initial), cap_(cap), next_(initial) {}

  // How long to wait before the next try. `jitter` in [0, 1): the answer lies in [d, 2d).
  [[nodiscard]] Duration next(double jitter) {
    const Duration base = next_;
    next_ = std::min(2 * next_, cap_);
    return base + std::chrono::duration_cast<Duration>(base * jitter);
  }
  // What was tried has worked.
  void reset() { next_ = initial_; }

 private:
  Duration initial_;
  Duration cap_;
  Duration next_;
};

// `around` ± 50 %: while a connection is refused, asking again costs next to nothing.
[[nodiscard]] inline Backoff::Duration spread(Backoff::Duration around, double jitter) {
  return std::chrono::duration_cast<Backoff::Duration>(around * (0.5 + jitter));
}

}  // namespace kube
