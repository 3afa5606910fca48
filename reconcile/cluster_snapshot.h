// What the API server holds of a cluster, read once: for subcommands that decide without an agent.
// Through the agent's own reflectors, so that what is believed and what is skipped is the same.
// Blocks, half a minute at most; needs no privilege.
#pragma once

#include <set>
#include <string>
#include <tl/expected.hpp>

#include "kube/access.h"
#include "kube/objects.h"
#include "reconcile/reconciliation.h"

namespace reconcile {

// A complete list, and what it holds although it could not be believed.
template <class T>
struct Listed {
  kube::ObjectList<T> objects;
  std::set<kube::NamespacedName> doubtful;
  bool told = false;
};

struct ClusterSnapshot {
  Listed<kube::Service> services;
  Listed<kube::EndpointSlice> slices;
  Listed<kube::Node> node;                  // the one that was asked for
  Listed<kube::ServiceCidr> service_cidrs;  // these two may not be told: one can do without
  Listed<kube::NodeAddresses> all_nodes;
};

// Or what cannot be read, why, and what to do.
[[nodiscard]] tl::expected<ClusterSnapshot, std::string> read_cluster(
    const kube::ClusterAccess& access, const std::string& node_name);

// A decision that has been told all of it and has read `observation`, ready to decide().
[[nodiscard]] Reconciliation decision_from(ClusterSnapshot cluster, NodeConfig node,
                                           std::chrono::milliseconds drain_deadline,
                                           const ipvs::Observation& observation);

}  // namespace reconcile
