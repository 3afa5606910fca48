// kube-ipvs check: is this node able to run it?
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "reconcile/agent_setup.h"
#include "reconcile/api_permissions.h"
#include "reconcile/command.h"
#include "reconcile/node_checks.h"
#include "reconcile/node_reading.h"
#include "reconcile/text_table.h"

namespace reconcile {
namespace {

struct CheckOptions {
  GivenFlags given;
  bool before_install = false;
  std::string output;
};

void read_api_server(const AgentConfig& config, NodeReading& reading) {
  const auto access = cluster_access(config);
  if (!access) {
    reading.access_error = access.error();
    return;
  }
  reading.api_servers = addresses_of(access->host);
  reading.permissions = ask_permissions(*access, config.node_name);
}

std::string as_table(const std::vector<CheckResult>& results, const std::string& output) {
  TextTable table{
      .kind = "Check", .columns = {"ID", "VERDICT", "WHAT", "WHY", "REMEDY"}, .rows = {}};
  for (const auto& result : results) {
    table.rows.add({result.id, to_string(result.verdict), result.what, result.why, result.remedy});
  }
  return to_text(table, table_output(output));
}

int check_node(const CheckOptions& options) {
  const auto setup = agent_setup(options.given);
  if (!setup) return complain(setup.error()), kWrongInvocation;
  auto reading = read_node(setup->config);
  read_api_server(setup->config, reading);
  const auto results = judge(reading, {.scheduler = setup->config.scheduler,
                                       .strict_arp = setup->config.strict_arp,
                                       .before_install = options.before_install});
  print(options.output.empty() ? checks_text(results) : as_table(results, options.output));
  const bool bad =
      std::ranges::find(results, Verdict::kBad, &CheckResult::verdict) != results.end();
  return bad ? kUnhealthy : kDone;
}

}  // namespace

void add_check_command(CLI::App& app, Action& chosen) {
  auto* check = add_subcommand(app, "check", "Say whether this node is able to run kube-ipvs");
  check->footer(
      "Examples:\n"
      "  kube-ipvs check --pre --config /var/lib/kube-proxy/config.conf   # beside a kube-proxy\n"
      "  kube-ipvs check --kubeconfig /var/lib/kube-ipvs/kubeconfig.conf\n"
      "\n"
      "Takes the agent's flags and file. Changes nothing on the node. manifests/checks.md has a\n"
      "section for each check.\n"
      "\n"
      "Exit codes: 0 able, perhaps with warnings; 2 a wrong invocation; 3 not able.\n");
  const auto options = std::make_shared<CheckOptions>();
  add_agent_flags(*check, options->given);
  check->add_flag("--pre", options->before_install,
                  "Before the agent runs here: what it sets by itself is no fault");
  check->add_option("-o,--output", options->output, "For programs")
      ->check(CLI::IsMember({"json", "yaml"}));
  check->callback([options, &chosen] { chosen = [options] { return check_node(*options); }; });
}

}  // namespace reconcile
