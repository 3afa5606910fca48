// Who may reach which port, and with which source address it is seen: each rule with real packets,
// for both address families. The words of a test are the promise.
#include <gmock/gmock.h>
#include <sys/socket.h>

#include "tests/kernel/command.h"
#include "tests/kernel/traffic_family.h"
#include "tests/kernel/traffic_world.h"
#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)

class TrafficRules : public TrafficWorld, public testing::WithParamInterface<Family> {
 protected:
  [[nodiscard]] static VirtualServerId web() { return tcp(GetParam().service, 80); }
  [[nodiscard]] static VirtualServerId balanced() { return tcp(GetParam().balancer, 80); }
  [[nodiscard]] static VirtualServerId node_port() { return tcp(GetParam().outside, 30080); }
  [[nodiscard]] static std::uint8_t host_prefix() { return GetParam().name == "IPv4" ? 32 : 128; }
  [[nodiscard]] static SetElement pods() {
    return pod_range(GetParam().pods, GetParam().pods_prefix);
  }
  void add_all(const std::vector<SetElement>& elements) {
    for (const SetElement& element : elements) ASSERT_EQ(write(AddElement{element}), 0);
  }
  std::string from_client(const VirtualServerId& to) { return ask(client_.get(), to); }
  std::string from_pod(const VirtualServerId& to) { return ask(pod1_.get(), to); }
  std::string from_node(const VirtualServerId& to) { return ask(nullptr, to); }
};

TEST_P(TrafficRules, LetOnlyTheSourceRangesOfAPortIn) {
  serve(balanced(), {GetParam().pod2});
  add_all({in_set(SetName::kRestrictedPorts, balanced()),
           source_range(balanced(), GetParam().client, host_prefix())});
  EXPECT_EQ(from_client(balanced()), GetParam().client);
  EXPECT_EQ(from_pod(balanced()), "silence");
  EXPECT_EQ(from_node(balanced()), "silence");
  add_all({source_range(balanced(), GetParam().pods, GetParam().pods_prefix)});
  EXPECT_EQ(from_pod(balanced()), GetParam().pod1);
  // The node's own connections have the service's address as source.
  add_all({source_range(balanced(), GetParam().balancer, host_prefix())});
  EXPECT_EQ(from_node(balanced()), GetParam().node);
}

TEST_P(TrafficRules, LeaveOtherPortsOfARestrictedAddressOpen) {
  const VirtualServerId other = tcp(GetParam().balancer, 81);
  serve(balanced(), {GetParam().pod2});
  add_all({in_set(SetName::kRestrictedPorts, balanced()), service_port(other)});
  ASSERT_EQ(write_all({add(other), add(other, real_server(GetParam().pod2, kPodPort))}),
            (std::vector{0, 0}));
  EXPECT_EQ(from_client(balanced()), "silence");
  EXPECT_EQ(from_client(other), GetParam().client);
}

TEST_P(TrafficRules, LetOnlyPodsAndTheNodeIntoAnInsidePort) {
  serve(balanced(), {GetParam().pod2});
  add_all({in_set(SetName::kInsidePorts, balanced()), pods()});
  EXPECT_EQ(from_client(balanced()), "silence");
  EXPECT_EQ(from_pod(balanced()), GetParam().node) << "it may be another node's pod";
  EXPECT_EQ(from_node(balanced()), GetParam().node);
  auto own = pods();
  own.set = SetName::kOwnPodRanges;
  add_all({own});
  EXPECT_EQ(from_pod(balanced()), GetParam().pod1);
}

TEST_P(TrafficRules, KnowPodsByTheirInterfaceToo) {
  use({.pod_interface = "pod", .pod_interface_is_prefix = true});
  serve(web(), {GetParam().pod2});
  serve(balanced(), {GetParam().pod2});
  add_all({in_set(SetName::kInsidePorts, balanced()), cluster_address(GetParam().service)});
  EXPECT_EQ(from_client(balanced()), "silence");
  EXPECT_EQ(from_pod(balanced()), GetParam().pod1);
  EXPECT_EQ(from_client(web()), GetParam().node);
  EXPECT_EQ(from_pod(web()), GetParam().pod1);
}

TEST_P(TrafficRules, MasqueradeEveryClientOfAMasqueradePort) {
  serve(balanced(), {GetParam().pod2});
  add_all({in_set(SetName::kMasqueradePorts, balanced())});
  EXPECT_EQ(from_client(balanced()), GetParam().node);
  EXPECT_EQ(from_pod(balanced()), GetParam().node);
  EXPECT_EQ(write(DeleteElement{in_set(SetName::kMasqueradePorts, balanced())}), 0);
  EXPECT_EQ(from_client(balanced()), GetParam().client);
}

TEST_P(TrafficRules, MasqueradeAllButPodsOnAClusterAddress) {
  serve(web(), {GetParam().pod2});
  add_all({cluster_address(GetParam().service), pods()});
  EXPECT_EQ(from_client(web()), GetParam().node);
  EXPECT_EQ(from_node(web()), GetParam().node);
  EXPECT_EQ(from_pod(web()), GetParam().pod1);
}

