#include "reconcile/configured_node.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace reconcile {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// kube-proxy 1.36 never asks for more entries than this by itself.
constexpr std::uint64_t kMostConntrackEntries = 1'048'576;

// Rounded up, so that what is not 0 stays so.
seconds whole_seconds(milliseconds time) { return std::chrono::ceil<seconds>(time); }

Ranges ranges_of(const std::vector<std::string>& texts) {
  Ranges ranges;
  for (const auto& text : texts) {
    if (const auto range = kube::parse_cidr_range(text)) ranges.push_back(*range);
  }
  return ranges;
}

std::uint64_t conntrack_max(const ConntrackConfig& config, unsigned cpus) {
  if (config.max_per_core <= 0) return 0;
  const auto by_core = static_cast<std::uint64_t>(config.max_per_core) * cpus;
  const auto least = static_cast<std::uint64_t>(std::max(config.min, 0));
  return std::min(std::max(by_core, least), std::max(kMostConntrackEntries, least));
}

NodeSettings settings_of(const AgentConfig& config, unsigned cpus) {
  const auto& conntrack = config.conntrack;
  return {.timeouts = {.tcp = whole_seconds(config.timeouts.tcp),
                       .tcp_fin = whole_seconds(config.timeouts.tcp_fin),
                       .udp = whole_seconds(config.timeouts.udp)},
          .strict_arp = config.strict_arp,
          .conntrack = {.max = conntrack_max(conntrack, cpus),
                        .tcp_established = whole_seconds(conntrack.tcp_established_timeout),
                        .tcp_close_wait = whole_seconds(conntrack.tcp_close_wait_timeout),
                        .tcp_be_liberal = conntrack.tcp_be_liberal,
                        .udp = whole_seconds(conntrack.udp_timeout),
                        .udp_stream = whole_seconds(conntrack.udp_stream_timeout)}};
}

void detect_pods(const AgentConfig& config, NodeConfig& node) {
  switch (config.detect_local_mode) {
    case DetectLocalMode::kClusterCidr:
      node.cluster_ranges = ranges_of(config.cluster_cidrs);
      break;
    case DetectLocalMode::kNodeCidr:
      node.pods_by_node_ranges = true;
      break;
    case DetectLocalMode::kBridgeInterface:
      node.rules.pod_interface = config.bridge_interface;
      break;
    case DetectLocalMode::kInterfaceNamePrefix:
      node.rules.pod_interface = config.interface_name_prefix;
      node.rules.pod_interface_is_prefix = true;
      break;
  }
}

}  // namespace

NodeConfig node_config(const AgentConfig& config, const std::string& api_server, unsigned cpus) {
  const auto& node_ports = config.node_port_addresses;
  NodeConfig node{
      .name = config.node_name,
      .scheduler = config.scheduler,
      .excluded = ranges_of(config.exclude_cidrs),
      .node_port_addresses = {.primary_only = node_ports == std::vector<std::string>{"primary"},
                              .ranges = ranges_of(node_ports)},
      .external_ips = config.allow_external_ips,
      .external_ip_ranges = ranges_of(config.external_ip_cidrs),
      .knows_all_nodes = config.watch_all_nodes,
      .masquerade_all = config.masquerade_all,
      .settings = settings_of(config, cpus)};
  node.rules.masquerade_bit = static_cast<std::uint8_t>(config.masquerade_bit);
  detect_pods(config, node);
  boost::system::error_code is_a_name;
  const auto address = boost::asio::ip::make_address(api_server, is_a_name);
  if (!is_a_name) node.api_servers.push_back(address);
  return node;
}

ipvs::KernelSettings kernel_settings(const NodeConfig& node) {
  return {.rules = node.rules, .sysctls = sysctl_paths()};
}

}  // namespace reconcile
