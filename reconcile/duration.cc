#include "reconcile/duration.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace reconcile {
namespace {

// Longest first where one unit begins another ("ms" before "m").
constexpr std::array<std::pair<std::string_view, double>, 7> kUnits{{
    {"ns", 1e-6},
    {"us", 1e-3},
    {"ms", 1.0},
    {"h", 3'600'000.0},
    {"m", 60'000.0},
    {"s", 1'000.0},
    {"µs", 1e-3},
}};

// Takes "<number><unit>" off the front of `text`; nothing if there is none.
std::optional<double> take_part(std::string_view& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !std::isfinite(number) || number < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  for (const auto& [unit, milliseconds] : kUnits) {
    if (!text.starts_with(unit)) continue;
    text.remove_prefix(unit.size());
    return number * milliseconds;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr double kLimit = 1e12;  // 30 years: far above any use, far below overflow
  if (text == "0") return std::chrono::milliseconds{0};
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    const auto part = take_part(text);
    if (!part) return std::nullopt;
    total += *part;
  }
  if (total > kLimit) return std::nullopt;
  return std::chrono::milliseconds{static_cast<std::int64_t>(total)};
}

std::string to_string(std::chrono::nanoseconds duration) {
  const auto ns = static_cast<double>(duration.count());
  if (ns < 1e6) return fmt::format("{:.3g}us", ns / 1e3);
  if (ns < 1e9) return fmt::format("{:.3g}ms", ns / 1e6);
  return fmt::format("{:.3g}s", ns / 1e9);
}

std::string go_duration(std::chrono::milliseconds duration) {
  const auto milliseconds = duration.count();
  if (milliseconds > 0 && milliseconds < 1'000) return fmt::format("{}ms", milliseconds);
  const auto seconds = fmt::format("{}s", static_cast<double>(milliseconds % 60'000) / 1e3);
  const auto minutes = milliseconds / 60'000;
  if (minutes == 0) return seconds;
  if (minutes < 60) return fmt::format("{}m{}", minutes, seconds);
  return fmt::format("{}h{}m{}", minutes / 60, minutes % 60, seconds);
}

}  // namespace reconcile
