// The text of `ipvsadm -L -n`: the same bytes for the same table, its quirks included, so that
// whoever reads or parses ipvsadm's output today can read ours.
//
// Nothing is dropped: entries that are not ours are listed like any other.
// Reference: ipvsadm(8), and tests/ipvs/listing_test.cc for every mode. Pure: any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ipvs/counters.h"
#include "ipvs/names.h"

namespace ipvs {

// What the columns show; one of ipvsadm's --stats, --rate and so on.
enum class ListingFormat : std::uint8_t {
  kDefault,
  kStats,
  kRate,
  kThresholds,
  kPersistentConnections,
  kTunnelInfo,
};

struct ListingOptions {
  ListingFormat format = ListingFormat::kDefault;
  bool exact = false;            // --exact: no K, M, G, T
  bool sorted = true;            // false is --nosort: dump order
  bool version_line = true;      // ipvsadm leaves it out when asked for one virtual server
  const Names* names = nullptr;  // null is -n
  // What ipvsadm has not: a text behind a virtual server's line; empty: none.
  std::function<std::string(const VirtualServerId&)> note = {};
};

// `table` in dump order, as the kernel door read it. Ends with a line end.
[[nodiscard]] std::string listing(const KernelInfo& info,
                                  const std::vector<ObservedVirtualServer>& table,
                                  const ListingOptions& options = {});

}  // namespace ipvs
