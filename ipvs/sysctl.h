// Reading and writing one sysctl. Which, and what they must be: reconcile/node_settings.h.
//
// Per network namespace; those of IPVS exist once the module ip_vs is loaded. Thread: any; blocks
// for a moment.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace ipvs {

// The value of one sysctl, without its line end; nothing when it cannot be read, e.g. does not
// exist. `path` is below `root`.
[[nodiscard]] std::optional<std::string> read_sysctl(
    std::string_view path, const std::filesystem::path& root = "/proc/sys");

// Writes one sysctl and reads it back. Answers with an errno, 0 when it is as wanted: EIO when the
// kernel took the value and holds another.
[[nodiscard]] int write_sysctl(std::string_view path, std::string_view value,
                               const std::filesystem::path& root = "/proc/sys");

}  // namespace ipvs
