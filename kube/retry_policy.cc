#include "kube/retry_policy.h"

#include <algorithm>

namespace kube {

bool is_unreachable(ApiError::Kind kind) {
  switch (kind) {
    case ApiError::Kind::kResolve:
    case ApiError::Kind::kRefused:
    case ApiError::Kind::kConnect:
    case ApiError::Kind::kTimeout:
    case ApiError::Kind::kHungUp:
      return true;
    default:
      return false;
  }
}

Backoff::Duration RetryPolicy::after(const ApiError& error, TimePoint now, double jitter) {
  if (is_unreachable(error.kind)) {
    refused_since_.reset();
    return spread(options_.often, jitter);
  }
  if (!refused_since_) {
    refused_since_ = now;
    backoff_.reset();
  }
  const bool fresh = now - *refused_since_ < options_.patience;
  const auto wait = fresh ? spread(options_.often, jitter) : backoff_.next(jitter);
  const auto asked = error.status.retry_after.value_or(std::chrono::seconds(0));
  return std::max<Backoff::Duration>(wait, spread_above(asked, jitter));
}

}  // namespace kube
