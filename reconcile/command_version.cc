#include <fmt/core.h>

#include "reconcile/command.h"
#include "reconcile/version.h"

namespace reconcile {

void add_version_command(CLI::App& app, Action& chosen) {
  auto* version = app.add_subcommand("version", "Print the version");
  version->callback([&chosen] {
    chosen = [] {
      print(fmt::format("kube-ipvs {}\n", kVersion));
      return kDone;
    };
  });
}

}  // namespace reconcile
