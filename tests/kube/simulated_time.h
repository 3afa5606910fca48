// Time that passes only when nothing is left to do: a test of ten minutes' outage takes
// milliseconds, and always sees the same.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>

#include "kube/clock.h"

namespace kube {

// While it lives, kube::Clock stands still but for what is said here. One at a time.
class SimulatedTime {
 public:
  SimulatedTime() { Clock::simulated = Clock::time_point(std::chrono::hours(1000)); }
  ~SimulatedTime() { Clock::simulated.reset(); }
  SimulatedTime(const SimulatedTime&) = delete;
  SimulatedTime& operator=(const SimulatedTime&) = delete;

  // Runs `io` until `condition`; time passes in steps while it is idle, `most` of it at most. After
  // three idle seconds the steps are ten times as long.
  static bool run_until(boost::asio::io_context& io, const std::function<bool()>& condition,
                        Clock::duration most, Clock::duration step) {
    const auto end = Clock::now() + most;
    constexpr auto kQuiet = std::chrono::seconds(3);
    auto busy = Clock::now();
    while (!condition() && Clock::now() < end) {
      io.restart();
      const bool quiet = Clock::now() - busy >= kQuiet;
      // Bytes between two sockets may take the kernel a moment on a machine that is busy.
      const auto done = quiet ? io.poll() : io.run_one_for(std::chrono::microseconds(100));
      if (done > 0) {
        busy = Clock::now();
      } else {
        *Clock::simulated += quiet ? 10 * step : step;
      }
    }
    return condition();
  }
};

}  // namespace kube
