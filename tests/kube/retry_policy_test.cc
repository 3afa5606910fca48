#include "kube/retry_policy.h"

#include <gtest/gtest.h>

namespace kube {
namespace {

using namespace std::chrono_literals;
constexpr RetryPolicy::TimePoint kStart{1000h};

ApiError of(ApiError::Kind kind) { return {.kind = kind}; }
ApiError status(unsigned code, std::optional<std::chrono::seconds> retry_after = {}) {
  return {.kind = ApiError::Kind::kStatus, .status = {.code = code, .retry_after = retry_after}};
}

TEST(RetryPolicy, AsksEverySecondWhileNobodyAnswers) {
  RetryPolicy policy{RetryOptions()};
  for (int hour = 0; hour < 24; ++hour) {
    EXPECT_EQ(policy.after(of(ApiError::Kind::kRefused), kStart + hour * 1h, 0), 800ms);
    EXPECT_LT(policy.after(of(ApiError::Kind::kTimeout), kStart + hour * 1h, 0.999), 1200ms);
  }
}

TEST(RetryPolicy, AsksAServerThatRefusesOftenAtFirstAndThenMoreRarely) {
  RetryPolicy policy{RetryOptions()};
  EXPECT_EQ(policy.after(status(503), kStart, 0.5), 1s);
  EXPECT_EQ(policy.after(status(503), kStart + 29s, 0.5), 1s);
  EXPECT_EQ(policy.after(status(503), kStart + 30s, 0), 800ms);
  EXPECT_EQ(policy.after(status(503), kStart + 31s, 0), 1600ms);
  for (int times = 0; times < 10; ++times) (void)policy.after(status(503), kStart + 1min, 0);
  EXPECT_EQ(policy.after(status(503), kStart + 2min, 0), 30s);
  EXPECT_LT(policy.after(status(503), kStart + 2min, 0.999), 60s);
}

TEST(RetryPolicy, IsPatientAnewWithAServerThatWasGone) {
  RetryPolicy policy{RetryOptions()};
  (void)policy.after(status(503), kStart, 0);
  (void)policy.after(of(ApiError::Kind::kRefused), kStart + 10min, 0);
  EXPECT_EQ(policy.after(status(503), kStart + 11min, 0.5), 1s);
}

TEST(RetryPolicy, ForgetsFailuresAfterASuccess) {
  RetryPolicy policy{RetryOptions()};
  (void)policy.after(status(503), kStart, 0);
  policy.succeeded();
  EXPECT_EQ(policy.after(status(503), kStart + 1h, 0.5), 1s);
}

TEST(RetryPolicy, NeverWaitsLessThanItIsAsked) {
  RetryPolicy policy{RetryOptions()};
  for (const double jitter : {0.0, 0.5, 0.999}) {
    EXPECT_GE(policy.after(status(429, 5s), kStart, jitter), 5s);
    EXPECT_LE(policy.after(status(503, 5s), kStart, jitter), 7500ms);
  }
}

}  // namespace
}  // namespace kube
