#include "reconcile/endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace reconcile::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Location kHere{.node = "here", .zone = "a"};

std::vector<ipvs::RealServerId> usable(const kube::ServicePort& port, Family family,
                                       const std::vector<kube::EndpointSlice>& slices,
                                       EndpointList list = EndpointList::kCluster) {
  const auto pointers = pointers_to(slices);
  return Endpoints(port, family, pointers).chosen(list, kHere);
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

// One slice on port 8080 of the Service's port.
kube::EndpointSlice web(const std::string& name, const std::vector<kube::Endpoint>& endpoints) {
  return slice(name, "web", endpoints, {{.name = "http", .port = 8080}});
}

std::vector<std::string> usable(const std::vector<kube::Endpoint>& endpoints,
                                EndpointList list = EndpointList::kCluster) {
  std::vector<std::string> addresses;
  for (const auto& id : usable(kHttp, Family::kIpv4, {web("a/s", endpoints)}, list))
    addresses.push_back(id.address.to_string());
  return addresses;
}

kube::Endpoint in_zone(const std::string& address, const std::string& zone) {
  auto made = ready(address);
  made.zone_hints = {zone};
  return made;
}

kube::Endpoint on_node(const std::string& address, const std::string& node) {
  auto made = ready(address);
  made.node_hints = {node};
  return made;
}

TEST(UsableEndpoints, AreNotTheTerminatingOnesWhileOneIsReady) {
  EXPECT_THAT(usable({terminating("10.0.0.1"), ready("10.0.0.2")}), ElementsAre("10.0.0.2"));
}

TEST(UsableEndpoints, AreTheTerminatingOnesThatServeWhenNobodyIsReady) {
  auto dead = terminating("10.0.0.3");
  dead.serving = false;
  EXPECT_THAT(usable({terminating("10.0.0.1"), unready("10.0.0.2"), dead}),
              ElementsAre("10.0.0.1"));
}

TEST(UsableEndpoints, AreTerminatingInTheLocalListWhileOthersAreReadyElsewhere) {
  const std::vector endpoints{terminating("10.0.0.1", "here"), ready("10.0.0.2", "there")};
  EXPECT_THAT(usable(endpoints, EndpointList::kLocal), ElementsAre("10.0.0.1"));
  EXPECT_THAT(usable(endpoints), ElementsAre("10.0.0.2"));
}

TEST(UsableEndpoints, AreReadyAndTerminatingWhenUnreadyAddressesArePublished) {
  auto published = terminating("10.0.0.1");
  published.ready = true;
  EXPECT_THAT(usable({published, ready("10.0.0.2")}), ElementsAre("10.0.0.1", "10.0.0.2"));
}

TEST(UsableEndpoints, AreThoseOfThisZoneWhenAllHaveHintsAndOneNamesIt) {
  EXPECT_THAT(usable({in_zone("10.0.0.1", "a"), in_zone("10.0.0.2", "b")}),
              ElementsAre("10.0.0.1"));
}

TEST(UsableEndpoints, AreAllWhenOneHasNoHint) {
  EXPECT_THAT(usable({in_zone("10.0.0.1", "a"), in_zone("10.0.0.2", "b"), ready("10.0.0.3")}),
              ElementsAre("10.0.0.1", "10.0.0.2", "10.0.0.3"));
}

TEST(UsableEndpoints, AreAllWhenNoHintNamesThisZone) {
  EXPECT_THAT(usable({in_zone("10.0.0.1", "b"), in_zone("10.0.0.2", "c")}),
              ElementsAre("10.0.0.1", "10.0.0.2"));
}

TEST(UsableEndpoints, AreAllOnANodeWithoutAZone) {
  const std::vector slices{web("a/s", {in_zone("10.0.0.1", ""), in_zone("10.0.0.2", "b")})};
  const auto pointers = pointers_to(slices);
  EXPECT_EQ(Endpoints(kHttp, Family::kIpv4, pointers)
                .chosen(EndpointList::kCluster, {.node = "here", .zone = ""})
                .size(),
            2U);
}

TEST(UsableEndpoints, AreThoseHintedToThisNodeBeforeThoseOfItsZone) {
  auto near = on_node("10.0.0.1", "here");
  near.zone_hints = {"b"};
  auto far = on_node("10.0.0.2", "there");
  far.zone_hints = {"a"};
  EXPECT_THAT(usable({near, far}), ElementsAre("10.0.0.1"));
}

TEST(UsableEndpoints, IgnoreTheHintsOfThoseThatAreNotReady) {
  EXPECT_THAT(usable({in_zone("10.0.0.1", "a"), in_zone("10.0.0.2", "b"), unready("10.0.0.3")}),
              ElementsAre("10.0.0.1"));
}

TEST(UsableEndpoints, AreLocalWhateverTheHintsSay) {
  auto here = in_zone("10.0.0.1", "b");
  here.node_name = "here";
  EXPECT_THAT(usable({here, in_zone("10.0.0.2", "a")}, EndpointList::kLocal),
              ElementsAre("10.0.0.1"));
}

TEST(UsableEndpoints, OfTwoSlicesTheOneCountsThatDoesNotCallItTerminating) {
  EXPECT_THAT(usable(kHttp, Family::kIpv4,
                     {web("a/s1", {terminating("10.0.0.1")}), web("a/s2", {ready("10.0.0.1")})}),
              ElementsAre(real("10.0.0.1", 8080)));
  EXPECT_THAT(usable(kHttp, Family::kIpv4,
                     {web("a/s1", {terminating("10.0.0.1")}), web("a/s2", {unready("10.0.0.1")})}),
              IsEmpty());
}

TEST(UsableEndpoints, AreNeverAnAddressThatMeansThisNodeOrNobody) {
  EXPECT_THAT(usable({ready("127.0.0.1"), ready("169.254.169.254"), ready("0.0.0.0"),
                      ready("224.0.0.1"), ready("255.255.255.255"), ready("10.0.0.1")}),
              ElementsAre("10.0.0.1"));
  EXPECT_THAT(usable(kHttp, Family::kIpv6,
                     {web("a/s", {ready("::1"), ready("fe80::1"), ready("::"), ready("ff02::1"),
                                  ready("::ffff:10.0.0.1"), ready("fd00::1")})}),
              ElementsAre(real("fd00::1", 8080)));
}

TEST(JudgedEndpoints, NameTheReasonForEachOne) {
  auto other_zone = in_zone("10.0.0.2", "b");
  other_zone.node_name = "there";
  const std::vector slices{
      web("a/s1", {in_zone("10.0.0.1", "a"), other_zone, unready("10.0.0.3"),
                   terminating("10.0.0.4"), ready("127.0.0.1")}),
      web("a/s2", {terminating("10.0.0.1")}), web("a/s6", {ready("fd00::1")}),
      slice("a/s3", "web", {ready("10.0.0.5")}, {{.name = "other", .port = 1}})};
  const auto pointers = pointers_to(slices);
  const Endpoints endpoints(kHttp, Family::kIpv4, pointers);
  std::vector<EndpointVerdict> verdicts;
  for (const auto& one : endpoints.judged(EndpointList::kCluster, kHere, pointers))
    verdicts.push_back(one.verdict);
  using enum EndpointVerdict;
  EXPECT_THAT(verdicts, ElementsAre(kUsed, kOtherZone, kNotReady, kTerminating, kRefusedAddress,
                                    kDuplicate, kWrongFamily, kOtherPort));
}

TEST(JudgedEndpoints, AreUsedExactlyWhenTheyAreChosen) {
  const std::vector slices{web("a/s", {terminating("10.0.0.1", "here"), ready("10.0.0.2", "there"),
                                       unready("10.0.0.3", "here")})};
  const auto pointers = pointers_to(slices);
  const Endpoints endpoints(kHttp, Family::kIpv4, pointers);
  for (const auto list : {EndpointList::kCluster, EndpointList::kLocal}) {
    std::vector<ipvs::RealServerId> used;
    for (const auto& one : endpoints.judged(list, kHere, pointers)) {
      if (is_used(one.verdict)) used.push_back({one.endpoint->address, one.port});
    }
    EXPECT_EQ(used, endpoints.chosen(list, kHere));
  }
}

TEST(LocalReady, CountsDifferentAddressesThatAreReadyHere) {
  const std::vector slices{
      web("a/s1", {ready("10.0.0.1", "here"), terminating("10.0.0.2", "here")}),
      web("a/s2", {ready("10.0.0.1", "here"), ready("10.0.0.3", "there")})};
  EXPECT_EQ(count_local_ready(pointers_to(slices), "here"), 1U);
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
