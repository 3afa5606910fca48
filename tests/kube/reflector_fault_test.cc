// What a reflector does when the API server, or what stands before it, misbehaves.
#include <gmock/gmock.h>

#include "tests/kube/reflector_fixture.h"

namespace kube {
namespace {

using namespace std::chrono_literals;
using fakes::CannedAnswer;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using ReflectorFaultTest = ReflectorTest;

constexpr const char* kGoneEvent =
    R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"old"}})";

std::string stream_of(const std::string& events) {
  return fakes::chunked_head() + fakes::chunk(events) + fakes::chunk("");
}

TEST_F(ReflectorFaultTest, ServerGoneAndBack) {
  put_service("a");
  start();
  ASSERT_TRUE(run_until_watching());
  server_.stop();
  ASSERT_TRUE(run_until_told("troubled", 2));
  EXPECT_THAT(journal_.troubles.back().why, HasSubstr("Connection refused"));
  EXPECT_THAT(journal_.troubles.back().remedy, HasSubstr("Check that the API server runs at"));
  put_service("b");
  ASSERT_EQ(server_.start(port_), port_);
  ASSERT_TRUE(run_until_told("changed shop/b"));
  EXPECT_EQ(journal_.count("replaced"), 1) << "the version is kept: no new list";
}

TEST_F(ReflectorFaultTest, ServerNotThereAtTheStart) {
  server_.stop();
  start();
  ASSERT_TRUE(run_until_told("troubled", 3));
  EXPECT_EQ(journal_.count("replaced"), 0);
  put_service("a");
  server_.start(port_);
  EXPECT_TRUE(run_until_told("replaced shop/a"));
}

TEST_F(ReflectorFaultTest, ListCutShortIsNeverApplied) {
  put_service("a");
  put_service("b");
  server_.faults().cut_after = 400;
  start();
  ASSERT_TRUE(run_until_told("troubled", 3));
  EXPECT_EQ(journal_.count("replaced"), 0);
  EXPECT_THAT(journal_.troubles[0].why, HasSubstr("cut short"));
  server_.faults().cut_after.reset();
  EXPECT_TRUE(run_until_told("replaced shop/a shop/b"));
}

TEST_F(ReflectorFaultTest, ListWithoutItsLastChunkIsNeverApplied) {
  next_answer(
      fakes::chunked_head() + fakes::chunk(R"({"kind":"ServiceList",)"
                                           R"("metadata":{"resourceVersion":"7"},"items":[]})"),
      CannedAnswer::Then::kClose);
  put_service("a");
  start();
  ASSERT_TRUE(run_until_told("replaced"));
  EXPECT_THAT(journal_.story(),
              ElementsAre(HasSubstr("troubled cannot list services: "), "replaced shop/a"));
}

TEST_F(ReflectorFaultTest, SecondPageGoneBeginsTheListAnew) {
  put_service("a");
  put_service("b");
  next_answer(fakes::json_answer(200, R"({"kind":"ServiceList","metadata":{"resourceVersion":"50",)"
                                      R"("continue":"t"},"items":[{"metadata":{"name":"old"}}]})"));
  next_answer(recorded::answer("list-continue-expired"));
  start();
  ASSERT_TRUE(run_until_told("replaced"));
  EXPECT_THAT(journal_.story(), ElementsAre("replaced shop/a shop/b"));
}

TEST_F(ReflectorFaultTest, Garbage) {
  next_answer("\x16\x03\x01 hello, I am no HTTP server\r\n\r\n", CannedAnswer::Then::kClose);
  next_answer(fakes::json_answer(200, "<html>log in</html>"));
  next_answer(fakes::json_answer(200, "{}"));
  put_service("a");
  start();
  ASSERT_TRUE(run_until_told("replaced shop/a"));
  EXPECT_THAT(journal_.troubles, SizeIs(3));
}

TEST_F(ReflectorFaultTest, GarbageInAWatchIsWatchedAgainFromTheLastVersion) {
  start();
  ASSERT_TRUE(run_until_watching());
  next_answer(stream_of("hello"));
  server_.end_watches();
  ASSERT_TRUE(run_until_told("troubled"));
  put_service("a");
  ASSERT_TRUE(run_until_told("changed shop/a"));
  EXPECT_EQ(journal_.count("replaced"), 1);
}

TEST_F(ReflectorFaultTest, WatchCutInTheMiddleOfAnEventLosesNothing) {
  start();
  ASSERT_TRUE(run_until_watching());
  server_.faults().cut_after = 150;
  server_.end_watches();
  ASSERT_TRUE(run_until([&] { return requests("watch=1") >= 2; }));
  put_service("a");
  ASSERT_TRUE(run_until_told("troubled"));
  server_.faults().cut_after.reset();
  ASSERT_TRUE(run_until_told("changed shop/a"));
  EXPECT_EQ(journal_.count("changed"), 1);
}

