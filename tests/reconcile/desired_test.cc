#include "reconcile/desired.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace reconcile::test {
namespace {

using ipvs::SetElement;
using ipvs::SetName;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const NodeConfig kHere{.name = "here"};

ServiceState state_of(const kube::Service& service,
                      const std::vector<kube::EndpointSlice>& slices) {
  std::vector<const kube::EndpointSlice*> pointers;
  for (const auto& one : slices) pointers.push_back(&one);
  return desired(service, pointers, kHere);
}

TEST(Desired, IsOneVirtualServerPerAddressAndPort) {
  const auto state =
      state_of(service("a/web", {"10.96.0.1", "fd00::96"},
                       {{.name = "http", .port = 80}, {.name = "https", .port = 443}}),
               {});
  std::vector<ipvs::VirtualServerId> ids;
  for (const auto& server : state.virtual_servers) ids.push_back(server.id);
  EXPECT_THAT(ids, UnorderedElementsAre(tcp("10.96.0.1", 80), tcp("10.96.0.1", 443),
                                        tcp("fd00::96", 80), tcp("fd00::96", 443)));
  EXPECT_THAT(state.addresses, ElementsAre(ip("10.96.0.1"), ip("fd00::96")));
}

TEST(Desired, KeepsOnePortNumberOfTwoProtocolsApart) {
  const auto state =
      state_of(service("kube-system/dns", {"10.96.0.10"},
                       {{.name = "dns", .protocol = kube::Protocol::kUdp, .port = 53},
                        {.name = "dns-tcp", .port = 53}}),
               {slice("kube-system/s", "dns", {ready("10.0.0.1")},
                      {{.name = "dns", .protocol = kube::Protocol::kUdp, .port = 5353},
                       {.name = "dns-tcp", .port = 5354}})});
  ASSERT_EQ(state.virtual_servers.size(), 2U);
  EXPECT_EQ(state.virtual_servers[0].id, udp("10.96.0.10", 53));
  EXPECT_EQ(state.virtual_servers[0].real_servers.front().first, real("10.0.0.1", 5353));
  EXPECT_EQ(state.virtual_servers[1].id, tcp("10.96.0.10", 53));
  EXPECT_EQ(state.virtual_servers[1].real_servers.front().first, real("10.0.0.1", 5354));
}

TEST(Desired, GivesEveryRealServerWeightOneAndMasquerading) {
  const auto state =
      state_of(service("a/web", {"10.96.0.1"}), {slice("a/s", "web", {ready("10.0.0.1")})});
  const auto& [id, settings] = state.virtual_servers.front().real_servers.front();
  EXPECT_EQ(settings.weight, 1);
  EXPECT_EQ(settings.forward, ipvs::Forward::kMasquerade);
  EXPECT_EQ(state.virtual_servers.front().settings.scheduler, "rr");
  EXPECT_EQ(state.virtual_servers.front().settings.netmask, 0xffffffffU);
}

TEST(Desired, KeepsTheVirtualServerOfAServiceWithoutEndpointsSoThatItRefuses) {
  const auto state = state_of(service("a/web", {"10.96.0.1"}), {});
  ASSERT_EQ(state.virtual_servers.size(), 1U);
  EXPECT_THAT(state.virtual_servers.front().real_servers, IsEmpty());
}

TEST(Desired, IsNothingForAHeadlessService) {
  EXPECT_EQ(state_of(service("a/web", {}), {slice("a/s", "web", {ready("10.0.0.1", "here")})}),
            ServiceState{});
}

TEST(Desired, IsNothingForAnExternalName) {
  auto external = service("a/web", {"10.96.0.1"});
  external.type = kube::ServiceType::kExternalName;
  EXPECT_EQ(state_of(external, {}), ServiceState{});
}

TEST(Desired, OpensThePortsAndNamesTheLocalEndpointsForHairpin) {
  const auto state =
      state_of(service("a/web", {"10.96.0.1"}),
               {slice("a/s", "web", {ready("10.0.0.1", "here"), ready("10.0.0.2", "there")})});
  EXPECT_THAT(elements_of(state),
              UnorderedElementsAre(
                  SetElement{.set = SetName::kServiceAddresses, .address = ip("10.96.0.1")},
                  SetElement{.set = SetName::kServicePorts,
                             .address = ip("10.96.0.1"),
                             .protocol = ipvs::Protocol::kTcp,
                             .port = 80},
                  SetElement{.set = SetName::kHairpin, .address = ip("10.0.0.1")}));
}

TEST(Desired, NeverMixesFamilies) {
  const auto state = state_of(
      service("a/web", {"10.96.0.1", "fd00::96"}),
      {slice("a/s4", "web", {ready("10.0.0.1")}), slice("a/s6", "web", {ready("fd00::1")})});
  for (const auto& server : state.virtual_servers) {
    ASSERT_EQ(server.real_servers.size(), 1U);
    EXPECT_EQ(server.real_servers.front().first.address.is_v4(), server.id.address.is_v4());
  }
}

}  // namespace
}  // namespace reconcile::test
