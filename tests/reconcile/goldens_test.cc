// Cluster and node in, what the node is to hold out, as files to be read in review:
// goldens/NAME.json and goldens/NAME.txt. What changes there changes for users.
//
// To write the .txt files anew: KUBE_IPVS_WRITE_GOLDENS=1 golden_tests; then look at `git diff`.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "ipvs/save_format.h"
#include "reconcile/packet_trace.h"
#include "reconcile/reconciliation.h"
#include "tests/model/objects.h"
#include "tests/source_root.h"

namespace reconcile::test {
namespace {

namespace fs = std::filesystem;

// As the agent, which skips what it cannot believe.
template <class T>
void tell(Reconciliation& decision, const rapidjson::Value& object) {
  if (model::is_believable<T>(object)) decision.changed(model::decode_object<T>(object), {});
}

// Takes down what the file says of the cluster and the node, and decides.
Reconciliation decided(const fs::path& file) {
  const auto document = model::read_json(file);
  std::vector<std::string> flags;
  for (const auto& flag : document["flags"].GetArray()) flags.emplace_back(flag.GetString());
  Reconciliation decision(model::config_of(flags, "node1"), std::chrono::seconds(60));
  decision.replaced(std::vector<kube::Service>{}, {});
  decision.replaced(std::vector<kube::EndpointSlice>{}, {});
  for (const auto& object : document["objects"].GetArray()) {
    const auto kind = model::text_at(object, "kind");
    if (!model::is_watched(object)) continue;
    if (kind == "Service") tell<kube::Service>(decision, object);
    if (kind == "Node") tell<kube::Node>(decision, object);
    if (kind == "EndpointSlice") tell<kube::EndpointSlice>(decision, object);
  }
  decision.do_without_nodes();
  ipvs::Observation observation;
  for (const auto& address : document["addresses"].GetArray())
    observation.node_addresses.push_back(
        {boost::asio::ip::make_address(address.GetString()), "eth0"});
  decision.observed(observation);
  return decision;
}

std::string virtual_servers(const DesiredState& desired) {
  std::vector<ipvs::ObservedVirtualServer> table;
  auto scope = desired.everything();
  scope.tidy();
  for (const auto& id : scope.virtual_servers) {
    const auto* wanted = desired.virtual_server(id);
    ipvs::ObservedVirtualServer server{
        .id = id, .settings = wanted->settings, .traffic = {}, .real_servers = {}};
    for (const auto& [real, settings] : wanted->real_servers)
      server.real_servers.push_back(
          {.id = real, .settings = settings, .connections = {}, .traffic = {}});
    table.push_back(std::move(server));
  }
  return ipvs::to_save_format(table);
}

template <class Step, class Keys>
std::string steps(const Keys& keys) {
  std::string text;
  for (const auto& key : keys) text += ipvs::to_string(ipvs::Step(Step{key})) + "\n";
  return text;
}

std::string text_of(Reconciliation decision) {
  std::ignore = decision.decide({});
  const auto& desired = decision.desired_state();
  auto scope = desired.everything();
  scope.tidy();
  std::ostringstream text;
  text << "# ipvsadm -S -n\n" << virtual_servers(desired);
  text << "\n# kube-ipvs0\n" << steps<ipvs::BindAddress>(scope.addresses);
  text << "\n# inet kube-ipvs\n" << steps<ipvs::AddElement>(scope.elements);
  text << "\n# not done\n";
  for (const auto& [service, complaint] : decision.complaints())
    text << kube::to_string(service) << ": " << to_string(complaint) << "\n";
  for (const auto& conflict : decision.conflicts()) {
    for (const auto& loser : conflict.losers)
      text << kube::to_string(loser) << ": " << ipvs::service_option(conflict.id)
           << " is another Service's\n";
  }
  text << "\n# health checks\n";
  for (const auto& [service, check] : desired.health_checks())
    text << kube::to_string(service) << ": port " << check.port << ", " << check.local_endpoints
         << " local\n";
  return text.str();
}

class Goldens : public testing::TestWithParam<fs::path> {};

TEST_P(Goldens, AreWhatIsDecided) {
  auto golden = GetParam();
  const auto actual = text_of(decided(GetParam()));
  golden.replace_extension(".txt");
  if (std::getenv("KUBE_IPVS_WRITE_GOLDENS")) std::ofstream(golden) << actual;
  std::stringstream expected;
  expected << std::ifstream(golden).rdbuf();
  EXPECT_EQ(actual, expected.str());
}

std::vector<fs::path> inputs() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(source_root() / "tests/reconcile/goldens")) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string name_of(const testing::TestParamInfo<fs::path>& info) {
  auto name = info.param.stem().string();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Goldens, testing::ValuesIn(inputs()), name_of);

}  // namespace
}  // namespace reconcile::test
