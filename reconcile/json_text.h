// JSON text (RFC 8259) of the values that our servers and subcommands print. Pure: any thread.
#pragma once

#include <string>
#include <string_view>

namespace reconcile {

// `text` as a JSON string, quotes included. Bytes that are no UTF-8 become U+FFFD, so that the
// whole stays valid.
[[nodiscard]] std::string json_string(std::string_view text);
// The same, behind what `out` has already.
void add_json_string(std::string& out, std::string_view text);

}  // namespace reconcile
