#include "reconcile/node_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reconcile::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

// Every sysctl as it is to be.
std::vector<ipvs::SysctlReading> as_wanted(const NodeSettings& settings) {
  std::vector<ipvs::SysctlReading> read;
  for (const auto& sysctl : desired_sysctls(settings)) read.push_back({sysctl.path, sysctl.value});
  return read;
}

void set(std::vector<ipvs::SysctlReading>& read, const std::string& path,
         std::optional<std::string> value) {
  for (auto& one : read) {
    if (one.path == path) one.value = std::move(value);
  }
}

TEST(NodeSettings, AskForNothingWhereAllIsAsItShouldBe) {
  EXPECT_THAT(settings_steps({}, {}, as_wanted({})), IsEmpty());
}

TEST(NodeSettings, AskForTheSysctlsThatIpvsNeeds) {
  std::vector<std::string> paths;
  for (const auto& sysctl : desired_sysctls({})) paths.push_back(sysctl.path);
  EXPECT_THAT(paths, ElementsAre("net/ipv4/ip_forward", "net/ipv4/vs/conntrack",
                                 "net/ipv4/vs/expire_nodest_conn",
                                 "net/ipv4/vs/expire_quiescent_template"));
}

TEST(NodeSettings, AreReadWhateverIsAskedForSoThatItMayChange) {
  EXPECT_THAT(sysctl_paths(),
              testing::IsSupersetOf({"net/ipv4/ip_forward", "net/ipv4/conf/all/arp_ignore",
                                     "net/netfilter/nf_conntrack_udp_timeout"}));
}

TEST(NodeSettings, WriteWhatAnotherProgramSet) {
  auto read = as_wanted({});
  set(read, "net/ipv4/vs/conntrack", "0");
  EXPECT_THAT(settings_steps({}, {}, read),
              ElementsAre(ipvs::Step(ipvs::WriteSysctl{"net/ipv4/vs/conntrack", "1"})));
}

TEST(NodeSettings, WriteWhatCannotBeReadSoThatTheErrorNamesIt) {
  auto read = as_wanted({});
  set(read, "net/ipv4/vs/conntrack", std::nullopt);
  EXPECT_THAT(settings_steps({}, {}, read), testing::SizeIs(1));
}

TEST(NodeSettings, LeaveAloneWhatNobodyRead) { EXPECT_THAT(settings_steps({}, {}, {}), IsEmpty()); }

TEST(NodeSettings, LeaveAHigherNumberOfConnectionsAlone) {
  const NodeSettings settings{.conntrack = {.max = 131'072}};
  auto read = as_wanted(settings);
  set(read, "net/netfilter/nf_conntrack_max", "262144");
  EXPECT_THAT(settings_steps(settings, {}, read), IsEmpty());
  set(read, "net/netfilter/nf_conntrack_max", "65536");
  EXPECT_THAT(
      settings_steps(settings, {}, read),
      ElementsAre(ipvs::Step(ipvs::WriteSysctl{"net/netfilter/nf_conntrack_max", "131072"})));
}

TEST(NodeSettings, AskForStrictArpOnlyWhereItIsWanted) {
  EXPECT_THAT(desired_sysctls({}),
              Not(Contains(DesiredSysctl{"net/ipv4/conf/all/arp_ignore", "1"})));
  EXPECT_THAT(desired_sysctls({.strict_arp = true}),
              testing::IsSupersetOf({DesiredSysctl{"net/ipv4/conf/all/arp_announce", "2"},
                                     DesiredSysctl{"net/ipv4/conf/all/arp_ignore", "1"}}));
}

// All there are.
const NodeSettings kEverything{.timeouts = {.tcp = 900s, .tcp_fin = 120s, .udp = 300s},
                               .strict_arp = true,
                               .conntrack = {.max = 131'072,
                                             .tcp_established = 24h,
                                             .tcp_close_wait = 1h,
                                             .tcp_be_liberal = true,
                                             .udp = 30s,
                                             .udp_stream = 180s}};

class EverySysctl : public testing::TestWithParam<DesiredSysctl> {};

TEST_P(EverySysctl, IsPutRightByAnAuditThatFindsItWrong) {
  const auto& [path, value, at_least] = GetParam();
  auto read = as_wanted(kEverything);
  set(read, path, "7");
  EXPECT_THAT(settings_steps(kEverything, kEverything.timeouts, read),
              ElementsAre(ipvs::Step(ipvs::WriteSysctl{path, value})));
}

std::string name_of(const testing::TestParamInfo<DesiredSysctl>& info) {
  auto name = info.param.path.substr(info.param.path.rfind('/') + 1);
  return info.param.path.find("/vs/") == std::string::npos ? name : "vs_" + name;
}

INSTANTIATE_TEST_SUITE_P(All, EverySysctl, testing::ValuesIn(desired_sysctls(kEverything)),
                         name_of);

TEST(NodeSettings, PutEachTimeOutRightAndLeaveTheOthers) {
  using Timeout = std::chrono::seconds ipvs::Timeouts::*;
  const Timeout all[] = {&ipvs::Timeouts::tcp, &ipvs::Timeouts::tcp_fin, &ipvs::Timeouts::udp};
  for (const auto timeout : all) {
    NodeSettings settings;
    settings.timeouts.*timeout = 77s;
    ipvs::Timeouts wanted;
    wanted.*timeout = 77s;
    EXPECT_THAT(settings_steps(settings, kEverything.timeouts, {}),
                ElementsAre(ipvs::Step(ipvs::SetTimeouts{wanted})));
  }
}

TEST(NodeSettings, SetTheTimeoutsThatWereAskedFor) {
  const NodeSettings settings{.timeouts = {.tcp = 7200s}};
  EXPECT_THAT(settings_steps(settings, {.tcp = 900s, .tcp_fin = 120s, .udp = 300s}, {}),
              ElementsAre(ipvs::Step(ipvs::SetTimeouts{{.tcp = 7200s}})));
  EXPECT_THAT(settings_steps(settings, {.tcp = 7200s, .tcp_fin = 120s, .udp = 300s}, {}),
              IsEmpty());
}

}  // namespace
}  // namespace reconcile::test
