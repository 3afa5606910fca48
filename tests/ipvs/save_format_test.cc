#include "ipvs/save_format.h"

#include <gmock/gmock.h>

#include "ipvs/listing_order.h"
#include "tests/ipvs/random_table.h"
#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)

constexpr const char* kSaved =
    "-A -t 10.96.0.1:443 -s rr -p 10800\n"
    "-a -t 10.96.0.1:443 -r 192.168.50.10:6443 -m -w 1\n"
    "-A -u 10.96.0.10:53 -s wrr -p 300 -M 255.255.255.0 --pe sip -o\n"
    "-a -u 10.96.0.10:53 -r 10.244.1.2:53 -g -w 0\n"
    "-A --sctp-service 10.96.0.11:9 -s sh -b sh-fallback,sh-port\n"
    "-A -t [fd00:10:96::1]:443 -s rr -p 60 -M 64\n"
    "-a -t [fd00:10:96::1]:443 -r [fd00:10:244:1::2]:8443 -i -w 3 --tun-type ipip\n"
    "-A -f 7 -s rr\n"
    "-a -f 7 -r 10.244.1.2:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum\n"
    "-A -f 7 -6 -s rr\n";

ParseError complaint_about(const std::string& text) {
  const auto table = parse_save_format(text);
  EXPECT_FALSE(table.has_value()) << text;
  return table ? ParseError() : table.error();
}

// Equality of what a saved table holds.
void expect_same(const std::vector<ObservedVirtualServer>& a,
                 const std::vector<ObservedVirtualServer>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    SCOPED_TRACE(service_option(a[i].id));
    EXPECT_EQ(a[i].id, b[i].id);
    EXPECT_EQ(a[i].settings, b[i].settings);
    ASSERT_EQ(a[i].real_servers.size(), b[i].real_servers.size());
    for (std::size_t j = 0; j < a[i].real_servers.size(); ++j) {
      EXPECT_EQ(a[i].real_servers[j].id, b[i].real_servers[j].id);
      EXPECT_EQ(a[i].real_servers[j].settings, b[i].real_servers[j].settings);
    }
  }
}

std::vector<ObservedVirtualServer> in_listing_order(
    const std::vector<ObservedVirtualServer>& table) {
  std::vector<ObservedVirtualServer> ordered;
  for (const ObservedVirtualServer* server : listing_order(table)) {
    ordered.push_back(*server);
    ordered.back().real_servers.clear();
    for (const ObservedRealServer* real : listing_order(server->real_servers)) {
      ordered.back().real_servers.push_back(*real);
    }
  }
  return ordered;
}

TEST(SaveFormat, IsWrittenAsItWasRead) {
  const auto table = parse_save_format(kSaved);
  ASSERT_TRUE(table.has_value()) << to_string(table.error());
  EXPECT_EQ(to_save_format(*table), kSaved);
}

TEST(SaveFormat, KeepsRandomTablesInARoundTrip) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    const auto table = RandomTable(seed).draw(40);
    const auto read = parse_save_format(to_save_format(table));
    ASSERT_TRUE(read.has_value()) << to_string(read.error());
    expect_same(*read, in_listing_order(table));
  }
}

TEST(SaveFormat, SavesLocalAsRouteAndLeavesThresholdsOut) {
  RealServer local;
  local.forward = Forward::kLocal;
  local.upper_threshold = 20;
  EXPECT_EQ(settings_options(local), "-g -w 1");
}

TEST(SaveFormat, WritesTheEngineEvenWithoutPersistence) {
  VirtualServer settings;
  settings.persistence_engine = "sip";
  EXPECT_EQ(settings_options(tcp("10.0.0.1", 80), settings), "-s rr --pe sip");
}

TEST(SaveFormat, WritesAMarkAsASignedNumberAndReadsItBack) {
  const auto table = parse_save_format("-A -f 4294967295 -s rr\n");
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(to_save_format(*table), "-A -f -1 -s rr\n");
  const auto again = parse_save_format("-A -f -1 -s rr\n");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->front().id, mark(0xffffffff));
  EXPECT_EQ(service_option(again->front().id), "-f 4294967295");
}

TEST(SaveFormat, HasNoOptionForAnUnknownProtocolAndReadsNone) {
  const auto icmp = virtual_server(static_cast<Protocol>(1), "10.0.0.1", 0);
  EXPECT_EQ(service_option(icmp), "--xxx-service 10.0.0.1:0");
  EXPECT_EQ(complaint_about("-A --xxx-service 10.0.0.1:0 -s rr").why,
            "\"--xxx-service\" is no option of a saved table");
}

TEST(SaveFormatParser, TakesFlagsWithoutWordsAtTheEndOfALine) {
  const auto table = parse_save_format("-A -t 10.0.0.1:80 -s sh -b \n");
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->front().settings.flags, 0U);
}

