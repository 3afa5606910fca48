// Reads of this node what its checks look at (node_checks.h). Writes nothing on the node: what has
// to be tried is tried in a network namespace of its own. Blocks: for subcommands.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconcile/agent_config.h"
#include "reconcile/node_checks.h"

namespace reconcile {

// All but the API server's side.
[[nodiscard]] NodeReading read_node(const AgentConfig& config);

// The addresses of a host as this machine's resolver knows them; none if it does not.
[[nodiscard]] std::vector<ipvs::Address> addresses_of(const std::string& host);

}  // namespace reconcile
