// kube-ipvs init: sets the node as the agent needs it, and ends: for a privileged container before
// the agent's own, which finds /proc/sys read-only.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <thread>

#include "ipvs/netlink_kernel.h"
#include "reconcile/agent_setup.h"
#include "reconcile/command.h"
#include "reconcile/configured_node.h"
#include "reconcile/node_settings.h"

namespace reconcile {
namespace {

int write_settings(ipvs::Kernel& kernel, const std::vector<ipvs::Step>& steps) {
  const auto outcomes = kernel.write(steps);
  int code = kDone;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!outcomes[i]) {
      print(ipvs::to_string(steps[i]) + "\n");
      continue;
    }
    complain(ipvs::to_string(*outcomes[i]));
    code = kFailed;
  }
  return code;
}

int set_node(const GivenFlags& given, bool dry_run) {
  const auto setup = agent_setup(given);
  if (!setup) return complain(setup.error()), kWrongInvocation;
  const auto node = node_config(setup->config, "", std::thread::hardware_concurrency());
  auto kernel = ipvs::NetlinkKernel::open(kernel_settings(node));
  const auto read = kernel ? (*kernel)->read_settings() : tl::unexpected(kernel.error());
  if (!read) return complain(ipvs::to_string(read.error())), kWrongInvocation;
  const auto steps = settings_steps(node.settings, read->timeouts, read->sysctls);
  if (steps.empty()) complain("the node is set as the agent needs it; nothing to do");
  if (!dry_run) return write_settings(**kernel, steps);
  for (const auto& step : steps) print(ipvs::to_string(step) + "\n");
  return kDone;
}

}  // namespace

void add_init_command(CLI::App& app, Action& chosen) {
  auto* init = add_subcommand(
      app, "init",
      "Set sysctls and time-outs as the agent needs them, and end; for an init container");
  init->footer(
      "Takes the agent's flags and file, needs no API server, and prints each setting that it\n"
      "changed as the command that would do the same. The kernel loads IPVS by itself.\n"
      "\n"
      "Exit codes: 0 the node is set; 1 a setting could not be written; 2 a wrong invocation, or\n"
      "no IPVS.\n");
  const auto given = std::make_shared<GivenFlags>();
  add_agent_flags(*init, *given);
  const auto dry_run = std::make_shared<bool>(false);
  init->add_flag("--dry-run", *dry_run, "Print what would be set; write nothing");
  init->callback([given, dry_run, &chosen] {
    chosen = [given, dry_run] { return set_node(*given, *dry_run); };
  });
}

}  // namespace reconcile
