// What `kube-ipvs get` shows of a running agent's decision, as tables. Pure; io.
#pragma once

#include <optional>
#include <string_view>

#include "reconcile/reconciliation.h"
#include "reconcile/text_table.h"

namespace reconcile {

// `what`: services, endpoints, drains or foreign. `namespace_name` empty: all. Nothing if there is
// no such table.
[[nodiscard]] std::optional<TextTable> decision_table(const Reconciliation& reconciliation,
                                                      std::string_view what,
                                                      std::string_view namespace_name,
                                                      TimePoint now);

}  // namespace reconcile
