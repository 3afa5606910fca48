// Who may use a load-balancer address (loadBalancerSourceRanges). Pure.
#pragma once

#include <optional>

#include "kube/objects.h"
#include "reconcile/node_facts.h"

namespace reconcile {

// The ranges of clients that `ranges` let through to `address`, without overlaps; nothing:
// everybody may. Ranges of the other family alone let nobody through, but a range that means
// "everybody" (prefix 0) of either family never restricts the family that no range speaks of.
//
// A node that one of the ranges contains may use the address, too. It does so from the address
// itself, which is local to it: that is then one of the answer.
[[nodiscard]] std::optional<Ranges> allowed_sources(const Ranges& ranges,
                                                    const kube::Address& address,
                                                    const NodeFacts& node);

}  // namespace reconcile
