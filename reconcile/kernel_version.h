// The kernel's version, and which known defects of IPVS a version has. Pure: any thread.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reconcile {

struct KernelVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;

  friend bool operator==(const KernelVersion&, const KernelVersion&) = default;
  friend std::strong_ordering operator<=>(const KernelVersion&, const KernelVersion&) = default;
};

// "6.1.183"
[[nodiscard]] std::string to_string(const KernelVersion& version);

// Of /proc/version. Debian's release says 6.1.0 whatever the patch level, and its text names the
// real one: "… (Debian 6.1.76-1) …" or "#1 SMP … Debian 6.1.76-1 (2024-02-01)"; that one counts.
[[nodiscard]] std::optional<KernelVersion> parse_kernel_version(std::string_view proc_version);

// A defect that matters to who balances with masquerading.
struct KernelDefect {
  std::string_view id;     // "CVE-2026-74724"
  std::string_view what;   // what somebody can do with it
  KernelVersion fixed_in;  // in the version's own series, or the first series that has the fix
};

// Those of `version`, as upstream's stable series go. A distribution may have mended one without
// changing the number.
[[nodiscard]] std::vector<KernelDefect> known_defects(const KernelVersion& version);

}  // namespace reconcile
