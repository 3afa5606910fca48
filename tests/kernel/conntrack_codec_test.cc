// Conntrack's messages, without a kernel.
#include "ipvs/conntrack_codec.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

#include "ipvs/wire_address.h"
#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)

struct Direction {
  RealServerId from;
  RealServerId to;
};

void put_tuple(MessageBatch& batch, std::uint16_t type, std::uint8_t protocol,
               const Direction& direction) {
  const WireAddress from = to_wire(direction.from.address);
  const WireAddress to = to_wire(direction.to.address);
  const bool is_v4 = from.family == AF_INET;
  const auto tuple = batch.begin_nest(type);
  const auto addresses = batch.begin_nest(CTA_TUPLE_IP);
  batch.put_bytes(is_v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, from.bytes.data(), from.size);
  batch.put_bytes(is_v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, to.bytes.data(), to.size);
  batch.end_nest(addresses);
  const auto ports = batch.begin_nest(CTA_TUPLE_PROTO);
  batch.put(CTA_PROTO_NUM, protocol);
  batch.put(CTA_PROTO_SRC_PORT, htons(direction.from.port));
  batch.put(CTA_PROTO_DST_PORT, htons(direction.to.port));
  batch.end_nest(ports);
  batch.end_nest(tuple);
}

void put_flow(MessageBatch& batch, std::uint8_t protocol, const Direction& original,
              const Direction& reply) {
  batch.begin(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW);
  batch.put_header(nfgenmsg{
      .nfgen_family = to_wire(original.from.address).family, .version = NFNETLINK_V0, .res_id = 0});
  put_tuple(batch, CTA_TUPLE_ORIG, protocol, original);
  put_tuple(batch, CTA_TUPLE_REPLY, protocol, reply);
  batch.put(CTA_ID, std::uint32_t{77});
  batch.end();
}

const Direction kAsked{real_server("192.0.2.7", 4000), real_server("10.96.0.10", 53)};
const Direction kAnswered{real_server("10.244.1.2", 5353), real_server("192.0.2.7", 4000)};
const Direction kAsked6{real_server("2001:db8::7", 4000), real_server("fd00::10", 53)};
const Direction kAnswered6{real_server("fd00:1::2", 5353), real_server("2001:db8::7", 4000)};

TEST(ConntrackCodec, ReadsWhoWasAskedAndWhoAnswers) {
  for (const auto& [asked, answered] : {std::pair(kAsked, kAnswered), {kAsked6, kAnswered6}}) {
    MessageBatch batch;
    put_flow(batch, IPPROTO_UDP, asked, answered);
    const auto flow = udp_flow_in(&batch.message(0));
    ASSERT_TRUE(flow.has_value());
    EXPECT_EQ(flow->asked, asked.to);
    EXPECT_EQ(flow->answered_by, answered.from);
    EXPECT_EQ(flow->id, 77U);
  }
}

TEST(ConntrackCodec, LeavesOtherProtocolsOut) {
  MessageBatch batch;
  put_flow(batch, IPPROTO_TCP, kAsked, kAnswered);
  EXPECT_FALSE(udp_flow_in(&batch.message(0)).has_value());
}

TEST(ConntrackCodec, TakesNoWrongSizeForAnAnswer) {
  MessageBatch batch;
  put_flow(batch, IPPROTO_UDP, kAsked, kAnswered);
  batch.message(0).nlmsg_len = NLMSG_HDRLEN;
  EXPECT_FALSE(udp_flow_in(&batch.message(0)).has_value());
}

TEST(ConntrackCodec, NamesTheFlowToDeleteAsTheKernelNamedIt) {
  MessageBatch batch;
  put_flow(batch, IPPROTO_UDP, kAsked, kAnswered);
  const auto flow = udp_flow_in(&batch.message(0));
  ASSERT_TRUE(flow.has_value());
  MessageBatch deletion;
  put_delete_flow(deletion, *flow);
  const auto bytes = deletion.bytes();
  EXPECT_NE(std::string(bytes.begin(), bytes.end()).find(flow->original), std::string::npos);
}

}  // namespace
