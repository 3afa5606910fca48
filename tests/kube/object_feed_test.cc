#include "kube/object_feed.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/kube/journal.h"
#include "tests/kube/recorded.h"

namespace kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

using State = WatchProgress::State;

std::string service(const std::string& name, int version, const std::string& spec = "") {
  return R"({"kind":"Service","metadata":{"name":")" + name +
         R"(","namespace":"shop","resourceVersion":")" + std::to_string(version) +
         R"("},"spec":{)" + spec + "}}";
}

std::string event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

std::string bookmark(int version) {
  return event("BOOKMARK", R"({"kind":"Service","metadata":{"resourceVersion":")" +
                               std::to_string(version) + R"("}})");
}

std::string list(const std::string& items, const std::string& more = "") {
  return R"({"kind":"ServiceList","metadata":{"resourceVersion":"5")" + more + R"(},"items":[)" +
         items + "]}";
}

class ObjectFeedTest : public testing::Test {
 protected:
  // A list of one page, given in pieces of `size` bytes.
  tl::expected<std::string, DecodeError> give_page(const std::string& page, std::size_t size) {
    for (std::size_t begin = 0; begin < page.size(); begin += size) {
      const auto taken = feed_.list_bytes(std::string_view(page).substr(begin, size));
      if (!taken) return tl::unexpected(taken.error());
    }
    return feed_.end_page();
  }

  Journal<Service> journal_;
  ObjectFeed<Service> feed_{journal_};
};

TEST_F(ObjectFeedTest, TellsTheSameEventsOfAWatchCutAtEveryPosition) {
  const std::string stream = event("ADDED", service("a", 6)) + event("MODIFIED", service("a", 7)) +
                             event("DELETED", service("a", 8)) + bookmark(9) +
                             event("ADDED", service("b", 10, R"("clusterIP":"10.96.0.9")"));
  const auto expected =
      ElementsAre("changed shop/a", "changed shop/a", "deleted shop/a", "changed shop/b");
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    Journal<Service> journal;
    ObjectFeed<Service> feed(journal);
    feed.begin_watch();
    EXPECT_EQ(feed.watch_bytes(stream.substr(0, cut)).state, State::kGood);
    EXPECT_EQ(feed.watch_bytes(stream.substr(cut)).state, State::kGood);
    EXPECT_THAT(journal.story(), expected) << "cut at " << cut;
    EXPECT_EQ(feed.version(), "10");
  }
  Journal<Service> journal;
  ObjectFeed<Service> feed(journal);
  feed.begin_watch();
  for (const char byte : stream) (void)feed.watch_bytes(std::string_view(&byte, 1));
  EXPECT_THAT(journal.story(), expected) << "byte by byte";
}

TEST_F(ObjectFeedTest, SettlesOncePerPieceWithEvents) {
  feed_.begin_watch();
  EXPECT_EQ(journal_.settlements, 1) << "the watch is current";
  (void)feed_.watch_bytes(event("ADDED", service("a", 6)) + event("ADDED", service("b", 7)));
  EXPECT_EQ(journal_.settlements, 2);
  (void)feed_.watch_bytes("{\"type\":");
  EXPECT_EQ(journal_.settlements, 2);
}

TEST_F(ObjectFeedTest, AppliesAListOnlyWhenEveryPageIsComplete) {
  feed_.begin_list();
  const auto next = give_page(list(service("a", 3), R"(,"continue":"more")"), 10);
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(*next, "more");
  EXPECT_THAT(journal_.lines, IsEmpty());
  ASSERT_EQ(give_page(list(service("b", 4)), 10), "");
  EXPECT_EQ(feed_.deliver_list(Brake::kOn), std::nullopt);
  EXPECT_THAT(journal_.lines, ElementsAre("replaced shop/a shop/b", "settled"));
  EXPECT_EQ(feed_.version(), "5");
}

TEST_F(ObjectFeedTest, ReadsTheRecordedPagesOfARealServer) {
  Journal<EndpointSlice> journal;
  ObjectFeed<EndpointSlice> feed(journal);
  feed.begin_list();
  ASSERT_TRUE(feed.list_bytes(recorded::body("list-endpointslices-page1")));
  const auto token = feed.end_page();
  ASSERT_TRUE(token.has_value());
  EXPECT_THAT(*token, StartsWith("eyJ2"));
  ASSERT_TRUE(feed.list_bytes(recorded::body("list-endpointslices-page2")));
  EXPECT_THAT(*feed.end_page(), StartsWith("eyJ2"));
  EXPECT_EQ(feed.deliver_list(Brake::kOn), std::nullopt);
  EXPECT_EQ(journal.last_list.size(), 14U);
  EXPECT_EQ(feed.version(), "312");
}

TEST_F(ObjectFeedTest, NeverAppliesAListThatIsCutShort) {
  const std::string page = list(service("a", 3) + "," + service("b", 4));
  for (std::size_t size = 0; size < page.size(); ++size) {
    feed_.begin_list();
    EXPECT_FALSE(give_page(page.substr(0, size), 16).has_value()) << size;
  }
  EXPECT_THAT(journal_.lines, IsEmpty());
}

