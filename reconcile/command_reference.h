// Texts generated from the command line's table of options: completion for shells, and the manual
// page. Pure.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <string_view>

namespace reconcile {

// The command line with every subcommand and option, not to be parsed with.
[[nodiscard]] std::unique_ptr<CLI::App> command_reference();

// A script for `shell`: bash, zsh or fish.
[[nodiscard]] std::string completion(const CLI::App& app, std::string_view shell);

// In man(7)'s macros.
[[nodiscard]] std::string man_page(const CLI::App& app);

}  // namespace reconcile
