#include "reconcile/kernel_version.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace reconcile {
namespace {

struct Defect {
  std::string_view id;
  std::string_view what;
  std::span<const KernelVersion> fixes;  // one for each series that has the fix, ascending
};

constexpr std::array kNatIcmpFixes{KernelVersion{6, 1, 183},  KernelVersion{6, 6, 152},
                                   KernelVersion{6, 12, 104}, KernelVersion{6, 18, 45},
                                   KernelVersion{7, 1, 9},    KernelVersion{7, 2, 0}};
constexpr std::array kExtensionHeaderFixes{KernelVersion{5, 10, 261}, KernelVersion{5, 15, 212},
                                           KernelVersion{6, 1, 178},  KernelVersion{6, 6, 145},
                                           KernelVersion{6, 12, 97},  KernelVersion{6, 18, 40},
                                           KernelVersion{7, 1, 5},    KernelVersion{7, 2, 0}};

// From the kernel's own CVE records (lore.kernel.org, linux-cve-announce).
constexpr std::array kDefects{
    Defect{"CVE-2026-74724",
           "a pod with CAP_NET_RAW can write beyond a packet in the node's kernel (ip_vs_nat_icmp)",
           kNatIcmpFixes},
    Defect{"CVE-2026-68477",
           "extension headers of IPv6 packets to a Service are read at wrong offsets",
           kExtensionHeaderFixes},
};

bool same_series(const KernelVersion& a, const KernelVersion& b) {
  return a.major == b.major && a.minor == b.minor;
}

// The fix that `version` lacks.
std::optional<KernelVersion> missing(const Defect& defect, const KernelVersion& version) {
  if (version >= defect.fixes.back()) return std::nullopt;
  const auto own = std::ranges::find_if(
      defect.fixes, [&](const KernelVersion& fix) { return same_series(fix, version); });
  if (own != defect.fixes.end()) {
    return version < *own ? std::optional(*own) : std::nullopt;
  }
  return *std::ranges::find_if(defect.fixes,
                               [&](const KernelVersion& fix) { return fix > version; });
}

// "6.1.76" at the front of `text`; a missing patch level is 0.
std::optional<KernelVersion> version_at(std::string_view text) {
  std::array<int, 3> numbers{};
  const char* at = text.data();
  const char* const end = at + text.size();
  std::size_t read = 0;
  for (; read < numbers.size(); ++read) {
    const auto [next, error] = std::from_chars(at, end, numbers.at(read));
    if (error != std::errc()) break;
    at = next;
    if (at == end || *at != '.') {
      ++read;
      break;
    }
    ++at;
  }
  if (read < 2) return std::nullopt;
  return KernelVersion{numbers[0], numbers[1], numbers[2]};
}

std::optional<KernelVersion> version_after(std::string_view text, std::string_view word,
                                           std::size_t at) {
  return at == std::string_view::npos ? std::nullopt : version_at(text.substr(at + word.size()));
}

}  // namespace

std::string to_string(const KernelVersion& version) {
  return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

std::optional<KernelVersion> parse_kernel_version(std::string_view proc_version) {
  constexpr std::string_view kRelease = "Linux version ";
  constexpr std::string_view kDebian = "Debian ";
  // Behind the build number: what stands before it may be the compiler's version.
  const auto build = proc_version.find(") #");
  if (build != std::string_view::npos) {
    const auto debian = proc_version.find(kDebian, build);
    if (const auto version = version_after(proc_version, kDebian, debian)) return version;
  }
  return version_after(proc_version, kRelease, proc_version.find(kRelease));
}

std::vector<KernelDefect> known_defects(const KernelVersion& version) {
  std::vector<KernelDefect> found;
  for (const auto& defect : kDefects) {
    if (const auto fix = missing(defect, version)) found.push_back({defect.id, defect.what, *fix});
  }
  return found;
}

}  // namespace reconcile
