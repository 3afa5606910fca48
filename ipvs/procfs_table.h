// The real servers in the text of /proc/net/ip_vs: all of them for a thousandth of what asking for
// each virtual server's costs (README.md).
//
// The text lacks thresholds, the kind of a tunnel, templates of persistence, traffic and most
// settings of virtual servers; and the family of a firewall mark. Truth: ip_vs_info_seq_show() of
// net/netfilter/ipvs/ip_vs_ctl.c. Pure: any thread.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "ipvs/counters.h"

namespace ipvs {

using RealServersByParent = std::map<VirtualServerId, std::vector<ObservedRealServer>>;

// What the text does not say, or says in a way that is not understood, is left out with its virtual
// server: firewall marks, other protocols than TCP, UDP and SCTP, tunnels. Of a virtual server that
// is there twice, because the table changed while it was read, the first counts.
[[nodiscard]] RealServersByParent parse_procfs_table(std::string_view text);

}  // namespace ipvs
