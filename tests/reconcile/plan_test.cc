// Plans as the administrator would type them: each test reads as "given, then these lines".
#include "reconcile/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace reconcile::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const TimePoint kNow{};
const NodeConfig kHere{.name = "here"};
const ipvs::SetElement kAddress{.set = ipvs::SetName::kServiceAddresses,
                                .address = ip("10.96.0.1")};
const ipvs::SetElement kPort{.set = ipvs::SetName::kServicePorts,
                             .address = ip("10.96.0.1"),
                             .protocol = ipvs::Protocol::kTcp,
                             .port = 80};

// The Service a/web on 10.96.0.1:80 with `endpoints`, told to `state`.
Scope tell(DesiredState& state, const std::vector<std::string>& endpoints,
           kube::Protocol protocol = kube::Protocol::kTcp) {
  std::vector<kube::Endpoint> ready_ones;
  for (const auto& endpoint : endpoints) ready_ones.push_back(ready(endpoint));
  const auto one =
      slice("a/s", "web", ready_ones, {{.name = "", .protocol = protocol, .port = 8080}});
  const std::vector<const kube::EndpointSlice*> slices{&one};
  const auto web =
      service("a/web", {"10.96.0.1"}, {{.name = "", .protocol = protocol, .port = 80}});
  return state.update({{}, "uid", named("a/web")}, desired(web, slices, kHere));
}

ipvs::ObservedRealServer seen(const std::string& address, int weight, std::uint32_t active = 0) {
  return {.id = real(address, 8080),
          .settings = {.weight = weight},
          .connections = {.active = active},
          .traffic = {}};
}

// A kernel that holds a/web with these real servers.
ipvs::Observation holding(std::vector<ipvs::ObservedRealServer> servers,
                          const ipvs::VirtualServerId& id = tcp("10.96.0.1", 80)) {
  auto port = kPort;
  port.protocol = id.protocol;
  return {.info = {},
          .virtual_servers =
              {{.id = id, .settings = {}, .traffic = {}, .real_servers = std::move(servers)}},
          .link_present = true,
          .bound = {ip("10.96.0.1")},
          .rules_intact = true,
          .elements = {kAddress, port}};
}

std::vector<std::string> lines(const Plan& plan) {
  std::vector<std::string> texts;
  for (const auto& step : plan.settings) texts.push_back(ipvs::to_string(step));
  for (const auto& step : plan.claims) texts.push_back(ipvs::to_string(step));
  for (const auto& step : plan.changes) texts.push_back(ipvs::to_string(step));
  for (const auto& step : plan.releases) texts.push_back(ipvs::to_string(step));
  return texts;
}

std::vector<std::string> texts(std::vector<ipvs::Step> steps) {
  return lines({.claims = {}, .changes = std::move(steps), .releases = {}, .draining = {}});
}

Plan plan_for(const DesiredState& desired, const Scope& scope, const ipvs::Observation& observation,
              const Drains& drains = Drains(60s)) {
  ObservedState observed;
  observed.replace(observation);
  return plan(scope, desired, observed, drains, kNow);
}

const ipvs::VirtualServerId kWeb = tcp("10.96.0.1", 80);
const ipvs::RealServer kOn{};

TEST(Plan, FillsAnEmptyKernelBeforeItAnnounces) {
  DesiredState desired;
  const auto scope = tell(desired, {"10.0.0.1"});
  EXPECT_THAT(
      lines(plan_for(desired, scope, {})),
      testing::ElementsAreArray(texts(
          {ipvs::CreateLink{}, ipvs::InstallRules{}, ipvs::AddElement{kAddress},
           ipvs::AddVirtualServer{kWeb, {}}, ipvs::AddRealServer{kWeb, real("10.0.0.1", 8080), kOn},
           ipvs::AddElement{kPort}, ipvs::BindAddress{ip("10.96.0.1")}})));
}

TEST(Plan, IsEmptyWhenTheKernelHoldsWhatItShould) {
  DesiredState desired;
  const auto scope = tell(desired, {"10.0.0.1"});
  EXPECT_THAT(lines(plan_for(desired, scope, holding({seen("10.0.0.1", 1)}))), IsEmpty());
}

TEST(Plan, RefusesNothingThatIsLiveWhenItTakesANodeOver) {
  DesiredState desired;
  const auto scope = tell(desired, {"10.0.0.1"});
  auto observation = holding({seen("10.0.0.1", 1)});
  observation.rules_intact = false;
  observation.elements.clear();
  EXPECT_THAT(lines(plan_for(desired, scope, observation)),
              testing::ElementsAreArray(texts(
                  {ipvs::InstallRules{}, ipvs::AddElement{kPort}, ipvs::AddElement{kAddress}})));
}

TEST(Plan, TouchesOneRealServerWhenOneEndpointComes) {
  DesiredState desired;
  const auto scope = tell(desired, {"10.0.0.1", "10.0.0.2"});
  EXPECT_THAT(lines(plan_for(desired, scope, holding({seen("10.0.0.1", 1)}))),
              ElementsAre("-a -t 10.96.0.1:80 -r 10.0.0.2:8080 -m -w 1"));
}

TEST(Plan, LowersALeavingTcpServerToWeightZeroInPlace) {
  DesiredState desired;
  const auto scope = tell(desired, {"10.0.0.1"});
  const auto made =
      plan_for(desired, scope, holding({seen("10.0.0.1", 1), seen("10.0.0.2", 1, 5)}));
  EXPECT_THAT(lines(made), ElementsAre("-e -t 10.96.0.1:80 -r 10.0.0.2:8080 -m -w 0"));
  EXPECT_THAT(made.draining, ElementsAre(Drain{kWeb, real("10.0.0.2", 8080)}));
}

