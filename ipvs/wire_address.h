// Addresses as netlink carries them: raw bytes in network order, the family beside them.
// Pure: any thread.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "ipvs/virtual_server.h"

namespace ipvs {

// Sixteen bytes, of which an IPv4 address uses the first four (union nf_inet_addr).
struct WireAddress {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 16;  // that carry meaning: 4 or 16
  std::uint8_t family = AF_INET6;
};

inline WireAddress to_wire(const Address& address) {
  WireAddress wire;
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    std::copy(bytes.begin(), bytes.end(), wire.bytes.begin());
    wire.size = bytes.size();
    wire.family = AF_INET;
  } else {
    wire.bytes = address.to_v6().to_bytes();
  }
  return wire;
}

// Nothing when the family is neither IPv4 nor IPv6, or `bytes` are too few for it.
inline std::optional<Address> from_wire(std::uint16_t family, std::span<const std::uint8_t> bytes) {
  if (family == AF_INET && bytes.size() >= 4) {
    boost::asio::ip::address_v4::bytes_type raw;
    std::copy_n(bytes.begin(), raw.size(), raw.begin());
    return boost::asio::ip::address_v4(raw);
  }
  if (family == AF_INET6 && bytes.size() >= 16) {
    boost::asio::ip::address_v6::bytes_type raw;
    std::copy_n(bytes.begin(), raw.size(), raw.begin());
    return boost::asio::ip::address_v6(raw);
  }
  return std::nullopt;
}

}  // namespace ipvs
