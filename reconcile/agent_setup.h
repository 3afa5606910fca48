// What an agent on this node is started with, from its flags, its file and its surroundings. For
// the agent and for the subcommands that act in its place (init, check).
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "kube/access.h"
#include "reconcile/agent_config.h"
#include "reconcile/agent_flags.h"
#include "reconcile/config_file.h"

namespace reconcile {

struct AgentSetup {
  AgentConfig config;
  std::vector<ConfigFinding> findings;  // of the file; none of them refuses it
};

// Reads the file that --config names. Or why there is no configuration, and what to do.
[[nodiscard]] tl::expected<AgentSetup, std::string> agent_setup(const GivenFlags& given);

// The way to the API server: the kubeconfig's, else the pod's own; --master replaces its address.
// Or why there is none, and what to do.
[[nodiscard]] tl::expected<kube::ClusterAccess, std::string> cluster_access(
    const AgentConfig& config);

}  // namespace reconcile
