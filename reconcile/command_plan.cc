// kube-ipvs plan: what would change on this node, from a running agent or from files.
#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "kube/access.h"
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
  std::string output;
  std::string socket = default_control_socket();
  bool detailed_exit_code = false;
};

tl::expected<std::string, std::string> offline_plan(const PlanOptions& options) {
  AgentConfig config;
  if (!options.config.empty()) {
    const auto text = kube::read_file(options.config);
    if (!text) return tl::unexpected(text.error());
    const auto file = read_config(*text);
    if (!file) return tl::unexpected(fmt::format("{}: {}", options.config, file.error()));
    config = file->config;
  }
  if (!options.node.empty()) config.node_name = options.node;
  OfflineInput input{.node = node_config(config, "", 1), .objects = {}, .table = {}};
  for (const auto& path : options.objects) {
    auto text = read_whole_file(path);
    if (!text) return tl::unexpected(text.error());
    input.objects.push_back(*std::move(text));
  }
  if (!options.table.empty()) {
    auto text = read_whole_file(options.table);
    if (!text) return tl::unexpected(text.error());
    input.table = *std::move(text);
  }
  auto decision = offline_decision(input, {});
  if (!decision) return tl::unexpected(decision.error());
  const auto plan = decision->decide({});
  return options.output == "ipvsadm" ? plan_script(plan) : plan_text(plan, *decision);
}

int show_plan(const PlanOptions& options) {
  const auto text = options.objects.empty()
                        ? ask_agent(options.socket, "/plan?output=" + options.output)
                        : offline_plan(options);
  if (!text) return complain(text.error()), kFailed;
  print(*text);
  const bool changes = !text->empty() && !text->starts_with("No changes");
  return options.detailed_exit_code && changes ? kChanges : kDone;
}

}  // namespace

void add_plan_command(CLI::App& app, Action& chosen) {
  auto* command = app.add_subcommand("plan", "Show what would change on this node; change nothing");
  command->footer(
      "Examples:\n"
      "  kube-ipvs plan\n"
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
  command->add_option("--node", options->node, "The node's name, if the files have several")
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
