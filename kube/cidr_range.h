// A range of addresses, as in "10.0.0.0/8". Pure; any thread.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kube {

struct CidrRange {
  boost::asio::ip::address address;  // the first of the range: what is behind the prefix is zero
  std::uint8_t prefix = 0;           // 0..32 or 0..128

  [[nodiscard]] bool contains(const boost::asio::ip::address& other) const;

  friend bool operator==(const CidrRange&, const CidrRange&) = default;
  friend std::strong_ordering operator<=>(const CidrRange& left, const CidrRange& right);
};

// "10.1.2.3/8" is taken for 10.0.0.0/8, as the API server takes it; the address must be one that
// has one meaning only (address_text.h), and the prefix plain decimal.
[[nodiscard]] std::optional<CidrRange> parse_cidr_range(std::string_view text);

// "10.0.0.0/8"
[[nodiscard]] std::string to_string(const CidrRange& range);

}  // namespace kube
