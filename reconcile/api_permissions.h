// May the agent read what it needs from the API server, and tell Events? Asked by doing it: a list
// of one object, the beginning of a watch, an Event as a dry run. Blocks, some seconds at most for
// each: for subcommands.
#pragma once

#include <string>
#include <vector>

#include "kube/access.h"
#include "reconcile/node_checks.h"

namespace reconcile {

// In the order list, watch for each resource that the agent watches on the node of that name; then
// create of Events.
[[nodiscard]] std::vector<Permission> ask_permissions(const kube::ClusterAccess& access,
                                                      const std::string& node_name);

}  // namespace reconcile
