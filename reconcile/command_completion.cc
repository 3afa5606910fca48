// kube-ipvs completion and man: both generated from the command line's own table of options.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <iterator>

#include "reconcile/command.h"
#include "reconcile/command_reference.h"

namespace reconcile {
namespace {

int show(const CLI::App& app, const std::string& what) {
  print(what == "man" ? man_page(app) : completion(app, what));
  return kDone;
}

}  // namespace

void add_completion_command(CLI::App& app, Action& chosen) {
  auto* command = add_subcommand(app, "completion", "Print the completion for a shell");
  command->footer(
      "Examples:\n"
      "  source <(kube-ipvs completion bash)\n"
      "  kube-ipvs completion zsh > \"${fpath[1]}/_kube-ipvs\"\n"
      "  kube-ipvs completion fish > ~/.config/fish/completions/kube-ipvs.fish\n");
  const auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback(
      [shell, &chosen] { chosen = [shell] { return show(*command_reference(), *shell); }; });
}

void add_man_command(CLI::App& app, Action& chosen) {
  auto* command = add_subcommand(app, "man", "Print the manual page, for man -l -");
  command->callback([&chosen] { chosen = [] { return show(*command_reference(), "man"); }; });
}

}  // namespace reconcile