TEST_F(ObjectFeedTest, SkipsABadItemAndNamesItBeforeTheList) {
  feed_.begin_list();
  const std::string items =
      service("a", 3) + "," + service("bad", 4, R"("ports":[{"port":0}])") + "," + service("c", 5);
  ASSERT_TRUE(give_page(list(items), 64));
  EXPECT_EQ(feed_.deliver_list(Brake::kOn), std::nullopt);
  EXPECT_THAT(journal_.lines,
              ElementsAre("skipped shop/bad: spec.ports[0].port: 0 is no port (1..65535)",
                          "replaced shop/a shop/c", "settled"));
}

TEST_F(ObjectFeedTest, RefusesAListWithAnItemThatCannotBeNamed) {
  feed_.begin_list();
  EXPECT_FALSE(give_page(list(service("a", 3) + R"(,{"metadata":{"uid":"x"}})"), 64).has_value());
}

TEST_F(ObjectFeedTest, RefusesListsOfAnotherKindOrWithoutAVersion) {
  for (const char* page : {R"({"kind":"PodList","metadata":{"resourceVersion":"5"},"items":[]})",
                           R"({"kind":"ServiceList","metadata":{},"items":[]})", R"({"items":[]})",
                           "[]", "", R"({"kind":"Status","metadata":{},"status":"Failure"})"}) {
    feed_.begin_list();
    EXPECT_FALSE(give_page(page, 8).has_value()) << page;
  }
}

TEST_F(ObjectFeedTest, AcceptsAnEmptyListWhateverItCallsItsItems) {
  for (const char* items : {R"("items":[])", R"("items":null)"}) {
    feed_.begin_list();
    EXPECT_EQ(give_page(R"({"kind":"ServiceList","metadata":{"resourceVersion":"5"},)" +
                            std::string(items) + "}",
                        8),
              "");
  }
}

TEST_F(ObjectFeedTest, GoesOnAfterBadEvents) {
  feed_.begin_watch();
  const WatchProgress progress = feed_.watch_bytes(
      event("ADDED", service("bad", 6, R"("ports":7)")) + event("RENAMED", service("x", 7)) +
      event("ADDED", R"({"kind":"Pod","metadata":{"name":"p","resourceVersion":"8"}})") +
      event("MODIFIED", service("a", 9)));
  EXPECT_EQ(progress.state, State::kGood);
  EXPECT_THAT(journal_.story(), ElementsAre(StartsWith("skipped shop/bad: "),
                                            StartsWith("skipped : an event of unknown type"),
                                            StartsWith("skipped p: "), "changed shop/a"));
  EXPECT_EQ(feed_.version(), "9");
}

TEST_F(ObjectFeedTest, SkipsAnEventThatIsTooLargeAndStillNamesIt) {
  feed_.begin_watch();
  const std::string huge = service("huge", 6, R"("x":")" + std::string(17 << 20, 'x') + "\"");
  (void)feed_.watch_bytes(event("ADDED", huge) + event("ADDED", service("a", 7)));
  EXPECT_THAT(journal_.story(), ElementsAre("skipped shop/huge: is too large", "changed shop/a"));
}

TEST_F(ObjectFeedTest, SkipsAnEventThatIsNestedTooDeep) {
  feed_.begin_watch();
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  (void)feed_.watch_bytes(event("ADDED", service("deep", 6, "\"x\":" + deep)) +
                          event("ADDED", service("a", 7)));
  EXPECT_THAT(journal_.story(),
              ElementsAre("skipped shop/deep: object.spec: is nested too deep", "changed shop/a"));
}

TEST_F(ObjectFeedTest, EndsAWatchWithAnError) {
  feed_.begin_watch();
  const WatchProgress progress = feed_.watch_bytes(recorded::body("watch-gone"));
  EXPECT_EQ(progress.state, State::kError);
  EXPECT_EQ(progress.status.code, 410U);
  EXPECT_EQ(progress.events, 0U);
}

TEST_F(ObjectFeedTest, EndsAWatchOfGarbage) {
  feed_.begin_watch();
  EXPECT_EQ(feed_.watch_bytes("<html>").state, State::kGarbage);
}

TEST_F(ObjectFeedTest, NoticesThatTheHistoryHasGoneBack) {
  feed_.begin_watch();
  EXPECT_EQ(feed_.watch_bytes(bookmark(1000)).state, State::kGood);
  EXPECT_EQ(feed_.watch_bytes(event("ADDED", service("a", 999))).state, State::kRewound);
  EXPECT_THAT(journal_.story(), IsEmpty());
}

TEST_F(ObjectFeedTest, SaysWhichPartOfAnObjectIsLeftOut) {
  Journal<EndpointSlice> journal;
  ObjectFeed<EndpointSlice> feed(journal);
  feed.begin_watch();
  (void)feed.watch_bytes(event("ADDED", R"({"metadata":{"name":"s","namespace":"shop"},
      "addressType":"IPv4","endpoints":[{"addresses":["127.0.0.1"]}]})"));
  EXPECT_THAT(journal.story(),
              ElementsAre("changed shop/s", HasSubstr("\"127.0.0.1\" is no address of an IPv4")));
}

}  // namespace
}  // namespace kube
