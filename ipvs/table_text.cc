// to_nft_text(): the table in nft's own words.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "ipvs/rule_marks.h"
#include "ipvs/ruleset.h"
#include "ipvs/ruleset_text.h"
#include "ipvs/set_shape.h"

namespace ipvs {
namespace {

// What differs between the halves of the table, in nft's words.
struct Family {
  char digit;              // ends the names of its sets
  std::string_view match;  // "ip" or "ip6"
  std::string_view type;
  std::string_view number;  // of `meta nfproto`
  std::string_view loopback;
  std::string_view port_unreachable;
};

constexpr std::array kFamilies{Family{.digit = '4',
                                      .match = "ip",
                                      .type = "ipv4_addr",
                                      .number = "ipv4",
                                      .loopback = "127.0.0.0/8",
                                      .port_unreachable = "icmp port-unreachable"},
                               Family{.digit = '6',
                                      .match = "ip6",
                                      .type = "ipv6_addr",
                                      .number = "ipv6",
                                      .loopback = "::1",
                                      .port_unreachable = "icmpv6 port-unreachable"}};

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
    for (const Family& family : kFamilies) {
      fmt::format_to(std::back_inserter(text), "\tset {}{} {{\n\t\ttype {}\n{}\t}}\n",
                     base_name(set), family.digit, set_type(set, family.type),
                     elements_text(elements, set, family.digit == '6'));
    }
  }
  return text;
}

using Lines = std::vector<std::string>;

struct Chain {
  std::string_view name;
  std::string_view place;  // empty where other chains jump to it
  Lines rules;
};

void append(Lines& lines, Lines more) {
  std::move(more.begin(), more.end(), std::back_inserter(lines));
}

std::string destination_port(const Family& family) {
  return fmt::format("{} daddr . meta l4proto . th dport", family.match);
}

std::string has_mark(std::string_view of, std::uint32_t bit) {
  return fmt::format("{0} mark & {1:#010x} == {1:#010x}", of, bit);
}

std::string set_mark(std::string_view of, std::uint32_t bit) {
  return fmt::format("{0} mark set {0} mark | {1:#010x}", of, bit);
}

Lines arrival_rules(const Family& family) {
  return {fmt::format("{0} daddr @service_addresses{1} dnat {0} to {0} daddr", family.match,
                      family.digit)};
}

Lines postrouting_rules(const Family& family, const RuleSettings& settings) {
  return {fmt::format("ct original {0} daddr @service_addresses{1} {0} saddr @service_addresses{1} "
                      "masquerade",
                      family.match, family.digit),
          fmt::format("{2} {0} saddr . {0} daddr @hairpin{1} masquerade", family.match,
                      family.digit, has_mark("ct", service_mark(settings)))};
}

// ` iifname != "cni0"`, or nothing.
std::string not_by_interface(const RuleSettings& settings) {
  if (settings.pod_interface.empty()) return "";
  return fmt::format(" iifname != \"{}{}\"", settings.pod_interface,
                     settings.pod_interface_is_prefix ? "*" : "");
}

std::string not_a_pod(const Family& family, const RuleSettings& settings,
                      SetName ranges = SetName::kPodRanges) {
  return fmt::format("{} {} saddr . meta nfproto != @{}{}", not_by_interface(settings),
                     family.match, base_name(ranges), family.digit);
}

// One rule per protocol: the kernel's reject by reset is for TCP only, and a rule that names no
// protocol would read a port out of ICMP.
Lines refusals(const Family& family) {
  Lines lines;
  for (const std::string_view protocol : {"tcp", "udp", "sctp"}) {
    lines.push_back(fmt::format(
        "meta l4proto {0} {1} daddr @service_addresses{2} {3} != @service_ports{2} reject with {4}",
        protocol, family.match, family.digit, destination_port(family),
        protocol == "tcp" ? std::string_view("tcp reset") : family.port_unreachable));
  }
  return lines;
}

Lines refuse_rules(const Family& family, const RuleSettings& settings) {
  Lines lines{fmt::format("{} @inside_ports{}{} drop", destination_port(family), family.digit,
                          not_a_pod(family, settings))};
  append(lines, refusals(family));
  return lines;
}

