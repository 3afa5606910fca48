#include "reconcile/config_checks.h"

#include <fmt/core.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <charconv>

#include "reconcile/duration.h"

namespace reconcile {
namespace {

namespace ip = boost::asio::ip;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool is_cidr(const std::string& text) {
  boost::system::error_code no4;
  boost::system::error_code no6;
  ip::make_network_v4(text, no4);
  ip::make_network_v6(text, no6);
  return !no4 || !no6;
}

bool is_address(std::string_view text) {
  boost::system::error_code no;
  ip::make_address(std::string(text), no);
  return !no;
}

std::string check_integer(std::string_view value, int least, int most) {
  const auto number = parse_integer(value);
  if (number && *number >= least && *number <= most) return {};
  return fmt::format("'{}' is no number from {} to {}", value, least, most);
}

}  // namespace

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  if (trimmed(text).empty()) return parts;
  while (true) {
    const auto comma = text.find(',');
    parts.emplace_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

std::optional<int> parse_integer(std::string_view text) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  if (is_address(text)) return ListenAddress{std::string(text), 0};
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_integer(text.substr(colon + 1));
  if (!port || *port < 0 || *port > 65'535) return std::nullopt;
  std::string_view address = text.substr(0, colon);
  if (address.empty()) return ListenAddress{"", static_cast<std::uint16_t>(*port)};
  const bool bracketed = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (bracketed) address = address.substr(1, address.size() - 2);
  if (!is_address(address) || bracketed != (address.find(':') != std::string_view::npos)) {
    return std::nullopt;
  }
  return ListenAddress{std::string(address), static_cast<std::uint16_t>(*port)};
}

// kube-proxy on Linux takes an empty mode for iptables; a file that leaves it open says nothing.
std::string check_mode(std::string_view value) {
  if (value == "ipvs" || value.empty()) return {};
  return fmt::format(
      "'{}' is not served by this program, which is a service proxy on IPVS only; set it to ipvs, "
      "or "
      "run kube-proxy",
      value);
}

std::string check_scheduler(std::string_view value) {
  constexpr std::size_t kLongest = 15;  // IP_VS_SCHEDNAME_MAXLEN, without its end
  if (value.size() <= kLongest) return {};
  return fmt::format("'{}' is longer than any scheduler's name; write it like rr or mh", value);
}

std::string check_positive_duration(std::string_view value) {
  const auto parsed = parse_duration(value);
  if (parsed && parsed->count() > 0) return {};
  return fmt::format("'{}' is no duration above 0; write it like 30s, 1m30s or 500ms", value);
}

std::string check_cidrs(std::string_view value) {
  for (const auto& part : split_list(value)) {
    if (!is_cidr(part)) {
      return fmt::format("'{}' is no network; write it like 10.244.0.0/16 or fd00::/48", part);
    }
  }
  return {};
}

std::string check_node_port_addresses(std::string_view value) {
  return value == "primary" ? std::string() : check_cidrs(value);
}

std::string check_address(std::string_view value) {
  if (is_address(value)) return {};
  return fmt::format("'{}' is no IP address; write it like 0.0.0.0 or ::", value);
}

std::string check_listen_address(std::string_view value) {
  if (value.empty() || parse_listen_address(value)) return {};
  return fmt::format("'{}' is no address and port; write it like 0.0.0.0:10256 or [::]:10256",
                     value);
}

std::string check_natural(std::string_view value) { return check_integer(value, 0, 2'147'483'647); }

std::string check_mark_bit(std::string_view value) { return check_integer(value, 0, 31); }

std::string check_oom_score(std::string_view value) { return check_integer(value, -1000, 1000); }

std::string check_logging_format(std::string_view value) {
  if (value == "text" || value == "json") return {};
  return fmt::format("'{}' is no format of logs; write text or json", value);
}

std::string check_verbosity(std::string_view value) { return check_integer(value, 0, 10); }

}  // namespace reconcile
