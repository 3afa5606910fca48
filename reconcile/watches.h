// The lists and watches of the API server as the operator sees them (`kube-ipvs get watches`), and
// may steer them (`release-brake`). Thread: io.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "reconcile/health.h"
#include "reconcile/text_table.h"

namespace reconcile {

[[nodiscard]] TextTable watch_table(const std::vector<NamedWatch>& watches,
                                    std::chrono::steady_clock::time_point now);

// Has every list that a brake holds believed when it is read again, which is at once; the resources
// whose lists those are.
[[nodiscard]] std::vector<std::string> release_brakes(const std::vector<NamedWatch>& watches);

}  // namespace reconcile
