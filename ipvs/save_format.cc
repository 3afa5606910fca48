#include "ipvs/save_format.h"

#include <fmt/core.h>

#include <iterator>

#include "ipvs/listing_order.h"
#include "ipvs/words.h"

namespace ipvs {
namespace {

// The last is what ipvsadm saves for a protocol it has no option for; nothing reads it.
std::string_view protocol_option(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTcp:
      return "-t";
    case Protocol::kUdp:
      return "-u";
    case Protocol::kSctp:
      return "--sctp-service";
    case Protocol::kNone:
      break;
  }
  return "--xxx-service";
}

std::string_view checksum_option(std::uint16_t flags) {
  if (flags == 0) return "--tun-nocsum";
  return flags == 1 ? "--tun-csum" : "--tun-remcsum";
}

std::string tunnel_options(const Tunnel& tunnel) {
  constexpr std::uint8_t kGue = 1;
  constexpr std::uint8_t kGre = 2;
  if (tunnel.type == kGue) {
    return fmt::format(" --tun-type gue --tun-port {} {}", tunnel.port,
                       checksum_option(tunnel.flags));
  }
  if (tunnel.type == kGre) return fmt::format(" --tun-type gre {}", checksum_option(tunnel.flags));
  return " --tun-type ipip";
}

std::string_view forward_option(Forward forward) {
  if (forward == Forward::kMasquerade) return "-m";
  return forward == Forward::kTunnel ? "-i" : "-g";
}

std::string mark_option(std::int64_t mark, const Address& address) {
  return fmt::format("-f {}{}", mark, address.is_v6() ? " -6" : "");
}

// ipvsadm saves a mark as a signed number, though it reads only unsigned ones.
std::string saved_service_option(const VirtualServerId& id, const Names* names) {
  if (id.fwmark == 0) {
    return fmt::format("{} {}", protocol_option(id.protocol),
                       endpoint_text(id.address, id.port, id.protocol, names));
  }
  return mark_option(static_cast<std::int32_t>(id.fwmark), id.address);
}

}  // namespace

std::string service_option(const VirtualServerId& id) {
  if (id.fwmark != 0) return mark_option(id.fwmark, id.address);
  return fmt::format("{} {}", protocol_option(id.protocol), endpoint_text(id.address, id.port));
}

std::string server_option(const RealServerId& id) {
  return "-r " + endpoint_text(id.address, id.port);
}

std::string settings_options(const VirtualServerId& id, const VirtualServer& settings) {
  std::string text = "-s " + settings.scheduler;
  if ((settings.flags & VirtualServerFlag::kPersistent) != 0) {
    text += fmt::format(" -p {}", settings.timeout.count());
    if (settings.netmask != host_netmask(id.address)) {
      text += " -M " + netmask_text(settings.netmask, id.address);
    }
  }
  if (!settings.persistence_engine.empty()) text += " --pe " + settings.persistence_engine;
  if ((settings.flags & VirtualServerFlag::kOnePacket) != 0) text += " -o";
  if ((settings.flags & kSchedulerFlags) != 0) text += " -b " + scheduler_flag_words(settings);
  return text;
}

std::string settings_options(const RealServer& settings) {
  std::string text = fmt::format("{} -w {}", forward_option(settings.forward), settings.weight);
  if (settings.forward == Forward::kTunnel) text += tunnel_options(settings.tunnel);
  return text;
}

std::string to_save_format(const std::vector<ObservedVirtualServer>& table, const Names* names) {
  std::string text;
  for (const ObservedVirtualServer* server : listing_order(table)) {
    const std::string service = saved_service_option(server->id, names);
    fmt::format_to(std::back_inserter(text), "-A {} {}\n", service,
                   settings_options(server->id, server->settings));
    for (const ObservedRealServer* real : listing_order(server->real_servers)) {
      fmt::format_to(std::back_inserter(text), "-a {} -r {} {}\n", service,
                     endpoint_text(real->id.address, real->id.port, server->id.protocol, names),
                     settings_options(real->settings));
    }
  }
  return text;
}

std::string to_string(const ParseError& error) {
  return fmt::format("line {}: {}, in: {}", error.line, error.why, error.text);
}

}  // namespace ipvs
