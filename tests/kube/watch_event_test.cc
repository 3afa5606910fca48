#include "kube/watch_event.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/kube/recorded.h"

namespace kube {
namespace {

using testing::HasSubstr;

constexpr const char* kService =
    R"({"kind":"Service","metadata":{"name":"a","namespace":"shop","resourceVersion":"7"},)"
    R"("spec":{"clusterIP":"10.96.0.9","ports":[{"port":80}]}})";

std::string event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}";
}

template <class Kind>
Kind decoded_as(const std::string& json) {
  auto decoded = decode_watch_event<Service>(json);
  const auto* found = std::get_if<Kind>(&decoded);
  EXPECT_NE(found, nullptr) << json;
  return found == nullptr ? Kind{} : *found;
}

TEST(WatchEvent, KnowsAddedModifiedAndDeleted) {
  EXPECT_EQ(decoded_as<Changed<Service>>(event("ADDED", kService)).object.metadata.id.name, "a");
  EXPECT_EQ(decoded_as<Changed<Service>>(event("MODIFIED", kService)).object.ports.size(), 1U);
  EXPECT_EQ(decoded_as<Deleted>(event("DELETED", kService)).metadata.resource_version, "7");
}

TEST(WatchEvent, DoesNotCareWhetherTheTypeIsWrittenLast) {
  const std::string json = R"({"object":)" + std::string(kService) + R"(,"type":"MODIFIED"})";
  EXPECT_EQ(decoded_as<Changed<Service>>(json).object.metadata.id.name, "a");
}

TEST(WatchEvent, DeletesAnObjectWhateverElseIsWrongWithIt) {
  const std::string bad = R"({"kind":"Service","metadata":{"name":"a"},"spec":{"ports":7}})";
  EXPECT_EQ(decoded_as<Deleted>(event("DELETED", bad)).metadata.id.name, "a");
}

TEST(WatchEvent, ReadsTheEndOfTheInitialEventsOffABookmarkFullOfNulls) {
  const std::string bookmark = R"({"kind":"EndpointSlice","metadata":{"resourceVersion":"318",)"
                               R"("annotations":{"k8s.io/initial-events-end":"true"}},)"
                               R"("addressType":"","endpoints":null,"ports":null})";
  auto decoded = decode_watch_event<EndpointSlice>(event("BOOKMARK", bookmark));
  const auto* found = std::get_if<Bookmark>(&decoded);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->resource_version, "318");
  EXPECT_TRUE(found->initial_events_end);
}

TEST(WatchEvent, ReadsAnErrorOfARealServer) {
  const Status status = decoded_as<Status>(recorded::body("watch-gone"));
  EXPECT_EQ(status.code, 410U);
  EXPECT_EQ(status.reason, "Expired");
}

TEST(WatchEvent, SaysWhichObjectOfABadEventItWas) {
  const auto spoiled = decoded_as<SpoiledEvent>(event(
      "ADDED",
      R"({"metadata":{"name":"a","namespace":"shop","resourceVersion":"7"},"spec":{"ports":[{"port":0}]}})"));
  EXPECT_EQ(spoiled.error.id, (NamespacedName{"shop", "a"}));
  EXPECT_EQ(spoiled.resource_version, "7");
  EXPECT_EQ(to_string(spoiled.error), "object.spec.ports[0].port: 0 is no port (1..65535)");
}

TEST(WatchEvent, RefusesAnObjectOfTheWrongKind) {
  const auto spoiled = decoded_as<SpoiledEvent>(
      event("ADDED", R"({"kind":"Pod","metadata":{"name":"a","resourceVersion":"7"}})"));
  EXPECT_THAT(to_string(spoiled.error), HasSubstr("another kind"));
}

TEST(WatchEvent, PassesOnATypeItDoesNotKnow) {
  EXPECT_EQ(decoded_as<UnknownEvent>(event("RENAMED", kService)).type, "RENAMED");
  EXPECT_EQ(decoded_as<UnknownEvent>("{}").type, "");
}

TEST(WatchEvent, IsSpoiledWhenItIsNoJson) {
  EXPECT_THAT(decoded_as<SpoiledEvent>("{\"type\":}").error.reason, HasSubstr("is no JSON"));
}

}  // namespace
}  // namespace kube
