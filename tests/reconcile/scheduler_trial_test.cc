// A scheduler is tried before anything depends on it, and the trial leaves nothing behind.
#include "reconcile/scheduler_trial.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_kernel.h"

namespace reconcile::test {
namespace {

TEST(SchedulerTrial, OfOneThatIsThereLeavesNothingBehind) {
  FakeKernel kernel;
  EXPECT_EQ(try_scheduler(kernel, "wrr"), std::nullopt);
  EXPECT_TRUE(kernel.observe()->virtual_servers.empty());
}

TEST(SchedulerTrial, OfOneThatIsNotThereNamesIt) {
  FakeKernel kernel;
  const auto refused = try_scheduler(kernel, "nosuch");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->operation, "use scheduler");
  EXPECT_EQ(refused->subject, "nosuch");
  EXPECT_TRUE(kernel.observe()->virtual_servers.empty());
}

}  // namespace
}  // namespace reconcile::test
