#include "reconcile/command.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace reconcile {

CLI::App* add_subcommand(CLI::App& app, std::string name, std::string description) {
  return app.add_subcommand(std::move(name), std::move(description));
}

void print(std::string_view data) { std::fwrite(data.data(), 1, data.size(), stdout); }

void complain(std::string_view message) {
  const auto line = fmt::format("kube-ipvs: {}\n", message);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

tl::expected<std::string, std::string> read_whole_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return tl::unexpected(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace reconcile
