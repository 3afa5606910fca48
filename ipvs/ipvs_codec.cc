#include "ipvs/ipvs_codec.h"

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>

#include <array>

#include "ipvs/attributes.h"
#include "ipvs/wire_address.h"

namespace ipvs {
namespace {

void begin(MessageBatch& batch, std::uint16_t family, std::uint8_t command) {
  batch.begin(family);
  batch.put_header(genlmsghdr{.cmd = command, .version = IPVS_GENL_VERSION, .reserved = 0});
}

void put_service_id(MessageBatch& batch, const VirtualServerId& id) {
  const WireAddress address = to_wire(id.address);
  batch.put<std::uint16_t>(IPVS_SVC_ATTR_AF, address.family);
  if (id.fwmark != 0) {
    batch.put(IPVS_SVC_ATTR_FWMARK, id.fwmark);
    return;
  }
  batch.put(IPVS_SVC_ATTR_PROTOCOL, static_cast<std::uint16_t>(id.protocol));
  batch.put(IPVS_SVC_ATTR_ADDR, address.bytes);
  batch.put(IPVS_SVC_ATTR_PORT, htons(id.port));
}

// The kernel keeps an IPv4 netmask in network order, an IPv6 prefix length as a plain number.
std::uint32_t wire_netmask(std::uint32_t netmask, const Address& address) {
  return address.is_v4() ? htonl(netmask) : netmask;
}

void put_service_settings(MessageBatch& batch, const VirtualServerId& id,
                          const VirtualServer& settings) {
  batch.put_text(IPVS_SVC_ATTR_SCHED_NAME, settings.scheduler);
  // Only masked bits change, so the mask is always full: an edit must clear bits, too.
  batch.put(IPVS_SVC_ATTR_FLAGS, ip_vs_flags{.flags = settings.flags, .mask = ~std::uint32_t{0}});
  batch.put(IPVS_SVC_ATTR_TIMEOUT, static_cast<std::uint32_t>(settings.timeout.count()));
  batch.put(IPVS_SVC_ATTR_NETMASK, wire_netmask(settings.netmask, id.address));
  if (!settings.persistence_engine.empty()) {
    batch.put_text(IPVS_SVC_ATTR_PE_NAME, settings.persistence_engine);
  }
}

void put_service(MessageBatch& batch, const VirtualServerId& id, const VirtualServer* settings) {
  const auto nest = batch.begin_nest(IPVS_CMD_ATTR_SERVICE);
  put_service_id(batch, id);
  if (settings != nullptr) put_service_settings(batch, id, *settings);
  batch.end_nest(nest);
}

void put_tunnel(MessageBatch& batch, const Tunnel& tunnel) {
  batch.put(IPVS_DEST_ATTR_TUN_TYPE, tunnel.type);
  batch.put(IPVS_DEST_ATTR_TUN_PORT, htons(tunnel.port));
  batch.put(IPVS_DEST_ATTR_TUN_FLAGS, tunnel.flags);
}

void put_dest(MessageBatch& batch, const RealServerId& id, const RealServer* settings) {
  const auto nest = batch.begin_nest(IPVS_CMD_ATTR_DEST);
  const WireAddress address = to_wire(id.address);
  batch.put(IPVS_DEST_ATTR_ADDR, address.bytes);
  batch.put(IPVS_DEST_ATTR_PORT, htons(id.port));
  batch.put<std::uint16_t>(IPVS_DEST_ATTR_ADDR_FAMILY, address.family);
  if (settings != nullptr) {
    batch.put(IPVS_DEST_ATTR_FWD_METHOD, static_cast<std::uint32_t>(settings->forward));
    batch.put(IPVS_DEST_ATTR_WEIGHT, settings->weight);
    batch.put(IPVS_DEST_ATTR_U_THRESH, settings->upper_threshold);
    batch.put(IPVS_DEST_ATTR_L_THRESH, settings->lower_threshold);
    if (settings->tunnel != Tunnel{}) put_tunnel(batch, settings->tunnel);
  }
  batch.end_nest(nest);
}

void put_service_command(MessageBatch& batch, std::uint16_t family, std::uint8_t command,
                         const VirtualServerId& id, const VirtualServer* settings) {
  begin(batch, family, command);
  put_service(batch, id, settings);
  batch.end();
}

template <class RealServerStep>
void put_dest_command(MessageBatch& batch, std::uint16_t family, std::uint8_t command,
                      const RealServerStep& step, const RealServer* settings) {
  begin(batch, family, command);
  put_service(batch, step.parent, nullptr);
  put_dest(batch, step.id, settings);
  batch.end();
}

void put_seconds(MessageBatch& batch, std::uint16_t type, std::chrono::seconds value) {
  if (value.count() != 0) batch.put(type, static_cast<std::uint32_t>(value.count()));
}

// The kernel leaves a time-out that is not named as it is.
void put_set_config(MessageBatch& batch, std::uint16_t family, const Timeouts& timeouts) {
  begin(batch, family, IPVS_CMD_SET_CONFIG);
  put_seconds(batch, IPVS_CMD_ATTR_TIMEOUT_TCP, timeouts.tcp);
  put_seconds(batch, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, timeouts.tcp_fin);
  put_seconds(batch, IPVS_CMD_ATTR_TIMEOUT_UDP, timeouts.udp);
  batch.end();
}

struct StepEncoder {
  MessageBatch& batch;
  std::uint16_t family;

