#include "kube/cidr_range.h"

#include <gmock/gmock.h>

namespace kube {
namespace {

boost::asio::ip::address ip(const char* text) { return boost::asio::ip::make_address(text); }

TEST(CidrRange, IsReadAndWritten) {
  for (const char* text :
       {"0.0.0.0/0", "10.0.0.0/8", "10.1.2.3/32", "::/0", "fd00::/7", "::1/128"}) {
    const auto range = parse_cidr_range(text);
    ASSERT_TRUE(range.has_value()) << text;
    EXPECT_NE(to_string(*range), "") << text;
    EXPECT_EQ(parse_cidr_range(to_string(*range)), range) << text;
  }
}

TEST(CidrRange, ForgetsWhatIsBehindThePrefix) {
  EXPECT_EQ(to_string(*parse_cidr_range("10.255.3.4/12")), "10.240.0.0/12");
  EXPECT_EQ(to_string(*parse_cidr_range("fd12:3456::1/20")), "fd12:3000::/20");
  EXPECT_EQ(to_string(*parse_cidr_range("10.1.2.3/0")), "0.0.0.0/0");
}

TEST(CidrRange, ContainsItsAddressesAndNoOthers) {
  const auto range = *parse_cidr_range("10.0.64.0/18");
  EXPECT_TRUE(range.contains(ip("10.0.64.0")));
  EXPECT_TRUE(range.contains(ip("10.0.127.255")));
  EXPECT_FALSE(range.contains(ip("10.0.63.255")));
  EXPECT_FALSE(range.contains(ip("10.0.128.0")));
  EXPECT_FALSE(parse_cidr_range("::/0")->contains(ip("10.0.64.0")));
  EXPECT_TRUE(parse_cidr_range("fd00::/8")->contains(ip("fdff::1")));
}

TEST(CidrRange, RefusesWhatHasMoreThanOneMeaningOrNone) {
  for (const char* text :
       {"", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8",
        "10.0.0.0/08", "10.0.0.0/8 ", "10.0.0/8", "010.0.0.0/8", "fd00::/129", "fe80::%eth0/64",
        "::ffff:10.0.0.0/104", "10.0.0.0/8/8", "10.0.0.0/99999999999"}) {
    EXPECT_EQ(parse_cidr_range(text), std::nullopt) << text;
  }
}

TEST(CidrRange, IsOrderedByAddressThenPrefix) {
  EXPECT_LT(*parse_cidr_range("10.0.0.0/8"), *parse_cidr_range("10.0.0.0/9"));
  EXPECT_LT(*parse_cidr_range("10.0.0.0/9"), *parse_cidr_range("11.0.0.0/8"));
  EXPECT_LT(*parse_cidr_range("11.0.0.0/8"), *parse_cidr_range("::/0"));
}

}  // namespace
}  // namespace kube
