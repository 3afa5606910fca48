// What policies, affinity and schedulers make of a Service's virtual servers; whole Services are in
// goldens/.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace reconcile::test {
namespace {

using ipvs::SetName;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// On 10.96.0.1, 203.0.113.1 and, from outside, node port 30080 of 192.168.0.1.
kube::Service everywhere() {
  auto made = service("a/web", {"10.96.0.1"}, {{.name = "", .port = 80, .node_port = 30080}});
  made.type = kube::ServiceType::kLoadBalancer;
  made.load_balancer_ips = {ip("203.0.113.1")};
  return made;
}

ServiceState decided(const kube::Service& service, const std::vector<kube::Endpoint>& endpoints,
                     NodeConfig config = {.name = "here"}) {
  NodeFacts node(std::move(config));
  node.read({{ip("192.168.0.1"), "eth0"}});
  const std::vector slices{slice("a/s", "web", endpoints)};
  return desired(service, pointers_to(slices), node);
}

const DesiredVirtualServer& at(const ServiceState& state, const std::string& address) {
  return *std::find_if(state.virtual_servers.begin(), state.virtual_servers.end(),
                       [&](const auto& one) { return one.id.address == ip(address); });
}

std::vector<std::string> servers(const DesiredVirtualServer& server) {
  std::vector<std::string> all;
  for (const auto& [id, settings] : server.real_servers) all.push_back(id.address.to_string());
  return all;
}

std::vector<SetName> sets(const DesiredVirtualServer& server) {
  std::vector<SetName> all;
  for (const auto& element : server.elements) all.push_back(element.set);
  return all;
}

const std::vector kBoth{ready("10.0.0.1", "here"), ready("10.0.0.2", "there")};
const std::vector kThere{ready("10.0.0.2", "there")};
const std::vector<std::string> kOutside{"203.0.113.1", "192.168.0.1"};

TEST(ExternalPolicyCluster, UsesAllAndMasquerades) {
  const auto state = decided(everywhere(), kBoth);
  for (const auto& address : kOutside) {
    EXPECT_THAT(servers(at(state, address)), ElementsAre("10.0.0.1", "10.0.0.2"));
    EXPECT_THAT(sets(at(state, address)), Contains(SetName::kMasqueradePorts));
  }
  EXPECT_THAT(sets(at(state, "10.96.0.1")), Not(Contains(SetName::kMasqueradePorts)));
}

TEST(ExternalPolicyLocal, UsesThoseHereAndKeepsTheSource) {
  auto local = everywhere();
  local.external_policy = kube::TrafficPolicy::kLocal;
  const auto state = decided(local, kBoth);
  for (const auto& address : kOutside) {
    EXPECT_THAT(servers(at(state, address)), ElementsAre("10.0.0.1"));
    EXPECT_THAT(sets(at(state, address)), SizeIs(1)) << "neither masqueraded nor for insiders only";
  }
  EXPECT_THAT(servers(at(state, "10.96.0.1")), ElementsAre("10.0.0.1", "10.0.0.2"));
}

TEST(ExternalPolicyLocal, ServesInsidersAloneWhereNobodyIsHere) {
  auto local = everywhere();
  local.external_policy = kube::TrafficPolicy::kLocal;
  const auto state = decided(local, kThere);
  for (const auto& address : kOutside) {
    EXPECT_THAT(servers(at(state, address)), ElementsAre("10.0.0.2"));
    EXPECT_THAT(sets(at(state, address)), Contains(SetName::kInsidePorts));
  }
}

TEST(ExternalPolicyLocal, RefusesWhereNobodyIsAnywhere) {
  auto local = everywhere();
  local.external_policy = kube::TrafficPolicy::kLocal;
  const auto state = decided(local, {});
  for (const auto& address : kOutside) {
    EXPECT_THAT(servers(at(state, address)), IsEmpty());
    EXPECT_THAT(sets(at(state, address)), Not(Contains(SetName::kInsidePorts)));
  }
}

TEST(InternalPolicyLocal, NeverLeaksToOtherNodes) {
  auto local = everywhere();
  local.internal_policy = kube::TrafficPolicy::kLocal;
  const auto state = decided(local, kThere);
  EXPECT_THAT(servers(at(state, "10.96.0.1")), IsEmpty());
  EXPECT_THAT(servers(at(state, "203.0.113.1")), ElementsAre("10.0.0.2"));
}

TEST(SessionAffinity, HoldsOnEveryVirtualServer) {
  auto sticky = everywhere();
  sticky.session_affinity = std::chrono::seconds(600);
  for (const auto& server : decided(sticky, kBoth).virtual_servers) {
    EXPECT_EQ(server.settings.flags, ipvs::VirtualServerFlag::kPersistent);
    EXPECT_EQ(server.settings.timeout, std::chrono::seconds(600));
  }
}

TEST(Scheduler, HashesTheClientsPortTooWithMaglev) {
  const auto state = decided(everywhere(), kBoth, {.name = "here", .scheduler = "mh"});
  EXPECT_EQ(at(state, "10.96.0.1").settings.flags, ipvs::VirtualServerFlag::kScheduler2);
  const auto sh = decided(everywhere(), kBoth, {.name = "here", .scheduler = "sh"});
  EXPECT_EQ(at(sh, "10.96.0.1").settings.flags, 0U);
}

TEST(SourceRanges, RestrictTheLoadBalancersAddressAlone) {
  auto ranged = everywhere();
  ranged.source_ranges = {*kube::parse_cidr_range("198.51.100.0/24")};
  const auto state = decided(ranged, kBoth);
  EXPECT_THAT(sets(at(state, "203.0.113.1")),
              testing::IsSupersetOf({SetName::kRestrictedPorts, SetName::kSourceRanges}));
  EXPECT_THAT(sets(at(state, "192.168.0.1")), Not(Contains(SetName::kRestrictedPorts)));
  EXPECT_THAT(sets(at(state, "10.96.0.1")), Not(Contains(SetName::kRestrictedPorts)));
}

TEST(HealthCheck, CountsWhoIsReadyHere) {
  auto local = everywhere();
  local.external_policy = kube::TrafficPolicy::kLocal;
  local.health_check_node_port = 32000;
  EXPECT_EQ(decided(local, kBoth).health_check, (HealthCheck{32000, 1}));
  EXPECT_EQ(decided(local, {terminating("10.0.0.1", "here")}).health_check,
            (HealthCheck{32000, 0}));
  local.external_policy = kube::TrafficPolicy::kCluster;
  EXPECT_EQ(decided(local, kBoth).health_check, std::nullopt);
}

TEST(BadInput, ServesTheFirstPortsOfAServiceWithThousandsAndSaysSo) {
  auto many = service("a/web", {"10.96.0.1"});
  many.ports.assign(5'000, {.name = "", .port = 80});
  const auto state = decided(many, kBoth);
  EXPECT_THAT(state.virtual_servers, SizeIs(kMostPorts));
  ASSERT_THAT(state.complaints, SizeIs(1));
  EXPECT_EQ(to_string(state.complaints.front()),
            "spec.ports 5000: only the first 1000 are served; divide them among several Services");
}

TEST(BadInput, LeavesOutEndpointsThatMeanThisNodeAndSaysSoOnceForASlice) {
  const auto state =
      decided(everywhere(), {ready("127.0.0.1"), ready("127.0.0.2"), ready("10.0.0.1")});
  EXPECT_THAT(servers(at(state, "10.96.0.1")), ElementsAre("10.0.0.1"));
  ASSERT_THAT(state.complaints, SizeIs(1));
  EXPECT_EQ(to_string(state.complaints.front()),
            "endpointslice s 127.0.0.1: an address that no pod can have, and 1 more");
}

}  // namespace
}  // namespace reconcile::test
