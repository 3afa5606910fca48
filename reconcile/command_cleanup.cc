// kube-ipvs cleanup: removes from the node what is ours, or what a kube-proxy left behind.
#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>

#include "ipvs/kube_proxy_cleaner.h"
#include "ipvs/netlink_kernel.h"
#include "reconcile/command.h"
#include "reconcile/control_client.h"
#include "reconcile/departure.h"

namespace reconcile {
namespace {

struct CleanupOptions {
  bool kube_proxy = false;
  bool rules = false;
  bool dry_run = false;
  bool yes = false;
  std::string socket = default_control_socket();
};

int clean_up_after_kube_proxy(bool dry_run) {
  auto cleaner = ipvs::KubeProxyCleaner::open();
  const auto leftovers = cleaner ? cleaner->find() : tl::unexpected(cleaner.error());
  if (!leftovers) {
    complain(ipvs::to_string(leftovers.error()));
    return kWrongInvocation;
  }
  print(ipvs::to_commands(*leftovers));
  if (dry_run) return kDone;
  const auto errors = cleaner->remove(*leftovers);
  for (const auto& error : errors) complain(ipvs::to_string(error));
  return errors.empty() ? kDone : kFailed;
}

constexpr std::string_view kWithoutRules = "nft delete table inet kube-ipvs\n";

std::string to_commands(const std::vector<ipvs::Step>& steps) {
  std::string text;
  for (const auto& step : steps) text += ipvs::to_string(step) + "\n";
  return text + std::string(kWithoutRules) + "ip link delete kube-ipvs0\n";
}

template <class Kind>
auto count(const std::vector<ipvs::Step>& steps) {
  return std::count_if(steps.begin(), steps.end(),
                       [](const auto& step) { return std::holds_alternative<Kind>(step); });
}

// Who answers is a person at a terminal; anybody else has to say --yes.
bool agreed(const std::vector<ipvs::Step>& steps) {
  complain(
      fmt::format("this removes {} virtual servers and {} addresses of kube-ipvs; Services stop "
                  "working on this node, and their connections end",
                  count<ipvs::DeleteVirtualServer>(steps), count<ipvs::UnbindAddress>(steps)));
  if (isatty(STDIN_FILENO) == 0) {
    complain("nobody is there to agree: say --yes, or look first with --dry-run");
    return false;
  }
  std::fputs("Remove them? [y/N] ", stderr);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

bool is_done(const ipvs::Outcome& outcome) {
  if (!outcome || ipvs::is_absent(*outcome)) return true;
  complain(ipvs::to_string(*outcome));
  return false;
}

int take_away(ipvs::NetlinkKernel& kernel, const std::vector<ipvs::Step>& steps) {
  auto outcomes = kernel.write(steps);
  outcomes.push_back(kernel.remove_rules());
  outcomes.push_back(kernel.remove_link());
  int code = kDone;
  for (const auto& outcome : outcomes) {
    if (!is_done(outcome)) code = kFailed;
  }
  return code;
}

bool agent_runs(const CleanupOptions& options) {
  if (options.dry_run || !ask_agent(options.socket, "/get/agent")) return false;
  complain("the agent runs and would make everything again; stop it first");
  return true;
}

// A kube-proxy serves with the virtual servers and addresses: they are its own now.
int leave_to_kube_proxy(const CleanupOptions& options) {
  if (agent_runs(options)) return kFailed;
  print(std::string(kWithoutRules));
  if (options.dry_run) return kDone;
  auto kernel = ipvs::NetlinkKernel::open();
  if (!kernel) return complain(ipvs::to_string(kernel.error())), kWrongInvocation;
  return is_done((*kernel)->remove_rules()) ? kDone : kFailed;
}

int leave_the_node(const CleanupOptions& options) {
  if (agent_runs(options)) return kFailed;
  auto kernel = ipvs::NetlinkKernel::open();
  const auto read = kernel ? (*kernel)->observe() : tl::unexpected(kernel.error());
  if (!read) return complain(ipvs::to_string(read.error())), kWrongInvocation;
  const auto steps = departure(*read);
  if (options.dry_run) return print(to_commands(steps)), kDone;
  if (!options.yes && !agreed(steps)) return kFailed;
  print(to_commands(steps));
  return take_away(**kernel, steps);
}

}  // namespace

void add_cleanup_command(CLI::App& app, Action& chosen) {
  auto* cleanup = add_subcommand(
      app, "cleanup", "Remove from the node what is kube-ipvs's, or what a kube-proxy left behind");
  cleanup->footer(
      "Examples:\n"
      "  kube-ipvs cleanup --kube-proxy --dry-run   # after a take-over: what is to go?\n"
      "  kube-ipvs cleanup --dry-run\n"
      "  kube-ipvs cleanup --yes                    # the agent has been deleted for good\n"
      "  kube-ipvs cleanup --rules                  # after a way back: a kube-proxy serves again\n"
      "\n"
      "Prints each step as the command that would do the same. Others' virtual servers, rules and\n"
      "addresses are never touched.\n"
      "\n"
      "Exit codes: 0 done, or nothing to do; 1 not agreed to, or something could not be removed;\n"
      "2 it could not look.\n");
  const auto options = std::make_shared<CleanupOptions>();
  auto* kube_proxy = cleanup->add_flag(
      "--kube-proxy", options->kube_proxy,
      "What kube-proxy in ipvs mode left behind: its chains and rules in iptables-nft, its ipsets. "
      "Stop kube-proxy first, or it makes them again. Virtual servers are the agent's: it has "
      "adopted them.");
  cleanup
      ->add_flag("--rules", options->rules,
                 "The nftables table alone: a kube-proxy has adopted virtual servers and addresses")
      ->excludes(kube_proxy);
  cleanup->add_flag("--dry-run", options->dry_run, "Only print what would be removed");
  cleanup->add_flag("-y,--yes", options->yes, "Do not ask");
  cleanup->add_option("--control-socket", options->socket, "The agent's")->capture_default_str();
  cleanup->callback([options, &chosen] {
    chosen = [options] {
      if (options->kube_proxy) return clean_up_after_kube_proxy(options->dry_run);
      return options->rules ? leave_to_kube_proxy(*options) : leave_the_node(*options);
    };
  });
}

}  // namespace reconcile
