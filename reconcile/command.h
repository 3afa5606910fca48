// The program's subcommands. Each adds itself to the command line and, when it is the one that was
// asked for, leaves what is to be done in `chosen`.
#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace reconcile {

// Exit codes; each subcommand's help says which it has.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongInvocation = 2;  // or there is no IPVS to look at
inline constexpr int kUnhealthy = 3;

using Action = std::function<int()>;

// As CLI::App's, whose code, all of it in headers, is costly to compile: here once for all
// subcommands.
[[nodiscard]] CLI::App* add_subcommand(CLI::App& app, std::string name, std::string description);

void add_agent_command(CLI::App& app, Action& chosen);
void add_check_command(CLI::App& app, Action& chosen);
void add_cleanup_command(CLI::App& app, Action& chosen);
void add_completion_command(CLI::App& app, Action& chosen);
void add_config_command(CLI::App& app, Action& chosen);
void add_explain_command(CLI::App& app, Action& chosen);
void add_get_command(CLI::App& app, Action& chosen);
void add_init_command(CLI::App& app, Action& chosen);
void add_man_command(CLI::App& app, Action& chosen);
void add_plan_command(CLI::App& app, Action& chosen);
void add_release_brake_command(CLI::App& app, Action& chosen);
void add_status_command(CLI::App& app, Action& chosen);
void add_version_command(CLI::App& app, Action& chosen);

// `status` and `ipvsadm` have ipvsadm's command line, which CLI11 cannot be taught. Return the exit
// code.
[[nodiscard]] int run_status(const std::vector<std::string>& arguments);
[[nodiscard]] int run_as_ipvsadm(const std::vector<std::string>& arguments);

// Data goes to stdout, messages to stderr; "kube-ipvs: " is put before a message, a line end behind
// it.
void print(std::string_view data);
void complain(std::string_view message);

// Of any size; or which file, and why not.
[[nodiscard]] tl::expected<std::string, std::string> read_whole_file(const std::string& path);

}  // namespace reconcile
