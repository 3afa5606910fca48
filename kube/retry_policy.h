// How long to wait after a failure.
//
// While nobody answers, a try costs next to nothing: every second, so that we are back within two
// of the server's return. A server that answers with a refusal has often only just started, and is
// asked every second as well, but after half a minute of that ever more rarely (backoff.h).
// Retry-After is the least wait. Pure: time and chance are arguments; any thread.
#pragma once

#include <chrono>
#include <optional>

#include "kube/api_error.h"
#include "kube/backoff.h"

namespace kube {

struct RetryOptions {
  Backoff::Duration often = std::chrono::seconds(1);  // ± 20 %
  std::chrono::seconds patience = std::chrono::seconds(30);
  Backoff::Duration backoff_initial = std::chrono::milliseconds(800);
  Backoff::Duration backoff_cap = std::chrono::seconds(30);
};

// Nobody is there who could have understood the request.
[[nodiscard]] bool is_unreachable(ApiError::Kind kind);

class RetryPolicy {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit RetryPolicy(const RetryOptions& options)
      : options_(options), backoff_(options.backoff_initial, options.backoff_cap) {}

  // The wait after `error` at `now`; `jitter` in [0, 1).
  [[nodiscard]] Backoff::Duration after(const ApiError& error, TimePoint now, double jitter);
  // What was tried has worked.
  void succeeded() { refused_since_.reset(); }

 private:
  RetryOptions options_;
  Backoff backoff_;
  std::optional<TimePoint> refused_since_;  // by a server that answers
};

}  // namespace kube
