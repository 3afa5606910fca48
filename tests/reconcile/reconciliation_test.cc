#include "reconcile/reconciliation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "builders.h"
#include "reconcile/decision_tables.h"

namespace reconcile::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;

const TimePoint kStart{};

ipvs::Observation empty_node() {
  ipvs::Observation observation;
  observation.link_present = true;
  observation.rules_intact = true;
  return observation;
}

std::vector<ipvs::Outcome> done(std::size_t steps) { return {steps, std::nullopt}; }

// Synced with one Service of `endpoints`, the kernel written.
class AReconciliation : public testing::Test {
 protected:
  void start(const std::vector<kube::Endpoint>& endpoints) {
    it.replaced(std::vector{service("a/web", {"10.96.0.1"})}, kStart);
    it.replaced(std::vector{slice("a/s", "web", endpoints)}, kStart);
    it.observed(empty_node());
    carry_out(kStart);
  }

  Plan carry_out(TimePoint now) {
    const auto plan = it.decide(now);
    EXPECT_TRUE(it.acknowledge(plan.claims, done(plan.claims.size()), now));
    EXPECT_TRUE(it.acknowledge(plan.changes, done(plan.changes.size()), now));
    EXPECT_TRUE(it.acknowledge(plan.releases, done(plan.releases.size()), now));
    return plan;
  }

  Reconciliation it{NodeConfig{.name = "here"}, 60s};
};

TEST_F(AReconciliation, IsNotReadyBeforeBothKindsAreSyncedAndTheKernelWasRead) {
  it.replaced(std::vector<kube::Service>{}, kStart);
  EXPECT_FALSE(it.ready());
  it.observed(empty_node());
  EXPECT_FALSE(it.ready());
  it.replaced(std::vector<kube::EndpointSlice>{}, kStart);
  EXPECT_TRUE(it.ready());
}

TEST_F(AReconciliation, WritesNothingTheSecondTime) {
  start({ready("10.0.0.1")});
  EXPECT_FALSE(it.pending());
}

TEST_F(AReconciliation, FollowsAnotherConfigurationWithTheStepsThatItTakes) {
  start({ready("10.0.0.1")});
  it.configured({.name = "here", .scheduler = "wlc"});
  const auto plan = carry_out(kStart);
  ASSERT_EQ(plan.size(), 1U);
  const auto* edit = std::get_if<ipvs::EditVirtualServer>(&plan.changes.at(0));
  ASSERT_NE(edit, nullptr);
  EXPECT_EQ(edit->settings.scheduler, "wlc");
  it.configured({.name = "here", .scheduler = "wlc"});
  EXPECT_EQ(carry_out(kStart).size(), 0U) << "what stays the same costs nothing";
}

TEST_F(AReconciliation, FollowsOtherRangesOfPods) {
  start({ready("10.0.0.1")});
  it.configured({.name = "here", .cluster_ranges = {*kube::parse_cidr_range("10.0.0.0/16")}});
  const auto plan = carry_out(kStart);
  std::set<ipvs::SetName> sets;
  for (const auto& step : plan.claims) {
    if (const auto* added = std::get_if<ipvs::AddElement>(&step)) sets.insert(added->element.set);
  }
  EXPECT_THAT(sets, ElementsAre(ipvs::SetName::kClusterAddresses, ipvs::SetName::kPodRanges));
}

TEST_F(AReconciliation, WritesOneStepForOneEndpoint) {
  start({ready("10.0.0.1")});
  it.changed(slice("a/s", "web", {ready("10.0.0.1"), ready("10.0.0.2")}), kStart + 5s);
  EXPECT_EQ(carry_out(kStart + 5s).size(), 1U);
  EXPECT_THAT(it.decided(), ElementsAre(Pair(named("a/web"), kStart + 5s)));
}

