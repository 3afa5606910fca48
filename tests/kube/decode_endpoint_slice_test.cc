#include <gmock/gmock.h>

#include <string>

#include "kube/decode.h"
#include "kube/list_page.h"
#include "tests/kube/recorded.h"

namespace kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Address ip(const char* text) { return boost::asio::ip::make_address(text); }

std::string slice(const std::string& rest) {
  return R"({"kind":"EndpointSlice","metadata":{"name":"web-1","namespace":"shop",)"
         R"("labels":{"kubernetes.io/service-name":"web","app":"x"}},)" +
         rest + "}";
}

TEST(DecodeEndpointSlice, KeepsTheFieldsThatDecideSomething) {
  const auto decoded = decode<EndpointSlice>(
      slice(R"("addressType":"IPv4","ports":[{"name":"http","protocol":"TCP","port":8080}],
               "endpoints":[{"addresses":["10.1.1.5"],"nodeName":"node-1","zone":"a",
                             "conditions":{"ready":false,"serving":true,"terminating":true}}])"));
  ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
  const EndpointSlice& object = decoded->object;
  EXPECT_EQ(object.service(), (NamespacedName{"shop", "web"}));
  EXPECT_THAT(object.ports, ElementsAre(EndpointPort{.name = "http", .port = 8080}));
  EXPECT_THAT(object.endpoints, ElementsAre(Endpoint{.address = ip("10.1.1.5"),
                                                     .ready = false,
                                                     .serving = true,
                                                     .terminating = true,
                                                     .node_name = "node-1"}));
  EXPECT_THAT(decoded->left_out, IsEmpty());
}

TEST(DecodeEndpointSlice, ReadsEverySliceThatARealServerListed) {
  ListPageReader<EndpointSlice> reader;
  ASSERT_TRUE(reader.append(recorded::body("list-endpointslices")).has_value());
  const auto page = reader.finish();
  ASSERT_TRUE(page.has_value()) << to_string(page.error());
  EXPECT_THAT(page->skipped, IsEmpty());
  EXPECT_GE(page->objects.size(), 15U);
}

TEST(DecodeEndpointSlice, TakesMissingAndNullConditionsForAReadyEndpoint) {
  for (const char* conditions : {"", R"(,"conditions":null)", R"(,"conditions":{"ready":null})"}) {
    const auto decoded = decode<EndpointSlice>(
        slice(R"("addressType":"IPv4","endpoints":[{"addresses":["10.1.1.5"])" +
              std::string(conditions) + "}]"));
    ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
    EXPECT_THAT(decoded->object.endpoints, ElementsAre(Endpoint{.address = ip("10.1.1.5")}));
  }
}

TEST(DecodeEndpointSlice, AcceptsNullLists) {
  const auto decoded =
      decode<EndpointSlice>(slice(R"("addressType":"IPv6","endpoints":null,"ports":null)"));
  ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
  EXPECT_THAT(decoded->object.endpoints, IsEmpty());
}

TEST(DecodeEndpointSlice, LeavesOutAnEndpointWhoseAddressCannotBeBelievedAndSaysSo) {
  const auto decoded =
      decode<EndpointSlice>(slice(R"("addressType":"IPv4","endpoints":[{"addresses":["10.1.1.5"]},
               {"addresses":["127.0.0.1"]},{"addresses":["fd00::1"]},{"addresses":[]},{},
               {"addresses":["10.1.1.6"]}])"));
  ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
  EXPECT_THAT(decoded->object.endpoints, ElementsAre(Endpoint{.address = ip("10.1.1.5")},
                                                     Endpoint{.address = ip("10.1.1.6")}));
  EXPECT_EQ(decoded->left_out,
            "endpoints[1]: \"127.0.0.1\" is no address of an IPv4 endpoint, and 3 more like it");
}

TEST(DecodeEndpointSlice, UsesTheFirstAddressOnly) {
  const auto decoded = decode<EndpointSlice>(
      slice(R"("addressType":"IPv4","endpoints":[{"addresses":["10.1.1.5","junk"]}])"));
  EXPECT_THAT(decoded->object.endpoints, ElementsAre(Endpoint{.address = ip("10.1.1.5")}));
  EXPECT_THAT(decoded->left_out, IsEmpty());
}

TEST(DecodeEndpointSlice, DoesNotCareWhetherTheFamilyIsWrittenLast) {
  const auto decoded = decode<EndpointSlice>(
      slice(R"("endpoints":[{"addresses":["fd00::1"]}],"addressType":"IPv6")"));
  EXPECT_THAT(decoded->object.endpoints, ElementsAre(Endpoint{.address = ip("fd00::1")}));
}

TEST(DecodeEndpointSlice, KeepsNoEndpointsOfHostNames) {
  const auto decoded = decode<EndpointSlice>(
      slice(R"("addressType":"FQDN","endpoints":[{"addresses":["db.example.com"]}])"));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->object.address_type, AddressType::kFqdn);
  EXPECT_THAT(decoded->object.endpoints, IsEmpty());
  EXPECT_THAT(decoded->left_out, IsEmpty());
}