TEST_F(ReflectorFaultTest, UnauthorizedIsTriedAgainWithFreshCredentials) {
  next_answer(recorded::answer("unauthorized"));
  start();
  ASSERT_TRUE(run_until_told("replaced"));
  ASSERT_THAT(journal_.troubles, SizeIs(1));
  EXPECT_EQ(journal_.troubles[0].why, "401 Unauthorized: Unauthorized");
  EXPECT_THAT(journal_.troubles[0].remedy, HasSubstr("token or client certificate"));
}

TEST_F(ReflectorFaultTest, ForbiddenPrintsTheRuleToAdd) {
  next_answer(recorded::answer("forbidden"));
  start();
  ASSERT_TRUE(run_until_told("replaced"));
  ASSERT_THAT(journal_.troubles, SizeIs(1));
  EXPECT_EQ(journal_.troubles[0].what, "cannot list services");
  EXPECT_THAT(journal_.troubles[0].why, HasSubstr("403 Forbidden: services is forbidden"));
  EXPECT_THAT(journal_.troubles[0].remedy, HasSubstr("resources: [\"services\"]"));
}

TEST_F(ReflectorFaultTest, GoneAsAnEventLeadsToANewList) {
  put_service("a");
  start();
  ASSERT_TRUE(run_until_watching());
  server_.stop();
  put_service("b");
  server_.objects().compact();
  server_.start(port_);
  ASSERT_TRUE(run_until_told("replaced shop/a shop/b"));
  EXPECT_THAT(journal_.story().back(), "replaced shop/a shop/b");
}

TEST_F(ReflectorFaultTest, GoneAsAStatusLeadsToANewList) {
  start();
  ASSERT_TRUE(run_until_watching());
  put_service("a");
  ASSERT_TRUE(run_until_told("changed"));
  next_answer(fakes::status_answer(410, "Expired", "too old resource version"));
  server_.end_watches();
  ASSERT_TRUE(run_until_told("replaced", 2));
  EXPECT_THAT(journal_.troubles, IsEmpty()) << "the first time this is ordinary";
}

TEST_F(ReflectorFaultTest, GoneForEverIsNoHotLoop) {
  for (int times = 0; times < 20; ++times) {
    next_answer(fakes::json_answer(
        200, R"({"kind":"ServiceList","metadata":{"resourceVersion":"5"},"items":[]})"));
    next_answer(stream_of(kGoneEvent));
  }
  start();
  // 20 rounds, all but the first with a pause of at least 800 ms.
  EXPECT_GE(time_until([&] { return server_.faults().next.empty(); }), 18 * 800ms);
}

TEST_F(ReflectorFaultTest, PatienceAskedForIsGiven) {
  next_answer(fakes::status_answer(429, "TooManyRequests", "slow down", 5s));
  start();
  EXPECT_GE(time_until([&] { return journal_.count("replaced") == 1; }), 5s);
  EXPECT_THAT(journal_.troubles[0].why, HasSubstr("429 TooManyRequests"));
}

TEST_F(ReflectorFaultTest, PatienceAskedForInAWatchKeepsTheVersion) {
  start();
  ASSERT_TRUE(run_until_watching());
  next_answer(fakes::status_answer(429, "TooManyRequests", "slow down"));
  server_.end_watches();
  ASSERT_TRUE(run_until([&] { return requests("watch=1") >= 3; }));
  EXPECT_EQ(requests("limit=500"), 1);
}

TEST_F(ReflectorFaultTest, InternalErrorsAreTriedAgain) {
  for (const unsigned code : {500U, 503U, 504U}) {
    next_answer(fakes::status_answer(code, "InternalError", "etcd is away"));
  }
  start();
  ASSERT_TRUE(run_until_told("replaced"));
  EXPECT_THAT(journal_.troubles, SizeIs(3));
}

TEST_F(ReflectorFaultTest, VersionFromTheFutureLeadsToANewList) {
  start();
  ASSERT_TRUE(run_until_watching());
  std::string answer = recorded::answer("list-too-large");
  next_answer(answer);
  server_.end_watches();
  ASSERT_TRUE(run_until_told("replaced", 2));
  EXPECT_THAT(journal_.troubles[0].why, HasSubstr("Too large resource version"));
}

TEST_F(ReflectorFaultTest, ErrorInsideOfAWatchLeadsToANewList) {
  start();
  ASSERT_TRUE(run_until_watching());
  next_answer(stream_of(R"({"type":"ERROR","object":{"kind":"Status","code":500,"message":"x"}})"));
  server_.end_watches();
  ASSERT_TRUE(run_until_told("replaced", 2));
}

