#include "reconcile/offline_decision.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "ipvs/save_format.h"
#include "kube/decode.h"
#include "kube/json_framer.h"

namespace reconcile {
namespace {

// The objects of all files, by kind; others are passed over.
struct Objects {
  std::vector<kube::Service> services;
  std::vector<kube::EndpointSlice> slices;
  std::vector<kube::Node> nodes;
  std::vector<kube::ServiceCidr> service_cidrs;
};

// "kind" of an item of a mixed list, which kubectl writes near its front or its end.
bool is_of_kind(std::string_view json, std::string_view kind) {
  for (const auto* format : {"\"kind\": \"{}\"", "\"kind\":\"{}\""}) {
    if (json.find(fmt::format(fmt::runtime(format), kind)) != std::string_view::npos) return true;
  }
  return false;
}

template <class T>
std::string add(std::string_view json, std::vector<T>& into) {
  auto decoded = kube::decode<T>(json);
  if (!decoded) return to_string(decoded.error());
  into.push_back(std::move(decoded->object));
  return {};
}

std::string add_item(std::string_view json, Objects& objects) {
  if (is_of_kind(json, "EndpointSlice")) return add(json, objects.slices);
  if (is_of_kind(json, "Node")) return add(json, objects.nodes);
  if (is_of_kind(json, "ServiceCIDR")) return add(json, objects.service_cidrs);
  if (is_of_kind(json, "Service")) return add(json, objects.services);
  return {};
}

std::string add_list(const std::string& text, Objects& objects) {
  kube::ListFramer framer;
  framer.append(text);
  while (const auto frame = framer.next()) {
    if (frame->kind == kube::Frame::Kind::kGarbage) break;
    if (auto problem = add_item(frame->text, objects); !problem.empty()) return problem;
  }
  if (framer.complete()) return {};
  return "it is no JSON List; write one with 'kubectl get services,endpointslices,nodes -A -o "
         "json'";
}

std::vector<kube::NodeAddresses> addresses_of(const std::vector<kube::Node>& nodes) {
  std::vector<kube::NodeAddresses> addresses;
  for (const auto& node : nodes) addresses.push_back({node.metadata, node.addresses});
  return addresses;
}

// kube-proxy, and this agent, bind every address but the node's own to kube-ipvs0.
ipvs::Observation observation_of(std::vector<ipvs::ObservedVirtualServer> table,
                                 const std::vector<kube::Node>& nodes) {
  ipvs::Observation observation;
  observation.link_present = true;
  std::set<ipvs::Address> bound;
  for (const auto& server : table) bound.insert(server.id.address);
  observation.bound.assign(bound.begin(), bound.end());
  observation.virtual_servers = std::move(table);
  for (const auto& node : nodes) {
    for (const auto& address : node.addresses)
      observation.node_addresses.push_back({address, "eth0"});
  }
  return observation;
}

}  // namespace

tl::expected<ipvs::Observation, std::string> table_observation(
    const std::string& table, const std::vector<kube::Node>& nodes) {
  auto servers = ipvs::parse_save_format(table);
  if (!servers) return tl::unexpected("the table: " + to_string(servers.error()));
  return observation_of(*std::move(servers), nodes);
}

tl::expected<Reconciliation, std::string> offline_decision(const OfflineInput& input,
                                                           TimePoint now) {
  Objects objects;
  for (const auto& text : input.objects) {
    if (auto problem = add_list(text, objects); !problem.empty()) return tl::unexpected(problem);
  }
  auto node = input.node;
  if (node.name.empty() && objects.nodes.size() == 1) node.name = objects.nodes[0].metadata.id.name;
  auto all_nodes = addresses_of(objects.nodes);
  std::erase_if(objects.nodes,
                [&](const kube::Node& each) { return each.metadata.id.name != node.name; });
  node.knows_all_nodes = !all_nodes.empty();
  Reconciliation decision(std::move(node), std::chrono::milliseconds(0));
  const auto observation = table_observation(input.table, objects.nodes);
  if (!observation) return tl::unexpected(observation.error());
  decision.replaced(std::move(objects.nodes), now);
  decision.replaced(std::move(objects.slices), now);
  decision.replaced(std::move(objects.services), now);
  decision.replaced(std::move(objects.service_cidrs), now);
  decision.replaced(std::move(all_nodes), now);
  decision.observed(*observation);
  return decision;
}

}  // namespace reconcile
