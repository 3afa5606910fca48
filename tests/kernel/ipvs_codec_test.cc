// The codec's bytes, without a kernel: goldens of what is sent, and decoding of what was encoded
// (the kernel's answers have the layout of our commands).
#include "ipvs/ipvs_codec.h"

#include <gtest/gtest.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <sys/socket.h>

#include <array>

#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)

constexpr std::uint16_t kFamily = 0x24;

// The bytes as words of four, in hex: netlink is aligned to them. Little-endian hosts only.
std::string words(const MessageBatch& batch) {
  std::string text;
  const auto bytes = batch.bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
    if (i % 4 == 3) text += ' ';
  }
  return text;
}

std::string encoded(const Step& step) {
  MessageBatch batch;
  put_step(batch, kFamily, step);
  return words(batch);
}

TEST(IpvsCodec, WritesAVirtualServer) {
  EXPECT_EQ(encoded(add(tcp("10.96.0.1", 443))),
            "68000000 24000100 00000000 00000000 "  // length 104, type, NLM_F_REQUEST
            "01010000 "                             // NEW_SERVICE, version 1
            "54000180 "                             // SERVICE, nested
            "06000100 02000000 "                    // AF
            "06000200 06000000 "                    // PROTOCOL
            "14000300 0a600001 00000000 00000000 00000000 "
            "06000400 01bb0000 "           // PORT, big endian
            "07000600 72720000 "           // SCHED_NAME "rr"
            "0c000700 00000000 ffffffff "  // FLAGS, full mask
            "08000800 00000000 "           // TIMEOUT
            "08000900 ffffffff ");         // NETMASK
}

TEST(IpvsCodec, WritesARealServerOfAnIpv6VirtualServer) {
  EXPECT_EQ(encoded(add(udp("fd00::1", 53), real_server("fd00::2", 5353))),
            "8c000000 24000100 00000000 00000000 "
            "05010000 "
            "30000180 "
            "06000100 0a000000 "
            "06000200 11000000 "
            "14000300 fd000000 00000000 00000000 00000001 "
            "06000400 00350000 "
            "48000280 "  // DEST, nested
            "14000100 fd000000 00000000 00000000 00000002 "
            "06000200 14e90000 "
            "06000b00 0a000000 "  // ADDR_FAMILY
            "08000300 00000000 "  // FWD_METHOD: masquerade
            "08000400 01000000 "  // WEIGHT
            "08000500 00000000 "
            "08000600 00000000 ");
}

TEST(IpvsCodec, NamesAFirewallMarkByFamilyAndMarkAlone) {
  EXPECT_EQ(encoded(DeleteVirtualServer{mark(7)}),
            "28000000 24000100 00000000 00000000 "
            "03010000 "
            "14000180 "
            "06000100 02000000 "
            "08000500 07000000 ");
}

TEST(IpvsCodec, ReadsBackEveryVirtualServerItWrites) {
  VirtualServer settings{.scheduler = "mh",
                         .flags = VirtualServerFlag::kPersistent | VirtualServerFlag::kScheduler2,
                         .timeout = std::chrono::seconds(10800),
                         .netmask = 0xffffff00,
                         .persistence_engine = "sip"};
  for (const auto& id : {tcp("10.96.0.1", 443), udp("10.96.0.1", 53), sctp("10.96.0.1", 9), mark(7),
                         tcp("fd00::1", 65535), mark(4294967295U, "::")}) {
    MessageBatch batch;
    put_step(batch, kFamily, AddVirtualServer{id, settings});
    const auto read = service_in(&batch.message(0));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->id, id);
    EXPECT_EQ(read->settings, settings);
  }
}

TEST(IpvsCodec, ReadsBackEveryRealServerItWrites) {
  const RealServer settings{.forward = Forward::kTunnel,
                            .weight = 2147483647,
                            .upper_threshold = 4294967295U,
                            .lower_threshold = 7,
                            .tunnel = {.type = 1, .port = 6080, .flags = 1}};
  for (const auto& id : {real_server("10.244.1.2", 8080), real_server("fd00::2", 1)}) {
    MessageBatch batch;
    put_step(batch, kFamily, EditRealServer{tcp("10.96.0.1", 443), id, settings});
    const auto read = dest_in(&batch.message(0), tcp("10.96.0.1", 443));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->id, id);
    EXPECT_EQ(read->settings, settings);
  }
}

