// After a start, what may belong to an object that could not be read stays as it is (law 1).
#include "reconcile/kept.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"
#include "reconcile/apply.h"
#include "reconcile/reconciliation.h"
#include "tests/fakes/fake_kernel.h"

namespace reconcile::test {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;

const TimePoint kNow{};
const auto kWeb = tcp("10.96.0.1", 80);

// A kernel that an agent filled, and the agent after it.
class AfterAStart : public testing::Test {
 protected:
  AfterAStart() {
    start({web(), service("b/other", {"10.96.0.2"})}, {slice_of_web(), slice_of_other()}, {}, {});
    EXPECT_NE(kernel.find(kWeb), nullptr);
    kernel.clear_journal();
  }

  static kube::Service web() { return service("a/web", {"10.96.0.1"}); }
  static kube::EndpointSlice slice_of_web() {
    return slice("a/web-1", "web", {ready("10.0.0.1"), ready("10.0.0.2")});
  }
  static kube::EndpointSlice slice_of_other() {
    return slice("b/other-1", "other", {ready("10.0.0.3")});
  }

  using Unread = ClusterState::Doubtful;
  void start(const std::vector<kube::Service>& services,
             const std::vector<kube::EndpointSlice>& slices, const Unread& unread_services,
             const Unread& unread_slices) {
    it = Reconciliation(NodeConfig{.name = "here"}, 60s);
    it.replaced(services, unread_services, kNow);
    it.replaced(slices, unread_slices, kNow);
    audit();
  }

  void audit() {
    it.observed(*kernel.observe());
    carry_out();
  }

  void carry_out() {
    const auto written = apply(it.decide(kNow), kernel);
    EXPECT_TRUE(it.acknowledge(written.steps, written.outcomes, kNow));
  }

  std::size_t real_servers(const ipvs::VirtualServerId& id) {
    const auto* server = kernel.find(id);
    return server == nullptr ? 0 : server->real_servers.size();
  }