TEST_P(TrafficRules, WorkWithAnyBitOfTheMark) {
  use({.masquerade_bit = 0});
  serve(balanced(), {GetParam().pod1});
  add_all({in_set(SetName::kMasqueradePorts, balanced())});
  EXPECT_EQ(from_client(balanced()), GetParam().node);
  EXPECT_EQ(from_pod(balanced()), GetParam().node) << "a pod that reaches itself";
}

TEST_P(TrafficRules, KeepTheSourceOfAClientOfANodePort) {
  serve_node_port(node_port(), {GetParam().pod2});
  EXPECT_EQ(from_client(node_port()), GetParam().client);
  EXPECT_EQ(from_pod(node_port()), GetParam().pod1);
}

TEST_P(TrafficRules, LetAPodReachItselfThroughANodePort) {
  serve_node_port(node_port(), {GetParam().pod1});
  EXPECT_EQ(from_pod(node_port()), GetParam().node);
  EXPECT_EQ(write(DeleteElement{hairpin(GetParam().pod1)}), 0);
  EXPECT_EQ(from_pod(node_port()), "silence") << "so it was the rule that did it";
}

TEST_P(TrafficRules, LeaveTheNodesOtherPortsAlone) {
  serve_node_port(node_port(), {GetParam().pod1});
  const Greeter of_the_node(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), kPodPort);
  EXPECT_EQ(from_client(tcp(GetParam().outside, kPodPort)), GetParam().client);
}

// As a CNI's host port is: every address that is local is meant.
TEST_P(TrafficRules, LetNoHostPortTakeAPortOfAService) {
  serve(web(), {GetParam().pod2});
  const std::string match = GetParam().name == "IPv4" ? "ip" : "ip6";
  const std::string host_port = "fib daddr type local tcp dport { 80, 81 } dnat " + match +
                                " to [" + GetParam().pod1 + "]:8080";
  const auto nat = [&](const std::string& hook) {
    return " chain " + hook + " { type nat hook " + hook + " priority -100;\n  " + host_port +
           "\n }\n";
  };
  std::string text = "table inet hostport {\n" + nat("prerouting") + nat("output") + "}\n";
  if (match == "ip") std::erase_if(text, [](char c) { return c == '[' || c == ']'; });
  output_of({"nft", "-f", "-"}, {.input = text});
  EXPECT_EQ(from_client(tcp(GetParam().outside, 80)), GetParam().client) << "the host port works";
  greeters_.front().reset();
  EXPECT_EQ(from_client(web()), GetParam().client);
  EXPECT_EQ(from_pod(web()), GetParam().pod1);
  EXPECT_EQ(from_node(web()), GetParam().node);
  EXPECT_EQ(from_client(tcp(GetParam().service, 81)), "refused") << "no other port either";
}

TEST_P(TrafficRules, LoadNoModuleForSctp) {
  serve(web(), {GetParam().pod1});
  EXPECT_THAT(output_of({"cat", "/proc/modules"}),
              testing::Not(testing::ContainsRegex("(^|\n)sctp ")));
}

INSTANTIATE_TEST_SUITE_P(Families, TrafficRules, testing::ValuesIn(kFamilies),
                         [](const auto& test) { return test.param.name; });

// The same node behind a firewall that drops what nobody accepts.
class TrafficBehindAFirewall : public TrafficRules {
 protected:
  static constexpr std::uint16_t kHealthPort = 31000;

  // IPv6 finds its neighbours by ICMP.
  static void drop_by_iptables() {
    for (const std::string tool : {"iptables", "ip6tables"}) {
      for (const std::string chain : {"INPUT", "FORWARD"}) output_of({tool, "-P", chain, "DROP"});
    }
    output_of({"ip6tables", "-A", "INPUT", "-p", "icmpv6", "-j", "ACCEPT"});
  }
  static void drop_by_nft(const std::string& first_rule = "") {
    output_of({"nft", "-f", "-"},
              {.input = "table inet firewall {\n"
                        " chain in { type filter hook input priority 0; policy drop;\n" +
                        first_rule +
                        "\n  meta l4proto ipv6-icmp accept\n }\n"
                        " chain through { type filter hook forward priority 0; policy drop; }\n"
                        "}\n"});
  }
  void serve_everything() {
    serve(web(), {GetParam().pod2});
    serve_node_port(node_port(), {GetParam().pod2});
    const std::string any = GetParam().name == "IPv4" ? "0.0.0.0" : "::";
    add_all({in_set(SetName::kMasqueradePorts, node_port()), health_port(any, kHealthPort)});
  }
  void expect_silence() {
    EXPECT_EQ(from_client(web()), "silence");
    EXPECT_EQ(from_client(node_port()), "silence");
  }
  void expect_service() {
    const Greeter health(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), kHealthPort);
    const Greeter other(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), kPodPort);
    EXPECT_EQ(from_client(web()), GetParam().client);
    EXPECT_EQ(from_client(node_port()), GetParam().node);
    EXPECT_EQ(from_pod(web()), GetParam().pod1);
    EXPECT_EQ(from_client(tcp(GetParam().outside, kHealthPort)), GetParam().client);
    EXPECT_EQ(from_client(tcp(GetParam().outside, kPodPort)), "silence") << "that is no service";
  }
};

