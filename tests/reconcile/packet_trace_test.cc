// The tracer's own rules; whole scenes, the same as with real packets, are in tests/model.
#include "reconcile/packet_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace reconcile::test {
namespace {

using ipvs::SetElement;
using ipvs::SetName;

const auto kWeb = tcp("10.96.0.1", 80);
const auto kPod = real("10.0.0.1", 8080);

SetElement port(SetName set) {
  return {.set = set, .address = kWeb.address, .protocol = kWeb.protocol, .port = kWeb.port};
}

// 10.96.0.1:80, bound, with one real server.
NodeTables serving() {
  NodeTables node;
  node.virtual_servers[kWeb] = {kPod};
  node.bound = {kWeb.address};
  node.elements = {{.set = SetName::kServiceAddresses, .address = kWeb.address},
                   port(SetName::kServicePorts)};
  return node;
}

Packet from(Entry entry, const std::string& source, std::uint16_t to_port = 80) {
  return {.entry = entry,
          .source = ip(source),
          .destination = kWeb.address,
          .protocol = kWeb.protocol,
          .port = to_port};
}

std::string text(const Fate& fate) {
  if (const auto* forwarded = std::get_if<Forwarded>(&fate))
    return forwarded->servers.front().masqueraded ? "masqueraded" : "kept";
  if (std::holds_alternative<Refused>(fate)) return "refused";
  return std::holds_alternative<Dropped>(fate) ? "dropped" : "not ours";
}

TEST(Trace, KeepsTheSourceOfAPod) {
  EXPECT_EQ(text(trace(serving(), from(Entry::kLocalPod, "10.0.0.9"))), "kept");
}

TEST(Trace, MasqueradesTheNodesOwnConnections) {
  EXPECT_EQ(text(trace(serving(), from(Entry::kNode, "192.168.0.1"))), "masqueraded");
}

TEST(Trace, MasqueradesAPodThatReachesItself) {
  auto node = serving();
  node.elements.insert({.set = SetName::kHairpin, .address = kPod.address});
  EXPECT_EQ(text(trace(node, from(Entry::kLocalPod, "10.0.0.1"))), "masqueraded");
}

TEST(Trace, MasqueradesWhoIsNoPodAtAClusterAddress) {
  auto node = serving();
  node.elements.insert({.set = SetName::kClusterAddresses, .address = kWeb.address});
  node.elements.insert({.set = SetName::kPodRanges, .range = {ip("10.0.0.0"), 16}});
  EXPECT_EQ(text(trace(node, from(Entry::kOutside, "198.51.100.1"))), "masqueraded");
  EXPECT_EQ(text(trace(node, from(Entry::kLocalPod, "10.0.0.9"))), "kept");
}

TEST(Trace, TellsAPodByItsInterface) {
  auto node = serving();
  node.pods_by_interface = true;
  node.elements.insert({.set = SetName::kClusterAddresses, .address = kWeb.address});
  EXPECT_EQ(text(trace(node, from(Entry::kLocalPod, "10.0.0.9"))), "kept");
  EXPECT_EQ(text(trace(node, from(Entry::kOutside, "10.0.0.9"))), "masqueraded");
}

TEST(Trace, RefusesAPortThatIsNoServiceToTheNodeItselfToo) {
  EXPECT_EQ(text(trace(serving(), from(Entry::kOutside, "198.51.100.1", 22))), "refused");
  EXPECT_EQ(text(trace(serving(), from(Entry::kNode, "192.168.0.1", 22))), "refused");
}

TEST(Trace, RefusesWhereNobodyIs) {
  auto node = serving();
  node.virtual_servers[kWeb].clear();
  EXPECT_EQ(text(trace(node, from(Entry::kLocalPod, "10.0.0.9"))), "refused");
}

TEST(Trace, DropsStrangersAtAPortForInsiders) {
  auto node = serving();
  node.elements.insert(port(SetName::kInsidePorts));
  node.elements.insert({.set = SetName::kPodRanges, .range = {ip("10.0.0.0"), 16}});
  node.elements.insert({.set = SetName::kOwnPodRanges, .range = {ip("10.0.0.0"), 24}});
  EXPECT_EQ(text(trace(node, from(Entry::kOutside, "198.51.100.1"))), "dropped");
  EXPECT_EQ(text(trace(node, from(Entry::kLocalPod, "10.0.0.9"))), "kept");
  EXPECT_EQ(text(trace(node, from(Entry::kOutside, "10.0.1.9"))), "masqueraded");
  EXPECT_EQ(text(trace(node, from(Entry::kNode, "192.168.0.1"))), "masqueraded");
}

TEST(Trace, DropsWhoIsInNoSourceRange) {
  auto node = serving();
  node.elements.insert(port(SetName::kRestrictedPorts));
  auto allowed = port(SetName::kSourceRanges);
  allowed.range = {ip("198.51.100.0"), 24};
  node.elements.insert(allowed);
  EXPECT_EQ(text(trace(node, from(Entry::kOutside, "198.51.100.1"))), "kept");
  EXPECT_EQ(text(trace(node, from(Entry::kOutside, "203.0.113.1"))), "dropped");
}

TEST(Trace, LeavesAloneWhatIsNotLocal) {
  NodeTables node;
  EXPECT_EQ(text(trace(node, from(Entry::kLocalPod, "10.0.0.9"))), "not ours");
}

}  // namespace
}  // namespace reconcile::test