TEST(Plan, LetsADrainingServerBeWhileItHasConnections) {
  DesiredState desired;
  const auto scope = tell(desired, {"10.0.0.1"});
  const auto made =
      plan_for(desired, scope, holding({seen("10.0.0.1", 1), seen("10.0.0.2", 0, 5)}));
  EXPECT_THAT(lines(made), IsEmpty());
  EXPECT_THAT(made.draining, ElementsAre(Drain{kWeb, real("10.0.0.2", 8080)}));
}

TEST(Plan, DeletesADrainingServerOnceItIsIdle) {
  DesiredState desired;
  const auto scope = tell(desired, {"10.0.0.1"});
  const auto made = plan_for(desired, scope, holding({seen("10.0.0.1", 1), seen("10.0.0.2", 0)}));
  EXPECT_THAT(lines(made), ElementsAre("-d -t 10.96.0.1:80 -r 10.0.0.2:8080"));
  EXPECT_EQ(made.drains_ended, 1U);
  EXPECT_THAT(made.draining, IsEmpty());
}

TEST(Plan, DeletesADrainingServerWhoseDeadlineHasPassed) {
  DesiredState desired;
  const auto scope = tell(desired, {"10.0.0.1"});
  Drains drains(60s);
  drains.add({kWeb, real("10.0.0.2", 8080)}, kNow - 60s);
  EXPECT_THAT(lines(plan_for(desired, scope, holding({seen("10.0.0.1", 1), seen("10.0.0.2", 0, 5)}),
                             drains)),
              ElementsAre("-d -t 10.96.0.1:80 -r 10.0.0.2:8080"));
}

TEST(Plan, GivesAReturningServerItsWeightBackInPlace) {
  DesiredState desired;
  const auto scope = tell(desired, {"10.0.0.1"});
  EXPECT_THAT(lines(plan_for(desired, scope, holding({seen("10.0.0.1", 0, 5)}))),
              ElementsAre("-e -t 10.96.0.1:80 -r 10.0.0.1:8080 -m -w 1"));
}

TEST(Plan, MovesUdpAtOnce) {
  DesiredState desired;
  const auto scope = tell(desired, {"10.0.0.2"}, kube::Protocol::kUdp);
  EXPECT_THAT(
      lines(plan_for(desired, scope, holding({seen("10.0.0.1", 1, 5)}, udp("10.96.0.1", 80)))),
      ElementsAre("-a -u 10.96.0.1:80 -r 10.0.0.2:8080 -m -w 1",
                  "-d -u 10.96.0.1:80 -r 10.0.0.1:8080",
                  "conntrack -D -p udp --orig-dst 10.96.0.1 --orig-port-dst 80  # but answers from "
                  "10.0.0.2:8080"));
}

TEST(Plan, RaisesTheNewBeforeItLowersTheOld) {
  DesiredState desired;
  const auto scope = tell(desired, {"10.0.0.9"});
  EXPECT_THAT(lines(plan_for(desired, scope, holding({seen("10.0.0.1", 1, 1)}))),
              ElementsAre("-a -t 10.96.0.1:80 -r 10.0.0.9:8080 -m -w 1",
                          "-e -t 10.96.0.1:80 -r 10.0.0.1:8080 -m -w 0"));
}

TEST(Plan, EditsAVirtualServerInPlace) {
  DesiredState desired;
  const auto scope = tell(desired, {"10.0.0.1"});
  auto observation = holding({seen("10.0.0.1", 1)});
  observation.virtual_servers.front().settings.scheduler = "lc";
  EXPECT_THAT(lines(plan_for(desired, scope, observation)),
              ElementsAre("-E -t 10.96.0.1:80 -s rr"));
}

TEST(Plan, SilencesBeforeItRemovesAndUnclaimsLast) {
  DesiredState desired;
  std::ignore = tell(desired, {"10.0.0.1"});
  const auto scope = desired.remove(named("a/web"));
  EXPECT_THAT(lines(plan_for(desired, scope, holding({seen("10.0.0.1", 1, 5)}))),
              testing::ElementsAreArray(
                  texts({ipvs::DeleteElement{kPort}, ipvs::DeleteVirtualServer{kWeb},
                         ipvs::UnbindAddress{ip("10.96.0.1")}, ipvs::DeleteElement{kAddress}})));
}

TEST(Plan, LeavesAForeignVirtualServerAloneEvenInScope) {
  DesiredState desired;
  Scope scope;
  scope.virtual_servers.push_back(tcp("192.0.2.1", 80));
  auto observation = holding({seen("10.0.0.1", 1)}, tcp("192.0.2.1", 80));
  EXPECT_THAT(lines(plan_for(desired, scope, observation)), IsEmpty());
}

TEST(Plan, KnowsItsOwnByTheSetWhenTheAddressIsNotBoundYet) {
  // Killed between filling and announcing, and the Service is gone meanwhile.
  DesiredState desired;
  Scope scope;
  scope.virtual_servers.push_back(kWeb);
  auto observation = holding({seen("10.0.0.1", 1)});
  observation.bound.clear();
  EXPECT_THAT(lines(plan_for(desired, scope, observation)), ElementsAre("-D -t 10.96.0.1:80"));
}

}  // namespace
}  // namespace reconcile::test
