// How one reflector is doing, for metrics and `status`. A plain value; times are of the steady
// clock, so that an age is `now - then`.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace kube {

struct WatchStatistics {
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  std::optional<TimePoint> watch_since;  // when the present watch began; none: no watch is open
  std::optional<TimePoint> last_event;   // bookmarks included
  std::uint64_t events = 0;              // bookmarks included
  std::uint64_t watches = 0;             // begun
  std::uint64_t connections = 0;         // made; the first is no reconnect
  std::uint64_t failures = 0;            // attempts to list or watch that failed
  std::uint64_t lists = 0;               // complete ones; all but the first are re-reads
  Duration last_list{};                  // from the first request to the last byte
  Duration last_list_decode{};           // of that, spent in decoding
  std::uint64_t bytes = 0;               // received in answers, as on the wire
  std::uint64_t skipped = 0;             // objects and events that could not be believed
  bool braking = false;                  // a list waits for a second one that agrees
  std::uint64_t brakes = 0;              // lists that have had to wait so

  friend bool operator==(const WatchStatistics&, const WatchStatistics&) = default;
};

}  // namespace kube
