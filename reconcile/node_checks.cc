#include "reconcile/node_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "reconcile/kernel_version.h"

namespace reconcile {
namespace {

constexpr KernelVersion kOldest{5, 10, 0};

constexpr const char* kBridgeCall = "net/bridge/bridge-nf-call-iptables";
constexpr const char* kConntrackCount = "net/netfilter/nf_conntrack_count";
constexpr const char* kConntrackMax = "net/netfilter/nf_conntrack_max";
constexpr const char* kReuse = "net/ipv4/vs/conn_reuse_mode";
constexpr const char* kCacheBypass = "net/ipv4/vs/cache_bypass";
constexpr const char* kRouteLocalnet = "net/ipv4/conf/all/route_localnet";

using Results = std::vector<CheckResult>;

CheckResult good(std::string id, std::string what) {
  return {.id = std::move(id), .what = std::move(what)};
}

CheckResult but(CheckResult result, Verdict verdict, std::string why, std::string remedy) {
  result.verdict = verdict;
  result.why = std::move(why);
  result.remedy = std::move(remedy);
  return result;
}

bool is(const NodeReading& node, const char* sysctl, std::string_view value) {
  const auto found = node.sysctls.find(sysctl);
  return found != node.sysctls.end() && found->second == value;
}

double number(const NodeReading& node, const char* sysctl) {
  const auto found = node.sysctls.find(sysctl);
  double value = 0;
  if (found == node.sysctls.end()) return value;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  return value;
}

CheckResult kernel_doors(const NodeReading& node) {
  auto result = good("LB001", "IPVS and nftables can be used");
  if (node.door_error.empty()) return result;
  return but(result, Verdict::kBad, node.door_error,
             "Run this as root on the node, with the modules ip_vs and nf_tables installed");
}

CheckResult kernel_age(const NodeReading& node) {
  auto result = good("LB002", "the kernel is new enough");
  const auto version = parse_kernel_version(node.proc_version);
  if (!version) {
    return but(result, Verdict::kSkipped, "/proc/version does not tell the version", "");
  }
  if (*version >= kOldest) return result;
  return but(result, Verdict::kBad,
             fmt::format("{} loses a second, or the packet, when a client's port is used again",
                         to_string(*version)),
             fmt::format("Use a kernel from {} on", to_string(kOldest)));
}

CheckResult kernel_defects(const NodeReading& node) {
  auto result = good("LB003", "no known defect of IPVS");
  const auto version = parse_kernel_version(node.proc_version);
  const auto defects = version ? known_defects(*version) : std::vector<KernelDefect>{};
  if (defects.empty()) return result;
  std::string why;
  for (const auto& defect : defects) {
    fmt::format_to(std::back_inserter(why), "{}{}: {}; mended in {}", why.empty() ? "" : "\n",
                   defect.id, defect.what, to_string(defect.fixed_in));
  }
  return but(result, Verdict::kWarning, std::move(why),
             fmt::format("Update the kernel ({}), or see whether its distribution has mended them",
                         to_string(*version)));
}

CheckResult scheduler(const NodeReading& node, const CheckQuestion& question) {
  auto result = good("LB004", fmt::format("the scheduler {} is there", question.scheduler));
  if (!node.door_error.empty()) return but(result, Verdict::kSkipped, "see LB001", "");
  if (!node.scheduler_error) {
    return but(result, Verdict::kSkipped, "a network namespace to try it in needs CAP_SYS_ADMIN",
               "");
  }
  if (node.scheduler_error->empty()) return result;
  return but(result, Verdict::kBad, *node.scheduler_error,
             fmt::format("Install the module ip_vs_{}, or name another with --ipvs-scheduler",
                         question.scheduler));
}

std::string joined(const std::vector<std::string>& lines) {
  return fmt::format("{}", fmt::join(lines, "\n"));
}

CheckResult settings(const NodeReading& node, const CheckQuestion& question) {
  auto result = good("LB005", "sysctls and time-outs are set");
  if (!node.door_error.empty()) return but(result, Verdict::kSkipped, "see LB001", "");
  if (node.unset.empty()) return result;
  if (question.before_install) {
    return but(result, Verdict::kSkipped, "the agent will set:\n" + joined(node.unset), "");
  }
  return but(result, Verdict::kWarning, "not set:\n" + joined(node.unset),
             "Run 'kube-ipvs init' as root, or look for what sets them otherwise");
}

CheckResult conntrack_room(const NodeReading& node) {
  auto result = good("LB006", "connection tracking has room");
  constexpr double kAlmost = 0.8;
  const double count = number(node, kConntrackCount);
  const double max = number(node, kConntrackMax);
  if (max == 0 || count < kAlmost * max) return result;
  return but(result, Verdict::kWarning,
             fmt::format("{:.0f} of {:.0f} entries are in use; at the limit packets are dropped",
                         count, max),
             "Raise conntrack.maxPerCore, or net.netfilter.nf_conntrack_max");
}

CheckResult bridged_replies(const NodeReading& node) {
  auto result = good("LB007", "replies between pods on one bridge come back through the node");
  if (node.bridges.empty() || is(node, kBridgeCall, "1")) return result;
  return but(result, Verdict::kWarning,
             fmt::format("netfilter does not see what crosses {} ({} is {}): where pods are ports "
                         "of it, a pod that reaches another one of the node through a Service gets "
                         "no answer that it knows",
                         fmt::join(node.bridges, ", "), kBridgeCall,
                         node.sysctls.contains(kBridgeCall) ? "0" : "not there"),
             "Load the module br_netfilter and set net.bridge.bridge-nf-call-iptables=1");
}

CheckResult connection_reuse(const NodeReading& node) {
  auto result = good("LB008", "a client's port that is used again gets a living server");
  if (!is(node, kReuse, "0")) return result;
  return but(result, Verdict::kWarning,
             "conn_reuse_mode is 0: new connections may go to servers that are gone",
             "Set net.ipv4.vs.conn_reuse_mode=1");
}

CheckResult other_proxies(const NodeReading& node, const CheckQuestion& question) {
  auto result = good("LB009", "no other proxy serves the same Services");
  for (const auto* name : {"kube-proxy", "kube-router"}) {
    if (!node.processes.contains(name)) continue;
    if (question.before_install) {
      return but(result, Verdict::kSkipped,
                 fmt::format("{} runs; its virtual servers will be adopted in place", name), "");
    }
    return but(result, Verdict::kWarning,
               fmt::format("{} runs, and both write the same tables", name),
               fmt::format("Stop {} on this node", name));
  }
  if (node.kube_proxy_leftovers == 0) return result;
  return but(
      result, Verdict::kWarning,
      fmt::format("a kube-proxy left {} chains, rules and sets behind", node.kube_proxy_leftovers),
      "Run 'kube-ipvs cleanup --kube-proxy --dry-run', then without --dry-run");
}

// MetalLB's process on a node is called "speaker".
CheckResult strict_arp(const NodeReading& node, const CheckQuestion& question) {
  auto result = good("LB010", "only its owner answers ARP for a load balancer's address");
  if (question.strict_arp || !node.processes.contains("speaker")) return result;
  return but(result, Verdict::kWarning,
             "MetalLB seems to run here, and every node answers for the addresses it announces",
             "Set ipvs.strictARP, or --ipvs-strict-arp");
}

CheckResult api_server_loop(const NodeReading& node) {
  auto result = good("LB011", "the API server is reached without a Service");
  if (!node.access_error.empty()) return but(result, Verdict::kSkipped, node.access_error, "");
  const auto through = std::ranges::find_if(node.api_servers, [&](const auto& address) {
    return node.service_addresses.contains(address);
  });
  if (through == node.api_servers.end()) return result;
  return but(result, Verdict::kBad,
             fmt::format("{} is a Service's address: the agent would need itself in order to start",
                         through->to_string()),
             "Give it an address of the API server's own, with --kubeconfig or --master");
}

CheckResult local_networks(const NodeReading& node) {
  auto result = good("LB012", "127.0.0.0/8 is not routed");
  if (!is(node, kRouteLocalnet, "1")) return result;
  return but(result, Verdict::kWarning,
             "route_localnet is 1: neighbours can reach what listens on 127.0.0.1 "
             "(CVE-2020-8558)",
             "Set net.ipv4.conf.all.route_localnet=0, unless something here needs it");
}

CheckResult risky_features(const NodeReading& node) {
  auto result = good("LB013", "no feature of IPVS is on that we do not need");
  std::vector<std::string> on;
  if (node.ftp_helper) on.emplace_back("the module ip_vs_ftp (CVE-2025-40018)");
  if (node.sync_daemons > 0) on.emplace_back("a sync daemon (CVE-2026-72020)");
  if (is(node, kCacheBypass, "1")) on.emplace_back("cache_bypass (CVE-2026-68476)");
  if (on.empty()) return result;
  return but(result, Verdict::kWarning, fmt::format("{}", fmt::join(on, "; ")),
             "Switch off what nobody on this node uses");
}

Results permissions(const NodeReading& node) {
  Results results;
  int id = 20;
  for (const auto& permission : node.permissions) {
    auto result = good(fmt::format("LB{:03}", id++), "may " + permission.what);
    results.push_back(permission.refusal.empty()
                          ? std::move(result)
                          : but(result, permission.optional ? Verdict::kWarning : Verdict::kBad,
                                permission.refusal, permission.remedy));
  }
  return results;
}

void indent(std::string& text, const std::string& lines) {
  if (lines.empty()) return;
  text += "                 ";
  for (const char c : lines) {
    text += c;
    if (c == '\n') text += "                 ";
  }
  text += '\n';
}

auto count(const Results& results, Verdict verdict) {
  return std::ranges::count(results, verdict, &CheckResult::verdict);
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  constexpr std::array<std::string_view, 4> kWords{"ok", "warning", "bad", "skipped"};
  return kWords.at(static_cast<std::size_t>(verdict));
}

std::vector<std::string> checked_sysctls() {
  return {kBridgeCall, kConntrackCount, kConntrackMax, kReuse, kCacheBypass, kRouteLocalnet};
}

std::vector<CheckResult> judge(const NodeReading& node, const CheckQuestion& question) {
  Results results{
      kernel_doors(node),         kernel_age(node),         kernel_defects(node),
      scheduler(node, question),  settings(node, question), conntrack_room(node),
      bridged_replies(node),      connection_reuse(node),   other_proxies(node, question),
      strict_arp(node, question), api_server_loop(node),    local_networks(node),
      risky_features(node)};
  std::ranges::move(permissions(node), std::back_inserter(results));
  return results;
}

std::string checks_text(const std::vector<CheckResult>& results) {
  std::string text;
  for (const auto& result : results) {
    fmt::format_to(std::back_inserter(text), "{:<8} {:<7} {}\n", to_string(result.verdict),
                   result.id, result.what);
    indent(text, result.why);
    indent(text, result.remedy);
  }
  fmt::format_to(std::back_inserter(text), "\n{} ok, {} warnings, {} bad, {} skipped\n",
                 count(results, Verdict::kGood), count(results, Verdict::kWarning),
                 count(results, Verdict::kBad), count(results, Verdict::kSkipped));
  return text;
}

}  // namespace reconcile
