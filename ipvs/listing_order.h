// The order in which ipvsadm prints a table, down to its quirk: addresses and marks are compared by
// a 32-bit difference taken as signed, so 192.168.0.1 may stand before 10.96.0.1. That relation is
// not transitive; the printed order depends on the dump order and on libc's qsort, which is
// therefore used here too (std::sort would be undefined behaviour).
//
// The pointers returned point into the argument. Pure: any thread.
#pragma once

#include <vector>

#include "ipvs/counters.h"

namespace ipvs {

// By fwmark, family (IPv4 first), protocol, address, port.
[[nodiscard]] std::vector<const ObservedVirtualServer*> listing_order(
    const std::vector<ObservedVirtualServer>& dump);

// By address, then port.
[[nodiscard]] std::vector<const ObservedRealServer*> listing_order(
    const std::vector<ObservedRealServer>& dump);

}  // namespace ipvs
