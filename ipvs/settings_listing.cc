#include "ipvs/settings_listing.h"

#include <fmt/core.h>

#include <iterator>

namespace ipvs {

std::string timeout_listing(const Timeouts& timeouts) {
  return fmt::format("Timeout (tcp tcpfin udp): {} {} {}\n", timeouts.tcp.count(),
                     timeouts.tcp_fin.count(), timeouts.udp.count());
}

std::string daemon_listing(std::span<const SyncDaemon> daemons) {
  std::string text;
  for (const auto& daemon : daemons) {
    const auto out = std::back_inserter(text);
    fmt::format_to(out, "{} sync daemon (mcast={}, syncid={}", daemon.master ? "master" : "backup",
                   daemon.interface, daemon.sync_id);
    if (daemon.max_length != 0) fmt::format_to(out, ", maxlen={}", daemon.max_length);
    if (daemon.group) fmt::format_to(out, ", group={}", daemon.group->to_string());
    if (daemon.port != 0) fmt::format_to(out, ", port={}", daemon.port);
    if (daemon.ttl != 0) fmt::format_to(out, ", ttl={}", daemon.ttl);
    text += ")\n";
  }
  return text;
}

}  // namespace ipvs
