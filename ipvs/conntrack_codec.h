// Values to and from nfnetlink messages of conntrack, for the flows of UDP alone: bytes only, no
// socket.
//
// A flow has two directions. The original one is from the client to the address it asked; the
// source of the reply is who answers, a pod where IPVS has translated. Truth:
// linux/netfilter/nfnetlink_conntrack.h. Pure: any thread.
#pragma once

#include <linux/netlink.h>

#include <optional>
#include <string>

#include "ipvs/message_batch.h"
#include "ipvs/virtual_server.h"

namespace ipvs {

struct UdpFlow {
  RealServerId asked;        // destination of the original direction
  RealServerId answered_by;  // source of the reply
  std::uint8_t family = 0;
  std::string original;  // the original tuple as the kernel wrote it, to name the flow by
  std::uint16_t zone = 0;
  std::uint32_t id = 0;  // tells the flow from a later one with the same tuple
};

// A dump request: every flow of `family`, AF_INET or AF_INET6.
void put_dump_flows(MessageBatch& batch, std::uint8_t family);
void put_delete_flow(MessageBatch& batch, const UdpFlow& flow);

// Nothing when the message is about another protocol, or is not what it should be.
[[nodiscard]] std::optional<UdpFlow> udp_flow_in(nlmsghdr* message);

}  // namespace ipvs
