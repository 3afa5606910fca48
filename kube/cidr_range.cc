#include "kube/cidr_range.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "kube/address_text.h"

namespace kube {

namespace ip = boost::asio::ip;

namespace {

unsigned bits_of(const ip::address& address) { return address.is_v4() ? 32 : 128; }

template <class Bytes>
Bytes masked_bytes(Bytes bytes, unsigned prefix) {
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    const unsigned begin = static_cast<unsigned>(index) * 8;
    const unsigned kept = prefix <= begin ? 0 : std::min(prefix - begin, 8U);
    bytes[index] = static_cast<std::uint8_t>(bytes[index] & (0xff00U >> kept));
  }
  return bytes;
}

ip::address masked(const ip::address& address, unsigned prefix) {
  if (address.is_v4()) return ip::address_v4(masked_bytes(address.to_v4().to_bytes(), prefix));
  return ip::address_v6(masked_bytes(address.to_v6().to_bytes(), prefix));
}

}  // namespace

bool CidrRange::contains(const ip::address& other) const {
  return other.is_v4() == address.is_v4() && masked(other, prefix) == address;
}

std::strong_ordering operator<=>(const CidrRange& left, const CidrRange& right) {
  if (left.address < right.address) return std::strong_ordering::less;
  if (right.address < left.address) return std::strong_ordering::greater;
  return left.prefix <=> right.prefix;
}

std::optional<CidrRange> parse_cidr_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse_address(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  if (!address || digits.empty() || digits.front() < '0' || digits.front() > '9' ||
      (digits.size() > 1 && digits.front() == '0')) {
    return std::nullopt;
  }
  unsigned prefix = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  if (error != std::errc() || end != digits.data() + digits.size() || prefix > bits_of(*address)) {
    return std::nullopt;
  }
  return CidrRange{.address = masked(*address, prefix),
                   .prefix = static_cast<std::uint8_t>(prefix)};
}

std::string to_string(const CidrRange& range) {
  return range.address.to_string() + "/" + std::to_string(range.prefix);
}

}  // namespace kube
