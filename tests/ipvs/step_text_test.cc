#include "ipvs/step_text.h"

#include <gmock/gmock.h>

#include <cerrno>

#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)

const VirtualServerId kDns = udp("10.96.0.10", 53);
const RealServerId kPod = real_server("10.244.1.2", 53);

TEST(StepText, OfVirtualServersIsALineForIpvsadm) {
  VirtualServer settings;
  settings.scheduler = "sh";
  settings.flags = VirtualServerFlag::kPersistent | VirtualServerFlag::kScheduler2;
  settings.timeout = std::chrono::seconds(10800);
  EXPECT_EQ(to_string(Step(AddVirtualServer{.id = kDns, .settings = settings})),
            "-A -u 10.96.0.10:53 -s sh -p 10800 -b sh-port");
  EXPECT_EQ(to_string(Step(EditVirtualServer{.id = kDns, .settings = {}})),
            "-E -u 10.96.0.10:53 -s rr");
  EXPECT_EQ(to_string(Step(DeleteVirtualServer{mark(7, "::")})), "-D -f 7 -6");
}

TEST(StepText, OfRealServersIsALineForIpvsadm) {
  EXPECT_EQ(to_string(add(kDns, kPod)), "-a -u 10.96.0.10:53 -r 10.244.1.2:53 -m -w 1");
  EXPECT_EQ(to_string(Step(EditRealServer{.parent = kDns, .id = kPod, .settings = weighing(0)})),
            "-e -u 10.96.0.10:53 -r 10.244.1.2:53 -m -w 0");
  EXPECT_EQ(to_string(Step(DeleteRealServer{.parent = kDns, .id = kPod})),
            "-d -u 10.96.0.10:53 -r 10.244.1.2:53");
}

TEST(StepText, NamesTheThresholdsThatTheSaveFormatLeavesOut) {
  RealServer settings;
  settings.upper_threshold = 20;
  settings.lower_threshold = 10;
  EXPECT_EQ(to_string(add(kDns, kPod, settings)),
            "-a -u 10.96.0.10:53 -r 10.244.1.2:53 -m -w 1 -x 20 -y 10");
}

TEST(StepText, OfAddressesIsAnIpCommand) {
  EXPECT_EQ(to_string(Step(CreateLink{})), "ip link add kube-ipvs0 arp off type dummy");
  EXPECT_EQ(to_string(Step(BindAddress{ip("10.96.0.1")})),
            "ip addr add 10.96.0.1/32 dev kube-ipvs0");
  EXPECT_EQ(to_string(Step(BindAddress{ip("fd00::1")})),
            "ip addr add fd00::1/128 dev kube-ipvs0 nodad");
  EXPECT_EQ(to_string(Step(UnbindAddress{ip("10.96.0.1")})),
            "ip addr del 10.96.0.1/32 dev kube-ipvs0");
}

TEST(StepText, OfElementsIsAnNftCommand) {
  EXPECT_EQ(to_string(Step(AddElement{service_port(tcp("10.96.0.1", 443))})),
            "nft add element inet kube-ipvs service_ports4 { 10.96.0.1 . tcp . 443 }");
  EXPECT_EQ(to_string(Step(DeleteElement{hairpin("fd00::2")})),
            "nft delete element inet kube-ipvs hairpin6 { fd00::2 . fd00::2 }");
  EXPECT_EQ(to_string(Step(AddElement{service_address("fd00::1")})),
            "nft add element inet kube-ipvs service_addresses6 { fd00::1 }");
  EXPECT_EQ(to_string(Step(InstallRules{})), "nft -f -  # table inet kube-ipvs");
}

TEST(StepText, OfElementsOfEverySetNamesTheirKey) {
  const auto text = [](const SetElement& element) { return to_string(Step(AddElement{element})); };
  EXPECT_EQ(text(in_set(SetName::kNodePorts, tcp("192.0.2.1", 30080))),
            "nft add element inet kube-ipvs node_ports4 { 192.0.2.1 . tcp . 30080 }");
  EXPECT_EQ(text(cluster_address("fd00::1")),
            "nft add element inet kube-ipvs cluster_addresses6 { fd00::1 }");
  EXPECT_EQ(text(pod_range("10.244.0.0", 16)),
            "nft add element inet kube-ipvs pod_ranges4 { 10.244.0.0/16 . ipv4 }");
  EXPECT_EQ(text(source_range(tcp("fd00::1", 80), "2001:db8::", 32)),
            "nft add element inet kube-ipvs source_ranges6 { fd00::1 . tcp . 80 . 2001:db8::/32 }");
  EXPECT_EQ(text(health_port("::", 31000)),
            "nft add element inet kube-ipvs health_ports6 { 31000 }");
}

TEST(StepText, OfFlowsTimeoutsAndSysctlsIsTheirToolsCommand) {
  EXPECT_EQ(to_string(Step(ForgetFlows{.id = kDns, .keep = {kPod}})),
            "conntrack -D -p udp --orig-dst 10.96.0.10 --orig-port-dst 53  # but answers from "
            "10.244.1.2:53");
  EXPECT_EQ(to_string(Step(SetTimeouts{{.tcp = std::chrono::seconds(900)}})),
            "ipvsadm --set 900 0 0");
  EXPECT_EQ(to_string(Step(WriteSysctl{.path = "net/ipv4/vs/conntrack", .value = "1"})),
            "sysctl -w net/ipv4/vs/conntrack=1");
}

TEST(StepText, NamesTheStepOfAnError) {
  EXPECT_EQ(to_string(error_of(add(kDns), EEXIST)),
            "cannot add virtual server UDP 10.96.0.10:53: it exists already (EEXIST)");
  EXPECT_EQ(to_string(error_of(DeleteRealServer{.parent = kDns, .id = kPod}, ENOENT)),
            "cannot delete real server 10.244.1.2:53 of UDP 10.96.0.10:53: there is no such entry "
            "(ENOENT)");
  EXPECT_EQ(to_string(error_of(DeleteElement{hairpin("10.0.0.1")}, ENOENT)),
            "cannot delete set element hairpin4 { 10.0.0.1 . 10.0.0.1 }: there is no such entry "
            "(ENOENT)");
  EXPECT_EQ(to_string(error_of(EditVirtualServer{.id = mark(7, "::"), .settings = {}}, ESRCH)),
            "cannot edit virtual server FWM 7 IPv6: there is no such virtual server (ESRCH)");
}

TEST(StepText, GivesEveryKindOfStepAnOperationAndASubject) {
  const std::vector<Step> steps = {add(kDns),
                                   EditVirtualServer{.id = kDns, .settings = {}},
                                   DeleteVirtualServer{kDns},
                                   add(kDns, kPod),
                                   EditRealServer{.parent = kDns, .id = kPod, .settings = {}},
                                   DeleteRealServer{.parent = kDns, .id = kPod},
                                   CreateLink{},
                                   BindAddress{ip("10.0.0.1")},
                                   UnbindAddress{ip("10.0.0.1")},
                                   InstallRules{},
                                   AddElement{hairpin("10.0.0.1")},
                                   DeleteElement{hairpin("10.0.0.1")},
                                   ForgetFlows{.id = kDns, .keep = {}},
                                   SetTimeouts{},
                                   WriteSysctl{.path = "net/ipv4/ip_forward", .value = "1"}};
  ASSERT_EQ(steps.size(), std::variant_size_v<Step>);
  for (const Step& step : steps) {
    EXPECT_FALSE(operation_of(step).empty());
    EXPECT_FALSE(subject_of(step).empty());
  }
}

}  // namespace
