// What a value of a setting must look like. Each check says what is wrong and how to write it; an
// empty text means that nothing is. Pure: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reconcile {

[[nodiscard]] std::string check_mode(std::string_view value);
[[nodiscard]] std::string check_scheduler(std::string_view value);
[[nodiscard]] std::string check_positive_duration(std::string_view value);
[[nodiscard]] std::string check_cidrs(std::string_view value);
[[nodiscard]] std::string check_node_port_addresses(std::string_view value);
[[nodiscard]] std::string check_address(std::string_view value);
[[nodiscard]] std::string check_listen_address(std::string_view value);
[[nodiscard]] std::string check_natural(std::string_view value);
[[nodiscard]] std::string check_mark_bit(std::string_view value);
[[nodiscard]] std::string check_oom_score(std::string_view value);
[[nodiscard]] std::string check_logging_format(std::string_view value);
[[nodiscard]] std::string check_verbosity(std::string_view value);

// "a,b" in its parts, blanks around them dropped; an empty text has none.
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);

// A decimal number that fits; nothing else, no blanks.
[[nodiscard]] std::optional<int> parse_integer(std::string_view text);

// "0.0.0.0:10256", "[::]:10256", ":10256", or an address alone, which leaves the port at 0.
struct ListenAddress {
  std::string address;  // numeric, without brackets; empty: every address of both families
  std::uint16_t port = 0;

  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};
[[nodiscard]] std::optional<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace reconcile
