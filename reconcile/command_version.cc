#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "reconcile/command.h"
#include "reconcile/version.h"

namespace reconcile {

void add_version_command(CLI::App& app, Action& chosen) {
  auto* version = add_subcommand(app, "version", "Print the version");
  version->callback([&chosen] {
    chosen = [] {
      print(fmt::format("kube-ipvs {}\n", kVersion));
      return kDone;
    };
  });
}

}  // namespace reconcile
