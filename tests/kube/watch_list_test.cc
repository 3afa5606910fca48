// The state as a stream (WatchList), and what happens where a server has none.
#include <gmock/gmock.h>

#include "tests/kube/reflector_fixture.h"

namespace kube {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class WatchListTest : public ReflectorTest {
 protected:
  // The recorded stream of a real server: initial events, their end, and what happened then.
  static std::string recorded_stream() {
    return fakes::chunked_head() + fakes::chunk(recorded::body("watchlist-services")) +
           fakes::chunk("");
  }
};

TEST_F(WatchListTest, ListsAndWatchesInOneAnswer) {
  put_service("a");
  put_service("b");
  start(streaming());
  ASSERT_TRUE(run_until_watching());
  put_service("c");
  ASSERT_TRUE(run_until_told("changed shop/c"));
  EXPECT_THAT(journal_.story(), ElementsAre("replaced shop/a shop/b", "changed shop/c"));
  ASSERT_THAT(server_.requests(), SizeIs(1));
  EXPECT_THAT(server_.requests()[0], HasSubstr("sendInitialEvents=true"));
  EXPECT_THAT(server_.requests()[0], HasSubstr("resourceVersionMatch=NotOlderThan"));
  EXPECT_EQ(server_.requests()[0].find("resourceVersion="), std::string::npos);
}

TEST_F(WatchListTest, ReadsWhatARealServerStreamed) {
  next_answer(recorded_stream());
  start(streaming());
  ASSERT_TRUE(run_until_told("deleted", 2));
  EXPECT_EQ(journal_.count("replaced"), 1);
  EXPECT_THAT(journal_.troubles, IsEmpty());
}

TEST_F(WatchListTest, SaysTheSameByteByByte) {
  put_service("a");
  server_.faults().byte_by_byte = true;
  start(streaming());
  ASSERT_TRUE(run_until_watching());
  put_service("b");
  ASSERT_TRUE(run_until_told("changed shop/b"));
  EXPECT_THAT(journal_.story(), ElementsAre("replaced shop/a", "changed shop/b"));
}

TEST_F(WatchListTest, IsNeverAppliedInPart) {
  put_service("a");
  put_service("b");
  server_.faults().cut_after = 600;
  start(streaming());
  ASSERT_TRUE(run_until_told("troubled", 3));
  EXPECT_EQ(journal_.count("replaced"), 0);
  server_.faults().cut_after.reset();
  EXPECT_TRUE(run_until_told("replaced shop/a shop/b"));
}

TEST_F(WatchListTest, RefusedIsReadInPagesAndRemembered) {
  server_.faults().no_watch_list = true;
  put_service("a");
  start(streaming());
  ASSERT_TRUE(run_until_told("replaced shop/a"));
  EXPECT_THAT(journal_.troubles, IsEmpty()) << "an older server is no trouble";
  server_.objects().compact();
  server_.end_watches();
  ASSERT_TRUE(run_until_watching());
  next_answer(fakes::status_answer(410, "Expired", "too old"));
  server_.end_watches();
  ASSERT_TRUE(run_until_told("replaced", 2));
  EXPECT_EQ(requests("sendInitialEvents"), 1);
  EXPECT_EQ(requests("limit=500"), 2);
}

TEST_F(WatchListTest, RefusedIsTriedAgainAfterAnHour) {
  server_.faults().no_watch_list = true;
  start(streaming());
  ASSERT_TRUE(run_until_told("replaced"));
  server_.faults().no_watch_list = false;
  ASSERT_TRUE(run_until([&] { return requests("sendInitialEvents") == 2; }, 3h, 1s));
}

TEST_F(WatchListTest, WithoutAnEndIsReadInPages) {
  server_.faults().endless_watch_list = true;
  put_service("a");
  start(streaming());
  EXPECT_LE(time_until([&] { return journal_.count("replaced shop/a") == 1; }), 61s);
  EXPECT_EQ(requests("sendInitialEvents"), 1);
}

TEST_F(WatchListTest, ThatEndsBeforeItsListIsReadInPagesWithoutAHotLoop) {
  next_answer(fakes::chunked_head() + fakes::chunk(""));
  put_service("a");
  start(streaming());
  ASSERT_TRUE(run_until_told("replaced shop/a"));
  ASSERT_TRUE(run_until_watching());
  EXPECT_EQ(requests("GET"), 3) << "the stream, the list, the watch";
}

TEST_F(WatchListTest, TakesTheLastVersionOfWhatChangesWhileItIsSent) {
  const auto event = [](const char* type, const char* name, const char* version) {
    return R"({"type":")" + std::string(type) + R"(","object":{"kind":"Service","metadata":)" +
           R"({"namespace":"shop","name":")" + name + R"(","resourceVersion":")" + version +
           "\"}}}";
  };
  next_answer(fakes::chunked_head() +
              fakes::chunk(event("ADDED", "b", "3") + event("ADDED", "a", "4") +
                           event("ADDED", "gone", "5") + event("MODIFIED", "b", "6") +
                           event("DELETED", "gone", "7") +
                           R"({"type":"BOOKMARK","object":{"kind":"Service","metadata":)"
                           R"({"resourceVersion":"7","annotations":)"
                           R"({"k8s.io/initial-events-end":"true"}}}})" +
                           event("ADDED", "late", "8")));
  start(streaming());
  ASSERT_TRUE(run_until_told("changed"));
  EXPECT_THAT(journal_.story(), ElementsAre("replaced shop/a shop/b", "changed shop/late"));
  EXPECT_EQ(journal_.last_list.back().metadata.resource_version, "6");
}

TEST_F(WatchListTest, NamesWhatItCannotBelieveBeforeTheList) {
  put_service("a");
  server_.objects().put(R"({"kind":"Service","metadata":{"name":"bad","namespace":"shop"},
      "spec":{"ports":[{"port":0}]}})");
  start(streaming());
  ASSERT_TRUE(run_until_told("replaced"));
  EXPECT_THAT(journal_.story(), ElementsAre(HasSubstr("skipped shop/bad"), "replaced shop/a"));
  EXPECT_EQ(reflector_->statistics().skipped, 1U);
}

}  // namespace
}  // namespace kube
