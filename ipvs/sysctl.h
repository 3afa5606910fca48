// The sysctls we own: which, what they must be, and why.
//
// Only these are ever written, and only when they differ. Per network namespace; those of IPVS
// exist once the module ip_vs is loaded. Truth: Documentation/networking/ipvs-sysctl.rst of the
// kernel. Thread: any; blocks for a moment.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipvs/error.h"

namespace ipvs {

struct Sysctl {
  std::string_view path;  // below /proc/sys, e.g. "net/ipv4/vs/conntrack"
  std::string_view value;
  std::string_view reason;
};

struct SysctlState {
  Sysctl wanted;
  std::optional<std::string> current;  // nothing: it cannot be read, e.g. does not exist

  [[nodiscard]] bool is_right() const { return current == wanted.value; }
};

// The value of one sysctl, without its line end; nothing when it cannot be read, e.g. does not
// exist. `path` is below `root`.
[[nodiscard]] std::optional<std::string> read_sysctl(
    std::string_view path, const std::filesystem::path& root = "/proc/sys");

// Writes one sysctl and reads it back. Answers with an errno, 0 when it is as wanted: EIO when the
// kernel took the value and holds another.
[[nodiscard]] int write_sysctl(std::string_view path, std::string_view value,
                               const std::filesystem::path& root = "/proc/sys");

// In the order of our list, one state for each.
[[nodiscard]] std::vector<SysctlState> read_sysctls(
    const std::filesystem::path& root = "/proc/sys");

// Writes those that differ. Answers with one warning for each that is not as wanted afterwards.
[[nodiscard]] std::vector<Error> write_sysctls(const std::filesystem::path& root = "/proc/sys");

}  // namespace ipvs
