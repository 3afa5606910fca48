// The text of `ipvsadm -L -c`, from the kernel's own file of connections. Pure: any thread.
#pragma once

#include <string>
#include <string_view>

#include "ipvs/names.h"

namespace ipvs {

struct ConnectionListingOptions {
  bool persistence_engine = false;  // --persistent-conn: with the engine's name and data
  const Names* names = nullptr;     // null is -n
};

// `connections` is /proc/net/ip_vs_conn: a heading, then "Pro FromIP FPrt ToIP TPrt DestIP DPrt
// State Expires [PEName PEData]" with IPv4 as eight hex digits, IPv6 written out, ports as four hex
// digits. A line that is none is left out.
[[nodiscard]] std::string connection_listing(std::string_view connections,
                                             const ConnectionListingOptions& options = {});

}  // namespace ipvs
