#include "kube/drafts.h"

#include <fmt/core.h>

namespace kube {

void LeftOut::add(std::string_view part, std::string_view text, std::string_view why) {
  constexpr std::size_t kMaxShown = 64;
  if (++count_ == 1) first_ = fmt::format("{}: \"{}\" {}", part, text.substr(0, kMaxShown), why);
}

std::string LeftOut::text() const {
  return count_ < 2 ? first_ : fmt::format("{}, and {} more like it", first_, count_ - 1);
}

}  // namespace kube
