#include "kube/address_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace kube {

namespace ip = boost::asio::ip;

namespace {

// A number below 256 without leading zeros, and the point before it, taken from the front of
// `text`.
std::optional<std::uint32_t> take_octet(std::string_view& text, bool first) {
  if (!first && !text.starts_with('.')) return std::nullopt;
  text.remove_prefix(first ? 0 : 1);
  std::uint32_t value = 0;
  std::size_t size = 0;
  for (; size < text.size() && text[size] >= '0' && text[size] <= '9'; ++size) {
    value = value * 10 + static_cast<std::uint32_t>(text[size] - '0');
    if (value > 255) return std::nullopt;
  }
  if (size == 0 || (size > 1 && text.front() == '0')) return std::nullopt;
  text.remove_prefix(size);
  return value;
}

std::optional<Address> parse_v4(std::string_view text) {
  std::uint32_t value = 0;
  for (int index = 0; index < 4; ++index) {
    const auto octet = take_octet(text, index == 0);
    if (!octet) return std::nullopt;
    value = value << 8 | *octet;
  }
  return text.empty() ? std::optional<Address>(ip::address_v4(value)) : std::nullopt;
}

std::optional<Address> parse_v6(std::string_view text) {
  std::array<char, 46> terminated{};
  if (text.size() >= terminated.size() ||
      text.find_first_of(std::string_view("%\0", 2)) != text.npos) {
    return std::nullopt;
  }
  std::copy(text.begin(), text.end(), terminated.begin());
  boost::system::error_code error;
  const ip::address_v6 address = ip::make_address_v6(terminated.data(), error);
  if (error || address.is_v4_mapped()) return std::nullopt;
  return address;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  return text.find(':') == text.npos ? parse_v4(text) : parse_v6(text);
}

bool is_routable(const Address& address) {
  if (address.is_unspecified() || address.is_loopback() || address.is_multicast()) return false;
  if (address.is_v6()) return !address.to_v6().is_link_local();
  const auto bytes = address.to_v4().to_bytes();
  const bool link_local = bytes[0] == 169 && bytes[1] == 254;
  const bool limited_broadcast = address.to_v4() == ip::address_v4::broadcast();
  return bytes[0] != 0 && !link_local && !limited_broadcast;
}

}  // namespace kube
