#include "reconcile/drains.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace reconcile::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

const TimePoint kStart{};
const Drain kOne{tcp("10.96.0.1", 80), real("10.0.0.1", 8080)};
const Drain kTwo{tcp("10.96.0.1", 80), real("10.0.0.2", 8080)};

TEST(Drains, AreOverdueOnceTheGraceHasPassed) {
  Drains drains(60s);
  drains.add(kOne, kStart);
  EXPECT_FALSE(drains.is_overdue(kOne, kStart + 59s));
  EXPECT_TRUE(drains.is_overdue(kOne, kStart + 60s));
  EXPECT_FALSE(drains.is_overdue(kTwo, kStart + 60s));
}

TEST(Drains, KeepTheirDeadlineWhenSeenAgain) {
  Drains drains(60s);
  drains.add(kOne, kStart);
  drains.add(kOne, kStart + 30s);
  drains.replace({kOne, kTwo}, kStart + 30s);
  EXPECT_TRUE(drains.is_overdue(kOne, kStart + 60s));
  EXPECT_FALSE(drains.is_overdue(kTwo, kStart + 60s));
}

TEST(Drains, StartAnewAfterTheyEnded) {
  Drains drains(60s);
  drains.add(kOne, kStart);
  drains.end(kOne);
  drains.add(kOne, kStart + 60s);
  EXPECT_FALSE(drains.is_overdue(kOne, kStart + 60s));
}

TEST(Drains, NameEachVirtualServerOnce) {
  Drains drains(60s);
  drains.add(kOne, kStart);
  drains.add(kTwo, kStart);
  EXPECT_THAT(drains.virtual_servers(), ElementsAre(tcp("10.96.0.1", 80)));
  drains.end_all(tcp("10.96.0.1", 80));
  EXPECT_TRUE(drains.empty());
}

}  // namespace
}  // namespace reconcile::test
