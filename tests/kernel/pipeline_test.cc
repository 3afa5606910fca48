// Big tables through the pipeline, and the round trip of everything a step can say.
#include <random>

#include "ipvs/words.h"
#include "tests/kernel/kernel_world.h"
#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)

class Pipeline : public KernelWorld {};

struct Case {
  VirtualServerId id;
  VirtualServer settings;
  RealServerId real;
  RealServer real_settings;
};

Case plain(const VirtualServerId& id, const char* real) {
  return {
      .id = id, .settings = settings_for(id), .real = real_server(real, 8080), .real_settings = {}};
}

std::vector<Case> every_kind() {
  std::vector<Case> cases{plain(tcp("10.96.0.1", 443), "10.244.1.2"),
                          plain(udp("10.96.0.10", 53), "10.244.1.3"),
                          plain(sctp("10.96.0.11", 9), "10.244.1.4"),
                          plain(tcp("fd00:10:96::1", 443), "fd00:10:244:1::2"),
                          plain(udp("fd00:10:96::a", 53), "fd00:10:244:1::3"),
                          plain(mark(7), "10.244.1.5"),
                          plain(mark(8, "::"), "fd00:10:244:1::4"),
                          plain(tcp("10.96.0.12", 80), "10.244.1.6"),
                          plain(tcp("fd00:10:96::c", 80), "fd00:10:244:1::6")};
  cases[5].real.port = 0;
  cases[6].real.port = 0;
  for (Case* persistent : {&cases[7], &cases[8]}) {
    persistent->settings.scheduler = "sh";
    persistent->settings.flags = VirtualServerFlag::kPersistent | VirtualServerFlag::kScheduler2;
    persistent->settings.timeout = std::chrono::seconds(10800);
    persistent->real_settings = {.forward = Forward::kRoute,
                                 .weight = 2147483647,
                                 .upper_threshold = 900,
                                 .lower_threshold = 100,
                                 .tunnel = {}};
    persistent->real.port = 80;
  }
  cases[7].settings.netmask = 0xffff0000;
  cases[8].settings.netmask = 64;
  cases[1].settings.flags = VirtualServerFlag::kOnePacket;
  cases[2].settings.scheduler = "wlc";
  cases[0].real_settings.weight = 0;
  return cases;
}

TEST_F(Pipeline, ReadsBackExactlyWhatItWrote) {
  std::vector<Step> steps;
  for (const Case& c : every_kind()) {
    steps.push_back(AddVirtualServer{c.id, c.settings});
    steps.push_back(AddRealServer{c.id, c.real, c.real_settings});
  }
  EXPECT_EQ(write_all(steps), std::vector<int>(steps.size(), 0));
  const auto seen = observe().virtual_servers;
  EXPECT_EQ(seen.size(), every_kind().size());
  for (const Case& c : every_kind()) {
    const auto found =
        std::find_if(seen.begin(), seen.end(), [&](const auto& s) { return s.id == c.id; });
    ASSERT_NE(found, seen.end()) << to_string(c.id);
    EXPECT_EQ(found->settings, c.settings) << to_string(c.id);
    ASSERT_EQ(found->real_servers.size(), 1U) << to_string(c.id);
    EXPECT_EQ(found->real_servers.front().id, c.real) << to_string(c.id);
    EXPECT_EQ(found->real_servers.front().settings, c.real_settings) << to_string(c.id);
  }
}

TEST_F(Pipeline, ClearsInAnEditWhatTheEditLeavesOut) {
  const auto id = tcp("10.96.0.1", 443);
  VirtualServer settings{.scheduler = "sh",
                         .flags = VirtualServerFlag::kPersistent | VirtualServerFlag::kScheduler1,
                         .timeout = std::chrono::seconds(300)};
  EXPECT_EQ(write(AddVirtualServer{id, settings}), 0);
  EXPECT_EQ(write(EditVirtualServer{id, VirtualServer{}}), 0);
  EXPECT_EQ(observe().virtual_servers.front().settings, VirtualServer{});
}

TEST_F(Pipeline, WritesAndReadsThousandsOfEntries) {
  constexpr std::uint32_t kServices = 2000;
  std::vector<Step> steps;
  for (std::uint32_t i = 0; i < kServices; ++i) {
    const VirtualServerId id{.address = boost::asio::ip::make_address_v4(0x0a600001 + i),
                             .protocol = Protocol::kUdp,
                             .port = 53};
    steps.push_back(add(id));
    for (std::uint32_t j = 0; j < 5; ++j) {
      steps.push_back(add(
          id, {.address = boost::asio::ip::make_address_v4(0x0af40001 + 5 * i + j), .port = 53}));
    }
  }
  EXPECT_EQ(write_all(steps), std::vector<int>(steps.size(), 0));
  const auto seen = observe().virtual_servers;
  ASSERT_EQ(seen.size(), kServices);
  for (const auto& server : seen) EXPECT_EQ(server.real_servers.size(), 5U);
}

}  // namespace
