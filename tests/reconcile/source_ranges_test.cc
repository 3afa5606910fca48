#include "reconcile/source_ranges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace reconcile::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

kube::CidrRange range(const std::string& text) { return *kube::parse_cidr_range(text); }

std::optional<Ranges> allowed(const std::vector<std::string>& texts,
                              const std::string& address = "203.0.113.1") {
  NodeFacts node;
  node.read({{ip("127.0.0.1"), "lo"}, {ip("192.168.0.1"), "eth0"}});
  Ranges ranges;
  for (const auto& text : texts) ranges.push_back(range(text));
  return allowed_sources(ranges, ip(address), node);
}

TEST(AllowedSources, AreAllWithoutARangeOrWithOneThatMeansEverybody) {
  EXPECT_EQ(allowed({}), std::nullopt);
  EXPECT_EQ(allowed({"10.0.0.0/8", "0.0.0.0/0"}), std::nullopt);
}

TEST(AllowedSources, AreTheRangesOfTheAddressesFamilyWithoutOverlaps) {
  EXPECT_THAT(allowed({"10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32"}),
              Optional(ElementsAre(range("10.0.0.0/8"))));
}

TEST(AllowedSources, AreEverybodyInTwoHalvesWithoutBeingCalledSo) {
  EXPECT_THAT(allowed({"0.0.0.0/1", "128.0.0.0/1"}),
              Optional(ElementsAre(range("0.0.0.0/1"), range("128.0.0.0/1"))));
}

TEST(AllowedSources, AreNobodyWhereOnlyTheOtherFamilyIsNamed) {
  EXPECT_THAT(allowed({"10.0.0.0/8"}, "2001:db8::1"), Optional(IsEmpty()));
}

TEST(AllowedSources, AreAllWhereTheOtherFamilysRangeMeansEverybody) {
  EXPECT_EQ(allowed({"0.0.0.0/0"}, "2001:db8::1"), std::nullopt);
}

TEST(AllowedSources, HoldTheAddressItselfWhereTheNodeIsInARange) {
  EXPECT_THAT(allowed({"192.168.0.0/24"}),
              Optional(ElementsAre(range("192.168.0.0/24"), range("203.0.113.1/32"))));
}

}  // namespace
}  // namespace reconcile::test
