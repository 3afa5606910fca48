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

std::string service(const std::string& spec) {
  return R"({"kind":"Service","metadata":{"name":"a","namespace":"shop"},"spec":{)" + spec + "}}";
}

std::string refusal(const std::string& spec) {
  const auto decoded = decode<Service>(service(spec));
  return decoded ? "accepted" : to_string(decoded.error());
}

TEST(DecodeService, KeepsTheFieldsThatDecideSomething) {
  const auto decoded = decode<Service>(R"({
      "kind":"Service","apiVersion":"v1",
      "metadata":{"name":"web","namespace":"shop","uid":"u-1","resourceVersion":"42",
                  "creationTimestamp":"2026-11-23T03:51:48Z","managedFields":[{"a":{"b":[1,2]}}]},
      "spec":{"type":"NodePort","clusterIP":"10.96.0.9","clusterIPs":["10.96.0.9","fd00::9"],
              "selector":{"app":"web"},
              "ports":[{"name":"http","port":80,"targetPort":"web","nodePort":30080},
                       {"name":"dns","protocol":"UDP","port":53}]},
      "status":{"loadBalancer":{}}})");
  ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
  using namespace std::chrono_literals;
  EXPECT_EQ(
      decoded->object,
      (Service{
          .metadata = {.id = {"shop", "web"},
                       .uid = "u-1",
                       .resource_version = "42",
                       .created = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 3h +
                                  51min + 48s},
          .type = ServiceType::kNodePort,
          .cluster_ips = {ip("10.96.0.9"), ip("fd00::9")},
          .ports = {{.name = "http", .protocol = Protocol::kTcp, .port = 80, .node_port = 30080},
                    {.name = "dns", .protocol = Protocol::kUdp, .port = 53, .node_port = 0}}}));
}

TEST(DecodeService, ReadsEveryServiceThatARealServerListed) {
  ListPageReader<Service> reader;
  ASSERT_TRUE(reader.append(recorded::body("list-services")).has_value());
  const auto page = reader.finish();
  ASSERT_TRUE(page.has_value()) << to_string(page.error());
  EXPECT_THAT(page->skipped, IsEmpty());
  EXPECT_GE(page->objects.size(), 10U);
  EXPECT_EQ(page->resource_version, "312");
  for (const Service& object : page->objects) EXPECT_FALSE(object.metadata.uid.empty());
}

TEST(DecodeService, HasNoClusterAddressWhenHeadlessOrExternal) {
  EXPECT_THAT(
      decode<Service>(service(R"("clusterIP":"None","clusterIPs":["None"])"))->object.cluster_ips,
      IsEmpty());
  EXPECT_THAT(decode<Service>(service(R"("type":"ExternalName","clusterIP":"10.96.0.9")"))
                  ->object.cluster_ips,
              IsEmpty());
}

TEST(DecodeService, TakesTheSingularAddressOfObjectsOlderThanDualStack) {
  EXPECT_THAT(decode<Service>(service(R"("clusterIP":"10.96.0.9")"))->object.cluster_ips,
              ElementsAre(ip("10.96.0.9")));
}

TEST(DecodeService, KeepsWhatComesFromOutsideTheCluster) {
  const auto decoded = decode<Service>(R"({"metadata":{"name":"web","namespace":"shop"},
      "spec":{"type":"LoadBalancer","externalIPs":["203.0.113.7","fd01::7"],
              "loadBalancerSourceRanges":[" 198.51.100.9/24 ","fd02::/16"],
              "externalTrafficPolicy":"Local","internalTrafficPolicy":"Local",
              "healthCheckNodePort":30999,"sessionAffinity":"ClientIP",
              "sessionAffinityConfig":{"clientIP":{"timeoutSeconds":60}}},
      "status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.8"},
          {"ip":"203.0.113.9","ipMode":"VIP"},{"ip":"203.0.113.10","ipMode":"Proxy"},
          {"hostname":"lb.example.com"}]}}})");
  ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
  const Service& object = decoded->object;
  EXPECT_THAT(object.external_ips, ElementsAre(ip("203.0.113.7"), ip("fd01::7")));
  EXPECT_THAT(object.load_balancer_ips, ElementsAre(ip("203.0.113.8"), ip("203.0.113.9")));
  EXPECT_THAT(object.source_ranges,
              ElementsAre(parse_cidr_range("198.51.100.0/24"), parse_cidr_range("fd02::/16")));
  EXPECT_EQ(object.external_policy, TrafficPolicy::kLocal);
  EXPECT_EQ(object.internal_policy, TrafficPolicy::kLocal);
  EXPECT_EQ(object.health_check_node_port, 30999);
  EXPECT_EQ(object.session_affinity, std::chrono::seconds(60));
  EXPECT_THAT(decoded->left_out, IsEmpty());
}

