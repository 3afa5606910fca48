// Folds a trouble that repeats: an API server that is away for an hour is a line a minute, not
// 3,600.
//
// Pure: the clock is the caller's. One thread.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace reconcile {

class Repeats {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit Repeats(std::chrono::milliseconds quiet) : quiet_(quiet) {}

  // `what` happened under `key`. Nothing: keep silent, the same was said less than `quiet` ago.
  // Else it is to be said, and the number is how often it was kept silent since.
  [[nodiscard]] std::optional<int> note(const std::string& key, const std::string& what,
                                        TimePoint now);
  // `key` is well again. True if there was trouble, which is worth a line.
  [[nodiscard]] bool clear(const std::string& key) { return last_.erase(key) > 0; }

 private:
  struct Last {
    std::string what;
    TimePoint said;
    int silent = 0;
  };
  std::chrono::milliseconds quiet_;
  std::map<std::string, Last> last_;
};

}  // namespace reconcile
