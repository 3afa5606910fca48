#include <gmock/gmock.h>

#include "kube/decode.h"
#include "tests/kube/recorded.h"

namespace kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Address ip(const char* text) { return boost::asio::ip::make_address(text); }

TEST(DecodeNode, ReadsANodeOfARealServer) {
  const auto decoded = decode<Node>(recorded::body("get-node"));
  ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
  EXPECT_EQ(decoded->object.metadata.id, (NamespacedName{"", "node-1"}));
  EXPECT_EQ(decoded->object.zone, "a");
  EXPECT_THAT(decoded->object.addresses, ElementsAre(ip("10.0.2.15")));
}

TEST(DecodeNode, KeepsInternalAndExternalAddressesAndPodRanges) {
  const auto decoded = decode<Node>(R"({"metadata":{"name":"n"},
      "spec":{"podCIDR":"10.1.1.0/24","podCIDRs":["10.1.1.0/24","fd00:1::/64"]},
      "status":{"addresses":[{"type":"Hostname","address":"n"},
                             {"type":"InternalIP","address":"10.0.0.1"},
                             {"type":"ExternalIP","address":"203.0.113.1"},
                             {"type":"InternalIP","address":"10.0.0.256"}]}})");
  ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
  EXPECT_THAT(decoded->object.addresses, ElementsAre(ip("10.0.0.1"), ip("203.0.113.1")));
  EXPECT_THAT(decoded->object.pod_cidrs,
              ElementsAre(*parse_cidr_range("10.1.1.0/24"), *parse_cidr_range("fd00:1::/64")));
  EXPECT_THAT(decoded->left_out, HasSubstr("10.0.0.256"));
}

TEST(DecodeNode, KnowsANodeThatIsAboutToGo) {
  const auto stays = decode<Node>(R"({"metadata":{"name":"n"},
      "spec":{"taints":[{"key":"dedicated","effect":"NoSchedule"}]}})");
  EXPECT_FALSE(stays->object.deleting);
  EXPECT_FALSE(stays->object.taint_to_be_deleted);
  const auto goes =
      decode<Node>(R"({"metadata":{"name":"n","deletionTimestamp":"2026-11-23T12:00:00Z"},
      "spec":{"taints":[{"key":"x"},{"key":"ToBeDeletedByClusterAutoscaler"},{"key":"y"}]}})");
  EXPECT_TRUE(goes->object.deleting);
  EXPECT_TRUE(goes->object.taint_to_be_deleted);
}

TEST(DecodeNodeAddresses, KeepsWhatANodeIsReachedByAndNothingElse) {
  const auto decoded = decode<NodeAddresses>(recorded::body("get-node"));
  ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
  EXPECT_EQ(decoded->object.metadata.id, (NamespacedName{"", "node-1"}));
  EXPECT_THAT(decoded->object.addresses, ElementsAre(ip("10.0.2.15")));
}

TEST(DecodeNodeAddresses, LeavesOutAnAddressThatIsNone) {
  const auto decoded = decode<NodeAddresses>(R"({"metadata":{"name":"n"},"spec":{"podCIDR":7},
      "status":{"addresses":[{"type":"InternalIP","address":"10.0.0.256"},
                             {"type":"Hostname","address":"n"},
                             {"type":"ExternalIP","address":"2001:db8::1"}]}})");
  ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
  EXPECT_THAT(decoded->object.addresses, ElementsAre(ip("2001:db8::1")));
  EXPECT_THAT(decoded->left_out, HasSubstr("10.0.0.256"));
}

TEST(DecodeServiceCidr, KeepsItsRanges) {
  const auto decoded =
      decode<ServiceCidr>(R"({"kind":"ServiceCIDR","metadata":{"name":"kubernetes"},
      "spec":{"cidrs":["10.96.0.0/12","fd00:96::/112"]},
      "status":{"conditions":[{"type":"Ready","status":"True"}]}})");
  ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
  EXPECT_EQ(decoded->object.metadata.id, (NamespacedName{"", "kubernetes"}));
  EXPECT_THAT(decoded->object.ranges,
              ElementsAre(*parse_cidr_range("10.96.0.0/12"), *parse_cidr_range("fd00:96::/112")));
}

TEST(DecodeServiceCidr, LeavesOutARangeThatIsNone) {
  const auto decoded =
      decode<ServiceCidr>(R"({"metadata":{"name":"x"},"spec":{"cidrs":["10.96.0.0/33"]}})");
  ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
  EXPECT_THAT(decoded->object.ranges, ElementsAre());
  EXPECT_THAT(decoded->left_out, HasSubstr("10.96.0.0/33"));
}

TEST(DecodeStatus, ReadsTheRefusalsOfARealServer) {
  const auto forbidden = decode_status(recorded::body("forbidden"));
  ASSERT_TRUE(forbidden.has_value());
  EXPECT_EQ(forbidden->code, 403U);
  EXPECT_EQ(forbidden->reason, "Forbidden");
  EXPECT_THAT(forbidden->message, HasSubstr("cannot list resource \"services\""));
  EXPECT_EQ(decode_status(recorded::body("unauthorized"))->code, 401U);
  EXPECT_EQ(decode_status(recorded::body("bad-continue"))->code, 400U);
  EXPECT_EQ(decode_status(recorded::body("list-continue-expired"))->reason, "Expired");
}

TEST(DecodeStatus, KnowsAResourceVersionFromTheFuture) {
  const auto status = decode_status(recorded::body("list-too-large"));
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->code, 504U);
  EXPECT_TRUE(status->version_too_large);
  EXPECT_EQ(status->retry_after, std::chrono::seconds(1));
}

}  // namespace
}  // namespace kube