  void operator()(const AddVirtualServer& s) const {
    put_service_command(batch, family, IPVS_CMD_NEW_SERVICE, s.id, &s.settings);
  }
  void operator()(const EditVirtualServer& s) const {
    put_service_command(batch, family, IPVS_CMD_SET_SERVICE, s.id, &s.settings);
  }
  void operator()(const DeleteVirtualServer& s) const {
    put_service_command(batch, family, IPVS_CMD_DEL_SERVICE, s.id, nullptr);
  }
  void operator()(const AddRealServer& s) const {
    put_dest_command(batch, family, IPVS_CMD_NEW_DEST, s, &s.settings);
  }
  void operator()(const EditRealServer& s) const {
    put_dest_command(batch, family, IPVS_CMD_SET_DEST, s, &s.settings);
  }
  void operator()(const DeleteRealServer& s) const {
    put_dest_command(batch, family, IPVS_CMD_DEL_DEST, s, nullptr);
  }
  void operator()(const SetTimeouts& s) const { put_set_config(batch, family, s.timeouts); }
  template <class Other>
  void operator()(const Other&) const {}  // another door's step
};

// The 32-bit and the 64-bit statistics share their attribute numbers and differ in width.
Traffic traffic_in(const nlattr* nest) {
  const Attributes<IPVS_STATS_ATTR_MAX> stats(nest);
  return {.connections = stats.number(IPVS_STATS_ATTR_CONNS),
          .packets_in = stats.number(IPVS_STATS_ATTR_INPKTS),
          .packets_out = stats.number(IPVS_STATS_ATTR_OUTPKTS),
          .bytes_in = stats.number(IPVS_STATS_ATTR_INBYTES),
          .bytes_out = stats.number(IPVS_STATS_ATTR_OUTBYTES),
          .connections_per_second = stats.number(IPVS_STATS_ATTR_CPS),
          .packets_in_per_second = stats.number(IPVS_STATS_ATTR_INPPS),
          .packets_out_per_second = stats.number(IPVS_STATS_ATTR_OUTPPS),
          .bytes_in_per_second = stats.number(IPVS_STATS_ATTR_INBPS),
          .bytes_out_per_second = stats.number(IPVS_STATS_ATTR_OUTBPS)};
}

using ServiceAttributes = Attributes<IPVS_SVC_ATTR_MAX>;
using DestAttributes = Attributes<IPVS_DEST_ATTR_MAX>;

std::optional<VirtualServerId> service_id_in(const ServiceAttributes& service) {
  const auto family = service.get<std::uint16_t>(IPVS_SVC_ATTR_AF);
  if (const auto fwmark = service.get<std::uint32_t>(IPVS_SVC_ATTR_FWMARK); fwmark != 0) {
    const auto unspecified = from_wire(family, std::array<std::uint8_t, 16>{});
    if (!unspecified) return std::nullopt;
    return VirtualServerId{.fwmark = fwmark, .address = *unspecified};
  }
  const auto address = from_wire(family, service.bytes(IPVS_SVC_ATTR_ADDR));
  if (!address) return std::nullopt;
  const auto protocol = service.get<std::uint16_t>(IPVS_SVC_ATTR_PROTOCOL);
  return VirtualServerId{.address = *address,
                         .protocol = static_cast<Protocol>(protocol),
                         .port = ntohs(service.get<std::uint16_t>(IPVS_SVC_ATTR_PORT))};
}

VirtualServer service_settings_in(const ServiceAttributes& service, const Address& address) {
  const auto netmask = service.get<std::uint32_t>(IPVS_SVC_ATTR_NETMASK);
  const auto flags = service.get<ip_vs_flags>(IPVS_SVC_ATTR_FLAGS).flags;
  return {.scheduler = service.text(IPVS_SVC_ATTR_SCHED_NAME),
          .flags = flags & ~VirtualServerFlag::kHashed,
          .timeout = std::chrono::seconds(service.get<std::uint32_t>(IPVS_SVC_ATTR_TIMEOUT)),
          .netmask = address.is_v4() ? ntohl(netmask) : netmask,
          .persistence_engine = service.text(IPVS_SVC_ATTR_PE_NAME)};
}

RealServer dest_settings_in(const DestAttributes& dest) {
  const auto forward = dest.get<std::uint32_t>(IPVS_DEST_ATTR_FWD_METHOD) & IP_VS_CONN_F_FWD_MASK;
  return {.forward = static_cast<Forward>(forward),
          .weight = dest.get<std::int32_t>(IPVS_DEST_ATTR_WEIGHT),
          .upper_threshold = dest.get<std::uint32_t>(IPVS_DEST_ATTR_U_THRESH),
          .lower_threshold = dest.get<std::uint32_t>(IPVS_DEST_ATTR_L_THRESH),
          .tunnel = {.type = dest.get<std::uint8_t>(IPVS_DEST_ATTR_TUN_TYPE),
                     .port = ntohs(dest.get<std::uint16_t>(IPVS_DEST_ATTR_TUN_PORT)),
                     .flags = dest.get<std::uint16_t>(IPVS_DEST_ATTR_TUN_FLAGS)}};
}

}  // namespace

void put_step(MessageBatch& batch, std::uint16_t family, const Step& step) {
  std::visit(StepEncoder{batch, family}, step);
}

void put_get_info(MessageBatch& batch, std::uint16_t family) {
  begin(batch, family, IPVS_CMD_GET_INFO);
  batch.end();
}

void put_get_timeouts(MessageBatch& batch, std::uint16_t family) {
  begin(batch, family, IPVS_CMD_GET_CONFIG);
  batch.end();
}

void put_dump_daemons(MessageBatch& batch, std::uint16_t family) {
  begin(batch, family, IPVS_CMD_GET_DAEMON);
  batch.end();
}

void put_dump_services(MessageBatch& batch, std::uint16_t family) {
  begin(batch, family, IPVS_CMD_GET_SERVICE);
  batch.end();
}

void put_get_service(MessageBatch& batch, std::uint16_t family, const VirtualServerId& id) {
  put_service_command(batch, family, IPVS_CMD_GET_SERVICE, id, nullptr);
}

void put_dump_dests(MessageBatch& batch, std::uint16_t family, const VirtualServerId& parent) {
  put_service_command(batch, family, IPVS_CMD_GET_DEST, parent, nullptr);
}

std::optional<KernelInfo> info_in(nlmsghdr* message) {
  const Attributes<IPVS_INFO_ATTR_MAX> info(message, GENL_HDRLEN);
  if (!info.has(IPVS_INFO_ATTR_VERSION)) return std::nullopt;
  return KernelInfo{.version = info.get<std::uint32_t>(IPVS_INFO_ATTR_VERSION),
                    .connection_table_size = info.get<std::uint32_t>(IPVS_INFO_ATTR_CONN_TAB_SIZE)};
}

Timeouts timeouts_in(nlmsghdr* message) {
  const Attributes<IPVS_CMD_ATTR_MAX> config(message, GENL_HDRLEN);
  const auto seconds = [&](int type) {
    return std::chrono::seconds(config.get<std::uint32_t>(type));
  };
  return {.tcp = seconds(IPVS_CMD_ATTR_TIMEOUT_TCP),
          .tcp_fin = seconds(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN),
          .udp = seconds(IPVS_CMD_ATTR_TIMEOUT_UDP)};
}

std::optional<SyncDaemon> daemon_in(nlmsghdr* message) {
  const Attributes<IPVS_CMD_ATTR_MAX> command(message, GENL_HDRLEN);
  const Attributes<IPVS_DAEMON_ATTR_MAX> daemon(command[IPVS_CMD_ATTR_DAEMON]);
  if (!daemon.has(IPVS_DAEMON_ATTR_STATE)) return std::nullopt;
  const auto state = daemon.get<std::uint32_t>(IPVS_DAEMON_ATTR_STATE);
  SyncDaemon read{.master = state == IP_VS_STATE_MASTER,
                  .interface = daemon.text(IPVS_DAEMON_ATTR_MCAST_IFN),
                  .sync_id = daemon.get<std::uint32_t>(IPVS_DAEMON_ATTR_SYNC_ID),
                  .max_length = daemon.get<std::uint16_t>(IPVS_DAEMON_ATTR_SYNC_MAXLEN),
                  .group = {},
                  .port = daemon.get<std::uint16_t>(IPVS_DAEMON_ATTR_MCAST_PORT),
                  .ttl = daemon.get<std::uint8_t>(IPVS_DAEMON_ATTR_MCAST_TTL)};
  if (daemon.has(IPVS_DAEMON_ATTR_MCAST_GROUP)) {
    read.group = from_wire(AF_INET, daemon.bytes(IPVS_DAEMON_ATTR_MCAST_GROUP));
  } else if (daemon.has(IPVS_DAEMON_ATTR_MCAST_GROUP6)) {
    read.group = from_wire(AF_INET6, daemon.bytes(IPVS_DAEMON_ATTR_MCAST_GROUP6));
  }
  return read;
}

std::optional<ObservedVirtualServer> service_in(nlmsghdr* message) {
  const Attributes<IPVS_CMD_ATTR_MAX> command(message, GENL_HDRLEN);
  const ServiceAttributes service(command[IPVS_CMD_ATTR_SERVICE]);
  const auto id = service_id_in(service);
  if (!id || !service.has(IPVS_SVC_ATTR_SCHED_NAME)) return std::nullopt;
  const int stats =
      service.has(IPVS_SVC_ATTR_STATS64) ? IPVS_SVC_ATTR_STATS64 : IPVS_SVC_ATTR_STATS;
  return ObservedVirtualServer{.id = *id,
                               .settings = service_settings_in(service, id->address),
                               .traffic = traffic_in(service[stats]),
                               .real_servers = {}};
}

std::optional<ObservedRealServer> dest_in(nlmsghdr* message, const VirtualServerId& parent) {
  const Attributes<IPVS_CMD_ATTR_MAX> command(message, GENL_HDRLEN);
  const DestAttributes dest(command[IPVS_CMD_ATTR_DEST]);
  const std::uint16_t family = dest.has(IPVS_DEST_ATTR_ADDR_FAMILY)
                                   ? dest.get<std::uint16_t>(IPVS_DEST_ATTR_ADDR_FAMILY)
                                   : to_wire(parent.address).family;
  const auto address = from_wire(family, dest.bytes(IPVS_DEST_ATTR_ADDR));
  if (!address || !dest.has(IPVS_DEST_ATTR_WEIGHT)) return std::nullopt;
  const int stats =
      dest.has(IPVS_DEST_ATTR_STATS64) ? IPVS_DEST_ATTR_STATS64 : IPVS_DEST_ATTR_STATS;
  return ObservedRealServer{
      .id = {.address = *address, .port = ntohs(dest.get<std::uint16_t>(IPVS_DEST_ATTR_PORT))},
      .settings = dest_settings_in(dest),
      .connections = {.active = dest.get<std::uint32_t>(IPVS_DEST_ATTR_ACTIVE_CONNS),
                      .inactive = dest.get<std::uint32_t>(IPVS_DEST_ATTR_INACT_CONNS),
                      .persistent = dest.get<std::uint32_t>(IPVS_DEST_ATTR_PERSIST_CONNS)},
      .traffic = traffic_in(dest[stats])};
}

}  // namespace ipvs
