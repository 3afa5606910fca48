// What `kube-ipvs status` and ipvsadm print: the kernel's table in ipvsadm's words. Reads the
// kernel, not the agent. Blocks.
#pragma once

#include <string>

#include "ipvs/table_reader.h"
#include "reconcile/listing_arguments.h"

namespace reconcile {

// The text for stdout. ESRCH: there is no such virtual server.
[[nodiscard]] ipvs::Result<std::string> status_text(ipvs::TableReader& kernel,
                                                    const ListingRequest& request);

}  // namespace reconcile