// A thousand Services, each with two endpoints at an address of its own.
TEST_F(AReconciliation, WritesNothingButWhatChangedAmongAThousandServices) {
  const auto number = [](int i) { return std::to_string(i / 250) + "." + std::to_string(i % 250); };
  std::vector<kube::Service> services;
  std::vector<kube::EndpointSlice> slices;
  const auto endpoints_of = [&](int i, const std::string& second) {
    const auto name = "a/s" + std::to_string(i);
    return slice(name, "s" + std::to_string(i), {ready("10.1." + number(i)), ready(second)});
  };
  for (int i = 0; i < 1'000; ++i) {
    services.push_back(service("a/s" + std::to_string(i), {"10.96." + number(i)}));
    slices.push_back(endpoints_of(i, "10.2." + number(i)));
  }
  it.replaced(std::move(services), kStart);
  it.replaced(std::move(slices), kStart);
  it.observed(empty_node());
  EXPECT_EQ(carry_out(kStart).size(), 6'000U);

  it.changed(endpoints_of(700, "10.3.0.1"), kStart);
  const auto replaced = carry_out(kStart);
  EXPECT_EQ(replaced.size(), 2U) << "the new one is added, the old one is lowered";
  EXPECT_THAT(it.decided(), SizeIs(1));

  it.changed(slice("a/s700", "s700", {ready("10.1." + number(700))}), kStart);
  EXPECT_EQ(carry_out(kStart).size(), 1U);
  auto relabelled = endpoints_of(1, "10.2." + number(1));
  relabelled.metadata.resource_version = "2";
  it.changed(relabelled, kStart);
  EXPECT_FALSE(it.pending());
}

TEST_F(AReconciliation, NeitherBindsNorUnbindsAnAddressThatTheNodeHas) {
  auto observation = empty_node();
  observation.node_addresses = {{ip("198.51.100.1"), "eth1"}};
  auto web = service("a/web", {"10.96.0.1"});
  web.external_ips = {ip("198.51.100.1")};
  it.replaced(std::vector{web}, kStart);
  it.replaced(std::vector<kube::EndpointSlice>{}, kStart);
  it.observed(observation);
  const auto touches = [](const std::vector<ipvs::Step>& steps) {
    return std::any_of(steps.begin(), steps.end(), [](const ipvs::Step& step) {
      const auto* bound = std::get_if<ipvs::BindAddress>(&step);
      const auto* unbound = std::get_if<ipvs::UnbindAddress>(&step);
      return (bound && bound->address == ip("198.51.100.1")) ||
             (unbound && unbound->address == ip("198.51.100.1"));
    });
  };
  EXPECT_FALSE(touches(carry_out(kStart).changes));
  ASSERT_NE(it.observed_state().virtual_server(tcp("198.51.100.1", 80)), nullptr);
  it.deleted<kube::Service>(named("a/web"), kStart);
  EXPECT_FALSE(touches(carry_out(kStart).releases));
  EXPECT_TRUE(it.observed_state().everything_ours().empty());
}

TEST_F(AReconciliation, CoalescesABurstAndKeepsItsFirstTime) {
  start({ready("10.0.0.1")});
  it.changed(slice("a/s", "web", {ready("10.0.0.2")}), kStart + 1s);
  it.changed(slice("a/s", "web", {ready("10.0.0.1")}), kStart + 2s);
  EXPECT_TRUE(carry_out(kStart + 2s).empty());
  EXPECT_THAT(it.decided(), ElementsAre(Pair(named("a/web"), kStart + 1s)));
}

TEST_F(AReconciliation, EndsADrainOnceAFreshReadingSaysIdle) {
  start({ready("10.0.0.1"), ready("10.0.0.2")});
  it.changed(slice("a/s", "web", {ready("10.0.0.1")}), kStart);
  carry_out(kStart);
  ASSERT_FALSE(it.drains().empty());

  const auto asked = it.drains().virtual_servers();
  ipvs::ObservedVirtualServer read{
      .id = tcp("10.96.0.1", 80), .settings = {}, .traffic = {}, .real_servers = {}};
  read.real_servers = {
      {.id = real("10.0.0.1", 8080), .settings = {}, .connections = {}, .traffic = {}},
      {.id = real("10.0.0.2", 8080), .settings = {.weight = 0}, .connections = {}, .traffic = {}}};
  it.refreshed(asked, {read});
  EXPECT_EQ(carry_out(kStart + 1s).size(), 1U);
  EXPECT_TRUE(it.drains().empty());
}

TEST_F(AReconciliation, EndsADrainAtItsDeadlineThoughItHasConnections) {
  start({ready("10.0.0.1"), ready("10.0.0.2")});
  it.changed(slice("a/s", "web", {ready("10.0.0.1")}), kStart);
  carry_out(kStart);
  const auto asked = it.drains().virtual_servers();
  ipvs::ObservedVirtualServer read{
      .id = tcp("10.96.0.1", 80), .settings = {}, .traffic = {}, .real_servers = {}};
  read.real_servers = {
      {.id = real("10.0.0.1", 8080), .settings = {}, .connections = {}, .traffic = {}},
      {.id = real("10.0.0.2", 8080),
       .settings = {.weight = 0},
       .connections = {.active = 3},
       .traffic = {}}};
  for (auto second = 1s; second < 60s; ++second) {
    it.refreshed(asked, {read});
    ASSERT_TRUE(carry_out(kStart + second).empty()) << second.count();
  }
  const auto table = decision_table(it, "drains", "", kStart + 45s);
  ASSERT_TRUE(table);
  EXPECT_EQ(to_text(*table, TableOutput::kText, /*headers=*/false),
            "a   web   TCP 10.96.0.1:80   10.0.0.2:8080   3   0   15s\n");
  it.refreshed(asked, {read});
  EXPECT_EQ(carry_out(kStart + 60s).size(), 1U);
  EXPECT_TRUE(it.drains().empty());
}

// Its connections may all be younger than the last reading, which knows of none.
TEST_F(AReconciliation, EndsNoDrainOnAReadingThatIsOlderThanIt) {
  start({ready("10.0.0.1"), ready("10.0.0.2"), ready("10.0.0.3")});
  it.changed(slice("a/s", "web", {ready("10.0.0.2"), ready("10.0.0.3")}), kStart);
  carry_out(kStart);
  it.changed(slice("a/s", "web", {ready("10.0.0.3")}), kStart + 5ms);
  const auto plan = carry_out(kStart + 5ms);
  EXPECT_EQ(plan.drains_ended, 0U);
  EXPECT_THAT(plan.draining, SizeIs(2));
}

TEST_F(AReconciliation, EndsADrainWhenTheEndpointReturns) {
  start({ready("10.0.0.1"), ready("10.0.0.2")});
  it.changed(slice("a/s", "web", {ready("10.0.0.1")}), kStart);
  carry_out(kStart);
  it.changed(slice("a/s", "web", {ready("10.0.0.1"), ready("10.0.0.2")}), kStart);
  const auto plan = carry_out(kStart);
  ASSERT_EQ(plan.changes.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<ipvs::EditRealServer>(plan.changes.front()));
  EXPECT_TRUE(it.drains().empty());
}

TEST_F(AReconciliation, DoubtsItsPictureAfterARefusedStep) {
  start({ready("10.0.0.1")});
  it.changed(slice("a/s", "web", {ready("10.0.0.2")}), kStart);
  const auto plan = it.decide(kStart);
  auto outcomes = done(plan.changes.size());
  outcomes.front() =
      ipvs::Error{.code = 12, .operation = "add real server", .subject = "", .remedy = ""};
  EXPECT_FALSE(it.acknowledge(plan.changes, outcomes, kStart));
  EXPECT_FALSE(it.ready());
  it.observed(empty_node());
  EXPECT_TRUE(it.ready());
}

TEST_F(AReconciliation, RepairsWhatSomebodyElseRemoved) {
  start({ready("10.0.0.1")});
  auto robbed = empty_node();
  it.observed(robbed);
  EXPECT_EQ(carry_out(kStart).size(), 5U);  // two elements, an address, a virtual and a real server
}

TEST_F(AReconciliation, ReportsAContestedAddress) {
  start({ready("10.0.0.1")});
  auto rival = service("b/rival", {"10.96.0.1"});
  rival.metadata.created += 1s;
  it.changed(rival, kStart);
  carry_out(kStart);
  ASSERT_THAT(it.conflicts(), SizeIs(1));
  EXPECT_THAT(it.conflicts().front().losers, ElementsAre(named("b/rival")));
}

TEST_F(AReconciliation, RemovesADeletedServiceCompletely) {
  start({ready("10.0.0.1", "here")});
  it.deleted<kube::Service>(named("a/web"), kStart);
  it.deleted<kube::EndpointSlice>(named("a/s"), kStart);
  carry_out(kStart);
  EXPECT_TRUE(it.desired_state().everything().empty());
  EXPECT_TRUE(it.observed_state().everything_ours().empty());
}

}  // namespace
}  // namespace reconcile::test
