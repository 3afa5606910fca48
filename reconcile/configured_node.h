// From how the agent was told to behave (agent_config.h) to what the decision and the kernel door
// need of it. Pure.
#pragma once

#include <string>

#include "ipvs/kernel.h"
#include "reconcile/agent_config.h"
#include "reconcile/node_config.h"

namespace reconcile {

// `api_server`: the host that the agent talks to, a name or an address. `cpus`: of the node, for
// the size of the connection tracking table. Texts that are no ranges count for nothing: who checks
// the configuration has refused them (config_checks.h).
[[nodiscard]] NodeConfig node_config(const AgentConfig& config, const std::string& api_server,
                                     unsigned cpus);

// What the kernel door is opened with.
[[nodiscard]] ipvs::KernelSettings kernel_settings(const NodeConfig& node);

}  // namespace reconcile
