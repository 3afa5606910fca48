// The packet suite without packets: every recorded scene is decided for each node that a row
// enters, and the row's packet is traced through what was decided. The same rows run in the lab
// with real packets (tests/packets); the two must agree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "ipvs/words.h"
#include "reconcile/explanation.h"
#include "reconcile/packet_trace.h"
#include "reconcile/reconciliation.h"
#include "tests/model/objects.h"
#include "tests/model/scene.h"
#include "tests/source_root.h"

namespace model {
namespace {

using reconcile::Entry;
using reconcile::Reconciliation;

// As tests/packets starts the agents where a scene says nothing about them.
const std::vector<std::string> kFlags{"--cluster-cidr", "10.244.0.0/16,fd00:10:244::/48"};

std::vector<ipvs::NodeAddress> addresses_of(const Step& step, const std::string& name) {
  std::vector<ipvs::NodeAddress> all;
  for (const auto& address : step.addresses.at(name)) all.push_back({address, "eth0"});
  return all;
}

// One node, decided from the beginning to the end of a scene.
class ModelNode {
 public:
  ModelNode(const Scene& scene, std::string name)
      : name_(std::move(name)),
        config_(config_of(scene.flags.empty() ? kFlags : scene.flags, name_)),
        decision_(config_, std::chrono::seconds(60)) {}

  void enter(const Step& step) {
    decision_.replaced(step.services, {});
    decision_.replaced(step.slices, {});
    std::vector<kube::Node> own;
    std::copy_if(step.nodes.begin(), step.nodes.end(), std::back_inserter(own),
                 [&](const auto& node) { return node.metadata.id.name == name_; });
    decision_.replaced(own, {});
    std::vector<kube::NodeAddresses> all;
    for (const auto& node : step.nodes) all.push_back({node.metadata, node.addresses});
    decision_.replaced(all, {});
    ipvs::Observation observation;
    observation.node_addresses = addresses_of(step, name_);
    decision_.observed(observation);
    std::ignore = decision_.decide({});
    tables_ = reconcile::tables_of(decision_.desired_state());
    for (const auto& one : observation.node_addresses) tables_.own.insert(one.address);
    tables_.pods_by_interface = !config_.rules.pod_interface.empty();
  }

  void check(const Telling& telling) const {
    const auto text = reconcile::explain(decision_, *reconcile::parse_question(telling.service));
    ASSERT_TRUE(text) << "no such Service";
    EXPECT_THAT(*text, testing::HasSubstr(telling.says));
  }

  void check(const Row& row) const {
    const auto packet = packet_of(row);
    const auto fate = reconcile::trace(tables_, packet);
    if (const auto* status = std::get_if<int>(&row.ends)) {
      EXPECT_TRUE(std::holds_alternative<reconcile::NotOurs>(fate)) << "the agent cannot be asked";
      return check_health(row.port, *status);
    }
    EXPECT_EQ(text_of(fate, row), expected(row));
    check_explained(row, fate);
    if (const auto* forwarded = std::get_if<reconcile::Forwarded>(&fate)) {
      for (const auto& server : forwarded->servers) check_source(row, server);
      EXPECT_TRUE(!row.sticky || is_sticky(packet)) << "no session affinity";
    }
  }

 private:
  // What `explain` says of the client's packet is what becomes of it. It is asked for the Service
  // that has the address; without one there is nothing to explain.
  void check_explained(const Row& row, const reconcile::Fate& fate) const {
    const ipvs::VirtualServerId id{
        .address = row.address, .protocol = reconcile::protocol_of(row.protocol), .port = row.port};
    if (decision_.desired_state().virtual_server(id) == nullptr) return;
    if (std::holds_alternative<reconcile::NotOurs>(fate)) return;
    const reconcile::Question question{.service = decision_.desired_state().owner(id),
                                       .port = {},
                                       .endpoint = {},
                                       .from = row.source};
    const auto text = reconcile::explain(decision_, question).value_or("");
    const auto server = text.find("  " + ipvs::to_string(id) + " (");
    const auto intro = "a packet from " + row.source.to_string() + ": ";
    const auto begin = text.find(intro, server);
    ASSERT_TRUE(server != std::string::npos && begin != std::string::npos) << text;
    const auto said =
        text.substr(begin + intro.size(), text.find('\n', begin) - begin - intro.size());
    EXPECT_EQ(ends_said(said), expected(row)) << text;
  }

