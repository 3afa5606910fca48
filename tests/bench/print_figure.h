// Prints a figure the way scripts/bench reads it (figures.py): one JSON object a line.
#pragma once

#include <fmt/core.h>

#include <cstdio>
#include <string_view>

namespace bench {

enum class Reach { kAtMost, kAtLeast };

inline void print_figure(std::string_view name, double value, std::string_view unit, Reach reach,
                         double limit, std::string_view note = "") {
  const bool at_most = reach == Reach::kAtMost;
  const bool passed = at_most ? value <= limit : value >= limit;
  fmt::print(R"({{"name": "{}", "value": {}, "unit": "{}", "reach": "{} {} {}", "pass": {}, )"
             R"("note": "{}"}})"
             "\n",
             name, value, unit, at_most ? "<=" : ">=", limit, unit, passed, note);
  std::fflush(stdout);
}

// A value that goes with others and has nothing to reach by itself.
inline void print_value(std::string_view name, double value, std::string_view unit,
                        std::string_view note = "") {
  fmt::print(R"({{"name": "{}", "value": {}, "unit": "{}", "reach": "", "pass": true, )"
             R"("note": "{}"}})"
             "\n",
             name, value, unit, note);
  std::fflush(stdout);
}

}  // namespace bench
