// What ipvsadm lists beside the table: connections, time-outs, daemons; and names in place of
// numbers.
#include <gmock/gmock.h>

#include "ipvs/connection_listing.h"
#include "ipvs/listing.h"
#include "ipvs/save_format.h"
#include "ipvs/settings_listing.h"
#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)
using testing::EndsWith;
using testing::HasSubstr;

// As the kernel writes it.
constexpr const char* kConnections =
    "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"
    "TCP C0A83215 D1F2 0A600001 01BB 0AF40102 1F90 ESTABLISHED     899\n"
    "UDP 0A000001 EBA5 0A000001 0035 0A000101 0035 UDP            7325\n"
    "TCP fd00:0000:0000:0000:0000:0000:0000:0001 BDCA fd00:0000:0000:0000:0000:0000:0000:0001 01BB "
    "fd00:0000:0000:0000:0000:0000:0000:0002 01BB CLOSE             5\n"
    "IP  0A000001 0000 000005C9 0000 0A000101 0000 NONE            296\n"
    "UDP 0A000001 EBA5 0A000001 13C4 0A000101 13C4 UDP             300 sip 1234@a.b\n";

TEST(ConnectionListing, IsIpvsadms) {
  EXPECT_EQ(connection_listing(kConnections),
            "IPVS connection entries\n"
            "pro expire state       source             virtual            destination\n"
            "TCP 14:59  ESTABLISHED 192.168.50.21:53746 10.96.0.1:443      10.244.1.2:8080\n"
            "UDP 122:05 UDP         10.0.0.1:60325     10.0.0.1:53        10.0.1.1:53\n"
            "TCP 00:05  CLOSE       [fd00::1]:48586    [fd00::1]:443      [fd00::2]:443\n"
            "IP  04:56  NONE        10.0.0.1:0         0.0.5.201:0        10.0.1.1:0\n"
            "UDP 05:00  UDP         10.0.0.1:60325     10.0.0.1:5060      10.0.1.1:5060\n");
}

TEST(ConnectionListing, HasThePersistenceEngineOnRequest) {
  const auto text = connection_listing(kConnections, {.persistence_engine = true});
  EXPECT_THAT(text, HasSubstr("pro expire state       source             virtual            "
                              "destination        pe name          pe_data\n"));
  EXPECT_THAT(text, HasSubstr("10.96.0.1:443      10.244.1.2:8080\n")) << "no engine, no padding";
  EXPECT_THAT(text, EndsWith("10.0.0.1:5060      10.0.1.1:5060    sip                1234@a.b\n"));
}

TEST(ConnectionListing, LeavesOutWhatIsNoConnection) {
  EXPECT_EQ(connection_listing("heading\nTCP xyz\n\nTCP 1 2 3 4 5 6 S x\n"),
            connection_listing(""));
}

TEST(TimeoutListing, IsIpvsadms) {
  using namespace std::chrono_literals;
  EXPECT_EQ(timeout_listing({.tcp = 900s, .tcp_fin = 120s, .udp = 300s}),
            "Timeout (tcp tcpfin udp): 900 120 300\n");
}

TEST(DaemonListing, NamesWhatTheKernelKnows) {
  const std::vector<SyncDaemon> daemons = {{.master = true,
                                            .interface = "eth0",
                                            .sync_id = 5,
                                            .max_length = 1472,
                                            .group = boost::asio::ip::make_address("224.0.0.81"),
                                            .port = 8848,
                                            .ttl = 1},
                                           {.interface = "lo", .sync_id = 7, .group = {}}};
  EXPECT_EQ(daemon_listing(daemons),
            "master sync daemon (mcast=eth0, syncid=5, maxlen=1472, group=224.0.0.81, port=8848, "
            "ttl=1)\n"
            "backup sync daemon (mcast=lo, syncid=7)\n");
  EXPECT_EQ(daemon_listing({}), "");
}

// Names that are too long for the columns, and none for one address.
Names long_names() {
  return {.host =
              [](const Address& address) {
                if (address.to_string() == "10.0.1.2") return std::string();
                return "a-host-with-a-very-long-name.of." + std::string(40, 'x');
              },
          .service = [](std::uint16_t port, Protocol) -> std::string {
            return port == 80 ? "http" : "";
          }};
}

ObservedVirtualServer web() {
  const auto real = [](const char* address, std::uint16_t port) {
    return ObservedRealServer{
        .id = real_server(address, port), .settings = {}, .connections = {}, .traffic = {}};
  };
  return {.id = tcp("10.0.0.1", 80),
          .settings = {},
          .traffic = {},
          .real_servers = {real("10.0.1.1", 80), real("10.0.1.2", 80), real("10.0.1.2", 81)}};
}

TEST(ListingWithNames, CutsIpv4TextsToTheirColumns) {
  const auto names = long_names();
  EXPECT_THAT(listing({}, {web()}, {.version_line = false, .names = &names}),
              EndsWith("TCP  a-host-with-a-very-long-name rr\n"
                       "  -> a-host-with-a-very-long-name Masq    1      0          0         \n"
                       "  -> 10.0.1.2:http                Masq    1      0          0         \n"
                       "  -> 10.0.1.2:81                  Masq    1      0          0         \n"));
}

TEST(ListingWithNames, NamesNoPortBehindAMark) {
  const auto names = long_names();
  auto server = web();
  server.id = mark(7);
  server.real_servers.erase(server.real_servers.begin());
  EXPECT_THAT(listing({}, {server}, {.names = &names}), HasSubstr("  -> 10.0.1.2:80    "));
}

TEST(SaveFormatWithNames, HasIpvsadmsBufferForItsOnlyBound) {
  const auto names = long_names();
  EXPECT_THAT(
      to_save_format({web()}, &names),
      HasSubstr("-A -t a-host-with-a-very-long-name.of.xxxxxxxxxxxxxxxxxxxxxxxxxxx -s rr\n"));
}

}  // namespace
