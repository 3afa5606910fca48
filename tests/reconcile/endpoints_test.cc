#include "reconcile/endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace reconcile::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<ipvs::RealServerId> usable(const kube::ServicePort& port, Family family,
                                       const std::vector<kube::EndpointSlice>& slices) {
  std::vector<const kube::EndpointSlice*> pointers;
  for (const auto& one : slices) pointers.push_back(&one);
  return usable_endpoints(port, family, pointers);
}

const kube::ServicePort kHttp{.name = "http", .port = 80};

TEST(UsableEndpoints, AreTheReadyOnesInOrder) {
  EXPECT_THAT(
      usable(kHttp, Family::kIpv4,
             {slice("a/s", "web", {ready("10.0.0.9"), unready("10.0.0.5"), ready("10.0.0.1")},
                    {{.name = "http", .port = 8080}})}),
      ElementsAre(real("10.0.0.1", 8080), real("10.0.0.9", 8080)));
}

TEST(UsableEndpoints, AreMatchedByPortNameAndProtocol) {
  const auto mixed = slice("a/s", "web", {ready("10.0.0.1")},
                           {{.name = "http", .protocol = kube::Protocol::kUdp, .port = 1},
                            {.name = "other", .port = 2},
                            {.name = "http", .port = 3}});
  EXPECT_THAT(usable(kHttp, Family::kIpv4, {mixed}), ElementsAre(real("10.0.0.1", 3)));
}

TEST(UsableEndpoints, MayListenOnDifferentPortsInDifferentSlices) {
  EXPECT_THAT(usable(kHttp, Family::kIpv4,
                     {slice("a/s1", "web", {ready("10.0.0.1")}, {{.name = "http", .port = 8080}}),
                      slice("a/s2", "web", {ready("10.0.0.2")}, {{.name = "http", .port = 9090}})}),
              ElementsAre(real("10.0.0.1", 8080), real("10.0.0.2", 9090)));
}

TEST(UsableEndpoints, CountOnceWhenSlicesOverlap) {
  const std::vector<kube::EndpointPort> http{{.name = "http", .port = 8080}};
  EXPECT_THAT(usable(kHttp, Family::kIpv4,
                     {slice("a/s1", "web", {ready("10.0.0.1")}, http),
                      slice("a/s2", "web", {ready("10.0.0.1"), unready("10.0.0.1")}, http)}),
              ElementsAre(real("10.0.0.1", 8080)));
}

TEST(UsableEndpoints, AreOfTheAddressesFamilyOnly) {
  const std::vector<kube::EndpointPort> http{{.name = "http", .port = 8080}};
  const std::vector<kube::EndpointSlice> both{slice("a/s4", "web", {ready("10.0.0.1")}, http),
                                              slice("a/s6", "web", {ready("fd00::1")}, http)};
  EXPECT_THAT(usable(kHttp, Family::kIpv4, both), ElementsAre(real("10.0.0.1", 8080)));
  EXPECT_THAT(usable(kHttp, Family::kIpv6, both), ElementsAre(real("fd00::1", 8080)));
}

TEST(UsableEndpoints, AreNoneInASliceOfNames) {
  auto names = slice("a/s", "web", {ready("10.0.0.1")}, {{.name = "http", .port = 8080}});
  names.address_type = kube::AddressType::kFqdn;
  EXPECT_THAT(usable(kHttp, Family::kIpv4, {names}), IsEmpty());
}

TEST(LocalAddresses, AreThoseOfTheNodeWhateverTheirReadiness) {
  const auto one =
      slice("a/s", "web",
            {ready("10.0.0.3", "here"), unready("10.0.0.2", "here"), ready("10.0.0.1", "there")});
  const std::vector<const kube::EndpointSlice*> slices{&one};
  EXPECT_THAT(local_addresses(slices, "here"), ElementsAre(ip("10.0.0.2"), ip("10.0.0.3")));
}

}  // namespace
}  // namespace reconcile::test
