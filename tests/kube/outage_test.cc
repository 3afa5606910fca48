// Rows 9 to 24 of the fault list: servers that are gone, silent, behind, restored, overloaded.
#include <gmock/gmock.h>

#include <set>

#include "tests/kube/reflector_fixture.h"

namespace kube {
namespace {

using namespace std::chrono_literals;
using fakes::CannedAnswer;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class OutageTest : public ReflectorTest {
 protected:
  // A reflector that has listed and watches.
  void begin() {
    put_service("a");
    start(streaming());
    ASSERT_TRUE(run_until_watching());
  }
  bool up_to_date(const std::string& name) {
    return journal_.count("changed shop/" + name) + journal_.count("replaced") > 1;
  }
};

TEST_F(OutageTest, GoneForTenMinutesIsTriedEverySecondAndCaughtUpWithinTwo) {
  begin();
  server_.stop();
  pass(10min, 50ms);
  // ± 20 %; a failure is one try.
  EXPECT_GE(reflector_->statistics().failures, 500U);
  EXPECT_LE(reflector_->statistics().failures, 751U);
  put_service("b");
  server_.start(port_);
  EXPECT_LE(time_until([&] { return journal_.count("changed shop/b") == 1; }), 2s);
  EXPECT_EQ(journal_.count("replaced"), 1) << "nothing is read twice";
}

TEST_F(OutageTest, GoneForHoursIsNoDifferent) {
  begin();
  server_.stop();
  pass(3h, 100ms);
  put_service("b");
  server_.start(port_);
  EXPECT_LE(time_until([&] { return journal_.count("replaced shop/a shop/b") == 1; }), 2s);
}

TEST_F(OutageTest, StoppedServerThatStillAcceptsIsCaughtUpWithinTwoSecondsOfItsReturn) {
  begin();
  // As with SIGSTOP: the kernel accepts, nobody answers.
  for (int times = 0; times < 8; ++times) next_answer("", CannedAnswer::Then::kStall);
  server_.end_watches();
  pass(2min);
  server_.faults().next.clear();
  put_service("b");
  server_.stop();
  server_.start(port_);
  EXPECT_LE(time_until([&] { return journal_.count("changed shop/b") == 1; }), 2s);
}

TEST_F(OutageTest, SilentWatchIsReplaced) {
  server_.faults().no_bookmarks = true;
  begin();
  EXPECT_LE(time_until([&] { return requests("watch=1") == 2; }), 80s);
  EXPECT_THAT(journal_.troubles.back().why, HasSubstr("silent"));
  put_service("b");
  ASSERT_TRUE(run_until_told("changed shop/b"));
  EXPECT_EQ(journal_.count("replaced"), 1);
}

TEST_F(OutageTest, QuietWatchWithBookmarksIsLeftAlone) {
  begin();
  pass(4min);
  EXPECT_EQ(requests("watch=1"), 1);
  EXPECT_THAT(journal_.troubles, IsEmpty());
}

TEST_F(OutageTest, WatchEndsAfterFiveToTenMinutesAndGoesOn) {
  begin();
  const auto lasted = time_until([&] { return requests("watch=1") == 2; });
  EXPECT_GE(lasted, 5min);
  EXPECT_LE(lasted, 10min + 1s);
  EXPECT_THAT(journal_.troubles, IsEmpty());
}

TEST_F(OutageTest, WholeStateIsReadAgainWithinTheHour) {
  begin();
  const auto lasted = time_until([&] { return journal_.count("replaced") == 2; });
  EXPECT_GE(lasted, 30min);
  EXPECT_THAT(journal_.troubles, IsEmpty());
}

TEST_F(OutageTest, RollingRestartsNeedNoNewList) {
  begin();
  for (int restart = 0; restart < 3; ++restart) {
    server_.stop();
    pass(30s);
    server_.start(port_);
    put_service("after-" + std::to_string(restart));
    EXPECT_TRUE(run_until_told("changed shop/after-" + std::to_string(restart)));
  }
  EXPECT_EQ(journal_.count("replaced"), 1);
}

TEST_F(OutageTest, RequestsAfterAnOutageAreSpread) {
  begin();
  std::set<Clock::duration> waits;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    ReflectorOptions options = streaming();
    options.list_watch.seed = seed;
    options.outage_window = 10s;
    Journal<Service> journal;
    server_.stop();
    Reflector other(io_.get_executor(), access(), all_services(), journal, options);
    boost::asio::co_spawn(io_, other.run(), [](const std::exception_ptr&) {});
    ASSERT_TRUE(run_until([&] { return journal.count("troubled") == 1; }));
    server_.start(port_);
    waits.insert(time_until([&] { return journal.count("replaced") == 1; }));
    other.stop();
    pass(100ms);
  }
  EXPECT_THAT(waits, SizeIs(5)) << "no two at once";
  EXPECT_GE(*waits.rbegin() - *waits.begin(), 2s);
}

TEST_F(OutageTest, LaggingReplicaIsNeverBelieved) {
  begin();
  put_service("b");
  ASSERT_TRUE(run_until_told("changed shop/b"));
  // Another server answers, which has not come as far; what it would list is older.
  server_.stop();
  ASSERT_TRUE(run_until_told("troubled"));
  next_answer(recorded::answer("list-too-large"));
  server_.start(port_);
  ASSERT_TRUE(run_until_told("replaced", 2));
  EXPECT_EQ(journal_.count("replaced shop/a shop/b"), 1);
}

TEST_F(OutageTest, RestoredBackupIsNoticedWhenTheServerIsBack) {
  begin();
  const auto backup = server_.objects().backup();
  put_service("b");
  ASSERT_TRUE(run_until_told("changed shop/b"));
  server_.restart_from(backup);
  EXPECT_LE(time_until([&] { return journal_.count("replaced") == 2; }), 4s);
  EXPECT_EQ(journal_.count("replaced shop/a"), 2) << "b has never been";
  EXPECT_THAT(journal_.troubles.back().why, HasSubstr("history has gone back"));
}

TEST_F(OutageTest, RestoredBackupIsNoticedEvenIfItsVersionHasOvertakenOurs) {
  begin();
  const auto backup = server_.objects().backup();
  put_service("b");
  ASSERT_TRUE(run_until_told("changed shop/b"));
  server_.restart_from(backup);
  for (int times = 0; times < 5; ++times) {
    server_.objects().put(R"({"kind":"Node","metadata":{"name":"busy"}})");
  }
  EXPECT_LE(time_until([&] { return journal_.count("replaced") == 2; }), 2s);
  EXPECT_EQ(journal_.count("replaced shop/a"), 2) << "b has never been";
}

TEST_F(OutageTest, HistoryWithTheLastDeletionIsBelieved) {
  begin();
  put_service("b");
  server_.objects().remove("services", "shop", "b");
  ASSERT_TRUE(run_until_told("deleted shop/b"));
  server_.stop();
  ASSERT_TRUE(run_until_told("troubled"));
  server_.start(port_);
  ASSERT_TRUE(run_until_watching());
  EXPECT_EQ(journal_.count("replaced"), 1);
}

TEST_F(OutageTest, BurstsOfErrorsForTenMinutesAreAskedEverMoreRarely) {
  begin();
  for (int times = 0; times < 1000; ++times) {
    next_answer(fakes::status_answer(times % 3 == 0 ? 500 : 503, "InternalError", "etcd is away"));
  }
  server_.end_watches();
  const auto before = server_.requests().size();
  pass(10min, 50ms);
  const auto asked = server_.requests().size() - before;
  EXPECT_LE(asked, 40U + 600 / 15) << "half a minute every second, then up to every 30 to 60 s";
  server_.faults().next.clear();
  put_service("b");
  EXPECT_LE(time_until([&] { return up_to_date("b"); }), 62s);
}

TEST_F(OutageTest, PatienceAskedForIsKeptForTenMinutes) {
  begin();
  for (int times = 0; times < 1000; ++times) {
    next_answer(fakes::status_answer(429, "TooManyRequests", "slow down", 5s));
  }
  server_.end_watches();
  const auto before = server_.requests().size();
  pass(10min, 50ms);
  EXPECT_LE(server_.requests().size() - before, 121U);
  server_.faults().next.clear();
  put_service("b");
  ASSERT_TRUE(run_until_told("changed shop/b"));
  EXPECT_EQ(journal_.count("replaced"), 1) << "429 says nothing about the history";
}

TEST_F(OutageTest, SlowLorisIsDroppedWithinHalfAMinute) {
  next_answer("HTTP/1.1 200 OK\r\n", CannedAnswer::Then::kStall);
  put_service("a");
  start(streaming());
  EXPECT_LE(time_until([&] { return journal_.count("replaced shop/a") == 1; }), 33s);
}

TEST_F(OutageTest, DuplicatesAndBookmarksAloneChangeNothing) {
  begin();
  const std::string again =
      R"({"type":"MODIFIED","object":{"kind":"Service","metadata":{"name":"a","namespace":"shop",)"
      R"("resourceVersion":"200"}}})";
  next_answer(fakes::chunked_head() + fakes::chunk(again + again) +
              fakes::chunk(R"({"type":"BOOKMARK","object":{"kind":"Service","metadata":)"
                           R"({"resourceVersion":"201"}}})") +
              fakes::chunk(""));
  server_.end_watches();
  ASSERT_TRUE(run_until([&] { return requests("resourceVersion=201") == 1; }));
  EXPECT_EQ(journal_.count("changed shop/a"), 2) << "idempotent for the listener";
  EXPECT_THAT(journal_.troubles, IsEmpty());
}

TEST_F(OutageTest, StatisticsTellHowItIsGoing) {
  begin();
  pass(10s);
  const WatchStatistics watching = reflector_->statistics();
  ASSERT_TRUE(watching.watch_since.has_value());
  EXPECT_GE(Clock::now() - *watching.watch_since, 10s);
  EXPECT_EQ(watching.lists, 1U);
  EXPECT_EQ(watching.watches, 1U);
  EXPECT_EQ(watching.connections, 1U);
  EXPECT_EQ(watching.failures, 0U);
  EXPECT_GT(watching.bytes, 100U);
  put_service("b");
  ASSERT_TRUE(run_until_told("changed shop/b"));
  EXPECT_EQ(reflector_->statistics().last_event, Clock::now());
  server_.stop();
  ASSERT_TRUE(run_until_told("troubled"));
  EXPECT_EQ(reflector_->statistics().watch_since, std::nullopt);
  EXPECT_EQ(reflector_->statistics().failures, 1U);
  server_.start(port_);
  ASSERT_TRUE(run_until_watching());
  EXPECT_EQ(reflector_->statistics().connections, 2U);
}

}  // namespace
}  // namespace kube
