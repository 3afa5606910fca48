// Goldens of every mode of ipvsadm's listing, and of its peculiar order.
#include "ipvs/listing.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "ipvs/words.h"
#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr KernelInfo kInfo{.version = 0x010201, .connection_table_size = 4096};
const ListingOptions kOneServer{.version_line = false};

ObservedVirtualServer seen(const VirtualServerId& id) {
  return {.id = id, .settings = settings_for(id), .traffic = {}, .real_servers = {}};
}

ObservedRealServer seen(const RealServerId& id, const ConnectionCounts& counts = {}) {
  return {.id = id, .settings = {}, .connections = counts, .traffic = {}};
}

std::vector<ObservedVirtualServer> dns_and_web() {
  auto dns = seen(udp("10.96.0.10", 53));
  dns.real_servers = {seen(real_server("10.244.2.3", 53)),
                      seen(real_server("10.244.1.2", 53), {.active = 0, .inactive = 12})};
  auto web = seen(tcp("10.96.0.1", 443));
  web.settings.flags = VirtualServerFlag::kPersistent;
  web.settings.timeout = std::chrono::seconds(10800);
  web.real_servers = {seen(real_server("192.168.50.10", 6443), {.active = 3, .inactive = 1})};
  auto web6 = seen(tcp("fd00:10:96::1", 443));
  web6.real_servers = {seen(real_server("fd00:10:244:1::2", 8443))};
  return {web6, dns, web};
}

// The lines behind the three of the heading.
std::string body(const std::string& text) {
  std::size_t at = 0;
  for (int line = 0; line < 3; ++line) at = text.find('\n', at) + 1;
  return text.substr(at);
}

std::string body_of(const ObservedVirtualServer& server, const ListingOptions& options = {}) {
  return body(listing(kInfo, {server}, options));
}

std::string line_of(const VirtualServerId& id, const VirtualServer& settings) {
  return body_of({.id = id, .settings = settings, .traffic = {}, .real_servers = {}});
}

TEST(Listing, OfAnEmptyTableIsTheHeading) {
  EXPECT_EQ(listing(kInfo, {}),
            "IP Virtual Server version 1.2.1 (size=4096)\n"
            "Prot LocalAddress:Port Scheduler Flags\n"
            "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n");
}

TEST(Listing, ReportsTheTableSizeOfTheKernelEvenIfItIsZero) {
  EXPECT_THAT(listing({.version = 0x010201, .connection_table_size = 0}, {}),
              StartsWith("IP Virtual Server version 1.2.1 (size=0)\n"));
}

TEST(Listing, LeavesTheVersionOutForOneVirtualServer) {
  EXPECT_THAT(listing(kInfo, {}, kOneServer), StartsWith("Prot LocalAddress:Port"));
}

TEST(Listing, KeepsTheBlanksAtTheEndOfALine) {
  EXPECT_EQ(body(listing(kInfo, dns_and_web())),
            "TCP  10.96.0.1:443 rr persistent 10800\n"
            "  -> 192.168.50.10:6443           Masq    1      3          1         \n"
            "UDP  10.96.0.10:53 rr\n"
            "  -> 10.244.1.2:53                Masq    1      0          12        \n"
            "  -> 10.244.2.3:53                Masq    1      0          0         \n"
            "TCP  [fd00:10:96::1]:443 rr\n"
            "  -> [fd00:10:244:1::2]:8443      Masq    1      0          0         \n");
}

TEST(Listing, KeepsTheDumpOrderOnRequest) {
  EXPECT_THAT(body(listing(kInfo, dns_and_web(), {.sorted = false})),
              StartsWith("TCP  [fd00:10:96::1]:443 rr\n"
                         "  -> [fd00:10:244:1::2]:8443      Masq    1      0          0         \n"
                         "UDP  10.96.0.10:53 rr\n"
                         "  -> 10.244.2.3:53"));
}

TEST(Listing, LetsALongAddressMoveTheColumns) {
  auto server = seen(tcp("fd00:10:96::1", 443));
  server.real_servers = {seen(real_server("2001:db8:1111:2222:3333:4444:5555:6666", 65535))};
  EXPECT_THAT(body_of(server),
              EndsWith("  -> [2001:db8:1111:2222:3333:4444:5555:6666]:65535 Masq    1      0       "
                       "   0         \n"));
}

TEST(Listing, NamesSctpAndAnyOtherProtocol) {
  EXPECT_EQ(line_of(sctp("10.0.0.1", 9), {}), "SCTP 10.0.0.1:9 rr\n");
  EXPECT_EQ(line_of(virtual_server(static_cast<Protocol>(1), "10.0.0.1", 0), {}),
            "?    10.0.0.1:0 rr\n");
}

