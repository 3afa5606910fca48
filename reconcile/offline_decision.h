// The decision without an agent: objects and a table out of files, so that a cluster can be judged
// on a laptop. Pure.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "reconcile/reconciliation.h"

namespace reconcile {

struct OfflineInput {
  NodeConfig node;                   // its name may be empty if the files hold one Node
  std::vector<std::string> objects;  // each a JSON List, as `kubectl get … -o json` prints it
  std::string table;                 // as `ipvsadm -S -n` prints it; empty: an empty table
};

// The node as such a table says it is: every address in it but the node's own is bound. Or what is
// wrong with the table.
[[nodiscard]] tl::expected<ipvs::Observation, std::string> table_observation(
    const std::string& table, const std::vector<kube::Node>& nodes);

// A decision that has been told and has read everything, ready to decide(). Every virtual server of
// the table counts as ours, as on a node that kube-proxy has run on. Or what is wrong with a file.
[[nodiscard]] tl::expected<Reconciliation, std::string> offline_decision(const OfflineInput& input,
                                                                         TimePoint now);

}  // namespace reconcile
