#include "reconcile/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reconcile {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

AgentOptions agent_options(std::vector<std::string> arguments,
                           const std::string& from_environment = "",
                           const std::string& host = "Host-1") {
  arguments.insert(arguments.begin(), "agent");
  const auto parsed = parse_options(std::move(arguments), from_environment, host);
  EXPECT_TRUE(parsed) << parsed.error().text;
  return std::get<AgentOptions>(*parsed);
}

Usage usage(std::vector<std::string> arguments) {
  const auto parsed = parse_options(std::move(arguments), "", "host");
  EXPECT_FALSE(parsed);
  return parsed ? Usage{} : parsed.error();
}

TEST(Options, TakeTheNodeNameFromTheFlagThenTheEnvironmentThenTheHost) {
  EXPECT_EQ(agent_options({"--hostname-override", "flag"}, "environment").node_name, "flag");
  EXPECT_EQ(agent_options({}, "environment").node_name, "environment");
  EXPECT_EQ(agent_options({}).node_name, "host-1");
}

TEST(Options, TakeGoDurations) {
  EXPECT_EQ(agent_options({"--ipvs-sync-period", "1m30s"}).sync_period, 90s);
  EXPECT_EQ(agent_options({"--drain-deadline=500ms"}).drain_deadline, 500ms);
}

TEST(Options, TakeTheVerbosityAsKubernetesUsersWriteIt) {
  for (const auto& spelling :
       std::vector<std::vector<std::string>>{{"-v=4"}, {"-v", "4"}, {"-v4"}, {"--v=4"}}) {
    EXPECT_EQ(agent_options(spelling).verbosity, 4) << spelling.front();
  }
}

TEST(Options, KnowStatusAndVersion) {
  EXPECT_TRUE(std::holds_alternative<StatusOptions>(*parse_options({"status", "-n"}, "", "h")));
  EXPECT_TRUE(std::holds_alternative<VersionOptions>(*parse_options({"version"}, "", "h")));
}

TEST(Options, RefuseABrokenInvocationWithTwoAndSayWhatToDo) {
  EXPECT_THAT(
      usage({"agent", "--ipvs-sync-period", "soon"}).text,
      AllOf(HasSubstr("--ipvs-sync-period"), HasSubstr("'soon' is no duration"), HasSubstr("30s")));
  EXPECT_EQ(usage({"agent", "--ipvs-sync-period", "0"}).code, 2);
  EXPECT_EQ(usage({"agent", "--no-such-flag"}).code, 2);
  EXPECT_THAT(usage({"agent", "--no-such-flag"}).text, HasSubstr("--no-such-flag"));
  EXPECT_EQ(usage({}).code, 2);
}

TEST(Options, ShowHelpWithExamplesAndExitZero) {
  EXPECT_EQ(usage({"--help"}).code, 0);
  EXPECT_THAT(usage({"--help"}).text, HasSubstr("kube-ipvs agent --kubeconfig"));
}

}  // namespace
}  // namespace reconcile
