#include "kube/address_text.h"

#include <string>

namespace kube {

namespace ip = boost::asio::ip;

std::optional<Address> parse_address(std::string_view text) {
  constexpr std::size_t kLongest = 45;
  if (text.size() > kLongest || text.find_first_of(std::string_view("%\0", 2)) != text.npos) {
    return std::nullopt;
  }
  boost::system::error_code error;
  const std::string terminated(text);
  const Address address = ip::make_address(terminated, error);
  if (error) return std::nullopt;
  if (address.is_v4()) return address.to_string() == text ? std::optional(address) : std::nullopt;
  if (address.to_v6().is_v4_mapped()) return std::nullopt;
  return address;
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
