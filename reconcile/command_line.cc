#include "reconcile/command_line.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>

#include "reconcile/command_reference.h"
#include "reconcile/did_you_mean.h"

namespace reconcile {
namespace {

constexpr const char* kDescription =
    "The service load balancer of a Kubernetes node, on the kernel's IPVS";

constexpr const char* kExamples =
    "Examples:\n"
    "  kube-ipvs agent --kubeconfig /var/lib/kube-ipvs/kubeconfig.conf\n"
    "  kube-ipvs status -n\n"
    "  kube-ipvs explain default/web\n"
    "  kube-ipvs plan -f cluster.json --table table.txt\n"
    "  kube-ipvs config check /var/lib/kube-proxy/config.conf\n"
    "\n"
    "Exit codes: 0 done; 1 failed; 2 a wrong invocation, or no IPVS to look at; 3 not healthy.\n";

struct Command {
  std::string_view name;
  void (*add)(CLI::App& app, Action& chosen);
};

// In the order of the help.
constexpr std::array kCommands{Command{"agent", add_agent_command},
                               Command{"init", add_init_command},
                               Command{"check", add_check_command},
                               Command{"cleanup", add_cleanup_command},
                               Command{"status", add_status_command},
                               Command{"get", add_get_command},
                               Command{"explain", add_explain_command},
                               Command{"plan", add_plan_command},
                               Command{"release-brake", add_release_brake_command},
                               Command{"config", add_config_command},
                               Command{"completion", add_completion_command},
                               Command{"man", add_man_command},
                               Command{"version", add_version_command}};

void add_all(CLI::App& app, Action& chosen) {
  app.footer(kExamples);
  app.require_subcommand(1);
  for (const auto& command : kCommands) command.add(app, chosen);
}

// Only the command that is asked for where it is known: the flags of the others would be most of
// what a short command costs.
void add_asked_for(CLI::App& app, Action& chosen, const std::vector<std::string>& arguments) {
  const auto asked =
      std::ranges::find(kCommands, arguments.empty() ? "" : arguments[0], &Command::name);
  if (asked == kCommands.end()) return add_all(app, chosen);
  app.require_subcommand(1);
  asked->add(app, chosen);
}

bool is_flag(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

// What Kubernetes' users write and CLI11 does not know: -v=4, --name= for an empty value, flags of
// kube-proxy without a subcommand.
std::vector<std::string> as_cli11_knows(std::vector<std::string> arguments) {
  if (!arguments.empty() && is_flag(arguments[0]) && arguments[0] != "-h" &&
      arguments[0] != "--help") {
    arguments.insert(arguments.begin(), arguments[0] == "--version" ? "version" : "agent");
    std::erase(arguments, "--version");
  }
  std::vector<std::string> known;
  for (auto& argument : arguments) {
    if (argument.starts_with("-v=")) argument.insert(0, 1, '-');
    const bool empty_value = argument.starts_with("--") && argument.ends_with('=');
    known.push_back(empty_value ? argument.substr(0, argument.size() - 1) : argument);
    if (empty_value) known.emplace_back();
  }
  return known;
}

bool is_status(const std::vector<std::string>& arguments) {
  return !arguments.empty() && arguments[0] == "status" &&
         std::ranges::find(arguments, "--help") == arguments.end() &&
         std::ranges::find(arguments, "-h") == arguments.end();
}

const CLI::App& chosen_app(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : chosen_app(*chosen.front());
}

// The names that could have stood where `app` was given an unknown one.
std::vector<std::string> names_in(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  for (const auto* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::string hint(const CLI::App& app, const std::vector<std::string>& arguments) {
  const auto names = names_in(app);
  const std::vector<std::string_view> known(names.begin(), names.end());
  for (const auto& argument : arguments) {
    const auto word = argument.substr(0, argument.find('='));
    if (word.size() < 3 || std::ranges::find(names, word) != names.end()) continue;
    if (const auto meant = did_you_mean(word, known); !meant.empty()) {
      return fmt::format(" Did you mean {}?", meant);
    }
  }
  return {};
}

Usage wrong(const CLI::App& app, const CLI::Error& error,
            const std::vector<std::string>& arguments) {
  const auto& chosen = chosen_app(app);
  const auto* where = &chosen == &app ? "" : chosen.get_name().c_str();
  return {fmt::format("kube-ipvs: {}.{} See 'kube-ipvs {}{}--help'.\n", error.what(),
                      hint(chosen, arguments), where, *where == 0 ? "" : " "),
          kWrongInvocation};
}

}  // namespace

std::unique_ptr<CLI::App> command_reference() {
  static Action nothing;
  auto app = std::make_unique<CLI::App>(kDescription, "kube-ipvs");
  add_all(*app, nothing);
  return app;
}

tl::expected<Action, Usage> parse_command_line(std::vector<std::string> arguments) {
  Action chosen;
  if (is_status(arguments)) {
    return
        [words = std::vector(arguments.begin() + 1, arguments.end())] { return run_status(words); };
  }
  CLI::App app(kDescription, "kube-ipvs");
  arguments = as_cli11_knows(std::move(arguments));
  add_asked_for(app, chosen, arguments);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    return tl::unexpected(Usage{app.help(), kDone});
  } catch (const CLI::Error& error) {
    return tl::unexpected(wrong(app, error, arguments));
  }
  return chosen;
}

int run_command_line(std::string_view program, std::vector<std::string> arguments) {
  if (program.substr(program.rfind('/') + 1) == "ipvsadm") return run_as_ipvsadm(arguments);
  const auto action = parse_command_line(std::move(arguments));
  if (action) return (*action)();
  std::fputs(action.error().text.c_str(), action.error().code == kDone ? stdout : stderr);
  return action.error().code;
}

}  // namespace reconcile