TEST(SaveFormatParser, ReadsEveryField) {
  const auto table = parse_save_format(kSaved);
  ASSERT_TRUE(table.has_value());
  ASSERT_EQ(table->size(), 6U);
  const ObservedVirtualServer& dns = table->at(1);
  EXPECT_EQ(dns.id, udp("10.96.0.10", 53));
  EXPECT_EQ(dns.settings.flags, VirtualServerFlag::kPersistent | VirtualServerFlag::kOnePacket);
  EXPECT_EQ(dns.settings.netmask, 0xffffff00);
  EXPECT_EQ(dns.settings.timeout, std::chrono::seconds(300));
  EXPECT_EQ(dns.settings.persistence_engine, "sip");
  EXPECT_EQ(table->at(5).id, mark(7, "::"));
  const Tunnel gue{.type = 1, .port = 6080, .flags = 1};
  EXPECT_EQ(table->at(4).real_servers.front().settings.tunnel, gue);
}

TEST(SaveFormatParser, SkipsEmptyLinesCommentsAndTheProgramsName) {
  const auto table = parse_save_format("\n# dns\r\nipvsadm -A -u 10.0.0.1:53 -s rr\r\n   \n");
  ASSERT_TRUE(table.has_value());
  ASSERT_EQ(table->size(), 1U);
  EXPECT_EQ(table->front().id, udp("10.0.0.1", 53));
}

TEST(SaveFormatParser, GivesTheDefaultsOfIpvsadm) {
  const auto table = parse_save_format("-A -t [fd00::1]:80\n-a -t [fd00::1]:80 -r [fd00::2]:80");
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->front().settings.scheduler, "wlc");
  EXPECT_EQ(table->front().settings.netmask, 128U);
  EXPECT_EQ(table->front().real_servers.front().settings.forward, Forward::kRoute);
  EXPECT_EQ(table->front().real_servers.front().settings.weight, 1);
}

TEST(SaveFormatParser, NamesTheLineAndTheReason) {
  EXPECT_EQ(to_string(complaint_about("-A -t 10.0.0.1:80 -s rr\n-A -t dns.example:53 -s rr\n")),
            "line 2: \"dns.example\" is not a numeric address (was it saved with -n?), in: "
            "-A -t dns.example:53 -s rr");
}

struct BadLine {
  const char* text;
  const char* why;
};

class SaveFormatParserRefuses : public testing::TestWithParam<BadLine> {};

TEST_P(SaveFormatParserRefuses, ABadLine) {
  EXPECT_EQ(complaint_about(GetParam().text).why, GetParam().why);
}

INSTANTIATE_TEST_SUITE_P(
    Lines, SaveFormatParserRefuses,
    testing::Values(BadLine{"-A -t 10.0.0.1:80 -z", "\"-z\" is no option of a saved table"},
                    BadLine{"-A -t 10.0.0.1:80 -s", "-s lacks its value"},
                    BadLine{"-A -t 10.0.0.1", "\"10.0.0.1\" has no port"},
                    BadLine{"-A -t 10.0.0.1:http", "\"http\" is not a number in range"},
                    BadLine{"-A -t 10.0.0.1:65536", "\"65536\" is not a number in range"},
                    BadLine{"-A -t 10.0.0.1:", "\"\" is not a number in range"},
                    BadLine{"-A -s rr", "it names no virtual server"},
                    BadLine{"-t 10.0.0.1:80", "it has neither -A nor -a"},
                    BadLine{"-A -a -t 10.0.0.1:80", "it has two commands"},
                    BadLine{"-A -t 10.0.0.1:80 -u 10.0.0.1:80", "it names two virtual servers"},
                    BadLine{"-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80", "it names no real server"},
                    BadLine{"-a -t 10.0.0.1:80 -r 10.0.0.2:80",
                            "its virtual server is not in the text above it"},
                    BadLine{"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:80",
                            "this virtual server stands in the text already"},
                    BadLine{"-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.0.0.2:80\n"
                            "-a -t 10.0.0.1:80 -r 10.0.0.2:80",
                            "this real server stands in the text already"},
                    BadLine{"-A -f 0", "a firewall mark is not 0"},
                    BadLine{"-A -f 4294967296", "\"4294967296\" is not a number in range"},
                    BadLine{"-A -f -2147483649", "\"-2147483649\" is not a number in range"},
                    BadLine{"-A -t 10.0.0.1:80 -6", "-6 belongs behind -f"},
                    BadLine{"-A -t 10.0.0.1:80 -b sh-port,wings", "\"wings\" is no scheduler flag"},
                    BadLine{"-A -t 10.0.0.1:80 -M fd00::", "the netmask is not an IPv4 one"},
                    BadLine{"-A -t [fd00::1]:80 -M 255.255.255.0",
                            "\"255.255.255.0\" is not a number in range"},
                    BadLine{"-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.0.0.2:80 --tun-type vxlan",
                            "\"vxlan\" is no tunnel type"},
                    BadLine{"-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.0.0.2:80 -w 2147483648",
                            "\"2147483648\" is not a number in range"}));

}  // namespace