TEST(Listing, WritesFirewallMarksAsSignedNumbers) {
  EXPECT_EQ(line_of(mark(7), settings_for(mark(7))), "FWM  7 rr\n");
  EXPECT_EQ(line_of(mark(7, "::"), settings_for(mark(7, "::"))), "FWM  7 IPv6 rr\n");
  EXPECT_EQ(line_of(mark(0x80000000), settings_for(mark(7))), "FWM  -2147483648 rr\n");
}

TEST(Listing, NamesTheFlagsOfShAndMh) {
  VirtualServer settings;
  settings.flags = VirtualServerFlag::kScheduler1 | VirtualServerFlag::kScheduler2;
  settings.scheduler = "sh";
  EXPECT_EQ(line_of(tcp("10.0.0.1", 80), settings), "TCP  10.0.0.1:80 sh (sh-fallback,sh-port)\n");
  settings.scheduler = "mh";
  EXPECT_EQ(line_of(tcp("10.0.0.1", 80), settings), "TCP  10.0.0.1:80 mh (mh-fallback,mh-port)\n");
}

TEST(Listing, NumbersTheFlagsOfOtherSchedulers) {
  VirtualServer settings;
  settings.flags = kSchedulerFlags;
  EXPECT_EQ(line_of(tcp("10.0.0.1", 80), settings), "TCP  10.0.0.1:80 rr (flag-1,flag-2,flag-3)\n");
}

TEST(Listing, HasNoNameForTheThirdFlagOfSh) {
  VirtualServer settings;
  settings.scheduler = "sh";
  settings.flags = VirtualServerFlag::kScheduler3;
  EXPECT_EQ(line_of(tcp("10.0.0.1", 80), settings), "TCP  10.0.0.1:80 sh ()\n");
}

TEST(Listing, WritesPersistenceMaskEngineAndOnePacket) {
  VirtualServer settings;
  settings.flags = VirtualServerFlag::kPersistent | VirtualServerFlag::kOnePacket;
  settings.timeout = std::chrono::seconds(300);
  settings.netmask = 0xffffff00;
  settings.persistence_engine = "sip";
  EXPECT_EQ(line_of(udp("10.0.0.1", 5060), settings),
            "UDP  10.0.0.1:5060 rr persistent 300 mask 255.255.255.0 pe sip ops\n");
}

TEST(Listing, HidesMaskAndEngineWithoutPersistence) {
  VirtualServer settings;
  settings.netmask = 0xffffff00;
  settings.persistence_engine = "sip";
  EXPECT_EQ(line_of(udp("10.0.0.1", 5060), settings), "UDP  10.0.0.1:5060 rr\n");
}

TEST(Listing, WritesAnIpv6MaskAsALength) {
  VirtualServer settings;
  settings.flags = VirtualServerFlag::kPersistent;
  settings.netmask = 64;
  EXPECT_EQ(line_of(tcp("fd00::1", 80), settings), "TCP  [fd00::1]:80 rr persistent 0 mask 64\n");
}

TEST(Listing, NamesTheForwardingMethods) {
  auto server = seen(tcp("10.0.0.1", 80));
  std::string expected = "TCP  10.0.0.1:80 rr\n";
  std::uint16_t port = 1;
  for (const auto& [method, word] :
       {std::pair(Forward::kMasquerade, "Masq   "), std::pair(Forward::kLocal, "Local  "),
        std::pair(Forward::kTunnel, "Tunnel "), std::pair(Forward::kRoute, "Route  ")}) {
    auto real = seen(real_server("10.0.1.1", port));
    real.settings.forward = method;
    real.settings.weight = -1;
    server.real_servers.push_back(real);
    expected += "  -> 10.0.1.1:" + std::to_string(port++) + "                   " + word +
                " -1     0          0         \n";
  }
  EXPECT_EQ(body_of(server), expected);
}

// --- the other modes ---

Traffic traffic_of(std::uint64_t number) {
  return {.connections = number,
          .packets_in = number,
          .packets_out = number,
          .bytes_in = number,
          .bytes_out = number,
          .connections_per_second = number,
          .packets_in_per_second = number,
          .packets_out_per_second = number,
          .bytes_in_per_second = number,
          .bytes_out_per_second = number};
}

ObservedVirtualServer busy(std::uint64_t number) {
  auto server = seen(tcp("10.0.0.1", 80));
  server.traffic = traffic_of(number);
  server.real_servers = {seen(real_server("10.0.1.1", 80))};
  server.real_servers.front().traffic = traffic_of(number);
  return server;
}

