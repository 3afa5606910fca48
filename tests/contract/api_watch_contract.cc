// Watches: from a version, with the state before it, to their end.
#include <gmock/gmock.h>

#include "tests/contract/api_server_contract.h"

namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kOtherProxy = "service.kubernetes.io/service-proxy-name";

void give_away(json::object& service) {
  service["metadata"].as_object()["labels"] = {{kOtherProxy, "other"}};
}

void take_back(json::object& service) { service["metadata"].as_object()["labels"] = {}; }

std::vector<std::uint64_t> versions(const std::vector<ApiEvent>& events) {
  std::vector<std::uint64_t> numbers;
  for (const ApiEvent& event : events) numbers.push_back(number(version_of(event.object)));
  return numbers;
}

bool rises(const std::vector<std::uint64_t>& numbers) {
  return std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>()) ==
         numbers.end();
}

TEST_P(ApiServerContract, WatchTellsWhatHappenedAfterItsVersionInOrder) {
  const std::string from = version_of(create(services(), service("a")));
  create(services(), service("b"));
  const std::string before = version_of(change(services(), "a", [](json::object& object) {
    object["metadata"].as_object()["annotations"] = {{"seen", "yes"}};
  }));
  remove(services(), "b");
  const auto events = events_of(watch(kube::watch_target(services(), from, 60s)), 3);
  EXPECT_THAT(story(events), ElementsAre("ADDED b", "MODIFIED a", "DELETED b"));
  EXPECT_TRUE(rises(versions(events)));
  EXPECT_GT(versions(events)[2], number(before)) << "a deletion has a version of its own";
  for (const ApiEvent& event : events) {
    EXPECT_EQ(event.object.at("kind"), "Service") << "objects of events say what they are";
    EXPECT_EQ(event.object.at("apiVersion"), "v1");
  }
}

TEST_P(ApiServerContract, WatchGoesOnFromTheVersionOfAnyEvent) {
  const std::string from = version_of(create(services(), service("a")));
  create(services(), service("b"));
  remove(services(), "b");
  create(services(), service("c"));
  const auto first = watch(kube::watch_target(services(), from, 60s));
  const auto events = events_of(first, 3);
  first->close();
  for (std::size_t seen = 1; seen < 3; ++seen) {
    const std::string version = version_of(events[seen - 1].object);
    const auto rest = events_of(watch(kube::watch_target(services(), version, 60s)), 3 - seen);
    EXPECT_EQ(versions(rest)[0], versions(events)[seen]);
  }
}

TEST_P(ApiServerContract, WatchIsLive) {
  const std::string from = version_of(create(services(), service("a")));
  const auto open = watch(kube::watch_target(services(), from, 60s));
  ASSERT_TRUE(run_until([&] { return open->status() == 200; }));
  EXPECT_THAT(open->head(), HasSubstr("Transfer-Encoding: chunked"));
  create(services(), service("b"));
  EXPECT_THAT(story(events_of(open, 1)), ElementsAre("ADDED b"));
}

TEST_P(ApiServerContract, WatchTellsWhatLeavesAndEntersItsSelection) {
  const std::string from = version_of(create(services(), service("a")));
  const std::string given = version_of(change(services(), "a", give_away));
  change(services(), "a", take_back);
  const auto events = events_of(watch(kube::watch_target(services(), from, 60s)), 2);
  EXPECT_THAT(story(events), ElementsAre("DELETED a", "ADDED a"));
  EXPECT_EQ(version_of(events[0].object), given) << "the version of the change, not the object's";
}

TEST_P(ApiServerContract, WatchDoesNotTellWhatWasNeverInItsSelection) {
  const std::string from = version_of(create(services(), service("a")));
  create(services(), service("theirs", {{kOtherProxy, "other"}}));
  json::object headless = service("headless");
  headless["spec"].as_object()["clusterIP"] = "None";
  create(services(), headless);
  create(services(), service("b"));
  const auto events = events_of(watch(kube::watch_target(services(), from, 60s)), 1);
  EXPECT_THAT(story(events), ElementsAre("ADDED b"));
}

