#include "reconcile/status_options.h"

namespace reconcile {

const std::vector<ListingOption>& status_options() {
  static const std::vector<ListingOption> options = {
      {"--numeric", 'n', "", "Addresses and ports as numbers (as always, unless with -L or -l)"},
      {"--stats", 0, "", "Totals: connections, packets, bytes"},
      {"--rate", 0, "", "The same per second"},
      {"--thresholds", 0, "", "Upper and lower thresholds of connections"},
      {"--persistent-conn", 0, "", "Persistence templates; with -c the engine's name and data"},
      {"--tun-info", 0, "", "Tunnels"},
      {"--exact", 'X', "", "Numbers without K, M, G and T"},
      {"--nosort", 0, "", "In the kernel's order"},
      {"--tcp-service", 't', "ADDRESS:PORT", "Only this virtual server"},
      {"--udp-service", 'u', "ADDRESS:PORT", "Only this virtual server"},
      {"--sctp-service", 0, "ADDRESS:PORT", "Only this virtual server"},
      {"--fwmark-service", 'f', "MARK", "Only this virtual server; -6 behind it for IPv6"},
      {"--connection", 'c', "", "The kernel's connection table"},
      {"--timeout", 0, "", "Timeouts of idle connections"},
      {"--daemon", 0, "", "Daemons that synchronise connections"},
      {"--save", 'S', "", "As ipvsadm-restore reads it"},
      {"--names", 0, "", "The Service and the pod behind each line (needs the agent)"},
      {"--foreign", 0, "", "Only virtual servers that are not ours"},
      {"--output", 'o', "wide|json|yaml", "Another form; wide is --names"},
      {"--watch", 'w', "", "Again at each change, until interrupted"},
  };
  return options;
}

}  // namespace reconcile
