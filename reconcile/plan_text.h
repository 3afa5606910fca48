// A plan for people: what would change on this node, as `kube-ipvs plan` shows it. Pure.
#pragma once

#include <string>

#include "reconcile/plan.h"
#include "reconcile/reconciliation.h"

namespace reconcile {

// `+ ~ -` lines by virtual server, with the Service behind each, and a summary. Ends with a line
// end.
[[nodiscard]] std::string plan_text(const Plan& plan, const Reconciliation& reconciliation);

// The same for ipvsadm-restore, which adds: only the lines that it can take (-A, -E, -D, -a, -e,
// -d).
[[nodiscard]] std::string plan_script(const Plan& plan);

// What `reconciliation` would write, were it to look at everything now; changes nothing.
[[nodiscard]] Plan whole_plan(const Reconciliation& reconciliation, TimePoint now);

}  // namespace reconcile
