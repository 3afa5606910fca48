// What an agent that does not come back takes away, and what it leaves.
#include "reconcile/departure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace reconcile::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> lines(const std::vector<ipvs::Step>& steps) {
  std::vector<std::string> texts;
  for (const auto& step : steps) texts.push_back(ipvs::to_string(step));
  return texts;
}

// One virtual server of ours, one of somebody else's.
ipvs::Observation shared_node() {
  ipvs::Observation node;
  node.link_present = true;
  node.rules_intact = true;
  node.bound = {ip("10.96.0.1")};
  node.elements = {
      {.set = ipvs::SetName::kServiceAddresses, .address = ip("10.96.0.1")},
      {.set = ipvs::SetName::kServicePorts,
       .address = ip("10.96.0.1"),
       .protocol = ipvs::Protocol::kTcp,
       .port = 80},
  };
  for (const auto* address : {"10.96.0.1", "192.0.2.9"}) {
    node.virtual_servers.push_back({.id = tcp(address, 80),
                                    .settings = {},
                                    .traffic = {},
                                    .real_servers = {{.id = real("10.244.0.1", 8080),
                                                      .settings = {},
                                                      .connections = {.active = 3},
                                                      .traffic = {}}}});
  }
  return node;
}

TEST(Departure, TakesAwayWhatIsOursInThePlansOrderAndNothingElse) {
  EXPECT_THAT(
      lines(departure(shared_node())),
      ElementsAre("nft delete element inet kube-ipvs service_ports4 { 10.96.0.1 . tcp . 80 }",
                  "-D -t 10.96.0.1:80", "ip addr del 10.96.0.1/32 dev kube-ipvs0",
                  "nft delete element inet kube-ipvs service_addresses4 { 10.96.0.1 }"));
}

TEST(Departure, FromANodeThatHasNothingOfOursIsNoStep) {
  auto node = shared_node();
  node.bound.clear();
  node.elements.clear();
  EXPECT_THAT(departure(node), IsEmpty());
}

}  // namespace
}  // namespace reconcile::test