  FakeKernel kernel;
  Reconciliation it{NodeConfig{.name = "here"}, 60s};
};

TEST_F(AfterAStart, NothingOfAServiceThatCannotBeReadIsTouched) {
  start({service("b/other", {"10.96.0.2"})}, {slice_of_web(), slice_of_other()}, {named("a/web")},
        {});
  EXPECT_THAT(kernel.journal(), IsEmpty());
  EXPECT_EQ(it.kept().counts(),
            (Kept::Counts{.virtual_servers = 1, .addresses = 1, .real_servers = 0}));
  audit();
  EXPECT_THAT(kernel.journal(), IsEmpty());
}

TEST_F(AfterAStart, WhatIsHeldIsItsOwnersAgainOnceThatCanBeRead) {
  start({service("b/other", {"10.96.0.2"})}, {slice_of_web(), slice_of_other()}, {named("a/web")},
        {});
  it.changed(web(), kNow);
  carry_out();
  EXPECT_THAT(kernel.journal(), IsEmpty());
  EXPECT_FALSE(it.kept().counts().any());
}

TEST_F(AfterAStart, WhatIsHeldGoesWithTheServiceThatCouldNotBeRead) {
  start({service("b/other", {"10.96.0.2"})}, {slice_of_other()}, {named("a/web")}, {});
  it.deleted<kube::Service>(named("a/web"), kNow);
  carry_out();
  EXPECT_EQ(kernel.find(kWeb), nullptr);
  EXPECT_EQ(real_servers(tcp("10.96.0.2", 80)), 1U);
  audit();
  EXPECT_EQ(it.observed_state().everything_ours().virtual_servers.size(), 1U);
}

TEST_F(AfterAStart, AListThatCanBeReadCompletelyEndsTheHold) {
  start({service("b/other", {"10.96.0.2"})}, {slice_of_other()}, {named("a/web")}, {});
  it.replaced(std::vector{service("b/other", {"10.96.0.2"})}, kNow);
  carry_out();
  EXPECT_EQ(kernel.find(kWeb), nullptr);
}

TEST_F(AfterAStart, AServiceThatIsDeletedMeanwhileIsRemovedAllTheSame) {
  start({service("b/other", {"10.96.0.2"})}, {slice_of_other()}, {named("a/web")}, {});
  it.deleted<kube::Service>(named("b/other"), kNow);
  carry_out();
  EXPECT_EQ(kernel.find(tcp("10.96.0.2", 80)), nullptr);
  EXPECT_NE(kernel.find(kWeb), nullptr);
}

TEST_F(AfterAStart, WhatIsHeldKeepsItsAddressThoughAnotherServiceHadItToo) {
  auto beside = service("b/other", {"10.96.0.1"}, {{.name = "", .port = 81}});
  start({beside}, {}, {named("a/web")}, {});
  it.deleted<kube::Service>(named("b/other"), kNow);
  carry_out();
  EXPECT_TRUE(it.observed_state().is_bound(kWeb.address));
  EXPECT_EQ(it.observed_state().foreign_count(), 0U);
  it.deleted<kube::Service>(named("a/web"), kNow);
  carry_out();
  EXPECT_FALSE(it.observed_state().is_bound(kWeb.address));
}

TEST_F(AfterAStart, RealServersThatASliceNotReadMayNameStay) {
  start({web(), service("b/other", {"10.96.0.2"})}, {slice_of_other()}, {}, {named("a/web-1")});
  EXPECT_THAT(kernel.journal(), IsEmpty());
  EXPECT_EQ(it.kept().counts().real_servers, 2U);
  it.changed(slice("a/web-1", "web", {ready("10.0.0.1")}), kNow);
  carry_out();
  EXPECT_FALSE(it.kept().counts().any());
  audit();
  EXPECT_EQ(real_servers(kWeb), 1U);
}

TEST_F(AfterAStart, ASliceNotReadHoldsNothingInOtherNamespaces) {
  start({web(), service("b/other", {"10.96.0.2"})}, {slice_of_web()}, {}, {named("a/web-2")});
  audit();
  EXPECT_EQ(real_servers(tcp("10.96.0.2", 80)), 0U);
  EXPECT_EQ(real_servers(kWeb), 2U);
}

TEST_F(AfterAStart, AnEndpointThatGoesMeanwhileIsNotHeld) {
  start({web(), service("b/other", {"10.96.0.2"})}, {slice_of_web(), slice_of_other()}, {},
        {named("a/web-2")});
  it.changed(slice("a/web-1", "web", {ready("10.0.0.1")}), kNow);
  carry_out();
  audit();
  EXPECT_EQ(real_servers(kWeb), 1U);
}

TEST_F(AfterAStart, NobodyIsShutOutWhileALocalEndpointMayBeHeld) {
  auto local = web();
  local.type = kube::ServiceType::kLoadBalancer;
  local.external_policy = kube::TrafficPolicy::kLocal;
  local.load_balancer_ips = {ip("203.0.113.1")};
  start({local}, {slice("a/web-1", "web", {ready("10.0.0.1", "here")}), slice_of_other()}, {}, {});
  kernel.clear_journal();
  start({local}, {slice("a/web-2", "web", {ready("10.0.0.9", "there")})}, {}, {named("a/web-1")});
  for (const auto& step : kernel.journal()) {
    const auto* added = std::get_if<ipvs::AddElement>(&step);
    EXPECT_FALSE(added && added->element.set == ipvs::SetName::kInsidePorts);
  }
  it.deleted<kube::EndpointSlice>(named("a/web-1"), kNow);
  carry_out();
  EXPECT_TRUE(it.observed_state().has({.set = ipvs::SetName::kInsidePorts,
                                       .address = ip("203.0.113.1"),
                                       .protocol = ipvs::Protocol::kTcp,
                                       .port = 80}));
}

TEST_F(AfterAStart, FlowsToServersThatAreHeldAreNotForgotten) {
  const std::vector<kube::ServicePort> port{{.protocol = kube::Protocol::kUdp, .port = 53}};
  const auto dns = service("a/dns", {"10.96.0.3"}, port);
  const auto endpoints = [](const std::string& name, std::vector<kube::Endpoint> these) {
    return slice(name, "dns", std::move(these),
                 {{.name = "", .protocol = kube::Protocol::kUdp, .port = 53}});
  };
  start({dns},
        {endpoints("a/dns-1", {ready("10.0.0.1")}), endpoints("a/dns-2", {ready("10.0.0.2")})}, {},
        {});
  start({dns}, {endpoints("a/dns-2", {ready("10.0.0.2")})}, {}, {named("a/dns-1")});
  kernel.clear_journal();
  it.changed(endpoints("a/dns-2", {ready("10.0.0.3")}), kNow);
  carry_out();
  ASSERT_THAT(kernel.journal(), SizeIs(3));
  EXPECT_THAT(std::get<ipvs::ForgetFlows>(kernel.journal().back()).keep,
              testing::UnorderedElementsAre(real("10.0.0.1", 53), real("10.0.0.3", 53)));
}

}  // namespace
}  // namespace reconcile::test
