// Is this node able to run kube-ipvs? What was read of it goes in, one verdict for each check comes
// out. Pure: any thread.
//
// A check's id never changes its meaning; manifests/checks.md has a section for each.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ipvs/virtual_server.h"

namespace reconcile {

enum class Verdict : std::uint8_t { kGood, kWarning, kBad, kSkipped };

// "ok", "warning", "bad", "skipped"
[[nodiscard]] std::string_view to_string(Verdict verdict);

struct CheckResult {
  std::string id;    // "LB001"
  std::string what;  // "the kernel has IPVS and nftables"
  Verdict verdict = Verdict::kGood;
  std::string why = {};     // of any verdict but good
  std::string remedy = {};  // of a warning or worse
};

// May we do this with the API server?
struct Permission {
  std::string what;         // "list services"
  std::string refusal;      // why not; empty: we may
  std::string remedy = {};  // of a refusal
  bool optional = false;    // one can do without
};

// What the checks look at. Whatever could not be read says so, or is empty.
struct NodeReading {
  std::string proc_version = {};                // text of /proc/version
  std::string door_error = {};                  // why IPVS or nftables cannot be used; empty: can
  std::optional<std::string> scheduler_error;   // empty: the kernel has it; nothing: not tried
  std::vector<std::string> unset = {};          // "sysctl -w …": what the agent would have to set
  std::map<std::string, std::string> sysctls;   // below /proc/sys, those that exist
  std::vector<std::string> bridges = {};        // interfaces of this kind
  std::set<std::string> processes = {};         // names, as in /proc/PID/comm
  std::size_t kube_proxy_leftovers = 0;         // its chains, rules and sets
  std::size_t sync_daemons = 0;                 // of IPVS
  bool ftp_helper = false;                      // the module ip_vs_ftp is loaded
  std::set<ipvs::Address> service_addresses;    // bound to kube-ipvs0
  std::vector<ipvs::Address> api_servers = {};  // where the agent looks for it
  std::string access_error = {};                // why no API server could be looked for
  std::vector<Permission> permissions = {};     // empty: none was asked for
};

struct CheckQuestion {
  std::string scheduler = "rr";
  bool strict_arp = false;
  bool before_install = false;  // what the agent will set by itself is no fault yet
};

// The sysctls that node_reading.h has to read.
[[nodiscard]] std::vector<std::string> checked_sysctls();

// In the order of their ids.
[[nodiscard]] std::vector<CheckResult> judge(const NodeReading& node,
                                             const CheckQuestion& question);

// For a person: a line for each check, indented below it the reason and the remedy, and a summary.
[[nodiscard]] std::string checks_text(const std::vector<CheckResult>& results);

}  // namespace reconcile
