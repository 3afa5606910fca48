// The log line, durations, and the folding of what repeats.
#include "reconcile/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconcile/duration.h"
#include "reconcile/repeats.h"

namespace reconcile {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::MatchesRegex;

struct CapturedLog {
  std::string text;
  Log log{2, [this](std::string_view line) { text += line; }};
};

TEST(Log, WritesKlogLines) {
  CapturedLog captured;
  captured.log.info(0, "Service programmed", {{"service", "default/web"}, {"steps", 6}});
  EXPECT_THAT(captured.text,
              MatchesRegex("I[0-9]{4} [0-9:]{8}\\.[0-9]{6} +[0-9]+ log_test.cc:[0-9]+\\] "
                           "\"Service programmed\" service=\"default/web\" steps=6\n"));
}

TEST(Log, IsSilentAboveItsLevelButNeverAboutErrors) {
  CapturedLog captured;
  captured.log.info(3, "detail");
  EXPECT_THAT(captured.text, IsEmpty());
  captured.log.error("trouble");
  EXPECT_THAT(captured.text, testing::StartsWith("E"));
}

TEST(Log, WritesJsonAsKubernetesComponentsDo) {
  std::string text;
  Log log(
      2, [&](std::string_view line) { text += line; }, LogFormat::kJson);
  log.info(2, "Service \"programmed\"", {{"service", "default/web"}, {"steps", 6}});
  EXPECT_THAT(text, MatchesRegex("\\{\"ts\":[0-9]+\\.[0-9]{3},\"caller\":\"log_test.cc:[0-9]+\","
                                 "\"msg\":\"Service \\\\\"programmed\\\\\"\",\"v\":2,"
                                 "\"service\":\"default/web\",\"steps\":6\\}\n"));
}

TEST(Log, WritesErrorsInJsonWithoutALevel) {
  std::string text;
  Log log(
      0, [&](std::string_view line) { text += line; }, LogFormat::kJson);
  log.error("trouble", {{"err", "\x1b[31m"}});
  EXPECT_THAT(text, testing::EndsWith("\"msg\":\"trouble\",\"err\":\"\\u001b[31m\"}\n"));
}

TEST(Log, EscapesWhatAHostileObjectCouldHold) {
  EXPECT_EQ(in_quotes("a\n\"b\"\\\x1b[31m"), "\"a\\n\\\"b\\\"\\\\\\x1b[31m\"");
  EXPECT_LT(in_quotes(std::string(100'000, 'x')).size(), 600U);
}

TEST(ParseDuration, TakesGosSpelling) {
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("1m30s"), 90s);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("2h"), 2h);
  EXPECT_EQ(parse_duration("0"), 0ms);
}

TEST(ParseDuration, RefusesWhatIsNone) {
  for (const auto* text : {"", "5", "s", "5x", "-5s", "5s5", "1e99h", "nans", "infs", " 5s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(DurationText, KeepsThreeDigits) {
  EXPECT_EQ(to_string(1'234'567ns), "1.23ms");
  EXPECT_EQ(to_string(850'000ns), "850us");
  EXPECT_EQ(to_string(2'500'000'000ns), "2.5s");
}

TEST(Repeats, SaysATroubleOnceAndThenHowOftenItRepeated) {
  Repeats repeats(60s);
  const Repeats::TimePoint start{};
  EXPECT_EQ(repeats.note("list", "refused", start), 0);
  EXPECT_EQ(repeats.note("list", "refused", start + 1s), std::nullopt);
  EXPECT_EQ(repeats.note("list", "refused", start + 2s), std::nullopt);
  EXPECT_EQ(repeats.note("list", "refused", start + 60s), 2);
}

TEST(Repeats, SaysAnotherTroubleAtOnce) {
  Repeats repeats(60s);
  const Repeats::TimePoint start{};
  EXPECT_EQ(repeats.note("list", "refused", start), 0);
  EXPECT_EQ(repeats.note("list", "forbidden", start + 1s), 0);
}

TEST(Repeats, KnowsWhetherThereWasTrouble) {
  Repeats repeats(60s);
  EXPECT_FALSE(repeats.clear("list"));
  std::ignore = repeats.note("list", "refused", {});
  EXPECT_TRUE(repeats.clear("list"));
}

}  // namespace
}  // namespace reconcile
