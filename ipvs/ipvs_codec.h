// Values to and from the generic netlink family "IPVS": bytes only, no socket.
//
// The kernel's words hold here: a virtual server is a "service", a real server a "dest". What one
// message holds:
//
//   nlmsghdr | genlmsghdr{cmd, version 1} | IPVS_CMD_ATTR_SERVICE { AF, PROTOCOL, ADDR, PORT |
//   FWMARK,
//                                             SCHED_NAME, FLAGS, TIMEOUT, NETMASK, [PE_NAME],
//                                             STATS64 }
//                                         | IPVS_CMD_ATTR_DEST    { ADDR, PORT, ADDR_FAMILY,
//                                         FWD_METHOD,
//                                             WEIGHT, U_THRESH, L_THRESH, ..._CONNS, STATS64 }
//
// Truth: linux/ip_vs.h, net/netfilter/ipvs/ip_vs_ctl.c. Pure: any thread.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>

#include "ipvs/counters.h"
#include "ipvs/message_batch.h"
#include "ipvs/step.h"
#include "ipvs/sync_daemon.h"

namespace ipvs {

// Appends the one message that is `step`. REQUIRES: a step about virtual or real servers or
// time-outs. `family` is the id that the kernel gave to "IPVS".
void put_step(MessageBatch& batch, std::uint16_t family, const Step& step);

void put_get_info(MessageBatch& batch, std::uint16_t family);
void put_get_timeouts(MessageBatch& batch, std::uint16_t family);
void put_dump_daemons(MessageBatch& batch, std::uint16_t family);
void put_dump_services(MessageBatch& batch, std::uint16_t family);
void put_get_service(MessageBatch& batch, std::uint16_t family, const VirtualServerId& id);
void put_dump_dests(MessageBatch& batch, std::uint16_t family, const VirtualServerId& parent);

// Nothing when the message is not what it should be.
[[nodiscard]] std::optional<KernelInfo> info_in(nlmsghdr* message);
// A time-out that the kernel does not name (it lacks the protocol) is 0.
[[nodiscard]] Timeouts timeouts_in(nlmsghdr* message);
[[nodiscard]] std::optional<SyncDaemon> daemon_in(nlmsghdr* message);
[[nodiscard]] std::optional<ObservedVirtualServer> service_in(nlmsghdr* message);
// `parent` lends its family to kernels that report none (before 3.18).
[[nodiscard]] std::optional<ObservedRealServer> dest_in(nlmsghdr* message,
                                                        const VirtualServerId& parent);

}  // namespace ipvs
