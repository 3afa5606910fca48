#include "ipvs/ruleset_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "ipvs/set_shape.h"

namespace ipvs {
namespace {

std::string protocol_text(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTcp:
      return "tcp";
    case Protocol::kUdp:
      return "udp";
    case Protocol::kSctp:
      return "sctp";
    case Protocol::kNone:
      break;
  }
  return std::to_string(static_cast<int>(protocol));
}

std::string port_text(const SetElement& element) {
  return fmt::format("{} . {} . {}", element.address.to_string(), protocol_text(element.protocol),
                     element.port);
}

std::string range_text(const AddressRange& range) {
  return fmt::format("{}/{}", range.address.to_string(), range.prefix);
}

// What one family's half of the table is made of, in nft's words.
struct Family {
  char digit;              // ends the names of its sets
  std::string_view match;  // "ip" or "ip6"
  std::string_view type;
  std::string_view port_unreachable;
};

constexpr Family kIpv4{
    .digit = '4', .match = "ip", .type = "ipv4_addr", .port_unreachable = "icmp port-unreachable"};
constexpr Family kIpv6{.digit = '6',
                       .match = "ip6",
                       .type = "ipv6_addr",
                       .port_unreachable = "icmpv6 port-unreachable"};

std::string set_type(SetName set, std::string_view address_type) {
  switch (shape_of(set)) {
    case SetShape::kAddress:
      return std::string(address_type);
    case SetShape::kAddressPair:
      return fmt::format("{0} . {0}", address_type);
    case SetShape::kPort:
      return fmt::format("{} . inet_proto . inet_service", address_type);
    case SetShape::kPortNumber:
      return "inet_service";
    case SetShape::kRange:
      return fmt::format("{} . nf_proto\n\t\tflags interval", address_type);
    case SetShape::kPortAndRange:
      return fmt::format("{0} . inet_proto . inet_service . {0}\n\t\tflags interval", address_type);
  }
  return "";
}

// `elements` of one set, sorted: one element a line, so that two tables can be compared by diff.
std::string elements_text(const std::vector<SetElement>& elements, SetName set, bool of_v6) {
  std::string text;
  for (const SetElement& element : elements) {
    if (element.set != set || is_v6(element) != of_v6) continue;
    text += text.empty() ? "\t\telements = {\n" : ",\n";
    text += "\t\t\t" + element_text(element);
  }
  return text.empty() ? text : text + "\n\t\t}\n";
}

std::string sets_text(const std::vector<SetElement>& elements) {
  std::string text;
  for (const SetName set : kAllSets) {
    for (const Family& family : {kIpv4, kIpv6}) {
      fmt::format_to(std::back_inserter(text), "\tset {}{} {{\n\t\ttype {}\n{}\t}}\n",
                     base_name(set), family.digit, set_type(set, family.type),
                     elements_text(elements, set, family.digit == '6'));
    }
  }
  return text;
}

std::string postrouting_rules(const Family& family) {
  return fmt::format(
      "\t\tct original {0} daddr @service_addresses{1} {0} saddr @service_addresses{1} masquerade\n"
      "\t\tct original {0} daddr @service_addresses{1} {0} saddr . {0} daddr @hairpin{1} "
      "masquerade\n",
      family.match, family.digit);
}

// One rule per protocol: the kernel's reject by reset is for TCP only, and a rule that names no
// protocol would read a port out of ICMP.
std::string input_rules(const Family& family) {
  std::string text;
  for (const std::string_view protocol : {"tcp", "udp", "sctp"}) {
    fmt::format_to(std::back_inserter(text),
                   "\t\tct state new meta l4proto {2} {0} daddr @service_addresses{1} "
                   "{0} daddr . meta l4proto . th dport != @service_ports{1} reject with {3}\n",
                   family.match, family.digit, protocol,
                   protocol == "tcp" ? std::string_view("tcp reset") : family.port_unreachable);
  }
  return text;
}

}  // namespace

std::string set_text(const SetElement& element) {
  return fmt::format("{}{}", base_name(element.set), is_v6(element) ? '6' : '4');
}

std::string element_text(const SetElement& element) {
  const auto address = [&] { return element.address.to_string(); };
  switch (shape_of(element.set)) {
    case SetShape::kAddress:
      return address();
    case SetShape::kAddressPair:
      return fmt::format("{0} . {0}", address());
    case SetShape::kPort:
      return port_text(element);
    case SetShape::kPortNumber:
      return std::to_string(element.port);
    case SetShape::kRange:
      return fmt::format("{} . {}", range_text(element.range), is_v6(element) ? "ipv6" : "ipv4");
    case SetShape::kPortAndRange:
      return fmt::format("{} . {}", port_text(element), range_text(element.range));
  }
  return "";
}

// Sets and chains first, which may exist; then the chains are emptied and their rules written, all
// in the one transaction that a script for `nft -f` is. Loading it twice leaves the same table.
std::string to_nft_text(const std::vector<SetElement>& elements, const RuleSettings&) {
  std::vector<SetElement> sorted = elements;
  std::sort(sorted.begin(), sorted.end());
  return "table inet kube-ipvs {\n" + sets_text(sorted) +
         "\tchain postrouting {\n"
         "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
         "\t}\n"
         "\tchain input {\n"
         "\t\ttype filter hook input priority filter; policy accept;\n"
         "\t}\n"
         "}\n"
         "flush chain inet kube-ipvs postrouting\n"
         "flush chain inet kube-ipvs input\n"
         "table inet kube-ipvs {\n"
         "\tchain postrouting {\n" +
         postrouting_rules(kIpv4) + postrouting_rules(kIpv6) +
         "\t}\n"
         "\tchain input {\n" +
         input_rules(kIpv4) + input_rules(kIpv6) + "\t}\n}\n";
}

}  // namespace ipvs
