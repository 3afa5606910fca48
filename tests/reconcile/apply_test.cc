#include "reconcile/apply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"
#include "tests/fakes/fake_kernel.h"
#include "tests/fakes/faulty_kernel.h"

namespace reconcile::test {
namespace {

using ipvs::SetElement;
using ipvs::SetName;
using testing::ElementsAre;
using testing::SizeIs;

const auto kWeb = tcp("10.96.0.1", 80);
const SetElement kAddress{.set = SetName::kServiceAddresses, .address = ip("10.96.0.1")};
const SetElement kPort{.set = SetName::kServicePorts,
                       .address = ip("10.96.0.1"),
                       .protocol = ipvs::Protocol::kTcp,
                       .port = 80};
const ipvs::Error kNoMemory{.code = ENOMEM, .operation = "", .subject = "", .remedy = ""};

Plan announcing() {
  return {.claims = {ipvs::CreateLink{}, ipvs::InstallRules{}, ipvs::AddElement{kAddress}},
          .changes = {ipvs::AddVirtualServer{kWeb, {}},
                      ipvs::AddRealServer{kWeb, real("10.0.0.1", 8080), {}},
                      ipvs::AddElement{kPort}, ipvs::BindAddress{ip("10.96.0.1")}},
          .releases = {},
          .draining = {}};
}

Plan removing() {
  return {.claims = {},
          .changes = {ipvs::DeleteElement{kPort}, ipvs::DeleteVirtualServer{kWeb}},
          .releases = {ipvs::UnbindAddress{ip("10.96.0.1")}, ipvs::DeleteElement{kAddress}},
          .draining = {}};
}

TEST(Apply, WritesAPlanInItsOrder) {
  FakeKernel kernel;
  const auto report = apply(announcing(), kernel);
  EXPECT_EQ(report.steps, kernel.journal());
  EXPECT_THAT(report.outcomes, testing::Each(std::nullopt));
  EXPECT_THAT(kernel.journal(), SizeIs(7));
}

TEST(Apply, DoesNotAnnounceAnAddressItCouldNotClaim) {
  FakeKernel kernel;
  FaultyKernel faulty(kernel);
  faulty.fail_step(3, kNoMemory);
  const auto report = apply(announcing(), faulty);
  EXPECT_THAT(report.steps, SizeIs(3));
  EXPECT_EQ(kernel.find(kWeb), nullptr);
  EXPECT_THAT(kernel.observe()->bound, testing::IsEmpty());
}

TEST(Apply, StillEditsServersOfAnAddressItCouldNotClaim) {
  const std::vector<ipvs::Step> claims{ipvs::AddElement{kAddress}};
  const ipvs::Step edit = ipvs::AddRealServer{kWeb, real("10.0.0.2", 8080), {}};
  EXPECT_THAT(announceable({edit}, claims, std::vector<ipvs::Outcome>{kNoMemory}),
              ElementsAre(edit));
}

TEST(Apply, KeepsTheClaimOnAVirtualServerItCouldNotRemove) {
  FakeKernel kernel;
  std::ignore = apply(announcing(), kernel);
  FaultyKernel faulty(kernel);
  faulty.fail_step(2, kNoMemory);
  std::ignore = apply(removing(), faulty);
  EXPECT_NE(kernel.find(kWeb), nullptr);
  EXPECT_THAT(kernel.observe()->bound, ElementsAre(ip("10.96.0.1")));
  EXPECT_THAT(kernel.observe()->elements, ElementsAre(kAddress));
}

TEST(Apply, RemovesEverythingOfAnAddress) {
  FakeKernel kernel;
  std::ignore = apply(announcing(), kernel);
  std::ignore = apply(removing(), kernel);
  EXPECT_THAT(kernel.observe()->virtual_servers, testing::IsEmpty());
  EXPECT_THAT(kernel.observe()->bound, testing::IsEmpty());
  EXPECT_THAT(kernel.observe()->elements, testing::IsEmpty());
}

}  // namespace
}  // namespace reconcile::test
