// Events come to the server: once each, not too many, and never in anybody's way.
#include "kube/event_recorder.h"

#include <gmock/gmock.h>

#include "tests/kube/reflector_fixture.h"

namespace kube {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class EventRecorderTest : public ReflectorTest {
 protected:
  EventRecorderTest() {
    boost::asio::co_spawn(io_, recorder_.run(), [this](const std::exception_ptr& error) {
      ended_ = true;
      EXPECT_FALSE(error);
    });
  }
  ~EventRecorderTest() override {
    recorder_.stop();
    EXPECT_TRUE(run_until([this] { return ended_; }));
  }

  static Event event(const std::string& note) {
    return {.reason = "ListHeld",
            .action = "Hold",
            .note = note,
            .regarding = {
                .api_version = "v1", .kind = "Node", .id = {.name = "node-1"}, .uid = "node-1"}};
  }

  static Event about_service(const std::string& name, const std::string& note) {
    return {.reason = "ClaimLost",
            .action = "Refuse",
            .note = note,
            .regarding = {.api_version = "v1",
                          .kind = "Service",
                          .id = {.namespace_name = "shop", .name = name},
                          .uid = "uid-" + name}};
  }

  EventRecorder recorder_{io_.get_executor(), access(), "node-1"};
};

TEST_F(EventRecorderTest, SendsWhatIsRecorded) {
  recorder_.record(event("so much is gone"));
  EXPECT_TRUE(run_until([&] { return recorder_.counts().sent == 1; }));
  EXPECT_EQ(requests("POST /apis/events.k8s.io/v1/namespaces/default/events"), 1);
}

TEST_F(EventRecorderTest, SendsTheSameOnceInTenMinutes) {
  for (int times = 0; times < 5; ++times) recorder_.record(event("so much is gone"));
  pass(9min, 1s);
  recorder_.record(event("so much is gone"));
  EXPECT_EQ(recorder_.counts().sent, 1U);
  pass(2min, 1s);
  recorder_.record(event("so much is gone"));
  EXPECT_TRUE(run_until([&] { return recorder_.counts().sent == 2; }));
}

TEST_F(EventRecorderTest, SendsTenAtOnceAndThenOneEverySixSeconds) {
  for (int number = 0; number < 200; ++number) recorder_.record(event(std::to_string(number)));
  pass(1s);
  EXPECT_EQ(recorder_.counts().sent, 10U);
  pass(60s);
  EXPECT_EQ(recorder_.counts().sent, 20U);
  EXPECT_EQ(recorder_.counts().dropped, 100U) << "no more than a hundred wait";
}

TEST_F(EventRecorderTest, DropsWhatIsRefusedAndGoesOn) {
  server_.required_token = "not ours";
  recorder_.record(event("a"));
  EXPECT_TRUE(run_until([&] { return recorder_.counts().dropped == 1; }));
  server_.required_token.clear();
  recorder_.record(event("b"));
  EXPECT_TRUE(run_until([&] { return recorder_.counts().sent == 1; }));
}

TEST_F(EventRecorderTest, LetsAFloodAboutServicesKeepNoEventOfTheNodeBack) {
  for (int number = 0; number < 200; ++number) {
    recorder_.record(about_service("web", std::to_string(number)));
  }
  recorder_.record(event("so much is gone"));
  pass(1s);
  EXPECT_EQ(requests("POST /apis/events.k8s.io/v1/namespaces/shop/events"), 9);
  EXPECT_EQ(requests("POST /apis/events.k8s.io/v1/namespaces/default/events"), 1);
}

// Every node decides alike, and one Event is enough.
TEST_F(EventRecorderTest, SaysOnceWhatAllNodesSayOfAService) {
  EventRecorder other(io_.get_executor(), access(), "node-2");
  bool ended = false;
  boost::asio::co_spawn(io_, other.run(), [&](const std::exception_ptr&) { ended = true; });
  recorder_.record(about_service("web", "lost"));
  ASSERT_TRUE(run_until([&] { return recorder_.counts().sent == 1; }));
  other.record(about_service("web", "lost"));
  EXPECT_TRUE(run_until([&] { return other.counts().sent == 1; })) << "409 is no loss";
  other.record(about_service("web", "lost again"));
  EXPECT_TRUE(run_until([&] { return other.counts().sent == 2; }));
  EXPECT_EQ(other.counts().dropped, 0U);
  other.stop();
  EXPECT_TRUE(run_until([&] { return ended; }));
}

TEST(EventJson, IsWhatTheApiAsksFor) {
  const Event event{.reason = "ListHeld",
                    .action = "Hold",
                    .note = std::string("a \"quoted\" word ") + std::string(2000, 'x'),
                    .regarding = {.api_version = "v1",
                                  .kind = "Service",
                                  .id = {.namespace_name = "shop", .name = "web"},
                                  .uid = "u"}};
  const std::string json =
      event_json(event, "node-1", "node-1.1", std::chrono::system_clock::time_point(1500ms));
  EXPECT_THAT(json, HasSubstr(R"("metadata":{"name":"node-1.1","namespace":"shop"})"));
  EXPECT_THAT(json, HasSubstr(R"("eventTime":"1970-01-01T00:00:01.500000Z")"));
  EXPECT_THAT(json, HasSubstr(R"("note":"a \"quoted\" word xxx)"));
  EXPECT_THAT(json, HasSubstr(R"("regarding":{"apiVersion":"v1","kind":"Service",)"
                              R"("namespace":"shop","name":"web","uid":"u"})"));
  EXPECT_LT(json.size(), 1500U) << "a note is cut to what the server takes";
}

}  // namespace
}  // namespace kube
