// What becomes of a change where the kernel's answer is lost, late or "it is so already".
//
// The agent has no list of errors to forgive: whatever the answer, its picture is in doubt and is
// read again, and what is then as it should be needs no step.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "an_agent.h"
#include "ipvs/step_text.h"

namespace reconcile::test {
namespace {

using testing::HasSubstr;

class AnAgentWithAFaultyKernel : public AnAgent {
 protected:
  void programmed(const std::vector<std::string>& endpoints) {
    start();
    tell(endpoints);
    ASSERT_TRUE(is_content());
    ASSERT_EQ(real_servers(), endpoints.size());
    kernel.look([](auto& k) { k.fake.clear_journal(); });
  }

  void before_next_write(std::function<void(FakeKernel&)> meddle) {
    kernel.look([&](auto& k) { k.before_write = std::move(meddle); });
  }

  // The kernel holds what was told, as far as the agent knows.
  bool is_content() {
    return eventually([this] {
      const auto& done = agent->statistics();
      return done.synced_once() && !done.behind_since();
    });
  }

  std::vector<std::string> journal() {
    return kernel.look([](auto& k) {
      std::vector<std::string> lines;
      for (const auto& step : k.fake.journal()) lines.push_back(ipvs::to_string(step));
      return lines;
    });
  }

  std::vector<int> refusals() {
    return kernel.look([](auto& k) {
      std::vector<int> codes;
      for (const auto& error : k.fake.refusals()) codes.push_back(error.code);
      return codes;
    });
  }

