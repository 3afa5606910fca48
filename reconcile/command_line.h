// The command line: finds the subcommand and runs it. The one list of subcommands is in
// command_line.cc.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "reconcile/command.h"

namespace reconcile {

// There is nothing to run: print `text` and exit with `code` (help on stdout with 0, else stderr).
struct Usage {
  std::string text;
  int code = 0;
};

// What the arguments (without the program's name) ask for. Flags without a subcommand are those of
// `agent`, so that the command line of a kube-proxy works as it is.
[[nodiscard]] tl::expected<Action, Usage> parse_command_line(std::vector<std::string> arguments);

// Parses and runs; returns the exit code. `program` is the name we were called by: through a link
// named ipvsadm we are ipvsadm.
[[nodiscard]] int run_command_line(std::string_view program, std::vector<std::string> arguments);

}  // namespace reconcile
