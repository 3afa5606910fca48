#include "ipvs/ruleset_text.h"

#include <gmock/gmock.h>

#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TEST(RulesetText, BeginsWithTheSets) {
  EXPECT_THAT(to_nft_text({}), StartsWith(R"(table inet kube-ipvs {
	set service_addresses4 {
		type ipv4_addr
	}
	set service_addresses6 {
		type ipv6_addr
	}
	set service_ports4 {
		type ipv4_addr . inet_proto . inet_service
	}
	set service_ports6 {
		type ipv6_addr . inet_proto . inet_service
	}
	set hairpin4 {
		type ipv4_addr . ipv4_addr
	}
	set hairpin6 {
		type ipv6_addr . ipv6_addr
	}
	set node_ports4 {
		type ipv4_addr . inet_proto . inet_service
	}
	set node_ports6 {
		type ipv6_addr . inet_proto . inet_service
	}
	set masquerade_ports4 {
		type ipv4_addr . inet_proto . inet_service
	}
	set masquerade_ports6 {
		type ipv6_addr . inet_proto . inet_service
	}
	set cluster_addresses4 {
		type ipv4_addr
	}
	set cluster_addresses6 {
		type ipv6_addr
	}
	set pod_ranges4 {
		type ipv4_addr . nf_proto
		flags interval
	}
	set pod_ranges6 {
		type ipv6_addr . nf_proto
		flags interval
	}
	set own_pod_ranges4 {
		type ipv4_addr . nf_proto
		flags interval
	}
	set own_pod_ranges6 {
		type ipv6_addr . nf_proto
		flags interval
	}
	set inside_ports4 {
		type ipv4_addr . inet_proto . inet_service
	}
	set inside_ports6 {
		type ipv6_addr . inet_proto . inet_service
	}
	set restricted_ports4 {
		type ipv4_addr . inet_proto . inet_service
	}
	set restricted_ports6 {
		type ipv6_addr . inet_proto . inet_service
	}
	set source_ranges4 {
		type ipv4_addr . inet_proto . inet_service . ipv4_addr
		flags interval
	}
	set source_ranges6 {
		type ipv6_addr . inet_proto . inet_service . ipv6_addr
		flags interval
	}
	set health_ports4 {
		type inet_service
	}
	set health_ports6 {
		type inet_service
	}
)"));
}

TEST(RulesetText, EndsWithTheChainsAndTheirRules) {
  EXPECT_THAT(to_nft_text({}), EndsWith(R"(	chain refuse {
	}
	chain clients {
	}
	chain services {
	}
	chain input {
		type filter hook input priority mangle + 10; policy accept;
	}
	chain output {
		type filter hook output priority mangle + 10; policy accept;
	}
	chain prerouting {
		type nat hook prerouting priority dstnat - 1; policy accept;
	}
	chain output_nat {
		type nat hook output priority -101; policy accept;
	}
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
	}
	chain unmark {
		type filter hook postrouting priority srcnat + 1; policy accept;
	}
}
flush chain inet kube-ipvs refuse
flush chain inet kube-ipvs clients
flush chain inet kube-ipvs services
flush chain inet kube-ipvs input
flush chain inet kube-ipvs output
flush chain inet kube-ipvs prerouting
flush chain inet kube-ipvs output_nat
flush chain inet kube-ipvs postrouting
flush chain inet kube-ipvs unmark
table inet kube-ipvs {
	chain refuse {
		ip daddr . meta l4proto . th dport @inside_ports4 ip saddr . meta nfproto != @pod_ranges4 drop
		meta l4proto tcp ip daddr @service_addresses4 ip daddr . meta l4proto . th dport != @service_ports4 reject with tcp reset
		meta l4proto udp ip daddr @service_addresses4 ip daddr . meta l4proto . th dport != @service_ports4 reject with icmp port-unreachable
		meta l4proto sctp ip daddr @service_addresses4 ip daddr . meta l4proto . th dport != @service_ports4 reject with icmp port-unreachable
		ip6 daddr . meta l4proto . th dport @inside_ports6 ip6 saddr . meta nfproto != @pod_ranges6 drop
		meta l4proto tcp ip6 daddr @service_addresses6 ip6 daddr . meta l4proto . th dport != @service_ports6 reject with tcp reset
		meta l4proto udp ip6 daddr @service_addresses6 ip6 daddr . meta l4proto . th dport != @service_ports6 reject with icmpv6 port-unreachable
		meta l4proto sctp ip6 daddr @service_addresses6 ip6 daddr . meta l4proto . th dport != @service_ports6 reject with icmpv6 port-unreachable
	}
	chain clients {
		ip daddr . meta l4proto . th dport @restricted_ports4 ip daddr . meta l4proto . th dport . ip saddr != @source_ranges4 drop
		ip saddr 127.0.0.0/8 return
		ip daddr . meta l4proto . th dport @masquerade_ports4 meta mark set meta mark | 0x00004000
		ip daddr . meta l4proto . th dport @inside_ports4 ip saddr . meta nfproto != @own_pod_ranges4 meta mark set meta mark | 0x00004000
		ip daddr @cluster_addresses4 ip saddr . meta nfproto != @pod_ranges4 meta mark set meta mark | 0x00004000
		ip6 daddr . meta l4proto . th dport @restricted_ports6 ip6 daddr . meta l4proto . th dport . ip6 saddr != @source_ranges6 drop
		ip6 saddr ::1 return
		ip6 daddr . meta l4proto . th dport @masquerade_ports6 meta mark set meta mark | 0x00004000
		ip6 daddr . meta l4proto . th dport @inside_ports6 ip6 saddr . meta nfproto != @own_pod_ranges6 meta mark set meta mark | 0x00004000
		ip6 daddr @cluster_addresses6 ip6 saddr . meta nfproto != @pod_ranges6 meta mark set meta mark | 0x00004000
	}
	chain services {
		ip daddr . meta l4proto . th dport @service_ports4 ct mark set ct mark | 0x00002000
		ip daddr . meta l4proto . th dport @node_ports4 ct mark set ct mark | 0x00002000
		ip6 daddr . meta l4proto . th dport @service_ports6 ct mark set ct mark | 0x00002000
		ip6 daddr . meta l4proto . th dport @node_ports6 ct mark set ct mark | 0x00002000
	}
	chain input {
		ct mark & 0x00002000 == 0x00002000 accept
		ct state new jump refuse
		ct state new jump clients
		jump services
		meta nfproto ipv4 tcp dport @health_ports4 ct mark set ct mark | 0x00002000
		meta nfproto ipv6 tcp dport @health_ports6 ct mark set ct mark | 0x00002000
	}
	chain output {
		ct mark & 0x00002000 == 0x00002000 accept
		ct state new jump clients
		ct state new jump services
	}
	chain prerouting {
		ip daddr @service_addresses4 dnat ip to ip daddr
		ip6 daddr @service_addresses6 dnat ip6 to ip6 daddr
	}
	chain output_nat {
		ip daddr @service_addresses4 dnat ip to ip daddr
		ip6 daddr @service_addresses6 dnat ip6 to ip6 daddr
	}
	chain postrouting {
		meta mark & 0x00004000 == 0x00004000 masquerade
		ct original ip daddr @service_addresses4 ip saddr @service_addresses4 masquerade
		ct mark & 0x00002000 == 0x00002000 ip saddr . ip daddr @hairpin4 masquerade
		ct original ip6 daddr @service_addresses6 ip6 saddr @service_addresses6 masquerade
		ct mark & 0x00002000 == 0x00002000 ip6 saddr . ip6 daddr @hairpin6 masquerade
	}
	chain unmark {
		meta mark & 0x00004000 == 0x00004000 meta mark set meta mark & 0xffffbfff
	}
}
)"));
}

