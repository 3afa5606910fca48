// A plan as a script for sh that would do the same: what `kube-ipvs agent --dry-run` shows. Pure.
#pragma once

#include <string>

#include "reconcile/plan.h"

namespace reconcile {

// In the plan's order: `ipvsadm -R` with lines as ipvsadm saves them, `nft -f` with the text of the
// table, `ip`, `nft`, `sysctl` and `conntrack` commands. Empty for an empty plan.
[[nodiscard]] std::string to_script(const Plan& plan, const ipvs::RuleSettings& rules);

}  // namespace reconcile