// An answer as the kernel gives it, made by hand.
template <class Fill>
MessageBatch answer(std::uint16_t nest_type, Fill fill) {
  MessageBatch batch;
  batch.begin(kFamily);
  batch.put_header(genlmsghdr{.cmd = IPVS_CMD_NEW_SERVICE, .version = 1, .reserved = 0});
  const auto nest = batch.begin_nest(nest_type);
  fill(batch);
  batch.end_nest(nest);
  batch.end();
  return batch;
}

MessageBatch dest_answer(bool with_64_bits) {
  return answer(IPVS_CMD_ATTR_DEST, [&](MessageBatch& batch) {
    batch.put(IPVS_DEST_ATTR_ADDR, std::array<std::uint8_t, 16>{10, 244, 1, 2});
    batch.put(IPVS_DEST_ATTR_PORT, std::uint16_t{0x901f});  // 8080, big endian
    batch.put(IPVS_DEST_ATTR_WEIGHT, std::int32_t{3});
    batch.put(IPVS_DEST_ATTR_ACTIVE_CONNS, std::uint32_t{5});
    batch.put(IPVS_DEST_ATTR_INACT_CONNS, std::uint32_t{6});
    batch.put(IPVS_DEST_ATTR_PERSIST_CONNS, std::uint32_t{7});
    const auto narrow = batch.begin_nest(IPVS_DEST_ATTR_STATS);
    batch.put(IPVS_STATS_ATTR_CONNS, std::uint32_t{41});
    batch.put(IPVS_STATS_ATTR_INBYTES, std::uint64_t{42});
    batch.end_nest(narrow);
    if (!with_64_bits) return;
    const auto wide = batch.begin_nest(IPVS_DEST_ATTR_STATS64);
    batch.put(IPVS_STATS_ATTR_CONNS, std::uint64_t{1} << 40);
    batch.end_nest(wide);
  });
}

TEST(IpvsCodec, PrefersTheSixtyFourBitCounters) {
  MessageBatch batch = dest_answer(true);
  const auto read = dest_in(&batch.message(0), tcp("10.96.0.1", 443));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->traffic.connections, std::uint64_t{1} << 40);
}

TEST(IpvsCodec, FallsBackToNarrowCountersAndTheParentsFamily) {
  MessageBatch batch = dest_answer(false);
  const auto read = dest_in(&batch.message(0), tcp("10.96.0.1", 443));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->id, real_server("10.244.1.2", 8080));
  EXPECT_EQ(read->traffic.connections, 41U);
  EXPECT_EQ(read->traffic.bytes_in, 42U);
  EXPECT_EQ(read->connections.active, 5U);
  EXPECT_EQ(read->connections.inactive, 6U);
  EXPECT_EQ(read->connections.persistent, 7U);
}

TEST(IpvsCodec, HidesTheFlagThatOnlyTheKernelSets) {
  MessageBatch batch = answer(IPVS_CMD_ATTR_SERVICE, [](MessageBatch& out) {
    out.put(IPVS_SVC_ATTR_AF, std::uint16_t{AF_INET});
    out.put(IPVS_SVC_ATTR_ADDR, std::array<std::uint8_t, 16>{10, 96, 0, 1});
    out.put_text(IPVS_SVC_ATTR_SCHED_NAME, "rr");
    out.put(IPVS_SVC_ATTR_FLAGS, ip_vs_flags{.flags = 0x6, .mask = ~std::uint32_t{0}});
  });
  const auto read = service_in(&batch.message(0));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->settings.flags, VirtualServerFlag::kOnePacket);
}

TEST(IpvsCodec, RefusesEveryTruncationOfAnAnswer) {
  const MessageBatch whole = dest_answer(true);
  for (std::uint32_t length = NLMSG_HDRLEN; length < 60; length += 4) {
    MessageBatch batch = whole;
    batch.message(0).nlmsg_len = length;
    EXPECT_FALSE(dest_in(&batch.message(0), tcp("10.96.0.1", 443)).has_value()) << length;
    EXPECT_FALSE(service_in(&batch.message(0)).has_value()) << length;
    EXPECT_FALSE(info_in(&batch.message(0)).has_value()) << length;
  }
}

}  // namespace