  // "refused", "dropped", or the endpoints out of "to A or B (masqueraded)".
  static std::string ends_said(std::string said) {
    if (!said.starts_with("to ")) return said.substr(0, said.find(':'));
    said = std::regex_replace(said.substr(3), std::regex(" \\(masqueraded\\)"), "");
    std::vector<std::string> endpoints;
    for (std::size_t begin = 0; begin != std::string::npos;) {
      const auto end = said.find(" or ", begin);
      endpoints.push_back(said.substr(begin, end - begin));
      begin = end == std::string::npos ? end : end + 4;
    }
    std::sort(endpoints.begin(), endpoints.end());
    return testing::PrintToString(endpoints);
  }

  reconcile::Packet packet_of(const Row& row) const {
    const bool here = row.from_node == name_;
    const auto entry = row.from == From::kPod && here    ? Entry::kLocalPod
                       : row.from == From::kNode && here ? Entry::kNode
                                                         : Entry::kOutside;
    return {.entry = entry,
            .source = row.source,
            .destination = row.address,
            .protocol = reconcile::protocol_of(row.protocol),
            .port = row.port};
  }

  static std::string expected(const Row& row) {
    if (const auto* verdict = std::get_if<std::string>(&row.ends)) return *verdict;
    auto endpoints = std::get<std::vector<std::string>>(row.ends);
    std::sort(endpoints.begin(), endpoints.end());
    return testing::PrintToString(endpoints);
  }

  // What is not ours but a node's meets a closed port there, unless the node drops it by rules of
  // its own; else nobody has it.
  std::string text_of(const reconcile::Fate& fate, const Row& row) const {
    if (std::holds_alternative<reconcile::Refused>(fate)) return "refused";
    if (std::holds_alternative<reconcile::Dropped>(fate)) return "dropped";
    const auto* forwarded = std::get_if<reconcile::Forwarded>(&fate);
    if (!forwarded) {
      const bool closed = is_a_nodes(row.address) && expected(row) != "dropped";
      return closed ? "refused" : "dropped";
    }
    std::vector<std::string> endpoints;
    for (const auto& [id, masqueraded] : forwarded->servers) {
      const auto address = id.address.to_string();
      endpoints.push_back((id.address.is_v4() ? address : "[" + address + "]") + ":" +
                          std::to_string(id.port));
    }
    std::sort(endpoints.begin(), endpoints.end());
    return testing::PrintToString(endpoints);
  }

  bool is_a_nodes(const kube::Address& address) const {
    return tables_.own.contains(address) ||
           decision_.facts().elsewhere().node_at(address) != nullptr;
  }

  void check_source(const Row& row, const reconcile::Forwarded::Server& server) const {
    if (row.seen_source.empty()) return;
    const bool is_own = row.from == From::kNode && row.from_node == name_;
    if (row.seen_source == name_) {
      EXPECT_TRUE(server.masqueraded || is_own) << "seen with the client's own address";
    } else if (row.seen_source == row.source.to_string()) {
      EXPECT_TRUE(!server.masqueraded || is_own) << "seen with an address of the node";
    } else {
      ADD_FAILURE() << "a source that the model does not know: " << row.seen_source;
    }
  }

  bool is_sticky(const reconcile::Packet& packet) const {
    const auto* server = decision_.desired_state().virtual_server(
        {.address = packet.destination, .protocol = packet.protocol, .port = packet.port});
    return server && (server->settings.flags & ipvs::VirtualServerFlag::kPersistent) != 0;
  }

  void check_health(std::uint16_t port, int status) const {
    const auto& checks = decision_.desired_state().health_checks();
    const auto found = std::find_if(checks.begin(), checks.end(),
                                    [&](const auto& one) { return one.second.port == port; });
    if (found == checks.end()) return;  // the agent's own
    EXPECT_EQ(found->second.local_endpoints > 0 ? 200 : 503, status);
  }

  std::string name_;
  reconcile::NodeConfig config_;
  Reconciliation decision_;
  reconcile::NodeTables tables_;
};

class Scenes : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Scenes, EndAsRecorded) {
  const auto scene = read_scene(GetParam());
  std::map<std::string, ModelNode> nodes;
  for (const auto& step : scene.steps) {
    SCOPED_TRACE(step.when);
    for (const auto& node : step.nodes)
      nodes.try_emplace(node.metadata.id.name, scene, node.metadata.id.name);
    for (auto& [name, node] : nodes) node.enter(step);
    for (const auto& row : step.rows) {
      SCOPED_TRACE(row.sentence);
      nodes.at(row.enters).check(row);
    }
    for (const auto& telling : step.tellings) nodes.at(telling.node).check(telling);
  }
}

std::vector<std::filesystem::path> recorded() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(source_root() / "tests/packets/recorded"))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string name_of(const testing::TestParamInfo<std::filesystem::path>& info) {
  auto name = info.param.stem().string();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Recorded, Scenes, testing::ValuesIn(recorded()), name_of);

}  // namespace
}  // namespace model
