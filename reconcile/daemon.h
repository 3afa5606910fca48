// The agent between its two doors: where the real kernel and the real API server are put together.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <tl/expected.hpp>

#include "kube/access.h"
#include "reconcile/agent_config.h"
#include "reconcile/log.h"

namespace reconcile {

// A dry run prints what the first plan would do, on stdout as a script, and writes nothing.
enum class Run : std::uint8_t { kForEver, kDry };

// Where the configuration came from, and may come from again.
struct ConfigSource {
  std::string path;   // its file; empty: there is none
  std::string known;  // FileWatch::contents() from before it was read
  // Reads everything anew: the configuration, or what is wrong with it.
  std::function<tl::expected<AgentConfig, std::string>()> read;
};

// Runs until SIGTERM or SIGINT; returns the exit code. The kernel keeps its tables.
[[nodiscard]] int run_daemon(const AgentConfig& config, const ConfigSource& source,
                             const kube::ClusterAccess& access, Log& log, Run run);

}  // namespace reconcile
