// What this node tells Kubernetes as Events: of Services that do not get what they ask for, and of
// itself. Pure.
//
// A Service gets one Event for each kind of cause, however many of its addresses it concerns; who
// sends them folds what repeats (kube/event_recorder.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ipvs/error.h"
#include "kube/event.h"
#include "reconcile/reconciliation.h"

namespace reconcile {

// Of the Services that were decided last: ClaimLost, ExternalIPRefused, LoadBalancerIPRefused,
// PartNotServed. What only waits for the addresses of other nodes is none of them.
[[nodiscard]] std::vector<kube::Event> service_events(const Reconciliation& reconciliation);

// The kernel has refused to use the configured scheduler, if that is what `error` says.
[[nodiscard]] std::optional<kube::Event> scheduler_event(const std::string& node,
                                                         const ipvs::Error& error);
// A list of the API server is held, as it takes much away; `loss` says what.
[[nodiscard]] kube::Event held_list_event(const std::string& node, const std::string& loss);

}  // namespace reconcile
