#include "reconcile/frontends.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace reconcile::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A node at 192.168.0.1, which the cluster knows it by, and 192.168.9.1, which it does not.
NodeFacts here(NodeConfig config = {.name = "here"}) {
  NodeFacts facts(std::move(config));
  kube::Node node;
  node.addresses = {ip("192.168.0.1"), ip("fd00:50::1")};
  node.pod_cidrs = {*kube::parse_cidr_range("10.244.1.0/24")};
  facts.told(node);
  facts.read({{ip("127.0.0.1"), "lo"}, {ip("192.168.0.1"), "eth0"}, {ip("192.168.9.1"), "eth1"}});
  return facts;
}

std::vector<std::string> texts(const kube::Service& service, const NodeFacts& node) {
  std::vector<Complaint> complaints;
  std::vector<std::string> all;
  for (const auto& one : frontends_of(service, node, complaints))
    all.push_back(std::string(to_string(one.kind)) + " " + one.address.to_string() +
                  (one.bind ? "" : " unbound"));
  for (const auto& one : complaints) all.push_back(to_string(one));
  return all;
}

kube::Service external(const std::string& address) {
  auto made = service("a/web", {"10.96.0.1"});
  made.external_ips = {ip(address)};
  return made;
}

TEST(Frontends, AreTheClusterIpsOfAPlainService) {
  EXPECT_THAT(texts(service("a/web", {"10.96.0.1", "fd00::1"}), here()),
              ElementsAre("clusterIP 10.96.0.1", "clusterIP fd00::1"));
}

TEST(Frontends, AreNoneWithoutAClusterIpWhateverElseIsAskedFor) {
  auto headless = external("198.51.100.1");
  headless.cluster_ips.clear();
  EXPECT_THAT(texts(headless, here()), IsEmpty());
}

TEST(Frontends, AreTheNodesAddressesForANodePortInTheServicesFamiliesOnly) {
  auto made = service("a/web", {"10.96.0.1"}, {{.name = "", .port = 80, .node_port = 30080}});
  EXPECT_THAT(texts(made, here()),
              ElementsAre("clusterIP 10.96.0.1", "nodePort 192.168.0.1 unbound",
                          "nodePort 192.168.9.1 unbound"));
}

TEST(Frontends, AreBoundAtAnExternalAddressThatTheNodeDoesNotHave) {
  EXPECT_THAT(texts(external("198.51.100.1"), here()),
              ElementsAre("clusterIP 10.96.0.1", "externalIP 198.51.100.1"));
}

TEST(Frontends, AreNotBoundAtAnAddressThatTheNodeHasOnAnotherInterface) {
  EXPECT_THAT(texts(external("192.168.9.1"), here()),
              ElementsAre("clusterIP 10.96.0.1", "externalIP 192.168.9.1 unbound"));
}

TEST(Frontends, AreRefusedWhereAnAddressMeansSomethingElse) {
  auto node = here({.name = "here", .api_servers = {ip("192.168.0.100")}});
  node.elsewhere().put(kube::ServiceCidr{.ranges = {*kube::parse_cidr_range("10.96.0.0/16")}});
  node.elsewhere().put(
      kube::NodeAddresses{.metadata = {.id = {"", "node-2"}}, .addresses = {ip("192.168.0.2")}});
  const std::map<std::string, std::string> reasons{
      {"0.0.0.0", "no address"},
      {"127.0.0.1", "a loopback address"},
      {"224.0.0.1", "a multicast address"},
      {"169.254.169.254", "an address of one link only"},
      {"192.168.0.1", "an address of this node; use a node port"},
      {"192.168.0.100", "the API server's address"},
      {"192.168.0.2", "an address of node node-2; use a node port"},
      {"10.244.1.9", "inside the range of pod addresses"},
      {"10.96.7.7", "inside the range of cluster IPs"},
      {"2001:db8::1", "of a family that the Service has no IP of"}};
  for (const auto& [address, reason] : reasons) {
    EXPECT_THAT(texts(external(address), node),
                ElementsAre("clusterIP 10.96.0.1",
                            "spec.externalIPs " + ip(address).to_string() + ": " + reason));
  }
}

TEST(Frontends, AreRefusedForALoadBalancerByTheSameReasons) {
  auto made = service("a/web", {"10.96.0.1"});
  made.load_balancer_ips = {ip("192.168.0.1")};
  EXPECT_THAT(texts(made, here()),
              ElementsAre("clusterIP 10.96.0.1",
                          "status.loadBalancer.ingress 192.168.0.1: an address of this node; use "
                          "a node port"));
}

TEST(Frontends, AreRefusedAtTheEndpointsOfTheApiServer) {
  auto node = here();
  EXPECT_TRUE(node.told_api_servers({ip("192.168.0.200")}).addresses);
  EXPECT_THAT(texts(external("192.168.0.200"), node),
              ElementsAre("clusterIP 10.96.0.1",
                          "spec.externalIPs 192.168.0.200: the API server's address"));
}

TEST(Frontends, ObeyTheSwitchAndTheAllowListOfExternalIps) {
  EXPECT_THAT(texts(external("198.51.100.1"), here({.name = "here", .external_ips = false})),
              ElementsAre("clusterIP 10.96.0.1",
                          "spec.externalIPs 198.51.100.1: external IPs are switched off "
                          "(AllowServiceExternalIPs)"));
  const NodeConfig listed{.name = "here",
                          .external_ip_ranges = {*kube::parse_cidr_range("198.51.100.0/24")}};
  EXPECT_THAT(texts(external("198.51.100.1"), here(listed)),
              ElementsAre("clusterIP 10.96.0.1", "externalIP 198.51.100.1"));
  EXPECT_THAT(texts(external("203.0.113.1"), here(listed)),
              ElementsAre("clusterIP 10.96.0.1",
                          "spec.externalIPs 203.0.113.1: outside the ranges that are allowed"));
}

}  // namespace
}  // namespace reconcile::test