TEST(Listing, OfStatsHasFiveColumnsOfTotals) {
  EXPECT_EQ(listing(kInfo, {busy(12345)}, {.format = ListingFormat::kStats}),
            "IP Virtual Server version 1.2.1 (size=4096)\n"
            "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n"
            "  -> RemoteAddress:Port\n"
            "TCP  10.0.0.1:80                     12345    12345    12345    12345    12345\n"
            "  -> 10.0.1.1:80                     12345    12345    12345    12345    12345\n");
}

TEST(Listing, OfRatesHasFiveColumnsPerSecond) {
  EXPECT_EQ(listing(kInfo, {busy(12345)}, {.format = ListingFormat::kRate}),
            "IP Virtual Server version 1.2.1 (size=4096)\n"
            "Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS\n"
            "  -> RemoteAddress:Port\n"
            "TCP  10.0.0.1:80                     12345    12345    12345    12345    12345\n"
            "  -> 10.0.1.1:80                     12345    12345    12345    12345    12345\n");
}

TEST(Listing, ShortensLargeNumbersByCuttingThem) {
  const auto column = [](std::uint64_t number) {
    const std::string text = body_of(busy(number), {.format = ListingFormat::kStats});
    return text.substr(33, 9);
  };
  EXPECT_EQ(column(99'999'999), " 99999999");
  EXPECT_EQ(column(100'000'000), "  100000K");
  EXPECT_EQ(column(999'999'999), "  999999K");
  EXPECT_EQ(column(1'000'000'000), "    1000M");
  EXPECT_EQ(column(99'999'999'999), "   99999M");
  EXPECT_EQ(column(100'000'000'000), "     100G");
  EXPECT_EQ(column(99'999'999'999'999), "   99999G");
  EXPECT_EQ(column(100'000'000'000'000), "     100T");
}

TEST(Listing, WritesLargeNumbersInFullOnRequest) {
  EXPECT_THAT(body_of(busy(1'000'000'000), {.format = ListingFormat::kStats, .exact = true}),
              StartsWith("TCP  10.0.0.1:80                  1000000000 1000000000 1000000000 "
                         "1000000000 1000000000\n"));
}

TEST(Listing, CutsTheCountersOfRealServersTo32BitsButNotTheirBytes) {
  EXPECT_THAT(body_of(busy((std::uint64_t{1} << 32) + 5), {.format = ListingFormat::kStats}),
              EndsWith("  -> 10.0.1.1:80                         5        5        5    4294M    "
                       "4294M\n"));
}

TEST(Listing, NeverShortensTheConnectionAndPacketRatesOfRealServers) {
  EXPECT_THAT(body_of(busy(4'000'000'000), {.format = ListingFormat::kRate}),
              EndsWith("  -> 10.0.1.1:80                  4000000000 4000000000 4000000000    "
                       "4000M    4000M\n"));
}

TEST(Listing, OfThresholdsShowsThemInPlaceOfTheWeight) {
  auto server = seen(tcp("10.0.0.1", 80));
  server.real_servers = {seen(real_server("10.0.1.1", 80), {.active = 3, .inactive = 4})};
  server.real_servers.front().settings.upper_threshold = 20;
  server.real_servers.front().settings.lower_threshold = 10;
  EXPECT_EQ(listing(kInfo, {server}, {.format = ListingFormat::kThresholds}),
            "IP Virtual Server version 1.2.1 (size=4096)\n"
            "Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n"
            "  -> RemoteAddress:Port\n"
            "TCP  10.0.0.1:80 rr\n"
            "  -> 10.0.1.1:80                  20         10         3          4         \n");
}

TEST(Listing, OfPersistentConnectionsWritesTheWeightUnsigned) {
  auto server = seen(tcp("10.0.0.1", 80));
  server.real_servers = {
      seen(real_server("10.0.1.1", 80), {.active = 3, .inactive = 4, .persistent = 5})};
  server.real_servers.front().settings.weight = -1;
  EXPECT_EQ(listing(kInfo, {server}, {.format = ListingFormat::kPersistentConnections}),
            "IP Virtual Server version 1.2.1 (size=4096)\n"
            "Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n"
            "  -> RemoteAddress:Port\n"
            "TCP  10.0.0.1:80 rr\n"
            "  -> 10.0.1.1:80                  4294967295 5           3          4         \n");
}

std::string tunnel_line(const Tunnel& tunnel) {
  auto server = seen(tcp("10.0.0.1", 80));
  server.real_servers = {seen(real_server("10.0.1.1", 80))};
  server.real_servers.front().settings.forward = Forward::kTunnel;
  server.real_servers.front().settings.tunnel = tunnel;
  return body_of(server, {.format = ListingFormat::kTunnelInfo});
}

TEST(Listing, OfTunnelsNamesTheEncapsulation) {
  EXPECT_THAT(tunnel_line({}), HasSubstr(" Tunnel  ipip          1      0 "));
  EXPECT_THAT(tunnel_line({.type = 1, .port = 6080, .flags = 1}),
              HasSubstr(" Tunnel  gue:6080:+c   1      0 "));
  EXPECT_THAT(tunnel_line({.type = 1, .port = 6080, .flags = 2}), HasSubstr(" gue:6080:r+c  1 "));
  EXPECT_THAT(tunnel_line({.type = 2, .port = 0, .flags = 0}), HasSubstr(" gre:-c        1 "));
}

TEST(Listing, OfTunnelsHasItsOwnHeadingAndNothingForOtherMethods) {
  auto server = seen(tcp("10.0.0.1", 80));
  server.real_servers = {seen(real_server("10.0.1.1", 80))};
  EXPECT_EQ(
      listing(kInfo, {server}, {.format = ListingFormat::kTunnelInfo, .version_line = false}),
      "Prot LocalAddress:Port Scheduler Flags\n"
      "  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn\n"
      "TCP  10.0.0.1:80 rr\n"
      "  -> 10.0.1.1:80                  Masq    n/a           1      0          0         \n");
}

// --- the order ---

std::vector<std::string> printed_order(const std::vector<VirtualServerId>& dump) {
  std::vector<ObservedVirtualServer> table;
  table.reserve(dump.size());
  for (const VirtualServerId& id : dump) table.push_back(seen(id));
  std::vector<std::string> lines;
  std::string text = body(listing(kInfo, table));
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
    lines.push_back(text.substr(0, end));
    text.erase(0, end + 1);
  }
  return lines;
}

std::vector<VirtualServerId> across_the_sign_bit() {
  return {tcp("10.0.0.1", 80), tcp("100.64.0.1", 80), tcp("192.168.0.1", 80), tcp("127.0.0.1", 80),
          tcp("172.16.0.1", 80)};
}

TEST(ListingOrder, ComparesAddressesBySignedDifference) {
  EXPECT_THAT(
      printed_order(across_the_sign_bit()),
      testing::ElementsAre("TCP  10.0.0.1:80 rr", "TCP  100.64.0.1:80 rr", "TCP  127.0.0.1:80 rr",
                           "TCP  172.16.0.1:80 rr", "TCP  192.168.0.1:80 rr"));
}

TEST(ListingOrder, DependsOnTheOrderOfTheDump) {
  auto dump = across_the_sign_bit();
  std::reverse(dump.begin(), dump.end());
  EXPECT_THAT(printed_order(dump),
              testing::ElementsAre("TCP  127.0.0.1:80 rr", "TCP  172.16.0.1:80 rr",
                                   "TCP  192.168.0.1:80 rr", "TCP  10.0.0.1:80 rr",
                                   "TCP  100.64.0.1:80 rr"));
}

TEST(ListingOrder, PutsPrivateRangesBeforeTheServiceRange) {
  EXPECT_THAT(printed_order({tcp("10.96.0.1", 443), tcp("192.168.1.4", 30080)}),
              testing::ElementsAre("TCP  192.168.1.4:30080 rr", "TCP  10.96.0.1:443 rr"));
}

TEST(ListingOrder, IsMarkThenFamilyThenProtocolThenAddressThenPort) {
  EXPECT_THAT(printed_order({mark(7, "::"), mark(7), sctp("10.0.0.1", 1), udp("10.0.0.1", 1),
                             tcp("fd00::1", 1), tcp("10.0.0.2", 1), tcp("10.0.0.1", 40000),
                             tcp("10.0.0.1", 2)}),
              testing::ElementsAre("TCP  10.0.0.1:2 rr", "TCP  10.0.0.1:40000 rr",
                                   "TCP  10.0.0.2:1 rr", "UDP  10.0.0.1:1 rr", "SCTP 10.0.0.1:1 rr",
                                   "TCP  [fd00::1]:1 rr", "FWM  7 rr", "FWM  7 IPv6 rr"));
}

TEST(ListingOrder, ComparesIpv6AddressesWordByWord) {
  EXPECT_THAT(printed_order({tcp("2001:db8::2", 80), tcp("fd00::1", 80), tcp("2001:db8::1", 80)}),
              testing::ElementsAre("TCP  [fd00::1]:80 rr", "TCP  [2001:db8::1]:80 rr",
                                   "TCP  [2001:db8::2]:80 rr"));
}

}  // namespace