TEST_P(TrafficBehindAFirewall, PassesThePoliciesOfIptables) {
  serve_everything();
  drop_by_iptables();
  expect_silence();
  EXPECT_EQ(write(InstallRules{}), 0);
  expect_service();
}

TEST_P(TrafficBehindAFirewall, PassesThePoliciesOfNftables) {
  serve_everything();
  drop_by_nft();
  expect_silence();
  EXPECT_EQ(write(InstallRules{}), 0);
  expect_service();
}

TEST_P(TrafficBehindAFirewall, HeedsWhatTheFirewallSaysItself) {
  serve_everything();
  const std::string match = GetParam().name == "IPv4" ? "ip" : "ip6";
  drop_by_nft("  " + match + " saddr " + GetParam().client + " drop");
  EXPECT_EQ(write(InstallRules{}), 0);
  EXPECT_EQ(from_client(web()), "silence");
  EXPECT_EQ(from_pod(web()), GetParam().pod1);
}

INSTANTIATE_TEST_SUITE_P(Families, TrafficBehindAFirewall, testing::ValuesIn(kFamilies),
                         [](const auto& test) { return test.param.name; });

// UDP, where conntrack remembers what IPVS has long forgotten.
class UdpTraffic : public TrafficRules {
 protected:
  void SetUp() override {
    TrafficRules::SetUp();
    const auto open = [](const Place& place) { return place.open_socket(AF_INET6, SOCK_DGRAM); };
    pod1_answers_ = std::make_unique<UdpGreeter>(open(*pod1_), kPodPort, "pod1");
    pod2_answers_ = std::make_unique<UdpGreeter>(open(*pod2_), kPodPort, "pod2");
  }
  [[nodiscard]] static VirtualServerId dns() { return udp(GetParam().service, 53); }
  [[nodiscard]] static RealServerId pod(const std::string& address) {
    return real_server(address, kPodPort);
  }
  [[nodiscard]] int socket_of_client() const {
    return client_->open_socket(GetParam().name == "IPv4" ? AF_INET : AF_INET6, SOCK_DGRAM);
  }
  [[nodiscard]] static std::string flows() {
    return output_of({"conntrack", "-L", "-f", GetParam().name == "IPv4" ? "ipv4" : "ipv6", "-p",
                      "udp", "--orig-dst", GetParam().service});
  }

  std::unique_ptr<UdpGreeter> pod1_answers_;
  std::unique_ptr<UdpGreeter> pod2_answers_;
};

TEST_P(UdpTraffic, MovesToTheNewPodOnceItsFlowIsForgotten) {
  serve(dns(), {GetParam().pod1});
  add_all({in_set(SetName::kMasqueradePorts, dns())});
  UdpClient client(socket_of_client(), dns());
  ASSERT_EQ(client.ask(), "pod1");
  EXPECT_EQ(write_all({add(dns(), pod(GetParam().pod2)),
                       DeleteRealServer{.parent = dns(), .id = pod(GetParam().pod1)},
                       ForgetFlows{.id = dns(), .keep = {pod(GetParam().pod2)}}}),
            (std::vector{0, 0, 0}));
  EXPECT_THAT(flows(), testing::Not(testing::HasSubstr(GetParam().pod1)));
  EXPECT_EQ(client.ask(), "pod2");
}

TEST_P(UdpTraffic, KeepsTheFlowOfAPodThatStays) {
  serve(dns(), {GetParam().pod1});
  UdpClient client(socket_of_client(), dns());
  ASSERT_EQ(client.ask(), "pod1");
  const VirtualServerId other = udp(GetParam().balancer, 53);
  EXPECT_EQ(write_all({ForgetFlows{.id = dns(), .keep = {pod(GetParam().pod1)}},
                       ForgetFlows{.id = other, .keep = {}}}),
            (std::vector{0, 0}));
  EXPECT_THAT(flows(), testing::HasSubstr(GetParam().pod1));
}

TEST_P(UdpTraffic, FindsTheFirstPodThatAppears) {
  serve(dns(), {});
  UdpClient client(socket_of_client(), dns());
  EXPECT_EQ(client.ask(), "refused");
  EXPECT_EQ(write_all({add(dns(), pod(GetParam().pod1)),
                       ForgetFlows{.id = dns(), .keep = {pod(GetParam().pod1)}}}),
            (std::vector{0, 0}));
  EXPECT_EQ(client.ask(), "pod1");
}

INSTANTIATE_TEST_SUITE_P(Families, UdpTraffic, testing::ValuesIn(kFamilies),
                         [](const auto& test) { return test.param.name; });

}  // namespace
