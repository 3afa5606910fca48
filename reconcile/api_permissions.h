// May the agent read what it needs from the API server? Asked by doing it: a list of one object,
// and the beginning of a watch. Blocks, some seconds at most for each: for subcommands.
#pragma once

#include <string>
#include <vector>

#include "kube/access.h"
#include "reconcile/node_checks.h"

namespace reconcile {

// In the order list, watch for each resource that the agent watches on the node of that name.
[[nodiscard]] std::vector<Permission> ask_permissions(const kube::ClusterAccess& access,
                                                      const std::string& node_name);

}  // namespace reconcile
