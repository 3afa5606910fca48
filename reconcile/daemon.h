// The agent between its two doors: where the real kernel and the real API server are put together.
#pragma once

#include <cstdint>

#include "kube/access.h"
#include "reconcile/agent_config.h"
#include "reconcile/log.h"

namespace reconcile {

// A dry run prints what the first plan would do, on stdout as a script, and writes nothing.
enum class Run : std::uint8_t { kForEver, kDry };

// Runs until SIGTERM or SIGINT; returns the exit code. The kernel keeps its tables.
[[nodiscard]] int run_daemon(const AgentConfig& config, const kube::ClusterAccess& access, Log& log,
                             Run run = Run::kForEver);

}  // namespace reconcile
