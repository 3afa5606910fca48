// kube-proxy's flags become a configuration, with kube-proxy's precedence.
#include "reconcile/agent_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/reconcile/kube_proxy.h"

namespace reconcile {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;

const Surroundings kHost{.node_name = "", .host_name = "Host-1"};

GivenFlags given(std::vector<std::string> arguments) {
  GivenFlags flags;
  CLI::App app;
  add_agent_flags(app, flags);
  std::ranges::reverse(arguments);
  app.parse(arguments);
  return flags;
}

AgentConfig config_of(const std::vector<std::string>& arguments,
                      const Surroundings& surroundings = kHost) {
  const auto config = resolve(given(arguments), std::nullopt, surroundings);
  EXPECT_TRUE(config) << config.error();
  return config.value_or(AgentConfig());
}

std::string problem_of(const std::vector<std::string>& arguments) {
  const auto config = resolve(given(arguments), std::nullopt, kHost);
  EXPECT_FALSE(config);
  return config ? "" : config.error();
}

TEST(AgentFlags, NameTheNodeByTheFlagThenTheEnvironmentThenTheHost) {
  EXPECT_EQ(config_of({"--hostname-override", "flag"}, {"environment", "host"}).node_name, "flag");
  EXPECT_EQ(config_of({}, {"environment", "host"}).node_name, "environment");
  EXPECT_EQ(config_of({}).node_name, "host-1");
}

TEST(AgentFlags, TakeGoDurations) {
  EXPECT_EQ(config_of({"--ipvs-sync-period", "1m30s"}).sync_period, 90s);
  EXPECT_EQ(config_of({"--drain-deadline=500ms"}).drain_deadline, 500ms);
  EXPECT_EQ(config_of({"--api-outage-window=30s"}).outage_window, 30s);
  EXPECT_EQ(config_of({"--api-brake-pause=5m"}).brake_pause, 5min);
}

TEST(AgentFlags, TakeSwitchesWithAndWithoutAValue) {
  EXPECT_TRUE(config_of({"--masquerade-all"}).masquerade_all);
  EXPECT_TRUE(config_of({"--masquerade-all=true"}).masquerade_all);
  EXPECT_FALSE(config_of({"--masquerade-all=false"}).masquerade_all);
}

TEST(AgentFlags, LetListsGrowAndOtherFlagsCountLast) {
  EXPECT_THAT(config_of({"--ipvs-exclude-cidrs=10.0.0.0/8,fd00::/8", "--ipvs-exclude-cidrs",
                         "192.168.0.0/16"})
                  .exclude_cidrs,
              ElementsAre("10.0.0.0/8", "fd00::/8", "192.168.0.0/16"));
  EXPECT_EQ(config_of({"--ipvs-scheduler=lc", "--ipvs-scheduler=mh"}).scheduler, "mh");
}

TEST(AgentFlags, TurnExternalIpsOffByTheirGate) {
  EXPECT_FALSE(config_of({"--feature-gates=AllowServiceExternalIPs=false"}).allow_external_ips);
  EXPECT_THAT(config_of({"--feature-gates=Other=true"}).without_effect,
              Contains(Key("feature gate Other")));
  EXPECT_THAT(problem_of({"--feature-gates=Other"}), HasSubstr("AllowServiceExternalIPs=false"));
}

TEST(AgentFlags, NoteWhatHasNoEffectUnlessItIsTheDefault) {
  EXPECT_THAT(config_of({"--ipvs-min-sync-period=1s"}).without_effect, IsEmpty());
  EXPECT_THAT(config_of({"--ipvs-min-sync-period=2s"}).without_effect,
              Contains(Key("ipvs.minSyncPeriod")));
}

TEST(AgentFlags, SayWhatIsWrongAndHowToWriteIt) {
  EXPECT_THAT(problem_of({"--ipvs-sync-period", "soon"}),
              AllOf(HasSubstr("--ipvs-sync-period"), HasSubstr("'soon'"), HasSubstr("30s")));
  EXPECT_THAT(problem_of({"--ipvs-sync-period", "0"}), HasSubstr("above 0"));
  EXPECT_THAT(problem_of({"--cluster-cidr", "10.0.0.1"}), HasSubstr("10.244.0.0/16"));
  EXPECT_THAT(problem_of({"--conntrack-min", "-1"}), HasSubstr("no number from 0"));
  EXPECT_THAT(problem_of({"--healthz-bind-address", "fd00::1:x"}), HasSubstr("[::]:10256"));
  EXPECT_THAT(problem_of({"--proxy-mode", "nftables"}), HasSubstr("run kube-proxy"));
  EXPECT_THAT(problem_of({"--detect-local-mode", "Magic"}), HasSubstr("BridgeInterface"));
  EXPECT_THAT(problem_of({"--cleanup"}), HasSubstr("kube-ipvs cleanup"));
}

TEST(AgentFlags, LetTheServersFollowTheBindAddressFamily) {
  EXPECT_EQ(config_of({"--bind-address=::"}).healthz_bind_address, "[::]:10256");
  EXPECT_EQ(config_of({"--bind-address=::"}).metrics_bind_address, "[::1]:10249");
}

TEST(AgentFlags, YieldToTheFileButForTheLogTheNameAndWhatIsNoSettingOfIt) {
  const auto file = read_config(
      "apiVersion: kubeproxy.config.k8s.io/v1alpha1\n"
      "kind: KubeProxyConfiguration\n"
      "hostnameOverride: of-the-file\n"
      "ipvs: {scheduler: lc}\n");
  ASSERT_TRUE(file) << file.error();
  const auto config = resolve(given({"--config=f", "--ipvs-scheduler=mh",
                                     "--hostname-override=flag", "-v", "4", "--drain-deadline=5s"}),
                              *file, kHost);
  ASSERT_TRUE(config) << config.error();
  EXPECT_EQ(config->scheduler, "lc");
  EXPECT_EQ(config->node_name, "flag");
  EXPECT_EQ(config->verbosity, 4);
  EXPECT_EQ(config->drain_deadline, 5s);
  EXPECT_THAT(config->without_effect, ElementsAre(Key("--ipvs-scheduler")));
}

TEST(AgentFlags, AreAllThoseOfTheRealKubeProxyWithItsDefaults) {
  const std::set<std::string> elsewhere = {"help", "version"};
  // The recorded program ran with these.
  const std::set<std::string> given_there = {"kubeconfig", "cluster-cidr", "conntrack-max-per-core",
                                             "hostname-override", "proxy-mode"};
  for (const auto& [flag, value] : kube_proxy::flags()) {
    if (elsewhere.contains(flag)) continue;
    const auto* field = field_of_flag(flag);
    ASSERT_NE(field, nullptr) << flag;
    if (given_there.contains(flag) || flag == "v" || flag == "ipvs-scheduler") continue;
    if (field->kind == FieldKind::kGates) continue;
    EXPECT_EQ(field_text({}, *field), value == "[]" ? "" : value) << flag;
  }
}

}  // namespace
}  // namespace reconcile
