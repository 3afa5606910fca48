// How nft(8) spells the names and elements of our sets: the pieces that the table's text and the
// text of a single step share.
//
// Pure: any thread.
#pragma once

#include <string>

#include "ipvs/ruleset.h"

namespace ipvs {

// "service_ports4", "service_ports6".
[[nodiscard]] std::string set_text(const SetElement& element);

// "10.96.0.1", "10.96.0.1 . tcp . 443", "10.244.1.2 . 10.244.1.2", "10.244.0.0/16 . ipv4".
[[nodiscard]] std::string element_text(const SetElement& element);

}  // namespace ipvs