  const ipvs::VirtualServerId web = tcp("10.96.0.1", 80);
};

TEST_F(AnAgentWithAFaultyKernel, ReadsAgainAndFinishesAfterARefusedStep) {
  start();
  kernel.look([](auto& k) {
    k.faulty.fail_step(4, {.code = ENOMEM, .operation = "", .subject = "", .remedy = ""});
  });
  tell({"10.0.0.1"});
  EXPECT_TRUE(eventually([this] { return real_servers() == 1; }));
  EXPECT_THAT(text, HasSubstr("The kernel refused a step"));
}

// All that was written for it counts, and what was refused only once it is done.
TEST_F(AnAgentWithAFaultyKernel, SaysThatTheFirstSyncIsDoneOnlyWhenNothingIsRefused) {
  start();
  kernel.look([](auto& k) {
    k.faulty.fail_step(4, {.code = ENOMEM, .operation = "", .subject = "", .remedy = ""});
  });
  tell({"10.0.0.1", "10.0.0.2"});
  ASSERT_TRUE(eventually([this] { return text.find("First sync") != std::string::npos; }));
  EXPECT_EQ(real_servers(), 2U);
  const auto refused = text.find("The kernel refused a step");
  ASSERT_NE(refused, std::string::npos);
  EXPECT_GT(text.find("\"First sync\" services=1 slices=1 writes=8"), refused);
  EXPECT_THAT(text, HasSubstr("\"First sync\" services=1 slices=1 writes=8"));
}

TEST_F(AnAgentWithAFaultyKernel, RemovesNothingBecauseOfAReadingThatFailed) {
  start(20ms);
  tell({"10.0.0.1"});
  ASSERT_TRUE(eventually([this] { return real_servers() == 1; }));
  kernel.look([](auto& k) {
    k.fake.clear_journal();
    for (int i = 0; i < 3; ++i) {
      k.faulty.fail_next_observe(
          {.code = ENOBUFS, .operation = "read", .subject = "", .remedy = ""});
    }
  });
  ASSERT_TRUE(
      eventually([this] { return text.find("they stay as they are") != std::string::npos; }));
  EXPECT_TRUE(kernel.look([](auto& k) { return k.fake.journal().empty(); }));
}

// Each step in turn is done and its answer lost (ETIMEDOUT): the kernel is read again, and nothing
// is written twice.
TEST_F(AnAgentWithAFaultyKernel, WritesNothingTwiceWhenAnAnswerIsLost) {
  kernel.look([](auto& k) {
    for (std::uint64_t step = 1; step <= 8; ++step) k.faulty.lose_answer(step);
  });
  start();
  tell({"10.0.0.1", "10.0.0.2"});
  ASSERT_TRUE(is_content());
  EXPECT_EQ(real_servers(), 2U);
  auto written = journal();
  EXPECT_EQ(written.size(), 8U);
  std::sort(written.begin(), written.end());
  EXPECT_EQ(std::adjacent_find(written.begin(), written.end()), written.end());
  EXPECT_THAT(refusals(), testing::IsEmpty());
}

// ENOBUFS: done or not, nobody knows. Here, not.
TEST_F(AnAgentWithAFaultyKernel, ReadsAgainAndLosesNothingWhenAnswersFoundNoRoom) {
  kernel.look([](auto& k) {
    for (std::uint64_t step = 1; step <= 8; ++step) {
      k.faulty.fail_step(step, {.code = ENOBUFS, .operation = "", .subject = "", .remedy = ""});
    }
  });
  start();
  tell({"10.0.0.1", "10.0.0.2"});
  ASSERT_TRUE(is_content());
  EXPECT_EQ(real_servers(), 2U);
}

TEST_F(AnAgentWithAFaultyKernel, AdoptsWhatSomebodyElseMadeFirst) {  // EEXIST
  before_next_write([this](FakeKernel& fake) {
    fake.plant({.id = web, .settings = {.scheduler = "wlc"}, .traffic = {}, .real_servers = {}});
  });
  start();
  tell({"10.0.0.1"});
  ASSERT_TRUE(is_content());
  EXPECT_THAT(refusals(), testing::Contains(EEXIST));
  EXPECT_EQ(real_servers(), 1U);
  EXPECT_EQ(kernel.look([this](auto& k) { return k.fake.find(web)->settings.scheduler; }), "rr");
}

TEST_F(AnAgentWithAFaultyKernel, MakesAgainWhatVanishedBeneathAnAddition) {  // ESRCH
  ASSERT_NO_FATAL_FAILURE(programmed({"10.0.0.1"}));
  before_next_write([this](FakeKernel& fake) { fake.uproot(web); });
  tell_endpoints({"10.0.0.1", "10.0.0.2"});
  EXPECT_TRUE(eventually([this] { return real_servers() == 2; }));
  EXPECT_TRUE(is_content());
  EXPECT_THAT(refusals(), testing::ElementsAre(ESRCH));
}

TEST_F(AnAgentWithAFaultyKernel, LetsGoOfAVirtualServerThatSomebodyElseDeletedFirst) {  // ESRCH
  ASSERT_NO_FATAL_FAILURE(programmed({"10.0.0.1"}));
  before_next_write([this](FakeKernel& fake) { fake.uproot(web); });
  agent->services().deleted(named("a/web"));
  agent->services().settled();
  EXPECT_TRUE(is_content());
  EXPECT_THAT(refusals(), testing::ElementsAre(ESRCH));
  EXPECT_TRUE(kernel.look([](auto& k) {
    const auto left = k.fake.observe();
    return left->virtual_servers.empty() && left->bound.empty() && left->elements.empty();
  }));
}

TEST_F(AnAgentWithAFaultyKernel, LetsGoOfARealServerThatSomebodyElseDeletedFirst) {  // ENOENT
  ASSERT_NO_FATAL_FAILURE(programmed({"10.0.0.1", "10.0.0.2"}));
  before_next_write([this](FakeKernel& fake) {
    auto server = *fake.find(web);
    std::erase_if(server.real_servers,
                  [](const auto& s) { return s.id == real("10.0.0.2", 8080); });
    fake.plant(server);
  });
  tell_endpoints({"10.0.0.1"});
  EXPECT_TRUE(is_content());
  EXPECT_THAT(refusals(), testing::ElementsAre(ENOENT));
  EXPECT_EQ(real_servers(), 1U);
  EXPECT_THAT(journal(), testing::IsEmpty());
}

}  // namespace
}  // namespace reconcile::test
