// The loop with a kernel in memory: what it does when, and what it says about it.
#include "reconcile/agent.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "an_agent.h"
#include "reconcile/scheduler_trial.h"

namespace reconcile::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST_F(AnAgent, ProgramsAServiceAndSaysSo) {
  start();
  tell({"10.0.0.1", "10.0.0.2"});
  ASSERT_TRUE(eventually([this] { return real_servers() == 2; }));
  ASSERT_TRUE(eventually([this] { return text.find("First sync") != std::string::npos; }));
  EXPECT_THAT(text, HasSubstr("\"First sync\" services=1 slices=1 writes=8"));
}

TEST_F(AnAgent, SaysHowLongAChangeTookFromTheEventToTheAcknowledgement) {
  start();
  tell({"10.0.0.1"});
  ASSERT_TRUE(eventually([this] { return real_servers() == 1; }));
  tell_endpoints({"10.0.0.1", "10.0.0.2"});
  ASSERT_TRUE(eventually([this] { return text.find("Service programmed") != std::string::npos; }));
  EXPECT_THAT(text,
              testing::ContainsRegex("service=\"a/web\" steps=1 batch=1 latency=\"[0-9.]+[mu]s\""));
}

TEST_F(AnAgent, WritesNothingBeforeBothKindsAreSynced) {
  start();
  agent->services().replaced({service("a/web", {"10.96.0.1"})});
  agent->services().settled();
  io.run_for(50ms);
  EXPECT_TRUE(kernel.look([](auto& k) { return k.fake.journal().empty(); }));
  tell_endpoints({"10.0.0.1"});
  EXPECT_TRUE(eventually([this] { return real_servers() == 1; }));
}

TEST_F(AnAgent, KeepsTryingWhereTheKernelHasNoIpvsAndNamesTheRemedy) {
  refusals_to_open = 2;
  start();
  tell({"10.0.0.1"});
  EXPECT_TRUE(eventually([this] { return real_servers() == 1; }));
  EXPECT_THAT(text, AllOf(HasSubstr("Cannot use the kernel's IPVS yet"),
                          HasSubstr("Load the module ip_vs.")));
}

TEST_F(AnAgent, TriesTheKernelNoSoonerBecauseItIsToldSomething) {
  constexpr int kRefusals = 1'000;
  refusals_to_open = kRefusals;
  start();
  ASSERT_TRUE(eventually([this] { return refusals_to_open < kRefusals; }));
  const auto began = std::chrono::steady_clock::now();
  for (int change = 0; change < 100; ++change) {
    tell({"10.0.0.1"});
    io.run_for(1ms);
  }
  // After 0.2 s, 0.4 s, 0.8 s: on a machine that stood still for long there may be some of those.
  const auto waited = std::chrono::steady_clock::now() - began;
  EXPECT_LE(kRefusals - refusals_to_open, 2 + waited / 200ms);
  refusals_to_open = 0;
}

TEST_F(AnAgent, GoesOnWithASysctlThatIsWrongAndSaysWhich) {
  warnings = {
      {.code = EROFS, .operation = "set sysctl", .subject = "conntrack", .remedy = "Set it."}};
  start();
  tell({"10.0.0.1"});
  EXPECT_TRUE(eventually([this] { return real_servers() == 1; }));
  EXPECT_THAT(text, AllOf(HasSubstr("cannot set sysctl conntrack"), HasSubstr("Set it.")));
}

TEST_F(AnAgent, RepairsWhatSomebodyElseRemovedAtTheNextAudit) {
  start(20ms);
  tell({"10.0.0.1"});
  ASSERT_TRUE(eventually([this] { return real_servers() == 1; }));
  kernel.look([](auto& k) { k.fake.uproot(tcp("10.96.0.1", 80)); });
  EXPECT_TRUE(eventually([this] { return real_servers() == 1; }));
  EXPECT_TRUE(
      eventually([this] { return text.find("\"Audit\" repaired=2") != std::string::npos; }));
}

// Without endpoints, but for a/web.
kube::ObjectList<kube::Service> services(int count) {
  kube::ObjectList<kube::Service> made{service("a/web", {"10.96.0.1"})};
  for (int i = 1; i < count; ++i) {
    made.push_back(
        service(fmt::format("a/{}", i), {fmt::format("10.97.{}.{}", i / 200, i % 200 + 1)}));
  }
  return made;
}

