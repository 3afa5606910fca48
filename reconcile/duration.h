// Durations as Kubernetes' flags and files write them: Go's "1h30m", "1.5s", "250ms", "0". Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace reconcile {

// Nothing if `text` is no such duration; fractions of a millisecond are cut off. Negative ones are
// none.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// The shortest spelling with three significant digits: "850us", "1.24ms", "2.5s".
[[nodiscard]] std::string to_string(std::chrono::nanoseconds duration);

// As Go writes it, whole milliseconds: "24h0m0s", "1m30s", "1.5s", "500ms", "0s".
[[nodiscard]] std::string go_duration(std::chrono::milliseconds duration);

}  // namespace reconcile
