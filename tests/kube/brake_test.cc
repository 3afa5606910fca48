// A list that takes away too much is believed when a second one agrees (row 22 of the fault list).
#include <gmock/gmock.h>

#include "kube/census.h"
#include "tests/kube/reflector_fixture.h"

namespace kube {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class BrakeTest : public ReflectorTest {
 protected:
  void begin(int services, const ReflectorOptions& options = streaming()) {
    for (int index = 0; index < services; ++index) put_service("s" + std::to_string(index));
    start(options);
    ASSERT_TRUE(run_until_watching());
    ASSERT_THAT(journal_.last_list, SizeIs(services));
  }
  // Another server, or another truth: the next lists lack what is removed here.
  void remove(int from, int to) {
    for (int index = from; index < to; ++index) {
      server_.objects().remove("services", "shop", "s" + std::to_string(index));
    }
  }
  // The connection ends before the removals are told, and the history is gone.
  void lose_history(int from, int to) {
    server_.stop();
    remove(from, to);
    server_.objects().compact();
    server_.start(port_);
  }
  static std::string empty_list() {
    return fakes::chunked_head() +
           fakes::chunk(R"({"type":"BOOKMARK","object":{"kind":"Service","metadata":)"
                        R"({"resourceVersion":"900","annotations":)"
                        R"({"k8s.io/initial-events-end":"true"}}}})");
  }
};

TEST_F(BrakeTest, MostOfTheServicesGoOnlyWhenASecondReadAgrees) {
  begin(100);
  lose_history(0, 60);
  ASSERT_TRUE(run_until_told("troubled cannot list services: the list would take away 60 of 100"));
  EXPECT_EQ(journal_.count("replaced"), 1);
  EXPECT_TRUE(reflector_->statistics().braking);
  EXPECT_GE(time_until([&] { return journal_.count("replaced") == 2; }), 2s);
  EXPECT_THAT(journal_.last_list, SizeIs(40));
  EXPECT_FALSE(reflector_->statistics().braking);
  EXPECT_EQ(reflector_->statistics().brakes, 1U);
}

TEST_F(BrakeTest, AnEmptyAnswerAloneTakesNothing) {
  begin(30);
  server_.stop();
  server_.objects().compact();
  next_answer(fakes::status_answer(410, "Expired", "too old"));
  next_answer(empty_list());
  server_.start(port_);
  ASSERT_TRUE(run_until([&] { return reflector_->statistics().brakes == 1; }));
  EXPECT_EQ(journal_.count("replaced"), 1);
  ASSERT_TRUE(run_until_told("replaced", 2));
  EXPECT_THAT(journal_.last_list, SizeIs(30)) << "the second read says that all are there";
}

TEST_F(BrakeTest, ReadsThatDisagreeAreBothNotBelieved) {
  begin(100);
  lose_history(0, 60);
  ASSERT_TRUE(run_until([&] { return reflector_->statistics().brakes == 1; }));
  remove(60, 70);
  ASSERT_TRUE(run_until([&] { return reflector_->statistics().brakes == 2; }));
  EXPECT_EQ(journal_.count("replaced"), 1);
  ASSERT_TRUE(run_until_told("replaced", 2));
  EXPECT_THAT(journal_.last_list, SizeIs(30));
}

TEST_F(BrakeTest, LessThanHalfGoesAtOnce) {
  begin(100);
  lose_history(0, 50);
  ASSERT_TRUE(run_until_told("replaced", 2));
  EXPECT_EQ(reflector_->statistics().brakes, 0U);
}

TEST_F(BrakeTest, AFewGoAtOnce) {
  begin(20);
  lose_history(0, 20);
  ASSERT_TRUE(run_until_told("replaced", 2));
  EXPECT_EQ(reflector_->statistics().brakes, 0U);
}

TEST_F(BrakeTest, EventsAreNotHeld) {
  begin(100);
  remove(0, 100);
  ASSERT_TRUE(run_until_told("deleted", 100));
  EXPECT_EQ(reflector_->statistics().brakes, 0U);
}

TEST_F(BrakeTest, IsReleasedByTheOperatorsWord) {
  ReflectorOptions options = streaming();
  options.brake_pause = 10min;
  begin(100, options);
  lose_history(0, 60);
  ASSERT_TRUE(run_until([&] { return reflector_->statistics().braking; }));
  reflector_->release_brake();
  EXPECT_LE(time_until([&] { return journal_.count("replaced") == 2; }), 100ms);
}

TEST_F(BrakeTest, ReleasedWithoutNeedIsNotKeptForLater) {
  begin(100);
  reflector_->release_brake();
  lose_history(0, 60);
  EXPECT_TRUE(run_until([&] { return reflector_->statistics().brakes == 1; }));
}

TEST_F(BrakeTest, MayBeSetToHoldMoreOrLess) {
  ReflectorOptions options = streaming();
  options.list_watch.brake.few = 100;
  begin(60, options);
  lose_history(0, 50);
  EXPECT_TRUE(run_until_told("replaced", 2));
  EXPECT_EQ(reflector_->statistics().brakes, 0U);
}

TEST_F(BrakeTest, CanBeTurnedOff) {
  ReflectorOptions options = streaming();
  options.list_watch.brake = Brake::kOff;
  begin(100, options);
  lose_history(0, 100);
  ASSERT_TRUE(run_until_told("replaced", 2));
  EXPECT_EQ(reflector_->statistics().brakes, 0U);
}

TEST_F(BrakeTest, SkippedObjectsAreNotMissing) {
  begin(30);
  server_.stop();
  for (int index = 0; index < 30; ++index) {
    server_.objects().put(R"({"kind":"Service","metadata":{"name":"s)" + std::to_string(index) +
                          R"(","namespace":"shop"},"spec":{"ports":[{"port":0}]}})");
  }
  server_.objects().compact();
  server_.start(port_);
  ASSERT_TRUE(run_until_told("replaced", 2));
  EXPECT_EQ(reflector_->statistics().brakes, 0U);
}

NamespacedName named(int index) { return {"shop", "s" + std::to_string(index)}; }

TEST(Census, WeighsEndpointsAsWellAsObjects) {
  Census known;
  Census next;
  for (int index = 0; index < 10; ++index) {
    known.put(named(index), 10);
    next.put(named(index), index < 4 ? 10 : 0);
  }
  EXPECT_EQ(known.lost_in(next),
            (Loss{.known_objects = 10, .endpoints = 60, .known_endpoints = 100}));
  EXPECT_TRUE(known.lost_in(next).is_large(20));
}

TEST(Census, CountsNoGainAgainstALoss) {
  Census known;
  Census next;
  known.put(named(1), 30);
  next.put(named(2), 100);
  EXPECT_EQ(known.lost_in(next),
            (Loss{.objects = 1, .known_objects = 1, .endpoints = 30, .known_endpoints = 30}));
}

TEST(Census, ForgetsWhatIsRemoved) {
  Census known;
  known.put(named(1), 30);
  known.remove(named(1));
  EXPECT_EQ(known.lost_in(Census()), Loss{});
}

TEST(Census, AgreesOnlyIfTheSecondLosesNothingMore) {
  Census known;
  for (int index = 0; index < 4; ++index) known.put(named(index), 10);
  Census first;
  first.put(named(0), 10);
  first.put(named(1), 5);
  Census same = first;
  EXPECT_TRUE(known.agree_on_loss(first, same));
  same.put(named(2), 10);
  EXPECT_TRUE(known.agree_on_loss(first, same)) << "more has come back";
  same.put(named(1), 4);
  EXPECT_FALSE(known.agree_on_loss(first, same));
}

}  // namespace
}  // namespace kube
