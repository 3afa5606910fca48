// What the node itself has to be set to, beside its tables: sysctls and IPVS's time-outs. Pure.
//
// Each is read in every audit, written where it differs and read back by the kernel door, because
// other programs of the node set them, too.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ipvs/kernel.h"
#include "ipvs/step.h"
#include "ipvs/timeouts.h"

namespace reconcile {

// Netfilter's connection tracking (kube-proxy's `conntrack` section). Nothing, or 0: the kernel's
// value stays.
struct ConntrackSettings {
  std::uint64_t max = 0;  // entries; a higher value of the node stays
  std::chrono::seconds tcp_established{0};
  std::chrono::seconds tcp_close_wait{0};
  bool tcp_be_liberal = false;
  std::chrono::seconds udp{0};
  std::chrono::seconds udp_stream{0};
};

struct NodeSettings {
  ipvs::Timeouts timeouts = {};
  bool strict_arp = false;  // nobody but the owner of an address answers for it
  ConntrackSettings conntrack = {};
};

struct DesiredSysctl {
  std::string path;  // below /proc/sys, with slashes
  std::string value;
  bool at_least = false;  // a number, and a higher one is as good

  friend bool operator==(const DesiredSysctl&, const DesiredSysctl&) = default;
};

// Sorted by path.
[[nodiscard]] std::vector<DesiredSysctl> desired_sysctls(const NodeSettings& settings);

// The paths that desired_sysctls() may have, whatever the settings: what an observation has to
// read, so that the settings may change under an open kernel door.
[[nodiscard]] std::vector<std::string> sysctl_paths();

// What has to be written so that the node is set as `settings` say, as far as it was read. A sysctl
// that does not exist is written all the same: the error then names what the kernel lacks.
[[nodiscard]] std::vector<ipvs::Step> settings_steps(const NodeSettings& settings,
                                                     const ipvs::Timeouts& timeouts,
                                                     const std::vector<ipvs::SysctlReading>& read);

// Does a failure of `step` leave the rest of our picture of the kernel true?
[[nodiscard]] bool stands_alone(const ipvs::Step& step);

}  // namespace reconcile
