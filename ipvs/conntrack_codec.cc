#include "ipvs/conntrack_codec.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

#include "ipvs/attributes.h"
#include "ipvs/wire_address.h"

namespace ipvs {
namespace {

constexpr int kHeaderSize = sizeof(nfgenmsg);

void begin(MessageBatch& batch, std::uint16_t type, std::uint8_t family) {
  batch.begin(static_cast<std::uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | type));
  batch.put_header(nfgenmsg{.nfgen_family = family, .version = NFNETLINK_V0, .res_id = 0});
}

enum class End : std::uint8_t { kSource, kDestination };

std::optional<RealServerId> end_of(const nlattr* tuple, End end, std::uint8_t family) {
  const Attributes<CTA_TUPLE_MAX> parts(tuple);
  const Attributes<CTA_PROTO_MAX> protocol(parts[CTA_TUPLE_PROTO]);
  if (protocol.get<std::uint8_t>(CTA_PROTO_NUM) != IPPROTO_UDP) return std::nullopt;
  const Attributes<CTA_IP_MAX> addresses(parts[CTA_TUPLE_IP]);
  const bool source = end == End::kSource;
  const int type = family == AF_INET ? (source ? CTA_IP_V4_SRC : CTA_IP_V4_DST)
                                     : (source ? CTA_IP_V6_SRC : CTA_IP_V6_DST);
  const auto address = from_wire(family, addresses.bytes(type));
  if (!address) return std::nullopt;
  const int port = source ? CTA_PROTO_SRC_PORT : CTA_PROTO_DST_PORT;
  return RealServerId{.address = *address, .port = ntohs(protocol.get<std::uint16_t>(port))};
}

}  // namespace

void put_dump_flows(MessageBatch& batch, std::uint8_t family) {
  begin(batch, IPCTNL_MSG_CT_GET, family);
  batch.end();
}

void put_delete_flow(MessageBatch& batch, const UdpFlow& flow) {
  begin(batch, IPCTNL_MSG_CT_DELETE, flow.family);
  batch.put_bytes(CTA_TUPLE_ORIG | NLA_F_NESTED, flow.original.data(), flow.original.size());
  batch.put(CTA_ID, flow.id);
  if (flow.zone != 0) batch.put(CTA_ZONE, flow.zone);
  batch.end();
}

std::optional<UdpFlow> udp_flow_in(nlmsghdr* message) {
  const Attributes<CTA_MAX> flow(message, kHeaderSize);
  if (!flow.has(CTA_TUPLE_ORIG) || !flow.has(CTA_TUPLE_REPLY)) return std::nullopt;
  const auto family = static_cast<const nfgenmsg*>(nlmsg_data(message))->nfgen_family;
  const auto asked = end_of(flow[CTA_TUPLE_ORIG], End::kDestination, family);
  const auto answered_by = end_of(flow[CTA_TUPLE_REPLY], End::kSource, family);
  if (!asked || !answered_by) return std::nullopt;
  const auto original = flow.bytes(CTA_TUPLE_ORIG);
  return UdpFlow{.asked = *asked,
                 .answered_by = *answered_by,
                 .family = family,
                 .original = {original.begin(), original.end()},
                 .zone = flow.get<std::uint16_t>(CTA_ZONE),
                 .id = flow.get<std::uint32_t>(CTA_ID)};
}

}  // namespace ipvs
