// What a Service's owner is told: one Event for each kind of cause.
#include "reconcile/node_events.h"

#include <gmock/gmock.h>

#include "reconcile/scheduler_trial.h"
#include "tests/fakes/fake_kernel.h"
#include "tests/reconcile/builders.h"

namespace reconcile::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

kube::Service with_external_ips(const std::string& name, const std::vector<std::string>& addresses,
                                int created = 0) {
  static int last = 0;
  auto made = service(name, {"10.96.0." + std::to_string(++last)});
  made.metadata.created = std::chrono::sys_seconds(std::chrono::seconds(created));
  for (const auto& address : addresses) made.external_ips.push_back(ip(address));
  return made;
}

// "shop/web ExternalIPRefused: …" of each Event about these Services.
std::vector<std::string> told_of(std::vector<kube::Service> services, NodeConfig node = {}) {
  node.name = "here";
  Reconciliation decision(node, std::chrono::seconds(60));
  decision.replaced(std::move(services), {});
  decision.replaced(std::vector<kube::EndpointSlice>{}, {});
  decision.observed({});
  std::ignore = decision.decide({});
  std::vector<std::string> texts;
  for (const auto& event : service_events(decision)) {
    EXPECT_EQ(event.regarding.kind, "Service");
    EXPECT_EQ(event.regarding.uid, "uid-" + kube::to_string(event.regarding.id));
    texts.push_back(kube::to_string(event.regarding.id) + " " + event.reason + ": " + event.note);
  }
  return texts;
}

TEST(ServiceEvents, SayNothingOfWhatIsServed) {
  EXPECT_THAT(told_of({with_external_ips("shop/web", {"203.0.113.1"})}), IsEmpty());
}

TEST(ServiceEvents, NameTheRefusedExternalIp) {
  EXPECT_THAT(
      told_of({with_external_ips("shop/web", {"127.0.0.1"})}),
      ElementsAre("shop/web ExternalIPRefused: spec.externalIPs 127.0.0.1: a loopback address"));
}

TEST(ServiceEvents, AreOneHoweverManyAddressesAreRefused) {
  EXPECT_THAT(told_of({with_external_ips("shop/web", {"127.0.0.1", "224.0.0.1", "127.0.0.2"})}),
              ElementsAre("shop/web ExternalIPRefused: spec.externalIPs 127.0.0.1: a loopback "
                          "address (and 2 more)"));
}

TEST(ServiceEvents, NameTheRefusedAddressOfALoadBalancer) {
  auto made = service("shop/web", {"10.96.0.1"});
  made.load_balancer_ips = {ip("169.254.0.1"), ip("127.0.0.1")};
  const auto told = told_of({made});
  ASSERT_EQ(told.size(), 1U);
  EXPECT_THAT(told[0], testing::StartsWith("shop/web LoadBalancerIPRefused: "));
}

TEST(ServiceEvents, TellTheOneThatLostAnAddressWhoHasIt) {
  EXPECT_THAT(told_of({with_external_ips("shop/old", {"203.0.113.1"}, 1),
                       with_external_ips("shop/young", {"203.0.113.1"}, 2)}),
              ElementsAre("shop/young ClaimLost: TCP 203.0.113.1:80 belongs to shop/old, which "
                          "comes first; give one of them another address or port"));
}

TEST(ServiceEvents, SayNothingOfWhatWaitsForOtherNodes) {
  Reconciliation decision({.name = "here", .knows_all_nodes = true}, std::chrono::seconds(60));
  decision.replaced(std::vector<kube::Service>{}, {});
  decision.replaced(std::vector<kube::EndpointSlice>{}, {});
  decision.observed({});
  std::ignore = decision.decide({});
  decision.changed(with_external_ips("shop/web", {"203.0.113.1"}), {});
  std::ignore = decision.decide({});
  ASSERT_EQ(decision.complaints().size(), 1U);
  EXPECT_THAT(service_events(decision), IsEmpty());
}

TEST(SchedulerEvent, IsOfTheNodeAndSaysWhatToLoad) {
  const ipvs::Error refused{2, kUseScheduler, "nope", "Load the scheduler's module, ip_vs_nope"};
  const auto event = scheduler_event("here", refused);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->reason, "SchedulerUnknown");
  EXPECT_EQ(event->regarding.kind, "Node");
  EXPECT_EQ(event->regarding.id.name, "here");
  EXPECT_THAT(event->note, testing::HasSubstr("ip_vs_nope"));
  EXPECT_FALSE(scheduler_event("here", {2, "listen to changes of the node", "", ""}));
}

TEST(HeldListEvent, IsOfTheNodeAndSaysWhatReleasesIt) {
  const auto event = held_list_event("here", "9 of 10 Services are gone");
  EXPECT_EQ(event.reason, "ListHeld");
  EXPECT_EQ(event.action, "Hold");
  EXPECT_EQ(event.regarding.kind, "Node");
  EXPECT_EQ(event.regarding.id.name, "here");
  EXPECT_EQ(event.regarding.uid, "here");
  EXPECT_THAT(event.note, testing::StartsWith("9 of 10 Services are gone: "));
  EXPECT_THAT(event.note, testing::HasSubstr("release-brake"));
}

}  // namespace
}  // namespace reconcile::test
