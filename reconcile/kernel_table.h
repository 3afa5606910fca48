// The kernel's table as rows, for `kube-ipvs status -o json|yaml`. Pure: any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ipvs/counters.h"
#include "reconcile/text_table.h"

namespace reconcile {

// A row for each real server, one with empty cells for a virtual server without any. `name_of`: the
// Service behind a virtual server; may be empty.
[[nodiscard]] TextTable kernel_table(
    const std::vector<ipvs::ObservedVirtualServer>& table,
    const std::function<std::string(const ipvs::VirtualServerId&)>& name_of);

}  // namespace reconcile
