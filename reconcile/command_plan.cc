// kube-ipvs plan: what would change on this node, from a running agent, from the API server and the
// kernel themselves, or from files.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <thread>

#include "ipvs/netlink_kernel.h"
#include "kube/access.h"
#include "reconcile/agent_flags.h"
#include "reconcile/agent_setup.h"
#include "reconcile/cluster_snapshot.h"
#include "reconcile/command.h"
#include "reconcile/config_file.h"
#include "reconcile/configured_node.h"
#include "reconcile/control_client.h"
#include "reconcile/offline_decision.h"
#include "reconcile/plan_text.h"

namespace reconcile {
namespace {

constexpr int kChanges = 2;

struct PlanOptions {
  std::vector<std::string> objects;
  std::string table;
  std::string node;
  std::string config;
  std::string kubeconfig;
  std::string output;
  std::string socket = default_control_socket();
  bool from_api = false;
  bool detailed_exit_code = false;
};

using Text = tl::expected<std::string, std::string>;

tl::expected<AgentConfig, std::string> configuration(const PlanOptions& options) {
  AgentConfig config;
  if (!options.config.empty()) {
    const auto text = kube::read_file(options.config);
    if (!text) return tl::unexpected(text.error());
    const auto file = read_config(*text);
    if (!file) return tl::unexpected(fmt::format("{}: {}", options.config, file.error()));
    config = file->config;
  }
  if (!options.node.empty()) config.node_name = options.node;
  if (!options.kubeconfig.empty()) config.kubeconfig = options.kubeconfig;
  return config;
}

// Empty without a file.
Text table_text(const PlanOptions& options) {
  if (options.table.empty()) return std::string();
  return read_whole_file(options.table);
}

Text text_of(Reconciliation decision, const PlanOptions& options) {
  const auto plan = decision.decide({});
  return options.output == "ipvsadm" ? plan_script(plan) : plan_text(plan, decision);
}

Text offline_plan(const PlanOptions& options) {
  const auto config = configuration(options);
  if (!config) return tl::unexpected(config.error());
  OfflineInput input{.node = node_config(*config, "", 1), .objects = {}, .table = {}};
  for (const auto& path : options.objects) {
    auto text = read_whole_file(path);
    if (!text) return tl::unexpected(text.error());
    input.objects.push_back(*std::move(text));
  }
  auto table = table_text(options);
  if (!table) return tl::unexpected(table.error());
  input.table = *std::move(table);
  auto decision = offline_decision(input, {});
  if (!decision) return tl::unexpected(decision.error());
  return text_of(*std::move(decision), options);
}

// The kernel's side: of the table's file, else of this node.
tl::expected<ipvs::Observation, std::string> observe(const PlanOptions& options,
                                                     const NodeConfig& node,
                                                     const ClusterSnapshot& cluster) {
  if (!options.table.empty()) {
    const auto table = table_text(options);
    if (!table) return tl::unexpected(table.error());
    return table_observation(*table, {cluster.node.objects.begin(), cluster.node.objects.end()});
  }
  auto kernel = ipvs::NetlinkKernel::open(kernel_settings(node));
  if (!kernel) return tl::unexpected(ipvs::to_string(kernel.error()));
  auto read = (*kernel)->observe();
  if (!read) return tl::unexpected(ipvs::to_string(read.error()));
  return *std::move(read);
}

Text plan_of_cluster(const PlanOptions& options) {
  auto config = configuration(options);
  if (!config) return tl::unexpected(config.error());
  if (config->node_name.empty()) {
    const auto here = resolve({}, std::nullopt, Surroundings::current());
    config->node_name = here->node_name;
  }
  const auto access = cluster_access(*config);
  if (!access) return tl::unexpected(access.error());
  auto cluster = read_cluster(*access, config->node_name);
  if (!cluster) return tl::unexpected(cluster.error());
  const auto node = node_config(*config, access->host, std::thread::hardware_concurrency());
  const auto observation = observe(options, node, *cluster);
  if (!observation) return tl::unexpected(observation.error());
  return text_of(decision_from(*std::move(cluster), node, config->drain_deadline, *observation),
                 options);
}

Text wanted_plan(const PlanOptions& options) {
  if (!options.objects.empty()) return offline_plan(options);
  if (options.from_api || !options.kubeconfig.empty()) return plan_of_cluster(options);
  return ask_agent(options.socket, "/plan?output=" + options.output);
}

int show_plan(const PlanOptions& options) {
  const auto text = wanted_plan(options);
  if (!text) return complain(text.error()), kFailed;
  print(*text);
  const bool changes = !text->empty() && !text->starts_with("No changes");
  return options.detailed_exit_code && changes ? kChanges : kDone;
}

}  // namespace

void add_plan_command(CLI::App& app, Action& chosen) {
  auto* command =
      add_subcommand(app, "plan", "Show what would change on this node; change nothing");
  command->footer(
      "Examples:\n"
      "  kube-ipvs plan\n"
      "  kube-ipvs plan --kubeconfig /etc/kubernetes/kube-proxy.conf --config config.conf\n"
      "  kubectl get services,endpointslices,nodes -A -o json > cluster.json\n"
      "  ipvsadm -Sn > table.txt\n"
      "  kube-ipvs plan -f cluster.json --table table.txt --node worker-1 --detailed-exitcode\n"
      "\n"
      "Exit codes: 0 done, 1 failed; with --detailed-exitcode 0 no changes, 2 changes.\n");
  const auto options = std::make_shared<PlanOptions>();
  command
      ->add_option("-f,--filename", options->objects,
                   "Objects as 'kubectl get … -o json' prints them, in place of the agent's")
      ->type_name("FILE");
  command
      ->add_option("--table", options->table,
                   "The node's table as 'ipvsadm -Sn' prints it; all of it counts as ours")
      ->type_name("FILE");
  command
      ->add_option("--kubeconfig", options->kubeconfig,
                   "Ask the API server that this file names, and the kernel, in place of an agent")
      ->type_name("FILE");
  command->add_flag("--from-api", options->from_api,
                    "The same as the pod's service account, or by the kubeconfig of --config");
  command
      ->add_option("--node", options->node,
                   "The node's name (default: $NODE_NAME, then the host name; the files' only one)")
      ->type_name("NAME");
  command->add_option("--config", options->config, "The node's KubeProxyConfiguration")
      ->type_name("FILE");
  command->add_option("-o,--output", options->output, "ipvsadm: a script for ipvsadm-restore")
      ->check(CLI::IsMember({"text", "ipvsadm"}));
  command->add_flag("--detailed-exitcode", options->detailed_exit_code, "2 if there are changes");
  command->add_option("--control-socket", options->socket, "The agent's")->capture_default_str();
  command->callback([options, &chosen] { chosen = [options] { return show_plan(*options); }; });
}

}  // namespace reconcile
