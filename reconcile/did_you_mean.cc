#include "reconcile/did_you_mean.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <vector>

namespace reconcile {
namespace {

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// Levenshtein's distance, one row at a time.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string did_you_mean(std::string_view typed, std::span<const std::string_view> known) {
  constexpr std::size_t kLongest = 100;  // nothing of ours is longer, and the work is quadratic
  if (typed.size() > kLongest) return {};
  std::string_view best;
  std::size_t fewest = typed.size() / 3 + 1;
  for (const auto word : known) {
    const auto distance = edits(typed, word);
    if (distance >= fewest) continue;
    fewest = distance;
    best = word;
  }
  return std::string(best);
}

}  // namespace reconcile
