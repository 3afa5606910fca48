// What the arguments ask for; nothing is run here.
#include "reconcile/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reconcile {
namespace {

using testing::AllOf;
using testing::HasSubstr;

using Words = std::vector<std::string>;

Usage usage(const Words& arguments) {
  const auto parsed = parse_command_line(arguments);
  EXPECT_FALSE(parsed);
  return parsed ? Usage{} : parsed.error();
}

TEST(CommandLine, KnowsItsSubcommands) {
  for (const auto& words : std::vector<Words>{{"agent", "--kubeconfig", "x"},
                                              {"status", "-n"},
                                              {"config", "check", "x"},
                                              {"version"}}) {
    EXPECT_TRUE(parse_command_line(words)) << words.front();
  }
}

TEST(CommandLine, TakesAKubeProxysFlagsWithoutASubcommand) {
  EXPECT_TRUE(parse_command_line({"--config=/var/lib/kube-proxy/config.conf", "-v=2"}));
  EXPECT_TRUE(parse_command_line({"--version"}));
}

TEST(CommandLine, TakesTheVerbosityAsKubernetesUsersWriteIt) {
  for (const auto& spelling : std::vector<Words>{{"-v=4"}, {"-v", "4"}, {"-v4"}, {"--v=4"}}) {
    EXPECT_TRUE(parse_command_line(spelling)) << spelling.front();
  }
}

TEST(CommandLine, TakesAnEmptyValue) {
  EXPECT_TRUE(parse_command_line({"agent", "--healthz-bind-address=", "--kubeconfig=x"}));
}

TEST(CommandLine, RefusesABrokenInvocationWithTwoAndAHint) {
  const auto flag = usage({"agent", "--ipvs-schedular", "rr"});
  EXPECT_EQ(flag.code, 2);
  EXPECT_THAT(flag.text,
              AllOf(HasSubstr("--ipvs-schedular"), HasSubstr("Did you mean --ipvs-scheduler?"),
                    HasSubstr("See 'kube-ipvs agent --help'")));
  EXPECT_THAT(usage({"statsu"}).text, HasSubstr("Did you mean status?"));
  EXPECT_EQ(usage({}).code, 2);
  EXPECT_EQ(usage({"agent", "--no-such-flag"}).code, 2);
}

TEST(CommandLine, ShowsHelpWithExamplesAndExitsZero) {
  EXPECT_EQ(usage({"--help"}).code, 0);
  EXPECT_THAT(usage({"--help"}).text, HasSubstr("kube-ipvs agent --kubeconfig"));
  EXPECT_EQ(usage({"agent", "--help"}).code, 0);
  EXPECT_THAT(usage({"agent", "--help"}).text, HasSubstr("--ipvs-scheduler"));
}

}  // namespace
}  // namespace reconcile
