// What another program wrote is read as what it wrote; ipvsadm is that program. (Our texts beside
// ipvsadm's: ipvsadm_listing_test.cc.)
#include <algorithm>

#include "tests/kernel/command.h"
#include "tests/kernel/kernel_world.h"
#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)

class ForeignTable : public KernelWorld {};

TEST_F(ForeignTable, ReadsWhatIpvsadmRestored) {
  const std::string text =
      "-A -t 192.0.2.1:80 -s wlc -p 360 -M 255.255.0.0\n"
      "-a -t 192.0.2.1:80 -r 198.51.100.1:80 -g -w 3\n"
      "-a -t 192.0.2.1:80 -r 198.51.100.2:80 -i -w 4 --tun-type gue --tun-port 6080 --tun-nocsum\n"
      "-A -u [2001:db8::1]:53 -s rr -o\n"
      "-a -u [2001:db8::1]:53 -r [2001:db8::2]:5353 -m -w 1\n"
      "-A -f 9 -s sh -b sh-port\n"
      "-a -f 9 -r 198.51.100.3:0 -m -w 1\n";
  output_of({"ipvsadm", "-R"}, {.input = text});
  const auto seen = observe();
  EXPECT_EQ(seen.virtual_servers.size(), 3U);
  const auto web = std::find_if(seen.virtual_servers.begin(), seen.virtual_servers.end(),
                                [](const auto& s) { return s.id == tcp("192.0.2.1", 80); });
  ASSERT_NE(web, seen.virtual_servers.end());
  EXPECT_EQ(web->settings.netmask, 0xffff0000U);
  ASSERT_EQ(web->real_servers.size(), 2U);
  const auto gue =
      std::find_if(web->real_servers.begin(), web->real_servers.end(),
                   [](const auto& r) { return r.settings.forward == Forward::kTunnel; });
  ASSERT_NE(gue, web->real_servers.end());
  EXPECT_EQ(gue->settings.tunnel, (Tunnel{.type = 1, .port = 6080, .flags = 0}));
}

TEST_F(ForeignTable, KeepsPersistenceFlagsAndEngine) {
  output_of({"ipvsadm", "-A", "-t", "192.0.2.1:443", "-s", "mh", "-b", "mh-fallback,mh-port", "-p",
             "60", "-M", "255.255.255.0", "--pe", "sip"});
  const auto seen = observe();
  ASSERT_EQ(seen.virtual_servers.size(), 1U);
  const auto& server = seen.virtual_servers.front();
  EXPECT_EQ(server.settings.scheduler, "mh");
  EXPECT_EQ(server.settings.persistence_engine, "sip");
  EXPECT_EQ(server.settings.netmask, 0xffffff00U);
  EXPECT_EQ(server.settings.timeout, std::chrono::seconds(60));
  EXPECT_EQ(server.settings.flags, VirtualServerFlag::kPersistent | VirtualServerFlag::kScheduler1 |
                                       VirtualServerFlag::kScheduler2);
}

}  // namespace
