#include "reconcile/node_settings.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace reconcile {
namespace {

using std::chrono::seconds;

std::optional<std::uint64_t> number(const std::string& text) {
  std::uint64_t value = 0;
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

bool is_satisfied(const DesiredSysctl& wanted, const std::string& value) {
  if (wanted.value == value) return true;
  if (!wanted.at_least) return false;
  const auto has = number(value);
  return has && *has >= *number(wanted.value);
}

void add_conntrack(const ConntrackSettings& conntrack, std::vector<DesiredSysctl>& sysctls) {
  const std::string base = "net/netfilter/nf_conntrack_";
  const auto add_seconds = [&](const char* name, seconds value) {
    if (value.count() > 0) sysctls.push_back({base + name, std::to_string(value.count())});
  };
  if (conntrack.max > 0) {
    sysctls.push_back({base + "max", std::to_string(conntrack.max), /*at_least=*/true});
  }
  if (conntrack.tcp_be_liberal) sysctls.push_back({base + "tcp_be_liberal", "1"});
  add_seconds("tcp_timeout_close_wait", conntrack.tcp_close_wait);
  add_seconds("tcp_timeout_established", conntrack.tcp_established);
  add_seconds("udp_timeout", conntrack.udp);
  add_seconds("udp_timeout_stream", conntrack.udp_stream);
}

// Does a time-out that was asked for differ from the kernel's?
bool differs(seconds wanted, seconds read) { return wanted.count() > 0 && wanted != read; }

}  // namespace

std::vector<DesiredSysctl> desired_sysctls(const NodeSettings& settings) {
  std::vector<DesiredSysctl> sysctls{
      {"net/ipv4/ip_forward", "1"},
      // Netfilter sees the connections of IPVS: masquerading depends on it.
      {"net/ipv4/vs/conntrack", "1"},
      // A connection to a server that is gone ends with its next packet, instead of hanging.
      {"net/ipv4/vs/expire_nodest_conn", "1"},
      // Session affinity does not hold on to a server that drains.
      {"net/ipv4/vs/expire_quiescent_template", "1"},
  };
  if (settings.strict_arp) {
    sysctls.push_back({"net/ipv4/conf/all/arp_announce", "2"});
    sysctls.push_back({"net/ipv4/conf/all/arp_ignore", "1"});
  }
  add_conntrack(settings.conntrack, sysctls);
  std::sort(sysctls.begin(), sysctls.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return sysctls;
}

std::vector<std::string> sysctl_paths() {
  const NodeSettings all{.strict_arp = true,
                         .conntrack = {.max = 1,
                                       .tcp_established = seconds(1),
                                       .tcp_close_wait = seconds(1),
                                       .tcp_be_liberal = true,
                                       .udp = seconds(1),
                                       .udp_stream = seconds(1)}};
  std::vector<std::string> paths;
  for (auto& sysctl : desired_sysctls(all)) paths.push_back(std::move(sysctl.path));
  return paths;
}

std::vector<ipvs::Step> settings_steps(const NodeSettings& settings, const ipvs::Timeouts& timeouts,
                                       const std::vector<ipvs::SysctlReading>& read) {
  std::vector<ipvs::Step> steps;
  for (const auto& wanted : desired_sysctls(settings)) {
    const auto found = std::find_if(read.begin(), read.end(),
                                    [&](const auto& one) { return one.path == wanted.path; });
    if (found == read.end()) continue;
    if (found->value && is_satisfied(wanted, *found->value)) continue;
    steps.push_back(ipvs::WriteSysctl{wanted.path, wanted.value});
  }
  const auto& asked = settings.timeouts;
  if (differs(asked.tcp, timeouts.tcp) || differs(asked.tcp_fin, timeouts.tcp_fin) ||
      differs(asked.udp, timeouts.udp)) {
    steps.push_back(ipvs::SetTimeouts{asked});
  }
  return steps;
}

bool stands_alone(const ipvs::Step& step) {
  return std::holds_alternative<ipvs::ForgetFlows>(step) ||
         std::holds_alternative<ipvs::SetTimeouts>(step) ||
         std::holds_alternative<ipvs::WriteSysctl>(step);
}

}  // namespace reconcile