TEST_P(ApiServerContract, WatchOfAHistoryThatIsGoneEndsWith410) {
  const auto gone = get(kube::watch_target(services(), "1", 60s));
  EXPECT_EQ(gone->status(), 200U) << "the refusal is an event";
  const auto events = gone->events();
  ASSERT_THAT(story(events), ElementsAre("ERROR "));
  EXPECT_EQ(events[0].object.at("kind"), "Status");
  EXPECT_EQ(events[0].object.at("code"), 410);
  EXPECT_EQ(events[0].object.at("reason"), "Expired");
}

TEST_P(ApiServerContract, WatchOfAVersionToComeHearsNothing) {
  const auto answer = get(kube::watch_target(services(), "999999999", 1s));
  EXPECT_EQ(answer->status(), 200U);
  EXPECT_THAT(answer->body(), IsEmpty());
}

TEST_P(ApiServerContract, WatchEndsCleanlyWhenItsTimeIsUp) {
  const std::string from = version_of(create(services(), service("a")));
  const auto answer = get(kube::watch_target(services(), from, 1s));
  EXPECT_TRUE(answer->ended());
  EXPECT_THAT(answer->events(), IsEmpty());
}

// When a bookmark comes, no server promises, but for the one that ends a streaming list.
TEST_P(ApiServerContract, BookmarksMoveTheVersionOnAndComeToWhoAsksOnly) {
  const std::string from = version_of(create(services(), service("a")));
  create(services(), service("theirs", {{kOtherProxy, "other"}}));
  const auto without = watch(services().path + "?watch=1&timeoutSeconds=3&labelSelector=!" +
                             kOtherProxy + "&resourceVersion=" + from);
  for (const ApiEvent& event : get(kube::watch_target(services(), from, 3s))->events()) {
    EXPECT_EQ(event.type, "BOOKMARK");
    EXPECT_EQ(event.object.at("kind"), "Service");
    EXPECT_GT(number(version_of(event.object)), number(from));
  }
  ASSERT_TRUE(run_until([&] { return without->ended(); }));
  EXPECT_THAT(without->events(), IsEmpty());
}

TEST_P(ApiServerContract, WatchWithoutAVersionBeginsWithWhatThereIs) {
  create(services(), service("a"));
  create(services(), service("b"));
  const auto open = watch(services().path + "?watch=1&timeoutSeconds=60");
  EXPECT_THAT(story(events_of(open, 2)), testing::UnorderedElementsAre("ADDED a", "ADDED b"));
}

TEST_P(ApiServerContract, StreamingListTellsAllSaysSoAndGoesOn) {
  create(services(), service("a"));
  const std::string last = version_of(create(services(), service("b")));
  const auto open = watch(kube::watch_list_target(services(), 60s));
  const auto listed = events_of(open, 3);
  EXPECT_THAT(story({listed[0], listed[1]}), testing::UnorderedElementsAre("ADDED a", "ADDED b"));
  const json::object& end = listed[2].object;
  EXPECT_EQ(listed[2].type, "BOOKMARK");
  EXPECT_EQ(end.at("metadata").at("annotations").at("k8s.io/initial-events-end"), "true");
  EXPECT_GE(number(version_of(end)), number(last));
  create(services(), service("c"));
  EXPECT_EQ(story(events_of(open, 4))[3], "ADDED c");
}

TEST_P(ApiServerContract, StreamingListOfNothingSaysSo) {
  const auto events = events_of(watch(kube::watch_list_target(slices(), 60s)), 1);
  EXPECT_THAT(story(events), ElementsAre("BOOKMARK "));
  EXPECT_EQ(events[0].object.at("kind"), "EndpointSlice");
}

TEST_P(ApiServerContract, StreamingListHasToSayWhatItMeans) {
  const auto answer = get(services().path + "?watch=1&sendInitialEvents=true");
  EXPECT_EQ(answer->status(), 422U);
  EXPECT_EQ(answer->json()["reason"], "Invalid");
}

TEST_P(ApiServerContract, WatchIsNeverCompressed) {
  create(services(), service("a"));
  const auto answer = ask({.target = kube::watch_list_target(services(), 1s), .gzip = true});
  EXPECT_EQ(answer->status(), 200U);
  EXPECT_THAT(answer->head(), Not(HasSubstr("Content-Encoding")));
}

}  // namespace
