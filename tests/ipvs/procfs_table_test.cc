#include "ipvs/procfs_table.h"

#include <gmock/gmock.h>

#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)
using testing::IsEmpty;
using testing::Key;
using testing::UnorderedElementsAre;

const std::string kHeading =
    "IP Virtual Server version 1.2.1 (size=4096)\n"
    "Prot LocalAddress:Port Scheduler Flags\n"
    "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n";

RealServersByParent parsed(const std::string& entries) {
  return parse_procfs_table(kHeading + entries);
}

TEST(ProcfsTable, HasTheRealServersOfBothFamilies) {
  const auto table = parsed(
      "TCP  0A600001:01BB rr \n"
      "  -> 0AF40102:20FB      Masq    3      7          12        \n"
      "  -> 0AF40103:20FB      Route   0      0          0         \n"
      "UDP  [fd00:0010:0096:0000:0000:0000:0000:000a]:0035 wrr persistent 75000 FFFFFFFF\n"
      "  -> [fd00:0010:0244:0001:0000:0000:0000:0002]:0035      Local   1      0          5        "
      " "
      "\n");
  ASSERT_THAT(table,
              UnorderedElementsAre(Key(tcp("10.96.0.1", 443)), Key(udp("fd00:10:96::a", 53))));
  const auto& servers = table.at(tcp("10.96.0.1", 443));
  ASSERT_EQ(servers.size(), 2U);
  EXPECT_EQ(servers[0].id, real_server("10.244.1.2", 8443));
  EXPECT_EQ(servers[0].settings, weighing(3));
  EXPECT_EQ(servers[0].connections.active, 7U);
  EXPECT_EQ(servers[0].connections.inactive, 12U);
  EXPECT_EQ(servers[1].settings.forward, Forward::kRoute);
  EXPECT_EQ(servers[1].settings.weight, 0);
  const auto& server6 = table.at(udp("fd00:10:96::a", 53)).front();
  EXPECT_EQ(server6.id, real_server("fd00:10:244:1::2", 53));
  EXPECT_EQ(server6.settings.forward, Forward::kLocal);
}

TEST(ProcfsTable, HasVirtualServersWithoutRealServers) {
  EXPECT_THAT(parsed("SCTP  0A600001:0009 sh ops \n").at(sctp("10.96.0.1", 9)), IsEmpty());
}

TEST(ProcfsTable, LeavesOutWhatItCannotSayCompletely) {
  const auto table = parsed(
      "FWM  00000007 rr \n"
      "  -> 0AF40102:0050      Masq    1      0          0         \n"
      "AH/ESP  0A600001:0000 rr \n"
      "TCP  0A600002:0050 rr \n"
      "  -> 0AF40102:0050      Masq    1      0          0         \n"
      "  -> 0AF40103:0050      Tunnel  1      0          0         \n"
      "  -> 0AF40104:0050      Masq    1      0          0         \n"
      "TCP  0A600003:0050 rr \n");
  EXPECT_THAT(table, UnorderedElementsAre(Key(tcp("10.96.0.3", 80))));
}

TEST(ProcfsTable, TakesTheFirstOfAVirtualServerThatIsThereTwice) {
  const auto table = parsed(
      "TCP  0A600001:0050 rr \n"
      "  -> 0AF40102:0050      Masq    1      0          0         \n"
      "TCP  0A600001:0050 rr \n"
      "  -> 0AF40103:0050      Masq    1      0          0         \n");
  ASSERT_EQ(table.size(), 1U);
  ASSERT_EQ(table.begin()->second.size(), 1U);
  EXPECT_EQ(table.begin()->second.front().id, real_server("10.244.1.2", 80));
}

TEST(ProcfsTable, SurvivesTextThatIsNone) {
  for (const char* text : {"", "\n", "TCP", "TCP  :", "TCP  0A600001", "TCP  [::1:0050 rr \n  -> ",
                           "  -> 0AF40102:0050", "TCP  0A600001:0050 rr \n  -> x y z"}) {
    EXPECT_THAT(parse_procfs_table(text), IsEmpty()) << text;
  }
}

}  // namespace