TEST(RulesetText, KnowsPodsByTheirInterfaceAsWell) {
  EXPECT_THAT(
      to_nft_text({}, {.pod_interface = "cni0"}),
      HasSubstr("\tip daddr @cluster_addresses4 iifname != \"cni0\" ip saddr . meta nfproto "
                "!= @pod_ranges4 meta mark set"));
  EXPECT_THAT(to_nft_text({}, {.pod_interface = "veth", .pod_interface_is_prefix = true}),
              HasSubstr("@inside_ports6 iifname != \"veth*\" ip6 saddr"));
}

TEST(RulesetText, UsesTheBitItIsToldAndItsNeighbour) {
  EXPECT_THAT(to_nft_text({}, {.masquerade_bit = 0}),
              AllOf(HasSubstr("\tmeta mark & 0x00000001 == 0x00000001 masquerade\n"),
                    HasSubstr("meta mark set meta mark & 0xfffffffe\n"),
                    HasSubstr("\tct mark & 0x00000002 == 0x00000002 accept\n")));
  EXPECT_THAT(to_nft_text({}, {.masquerade_bit = 31}),
              HasSubstr("\tct mark & 0x40000000 == 0x40000000 accept\n"));
}

TEST(RulesetText, PutsSortedElementsIntoTheirSets) {
  const std::string text = to_nft_text(
      {service_port(udp("10.96.0.10", 53)), service_port(tcp("10.96.0.10", 53)),
       service_address("10.96.0.10"), service_address("10.96.0.1"), service_address("fd00::1"),
       hairpin("10.244.1.2"), service_port(sctp("fd00::1", 9))});
  EXPECT_THAT(text, HasSubstr("\tset service_addresses4 {\n\t\ttype ipv4_addr\n\t\telements = {\n"
                              "\t\t\t10.96.0.1,\n\t\t\t10.96.0.10\n\t\t}\n\t}\n"));
  EXPECT_THAT(text, HasSubstr("\t\telements = {\n\t\t\t10.96.0.10 . tcp . 53,\n"
                              "\t\t\t10.96.0.10 . udp . 53\n\t\t}\n"));
  EXPECT_THAT(text, HasSubstr("\t\telements = {\n\t\t\tfd00::1 . sctp . 9\n\t\t}\n"));
  EXPECT_THAT(text, HasSubstr("\t\telements = {\n\t\t\t10.244.1.2 . 10.244.1.2\n\t\t}\n"));
  EXPECT_THAT(text, HasSubstr("\tset hairpin6 {\n\t\ttype ipv6_addr . ipv6_addr\n\t}\n"));
}

TEST(RulesetText, DoesNotDependOnTheOrderOfTheElements) {
  EXPECT_EQ(to_nft_text({hairpin("10.0.0.1"), service_address("10.0.0.2")}),
            to_nft_text({service_address("10.0.0.2"), hairpin("10.0.0.1")}));
}

TEST(RulesetText, WritesAnUnknownProtocolAsItsNumber) {
  EXPECT_EQ(element_text(service_port(virtual_server(static_cast<Protocol>(47), "10.0.0.1", 9))),
            "10.0.0.1 . 47 . 9");
}

TEST(RulesetText, NamesTheSetByItsFamily) {
  EXPECT_EQ(set_text(service_address("10.0.0.1")), "service_addresses4");
  EXPECT_EQ(set_text(hairpin("fd00::1")), "hairpin6");
}

}  // namespace
