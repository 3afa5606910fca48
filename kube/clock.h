// The time that kube_client lives by: the steady clock, or the one that a test moves by hand.
//
// Every pause, deadline and age on this side asks here and nowhere else, so that a test can let a
// day of outages pass in a second (tests/kube/simulated_time.h). Wall-clock jumps mean nothing.
// One thread, the io thread, while time is simulated.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>
#include <optional>

namespace kube {

struct Clock {
  using duration = std::chrono::steady_clock::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr bool is_steady = true;

  static time_point now() { return simulated ? *simulated : std::chrono::steady_clock::now(); }

  // Set by tests only: what now() says.
  static inline std::optional<time_point> simulated;
};

// Simulated time moves between two looks at a timer, so the reactor must look again at once.
struct ClockWait {
  static Clock::duration to_wait_duration(const Clock::duration& left) {
    return Clock::simulated ? Clock::duration::zero() : left;
  }
  static Clock::duration to_wait_duration(const Clock::time_point& end) {
    return to_wait_duration(end - Clock::now());
  }
};

using Timer = boost::asio::basic_waitable_timer<Clock, ClockWait>;

}  // namespace kube
