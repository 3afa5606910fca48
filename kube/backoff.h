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

// `around` ± 20 %: many agents that ask at a fixed pace must not do so in step.
[[nodiscard]] inline Backoff::Duration spread(Backoff::Duration around, double jitter) {
  return std::chrono::duration_cast<Backoff::Duration>(around * (0.8 + 0.4 * jitter));
}

// At least `least`, and up to half as much more.
[[nodiscard]] inline Backoff::Duration spread_above(Backoff::Duration least, double jitter) {
  return std::chrono::duration_cast<Backoff::Duration>(least * (1 + 0.5 * jitter));
}

}  // namespace kube