TEST(DecodeService, TakesTheDefaultsOfTheApi) {
  const auto object = decode<Service>(service(R"("sessionAffinity":"ClientIP")"))->object;
  EXPECT_EQ(object.session_affinity, std::chrono::hours(3));
  EXPECT_EQ(object.external_policy, TrafficPolicy::kCluster);
  EXPECT_EQ(object.internal_policy, TrafficPolicy::kCluster);
  EXPECT_EQ(decode<Service>(service(R"("sessionAffinity":"None")"))->object.session_affinity,
            std::nullopt);
}

TEST(DecodeService, ReadsLoadBalancerAddressesOfLoadBalancersOnly) {
  const auto decoded = decode<Service>(R"({"metadata":{"name":"web","namespace":"shop"},
      "spec":{"type":"NodePort"},"status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.8"}]}}})");
  EXPECT_THAT(decoded->object.load_balancer_ips, IsEmpty());
}

TEST(DecodeService, LeavesOutAnAddressOrRangeThatCannotBeBelievedAndSaysSo) {
  const auto decoded = decode<Service>(R"({"metadata":{"name":"web","namespace":"shop"},
      "spec":{"type":"LoadBalancer","externalIPs":["127.0.0.1","203.0.113.7"],
              "loadBalancerSourceRanges":["everybody","10.0.0.0/8"]},
      "status":{"loadBalancer":{"ingress":[{"ip":"169.254.0.1"},{"ip":"203.0.113.8"}]}}})");
  ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
  EXPECT_THAT(decoded->object.external_ips, ElementsAre(ip("203.0.113.7")));
  EXPECT_THAT(decoded->object.load_balancer_ips, ElementsAre(ip("203.0.113.8")));
  EXPECT_THAT(decoded->object.source_ranges, ElementsAre(parse_cidr_range("10.0.0.0/8")));
  EXPECT_EQ(decoded->left_out,
            "spec.externalIPs: \"127.0.0.1\" is no address of a service, and 2 more like it");
}

TEST(DecodeService, ClosesALoadBalancerOfWhichNoSourceRangeCanBeBelieved) {
  const auto decoded = decode<Service>(R"({"metadata":{"name":"web","namespace":"shop"},
      "spec":{"type":"LoadBalancer","loadBalancerSourceRanges":["everybody"]},
      "status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.8"}]}}})");
  EXPECT_THAT(decoded->object.load_balancer_ips, IsEmpty());
  EXPECT_THAT(decoded->left_out, HasSubstr("\"everybody\" is no range of addresses"));
}

TEST(DecodeService, HoldsThousandsOfPorts) {
  std::string ports;
  for (int port = 1; port <= 5000; ++port) {
    ports += (port > 1 ? ",{\"port\":" : "{\"port\":") + std::to_string(port) + "}";
  }
  EXPECT_EQ(decode<Service>(service("\"ports\":[" + ports + "]"))->object.ports.size(), 5000U);
}

TEST(DecodeService, TakesNullsForDefaults) {
  const auto decoded = decode<Service>(service(
      R"("type":null,"clusterIPs":null,"ports":[{"name":null,"protocol":null,"port":80}])"));
  ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
  EXPECT_EQ(decoded->object.type, ServiceType::kClusterIp);
  EXPECT_THAT(decoded->object.ports, ElementsAre(ServicePort{.port = 80}));
}

TEST(DecodeService, RefusesWrongTypesAndNamesTheField) {
  EXPECT_EQ(refusal(R"("ports":[{"port":80},{"port":"http"}])"),
            "spec.ports[1].port: is a string, not a whole number");
  EXPECT_EQ(refusal(R"("ports":{})"), "spec.ports: is an object, not a list");
  EXPECT_EQ(refusal(R"("ports":[80])"), "spec.ports[0]: is a whole number, not an object");
  EXPECT_EQ(refusal(R"("clusterIPs":[true])"),
            "spec.clusterIPs[0]: is true or false, not a string");
}

