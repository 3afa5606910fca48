// Completion and the manual page: they name what the command line has, and nothing breaks their
// syntax.
#include "reconcile/command_reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace reconcile {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string generated(std::string_view shell) { return completion(*command_reference(), shell); }

TEST(Completion, OffersSubcommandsAndTheirOptions) {
  EXPECT_THAT(generated("bash"),
              AllOf(HasSubstr("    explain) words='"), HasSubstr("--detailed-exitcode"),
                    HasSubstr("--ipvs-scheduler"), HasSubstr("complete -o default -F _kube_ipvs")));
  EXPECT_THAT(generated("zsh"), StartsWith("#compdef kube-ipvs\n"));
  EXPECT_THAT(generated("fish"),
              AllOf(HasSubstr("-a status -d "), HasSubstr("'__fish_seen_subcommand_from agent' -l "
                                                          "ipvs-scheduler")));
}

TEST(Completion, QuotesWhatFishWouldRead) {
  std::istringstream lines(generated("fish"));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_THAT(line, StartsWith("complete -c kube-ipvs -n "));
    EXPECT_EQ(line.back() == '\'' || line.find(" -d ") == std::string::npos, true) << line;
  }
}

TEST(ManPage, HasEverySubcommandWithItsOptions) {
  const auto page = man_page(*command_reference());
  EXPECT_THAT(page, StartsWith(".TH KUBE-IPVS 8\n.SH NAME\nkube-ipvs \\- "));
  EXPECT_THAT(page, AllOf(HasSubstr(".SS \"agent\""), HasSubstr(".SS \"config check\""),
                          HasSubstr(".B \\-\\-stats\n"), HasSubstr(".SH EXAMPLES\n")));
}

TEST(ManPage, HasNoLineThatRoffWouldTakeForAMacroByMistake) {
  std::istringstream lines(man_page(*command_reference()));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('.')) continue;
    const auto macro = line.substr(1, line.find(' ') - 1);
    EXPECT_TRUE(macro == "TH" || macro == "SH" || macro == "SS" || macro == "TP" || macro == "B" ||
                macro == "I" || macro == "PP" || macro == "nf" || macro == "fi")
        << line;
  }
}

}  // namespace
}  // namespace reconcile
