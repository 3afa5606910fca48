// A configuration that changes: each setting either takes effect, or is said to wait.
#include "reconcile/config_changes.h"

#include <gmock/gmock.h>

#include "reconcile/config_field.h"

namespace reconcile {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(ConfigChanges, AreNoneOfTheSame) { EXPECT_THAT(config_changes({}, {}), IsEmpty()); }

TEST(ConfigChanges, NameTheSettingAndBothValues) {
  AgentConfig wanted;
  wanted.sync_period = 10s;
  wanted.metrics_bind_address = "127.0.0.1:9";
  EXPECT_THAT(config_changes({}, wanted),
              ElementsAre(ConfigChange{"ipvs.syncPeriod", "30s", "10s", false},
                          ConfigChange{"metricsBindAddress", "127.0.0.1:10249", "127.0.0.1:9",
                                       /*at_restart=*/true}));
}

TEST(ConfigChanges, TakeEffectButForThoseThatWait) {
  AgentConfig wanted;
  wanted.sync_period = 10s;
  wanted.timeouts.tcp = 5s;
  wanted.cluster_cidrs = {"10.0.0.0/8"};
  wanted.verbosity = 5;
  wanted.node_name = "other";
  wanted.masquerade_bit = 3;
  wanted.detect_local_mode = DetectLocalMode::kNodeCidr;
  const auto taken = applicable({}, wanted);
  EXPECT_EQ(taken.sync_period, 10s);
  EXPECT_EQ(taken.timeouts.tcp, 5s);
  EXPECT_THAT(taken.cluster_cidrs, ElementsAre("10.0.0.0/8"));
  EXPECT_EQ(taken.verbosity, 5);
  EXPECT_EQ(taken.node_name, "");
  EXPECT_EQ(taken.masquerade_bit, 14);
  EXPECT_EQ(taken.detect_local_mode, DetectLocalMode::kClusterCidr);
}

// What waits stays as it is, and all else is taken: the two lists cannot come apart.
TEST(ConfigChanges, AfterwardsOnlyWhatWaitsDiffers) {
  AgentConfig wanted;
  for (const auto& field : config_fields()) {
    for (const auto* value :
         {"true", "7", "7s", "10.9.0.0/16", "NodeCIDR", "json", "127.0.0.1:9"}) {
      if (field.support == Support::kHonoured && !set_field(wanted, field, value)) break;
    }
  }
  const auto changes = config_changes({}, wanted);
  ASSERT_GT(changes.size(), 20U);
  const auto left = config_changes(applicable({}, wanted), wanted);
  for (const auto& change : changes) {
    const bool waits =
        std::ranges::find(left, change.setting, &ConfigChange::setting) != left.end();
    EXPECT_EQ(waits, change.at_restart) << change.setting;
  }
}

}  // namespace
}  // namespace reconcile
