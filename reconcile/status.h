// What `kube-ipvs status` and ipvsadm print: the kernel's table in ipvsadm's words. Reads the
// kernel, not the agent. Blocks.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "ipvs/table_reader.h"
#include "reconcile/listing_arguments.h"

namespace reconcile {

// What others than the kernel know of the table.
struct StatusContext {
  // The Service behind a virtual server; empty: unknown. May be null.
  std::function<std::string(const ipvs::VirtualServerId&)> name_of;
  // Only these are shown.
  std::optional<std::set<ipvs::VirtualServerId>> only;
};

// The text for stdout. ESRCH: there is no such virtual server.
[[nodiscard]] ipvs::Result<std::string> status_text(ipvs::TableReader& kernel,
                                                    const ListingRequest& request,
                                                    const StatusContext& context = {});

}  // namespace reconcile
