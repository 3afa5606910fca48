// What has to be taken away so that nothing of ours stays in the node's tables: for an agent that
// does not come back. Pure: any thread.
#pragma once

#include <vector>

#include "ipvs/kernel.h"

namespace reconcile {

// In the plan's own order: a port is silent before its virtual server goes, a virtual server goes
// before its address. Others' virtual servers are not named. The table itself and kube-ipvs0 come
// after these steps (NetlinkKernel::remove_rules(), remove_link()).
[[nodiscard]] std::vector<ipvs::Step> departure(const ipvs::Observation& observation);

}  // namespace reconcile
