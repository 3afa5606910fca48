// The known word that a mistyped one was meant to be. Pure: any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace reconcile {

// The word of `known` that is the fewest edits away (letters' case counts as none), or empty if
// none is closer than a third of its length.
[[nodiscard]] std::string did_you_mean(std::string_view typed,
                                       std::span<const std::string_view> known);

}  // namespace reconcile