Lines client_rules(const Family& family, const RuleSettings& settings) {
  const std::string mark = set_mark("meta", masquerade_mark(settings));
  const std::string port = destination_port(family);
  return {fmt::format("{0} @restricted_ports{1} {0} . {2} saddr != @source_ranges{1} drop", port,
                      family.digit, family.match),
          fmt::format("{} saddr {} return", family.match, family.loopback),
          fmt::format("{} @masquerade_ports{} {}", port, family.digit, mark),
          fmt::format("{} @inside_ports{}{} {}", port, family.digit,
                      not_a_pod(family, settings, SetName::kOwnPodRanges), mark),
          fmt::format("{} daddr @cluster_addresses{}{} {}", family.match, family.digit,
                      not_a_pod(family, settings), mark)};
}

Lines service_marks(const Family& family, const RuleSettings& settings) {
  const std::string mark = set_mark("ct", service_mark(settings));
  const std::string port = destination_port(family);
  return {fmt::format("{} @service_ports{} {}", port, family.digit, mark),
          fmt::format("{} @node_ports{} {}", port, family.digit, mark)};
}

Lines health_marks(const Family& family, const RuleSettings& settings) {
  return {fmt::format("meta nfproto {} tcp dport @health_ports{} {}", family.number, family.digit,
                      set_mark("ct", service_mark(settings)))};
}

// What `rules_of` says for each family, after what `first` says for both.
template <class RulesOf>
Lines for_both(Lines first, RulesOf rules_of) {
  for (const Family& family : kFamilies) append(first, rules_of(family));
  return first;
}

std::vector<Chain> chains(const RuleSettings& settings) {
  const std::string is_service = has_mark("ct", service_mark(settings)) + " accept";
  const std::string is_marked = has_mark("meta", masquerade_mark(settings));
  const auto with = [&](auto rules_of) {
    return [&, rules_of](const Family& family) { return rules_of(family, settings); };
  };
  return {{"refuse", "", for_both({}, with(refuse_rules))},
          {"clients", "", for_both({}, with(client_rules))},
          {"services", "", for_both({}, with(service_marks))},
          {"input", "type filter hook input priority mangle + 10; policy accept;",
           for_both({is_service, "ct state new jump refuse", "ct state new jump clients",
                     "jump services"},
                    with(health_marks))},
          {"output",
           "type filter hook output priority mangle + 10; policy accept;",
           {is_service, "ct state new jump clients", "ct state new jump services"}},
          {"prerouting", "type nat hook prerouting priority dstnat - 1; policy accept;",
           for_both({}, arrival_rules)},
          {"output_nat", "type nat hook output priority -101; policy accept;",
           for_both({}, arrival_rules)},
          {"postrouting", "type nat hook postrouting priority srcnat; policy accept;",
           for_both({is_marked + " masquerade"}, with(postrouting_rules))},
          {"unmark",
           "type filter hook postrouting priority srcnat + 1; policy accept;",
           {fmt::format("{} meta mark set meta mark & {:#010x}", is_marked,
                        ~masquerade_mark(settings))}}};
}

std::string declaration(const Chain& chain) {
  const auto place = chain.place.empty() ? "" : fmt::format("\t\t{}\n", chain.place);
  return fmt::format("\tchain {} {{\n{}\t}}\n", chain.name, place);
}

std::string definition(const Chain& chain) {
  std::string text = fmt::format("\tchain {} {{\n", chain.name);
  for (const std::string& rule : chain.rules) text += "\t\t" + rule + "\n";
  return text + "\t}\n";
}

}  // namespace

// Sets and chains first, which may exist; then the chains are emptied and their rules written, all
// in the one transaction that a script for `nft -f` is. Loading it twice leaves the same table.
std::string to_nft_text(const std::vector<SetElement>& elements, const RuleSettings& settings) {
  std::vector<SetElement> sorted = elements;
  std::sort(sorted.begin(), sorted.end());
  std::string text = "table inet kube-ipvs {\n" + sets_text(sorted);
  const auto all = chains(settings);
  for (const Chain& chain : all) text += declaration(chain);
  text += "}\n";
  for (const Chain& chain : all) {
    fmt::format_to(std::back_inserter(text), "flush chain inet kube-ipvs {}\n", chain.name);
  }
  text += "table inet kube-ipvs {\n";
  for (const Chain& chain : all) text += definition(chain);
  return text + "}\n";
}

}  // namespace ipvs