TEST(DecodeService, RefusesValuesThatNoServiceHas) {
  EXPECT_EQ(refusal(R"("ports":[{"port":70000}])"),
            "spec.ports[0].port: 70000 is no port (1..65535)");
  EXPECT_THAT(refusal(R"("ports":[{"port":0}])"), HasSubstr("0 is no port"));
  EXPECT_THAT(refusal(R"("ports":[{"port":-1}])"), HasSubstr("-1 is no port"));
  EXPECT_THAT(refusal(R"("ports":[{"port":80.5}])"), HasSubstr("not whole"));
  EXPECT_THAT(refusal(R"("ports":[{"port":18446744073709551615}])"), HasSubstr("out of range"));
  EXPECT_EQ(refusal(R"("ports":[{"name":"x"}])"), "spec.ports[0].port: is missing");
  EXPECT_THAT(refusal(R"("sessionAffinityConfig":{"clientIP":{"timeoutSeconds":0}})"),
              HasSubstr("0 is no time of affinity"));
  EXPECT_THAT(refusal(R"("sessionAffinity":"Cookie")"), HasSubstr("is no session affinity"));
  EXPECT_THAT(refusal(R"("type":"Magic")"), HasSubstr("\"Magic\" is no type of Service"));
  EXPECT_THAT(refusal(R"("clusterIPs":["10.96.0.1","10.96.0.2"])"), HasSubstr("second address"));
}

TEST(DecodeService, BelievesOnlyAddressesWithOneMeaning) {
  for (const char* address :
       {"010.96.0.1", "10.96.0.01", "10.96.1", "fe80::1%eth0", "::ffff:10.96.0.1",
        "10.96.0.1\\u0000", "127.0.0.1", "0.0.0.0", "169.254.1.1", "224.0.0.1", "::1",
        "::", "ff02::1", "fe80::1", "a.b"}) {
    EXPECT_THAT(refusal(R"("clusterIPs":[")" + std::string(address) + "\"]"),
                HasSubstr("is no address of a service"))
        << address;
  }
}

TEST(DecodeService, RefusesAKnownKeyThatAppearsTwice) {
  EXPECT_EQ(refusal(R"("clusterIP":"10.96.0.1","clusterIP":"10.96.0.2")"),
            "spec.clusterIP: appears twice");
}

TEST(DecodeService, SkipsUnknownFieldsOfAnyShapeButNotAnyDepth) {
  EXPECT_EQ(refusal(R"("x":[[{"ports":7}],null,1.5,"\ud83d\ude00"],"y":{"z":{}})"), "accepted");
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  EXPECT_EQ(refusal("\"x\":" + deep), "spec: is nested deeper than 64");
}

TEST(DecodeService, RefusesHostileText) {
  EXPECT_THAT(refusal(R"("type":"ClusterIP)" + std::string(1, '\0') + "\""),
              HasSubstr("is no JSON"));
  EXPECT_THAT(refusal("\"type\":\"\xff\xfe\""), HasSubstr("is no JSON"));
  EXPECT_THAT(refusal(R"("type":")" + std::string(70'000, 'x') + "\""), HasSubstr("longer than"));
  const std::string with_nul = service("") + std::string(1, '\0') + "{}";
  EXPECT_EQ(decode<Service>(with_nul).error().reason, "is no JSON: a NUL byte");
}

TEST(DecodeService, RefusesObjectsOfAnotherKindOrWithoutAName) {
  EXPECT_EQ(decode<Service>(R"({"kind":"Pod","metadata":{"name":"a"}})").error().reason,
            "is of another kind than was asked for");
  EXPECT_EQ(decode<Service>(R"({"kind":"Service","metadata":{}})").error().reason, "has no name");
  EXPECT_THAT(decode<Service>(R"({"metadata":{"name":"a\nb"}})").error().reason,
              HasSubstr("\"a?b\" is no name"));
}

TEST(DecodeService, SaysWhichObjectWasRefused) {
  const auto decoded = decode<Service>(service(R"("ports":[{"port":0}])"));
  ASSERT_FALSE(decoded.has_value());
  EXPECT_EQ(decoded.error().id, (NamespacedName{"shop", "a"}));
}

TEST(DecodeService, NeverAcceptsAnObjectThatIsCutShort) {
  const std::string whole = service(R"("clusterIP":"10.96.0.9","ports":[{"port":80}])");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode<Service>(whole.substr(0, size)).has_value()) << size;
  }
}

}  // namespace
}  // namespace kube