TEST_F(ReflectorFaultTest, AHistoryThatGoesBackwardsIsReadAsAWhole) {
  start();
  ASSERT_TRUE(run_until_watching());
  put_service("a");
  ASSERT_TRUE(run_until_told("changed"));
  next_answer(stream_of(
      R"({"type":"BOOKMARK","object":{"kind":"Service","metadata":{"resourceVersion":"10"}}})"));
  server_.end_watches();
  ASSERT_TRUE(run_until_told("replaced shop/a"));
  EXPECT_THAT(journal_.troubles.back().why, HasSubstr("history has gone back"));
}

TEST_F(ReflectorFaultTest, WatchesThatEndAtOnceAreNoHotLoop) {
  start();
  ASSERT_TRUE(run_until_watching());
  for (int times = 0; times < 10; ++times) next_answer(fakes::chunked_head() + fakes::chunk(""));
  server_.end_watches();
  EXPECT_GE(time_until([&] { return server_.faults().next.empty(); }), 9 * 800ms);
}

TEST_F(ReflectorFaultTest, RedirectsAreRefused) {
  next_answer("HTTP/1.1 301 Moved\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n");
  start();
  ASSERT_TRUE(run_until_told("replaced"));
  EXPECT_THAT(journal_.troubles[0].why, HasSubstr("it redirects to https://evil.example/"));
  EXPECT_THAT(journal_.troubles[0].remedy, HasSubstr("not followed"));
}

TEST_F(ReflectorFaultTest, UnaskedCompressionIsRefused) {
  start();
  ASSERT_TRUE(run_until_watching());
  next_answer("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}");
  server_.end_watches();
  ASSERT_TRUE(run_until_told("troubled"));
  EXPECT_THAT(journal_.troubles[0].why, HasSubstr("Content-Encoding"));
}

TEST_F(ReflectorFaultTest, CompressedListIsReadAndADamagedOneIsNot) {
  for (int index = 0; index < 300; ++index) put_service("s" + std::to_string(index));
  server_.gzip_from = 0;
  next_answer(fakes::gzip_answer(R"({"kind":"ServiceList",)"));
  next_answer(fakes::json_answer(200, "no gzip", "Content-Encoding: gzip\r\n"));
  start();
  ASSERT_TRUE(run_until_told("replaced"));
  EXPECT_THAT(journal_.troubles, SizeIs(2));
  EXPECT_THAT(journal_.last_list, SizeIs(300));
  EXPECT_LT(reflector_->statistics().bytes, 20'000U) << "uncompressed it is more than 40,000";
}

TEST_F(ReflectorFaultTest, SilentServerIsGivenUp) {
  next_answer("", CannedAnswer::Then::kStall);
  start();
  EXPECT_LT(time_until([&] { return journal_.count("replaced") == 1; }), 35s);
  EXPECT_THAT(journal_.troubles, SizeIs(1));
}

TEST_F(ReflectorFaultTest, ServerThatStallsInTheMiddleOfAListIsGivenUp) {
  next_answer(fakes::chunked_head() + fakes::chunk("{"), CannedAnswer::Then::kStall);
  start();
  EXPECT_LT(time_until([&] { return journal_.count("replaced") == 1; }), 35s);
  EXPECT_THAT(journal_.troubles, SizeIs(1));
}

TEST_F(ReflectorFaultTest, NeitherAnUnknownEventNorAnObjectOfTheWrongKindEndsAWatch) {
  start();
  ASSERT_TRUE(run_until_watching());
  next_answer(stream_of(
      R"({"type":"RENAMED","object":{}}{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"p"}}})"
      R"({"type":"ADDED","object":{"kind":"Service","metadata":{"name":"a","resourceVersion":"200"}}})"));
  server_.end_watches();
  ASSERT_TRUE(run_until_told("changed a"));
  EXPECT_EQ(journal_.count("skipped"), 2);
  EXPECT_THAT(journal_.lines, Contains(HasSubstr("unknown type \"RENAMED\"")));
}

TEST_F(ReflectorFaultTest, AConnectionClosedWhileIdleIsOpenedAgainWithoutTrouble) {
  next_answer(fakes::json_answer(
                  200, R"({"kind":"ServiceList","metadata":{"resourceVersion":"100"},"items":[]})"),
              CannedAnswer::Then::kClose);
  start();
  ASSERT_TRUE(run_until_watching());
  EXPECT_THAT(journal_.troubles, IsEmpty());
}

}  // namespace
}  // namespace kube