TEST_F(AnAgent, LooksAgainSoonAfterItHasAddedManyVirtualServers) {
  start();
  agent->services().replaced(services(1'100));
  agent->services().settled();
  tell_endpoints({"10.0.0.1"});
  ASSERT_TRUE(eventually([this] { return text.find("First sync") != std::string::npos; }));
  kernel.look([](auto& k) { k.fake.uproot(tcp("10.96.0.1", 80)); });
  EXPECT_TRUE(eventually([this] { return real_servers() == 1; }));
}

// For a look costs what the whole table costs.
TEST_F(AnAgent, LooksNoSoonerAfterManyRealServers) {
  start();
  std::vector<std::string> endpoints;
  for (int i = 0; i < 1'100; ++i) endpoints.push_back(fmt::format("10.1.{}.{}", i / 200, i % 200));
  tell(endpoints);
  ASSERT_TRUE(eventually([this] { return text.find("First sync") != std::string::npos; }));
  kernel.look([](auto& k) { k.fake.uproot(tcp("10.96.0.1", 80)); });
  io.run_for(1'500ms);
  EXPECT_EQ(real_servers(), 0U);
}

TEST_F(AnAgent, LeavesForeignVirtualServersAloneAndCountsThem) {
  kernel.look([](auto& k) {
    k.fake.plant({.id = tcp("192.0.2.1", 80), .settings = {}, .traffic = {}, .real_servers = {}});
  });
  start(20ms);
  tell({"10.0.0.1"});
  ASSERT_TRUE(eventually([this] { return text.find("foreign=1") != std::string::npos; }));
  EXPECT_TRUE(kernel.look([](auto& k) { return k.fake.find(tcp("192.0.2.1", 80)) != nullptr; }));
}

TEST_F(AnAgent, EndsADrainOnceTheLastConnectionIsGone) {
  start();
  tell({"10.0.0.1", "10.0.0.2"});
  ASSERT_TRUE(eventually([this] { return real_servers() == 2; }));
  kernel.look([](auto& k) {
    k.fake.set_connections(tcp("10.96.0.1", 80), real("10.0.0.2", 8080), {.active = 1});
    k.fake.clear_journal();
  });
  tell_endpoints({"10.0.0.1"});
  ASSERT_TRUE(eventually([this] {
    return kernel.look(
        [](auto& k) { return k.fake.journal().size() == 1 && k.fake.partial_reads() > 0; });
  }));
  EXPECT_EQ(real_servers(), 2U);
  kernel.look(
      [](auto& k) { k.fake.set_connections(tcp("10.96.0.1", 80), real("10.0.0.2", 8080), {}); });
  EXPECT_TRUE(eventually([this] { return real_servers() == 1; }));
  EXPECT_EQ(kernel.look([](auto& k) { return k.fake.resets(); }), 0U);
}

TEST_F(AnAgent, LeavesTheTablesInPlaceWhenItStops) {
  start();
  tell({"10.0.0.1"});
  ASSERT_TRUE(eventually([this] { return real_servers() == 1; }));
  agent->stop();
  ASSERT_TRUE(eventually([this] { return ended; }));
  EXPECT_EQ(real_servers(), 1U);
}

TEST_F(AnAgent, SaysARepeatedTroubleOnce) {
  start();
  for (int i = 0; i < 5; ++i) {
    agent->slices().troubled(
        {.what = "cannot list endpointslices", .why = "refused", .remedy = "start it"});
  }
  EXPECT_THAT(text, HasSubstr("cannot list endpointslices"));
  EXPECT_EQ(text.find("cannot list", text.find("cannot list") + 1), std::string::npos);
}

TEST_F(AnAgent, KeepsAServiceThatANewListHoldsButCannotBeBelieved) {
  start();
  tell({"10.0.0.1"});
  ASSERT_TRUE(eventually([this] { return real_servers() == 1; }));
  agent->services().skipped(named("a/web"), "port 0 is out of range");
  agent->services().replaced({service("a/other", {"10.96.0.2"})});
  agent->services().settled();
  ASSERT_TRUE(eventually([this] {
    return kernel.look([](auto& k) { return k.fake.find(tcp("10.96.0.2", 80)) != nullptr; });
  }));
  EXPECT_EQ(real_servers(), 1U);
}

TEST_F(AnAgent, SaysThatAWatchIsWellAgain) {
  start();
  agent->slices().troubled({.what = "cannot list endpointslices", .why = "refused", .remedy = ""});
  agent->slices().settled();
  EXPECT_THAT(text, HasSubstr("\"Watching again\" kind=\"endpointslices\""));
}

TEST_F(AnAgent, ReportsASkippedObject) {
  start();
  agent->services().skipped(named("a/bad"), "port 0 is out of range");
  EXPECT_THAT(text, AllOf(HasSubstr("a/bad"), HasSubstr("port 0 is out of range")));
}

// Each pass used to put off the next look at who drains.
TEST_F(AnAgent, EndsADrainInTimeThoughChangesNeverCease) {
  start();
  tell({"10.0.0.1", "10.0.0.2"});
  ASSERT_TRUE(eventually([this] { return real_servers() == 2; }));
  tell_endpoints({"10.0.0.1"});
  ASSERT_TRUE(eventually([this] { return !agent->reconciliation().drains().empty(); }));
  int change = 0;
  ASSERT_TRUE(eventually([&] {
    agent->services().changed(service("a/busy", {"10.96.1." + std::to_string(1 + ++change % 200)}));
    agent->services().settled();
    return agent->reconciliation().drains().empty();
  }));
  EXPECT_EQ(real_servers(), 1U);
  EXPECT_GT(change, 10);
}

TEST_F(AnAgent, WantsTheNodesWhileAServiceAsksForAnAddress) {
  settings.node.knows_all_nodes = true;
  settings.node_patience = 1h;
  start();
  std::vector<bool> wanted;
  agent->on_nodes_wanted([&](bool wants) { wanted.push_back(wants); });
  agent->node().replaced({kube::Node{.metadata = {.id = {"", "here"}}}});
  agent->node().settled();
  tell({"10.0.0.1"});
  ASSERT_TRUE(eventually([this] { return real_servers() == 1; }));
  EXPECT_THAT(wanted, testing::IsEmpty());

  auto asking = service("a/asking", {"10.96.0.2"});
  asking.external_ips = {ip("203.0.113.1")};
  agent->services().changed(asking);
  agent->services().settled();
  EXPECT_THAT(wanted, testing::ElementsAre(true));
  agent->all_nodes().replaced({});
  agent->all_nodes().settled();
  const auto serves = [this] {
    return kernel.look([](auto& k) { return k.fake.find(tcp("203.0.113.1", 80)) != nullptr; });
  };
  EXPECT_TRUE(eventually(serves));
  agent->services().deleted(named("a/asking"));
  agent->services().settled();
  EXPECT_THAT(wanted, testing::ElementsAre(true, false));
}

TEST_F(AnAgent, GoesOnWithoutTheNodesThatItMayNotListAndSaysSoOnce) {
  settings.node.knows_all_nodes = true;
  settings.node_patience = 50ms;
  start();
  auto asking = service("a/asking", {"10.96.0.2"});
  asking.external_ips = {ip("203.0.113.1")};
  agent->services().replaced({asking});
  agent->services().settled();
  for (int i = 0; i < 3; ++i) {
    agent->all_nodes().troubled({.what = "cannot list nodes", .why = "403", .remedy = "add it"});
  }
  tell_endpoints({});
  ASSERT_TRUE(eventually([this] {
    return kernel.look([](auto& k) { return k.fake.find(tcp("203.0.113.1", 80)) != nullptr; });
  }));
  EXPECT_THAT(text, AllOf(HasSubstr("missed=\"external addresses are refused if they are"),
                          HasSubstr("The addresses of the other nodes are not told")));
  EXPECT_EQ(text.find("cannot list", text.find("cannot list") + 1), std::string::npos);
}

TEST_F(AnAgent, SaysThatItHoldsWhatMayBelongToAServiceThatItCannotRead) {
  start();
  tell({"10.0.0.1"});
  ASSERT_TRUE(eventually([this] { return real_servers() == 1; }));
  agent->stop();
  ASSERT_TRUE(eventually([this] { return ended; }));
  ended = false;
  io.restart();

  start();
  agent->services().skipped(named("a/web"), "a field of a newer API");
  agent->services().replaced({});
  agent->services().settled();
  tell_endpoints({"10.0.0.1"});
  ASSERT_TRUE(eventually([this] { return text.find("could not be read") != std::string::npos; }));
  EXPECT_THAT(text, HasSubstr("virtual_servers=1 addresses=1 real_servers=0"));
  EXPECT_EQ(real_servers(), 1U);
}

TEST_F(AnAgent, TellsEventsOfAServiceThatLosesAnAddress) {
  start();
  std::vector<std::string> events;
  agent->on_event([&](const kube::Event& event) {
    events.push_back(kube::to_string(event.regarding.id) + " " + event.reason);
  });
  auto first = service("a/first", {"10.96.0.1"});
  auto second = service("a/second", {"10.96.0.2"});
  first.external_ips = second.external_ips = {ip("203.0.113.1")};
  agent->services().replaced({first, second});
  agent->services().settled();
  tell_endpoints({});
  EXPECT_TRUE(eventually([&] { return !events.empty(); }));
  EXPECT_THAT(events, testing::ElementsAre("a/second ClaimLost"));
}

TEST_F(AnAgent, TellsAnEventOfTheNodeWhenTheSchedulerIsUnknown) {
  warnings = {{.code = ENOENT, .operation = kUseScheduler, .subject = "nope", .remedy = "Load it"}};
  start();
  std::vector<std::string> events;
  agent->on_event([&](const kube::Event& event) {
    events.push_back(kube::to_string(event.regarding.id) + " " + event.reason);
  });
  EXPECT_TRUE(eventually([&] { return !events.empty(); }));
  EXPECT_THAT(events, testing::ElementsAre("here SchedulerUnknown"));
}

TEST_F(AnAgent, TakesAnotherConfigurationWhileItRuns) {
  start();
  tell({"10.0.0.1"});
  ASSERT_TRUE(eventually([this] { return real_servers() == 1; }));
  kernel.look([](auto& k) { k.fake.clear_journal(); });
  auto node = settings.node;
  node.scheduler = "wlc";
  agent->configured(node, 1h, 2);
  EXPECT_TRUE(eventually([this] { return scheduler_in_kernel() == "wlc"; }));
  EXPECT_EQ(real_servers(), 1U) << "edited in place";
  EXPECT_EQ(kernel.look([](auto& k) { return k.fake.resets(); }), 0U);
  EXPECT_EQ(agent->statistics().configurations().taken, 1U);
  EXPECT_EQ(agent->statistics().configurations().at_restart, 2U);
}

TEST_F(AnAgent, TakesAConfigurationThatComesWhileItWrites) {
  start();
  KernelAtWork writing;
  kernel.look([&](auto& k) { k.before_write = [&](auto&) { writing.stand_still(); }; });
  tell({"10.0.0.1"});
  ASSERT_TRUE(eventually([&] { return writing.stands_still(); }));
  auto node = settings.node;
  node.scheduler = "wlc";
  agent->configured(node, 1h, 0);
  writing.go_on();
  EXPECT_TRUE(eventually([&] { return scheduler_in_kernel() == "wlc"; }));
}

TEST_F(AnAgent, AuditsAgainForAChangeThatItIsToldOfWhileItReads) {
  start();
  tell({"10.0.0.1"});
  ASSERT_TRUE(eventually([this] { return real_servers() == 1; }));
  KernelAtWork reading;
  kernel.look([&](auto& k) {
    k.after_reading = [&](FakeKernel& fake) {
      fake.uproot(tcp("10.96.0.1", 80));
      reading.stand_still();
    };
  });
  agent->node_changed();
  ASSERT_TRUE(eventually([&] { return reading.stands_still(); }));
  agent->node_changed();
  reading.go_on();
  EXPECT_TRUE(eventually([this] { return real_servers() == 1; }));
}

TEST_F(AnAgent, KeepsItsSchedulerWhenTheKernelRefusesTheNewOne) {
  start();
  tell({"10.0.0.1"});
  ASSERT_TRUE(eventually([this] { return real_servers() == 1; }));
  kernel.look([](auto& k) {
    k.faulty.fail_step(0, {.code = ENOENT, .operation = "", .subject = "", .remedy = ""});
  });
  auto node = settings.node;
  node.scheduler = "nope";
  agent->configured(node, 1h, 0);
  EXPECT_TRUE(eventually([this] { return text.find("refuses the new scheduler") != text.npos; }));
  ASSERT_TRUE(eventually([this] { return !agent->reconciliation().pending(); }));
  EXPECT_EQ(agent->reconciliation().facts().config().scheduler, "rr");
}

}  // namespace
}  // namespace reconcile::test