TEST(DecodeEndpointSlice, LeavesOutPortsWithoutANumber) {
  const auto decoded = decode<EndpointSlice>(
      slice(R"("addressType":"IPv4","ports":[{"name":"all","port":null},{"name":"a","port":1}])"));
  EXPECT_THAT(decoded->object.ports, ElementsAre(EndpointPort{.name = "a", .port = 1}));
}

TEST(DecodeEndpointSlice, KeepsTheHintsForZonesAndNodes) {
  const auto decoded = decode<EndpointSlice>(slice(
      R"("addressType":"IPv4","endpoints":[{"addresses":["10.1.1.5"],
         "hints":{"forZones":[{"name":"a"},{"name":"b"}],"forNodes":[{"name":"node-1"}]}}])"));
  ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
  const Endpoint& endpoint = decoded->object.endpoints.at(0);
  EXPECT_THAT(endpoint.zone_hints, ElementsAre("a", "b"));
  EXPECT_THAT(endpoint.node_hints, ElementsAre("node-1"));
}

TEST(DecodeEndpointSlice, SaysWhenTheChangeHappenedThatItTellsOf) {
  const auto changed = [](const std::string& time) {
    return decode<EndpointSlice>(R"({"metadata":{"name":"web-1","annotations":)"
                                 R"({"endpoints.kubernetes.io/last-change-trigger-time":")" +
                                 time + R"("}},"addressType":"IPv4"})")
        ->object;
  };
  using namespace std::chrono_literals;
  const auto noon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 12h;
  EXPECT_EQ(changed("2026-11-23T12:00:00Z").last_change, noon);
  EXPECT_EQ(changed("2026-11-23T12:00:00.25Z").last_change, noon + 250ms);
  EXPECT_EQ(changed("2026-11-23T12:00:00.123456789Z").last_change, noon + 123ms);
  for (const char* none : {"", "noon", "2026-11-23T12:00:00.Z", "2026-11-23T12:00:00.xZ",
                           "2026-11-23T12:00:00", "2026-11-23T12:00:00+01:00"}) {
    EXPECT_EQ(changed(none).last_change, std::nullopt) << none;
  }
  EXPECT_EQ(changed("noon"), changed("2026-11-23T12:00:00Z")) << "no part of what it says";
}

TEST(DecodeEndpointSlice, RefusesMoreEndpointsThanASliceMayHave) {
  std::string endpoints;
  for (int index = 0; index < 1001; ++index) {
    endpoints += (index > 0 ? "," : "") + std::string(R"({"addresses":["10.1.1.1"]})");
  }
  const auto decoded =
      decode<EndpointSlice>(slice(R"("addressType":"IPv4","endpoints":[)" + endpoints + "]"));
  ASSERT_FALSE(decoded.has_value());
  EXPECT_THAT(to_string(decoded.error()), HasSubstr("one more than is allowed"));
}

TEST(DecodeEndpointSlice, RefusesAnUnknownFamily) {
  EXPECT_EQ(to_string(decode<EndpointSlice>(slice(R"("addressType":"IPv5")")).error()),
            "addressType: is none of IPv4, IPv6, FQDN");
}

}  // namespace
}  // namespace kube
