#include "ipvs/nft_key.h"

#include <linux/netfilter.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <bit>

#include "ipvs/set_shape.h"
#include "ipvs/wire_address.h"

namespace ipvs {
namespace {

void append(NftKey& key, std::span<const std::uint8_t> part) {
  key.insert(key.end(), part.begin(), part.end());
  key.resize((key.size() + 3) & ~std::size_t{3});
}

void append(NftKey& key, const Address& address) {
  const WireAddress wire = to_wire(address);
  append(key, std::span(wire.bytes).first(wire.size));
}

std::array<std::uint8_t, 2> wire_port(std::uint16_t port) {
  return {static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port)};
}

void append_port(NftKey& key, const SetElement& element) {
  append(key, element.address);
  append(key, std::array{static_cast<std::uint8_t>(element.protocol)});
  append(key, wire_port(element.port));
}

// The last address of a range: all bits that it leaves open are 1.
Address last_of(const AddressRange& range) {
  WireAddress wire = to_wire(range.address);
  for (std::size_t i = 0; i < wire.size; ++i) {
    const std::size_t begin = i * 8;
    if (range.prefix >= begin + 8) continue;
    const std::size_t fixed = range.prefix > begin ? range.prefix - begin : 0;
    wire.bytes[i] |= static_cast<std::uint8_t>(0xff >> fixed);
  }
  return *from_wire(wire.family, wire.bytes);
}

// The key with one address of the element's range in it.
NftKey key_with(const SetElement& element, const Address& of_range) {
  NftKey key;
  if (shape_of(element.set) == SetShape::kPortAndRange) append_port(key, element);
  append(key, of_range);
  if (shape_of(element.set) == SetShape::kRange) {
    const std::uint8_t family = is_v6(element) ? NFPROTO_IPV6 : NFPROTO_IPV4;
    append(key, std::array{family});
  }
  return key;
}

NftKey single_key(const SetElement& element) {
  NftKey key;
  switch (shape_of(element.set)) {
    case SetShape::kAddressPair:
      append(key, element.address);
      [[fallthrough]];
    case SetShape::kAddress:
      append(key, element.address);
      break;
    case SetShape::kPortNumber:
      for (const std::uint8_t byte : wire_port(element.port)) key.push_back(byte);
      break;
    default:
      append_port(key, element);
      break;
  }
  return key;
}

// Reads the parts of a key, one after the other.
class KeyReader {
 public:
  KeyReader(std::uint8_t family, std::span<const std::uint8_t> key) : family_(family), rest_(key) {}

  Address address() { return *from_wire(family_, take(family_ == AF_INET ? 4 : 16)); }
  Protocol protocol() { return static_cast<Protocol>(take(4)[0]); }
  std::uint16_t port() {
    const auto bytes = take(std::min<std::size_t>(4, rest_.size()));
    return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
  }

 private:
  std::span<const std::uint8_t> take(std::size_t size) {
    const auto part = rest_.first(size);
    rest_ = rest_.subspan(size);
    return part;
  }

  std::uint8_t family_;
  std::span<const std::uint8_t> rest_;
};

// How many leading bits two addresses of one family share.
std::uint8_t shared_bits(const Address& a, const Address& b) {
  const WireAddress left = to_wire(a);
  const WireAddress right = to_wire(b);
  int bits = 0;
  for (std::size_t i = 0; i < left.size; ++i) {
    const auto differing = static_cast<std::uint8_t>(left.bytes[i] ^ right.bytes[i]);
    bits += std::countl_zero(differing);
    if (differing != 0) break;
  }
  return static_cast<std::uint8_t>(bits);
}

void read_port(KeyReader& reader, SetElement& element) {
  element.address = reader.address();
  element.protocol = reader.protocol();
  element.port = reader.port();
}

SetElement with_single_key(const NftSet& set, std::span<const std::uint8_t> key) {
  SetElement element{.set = set.set};
  KeyReader reader(set.family, key);
  switch (shape_of(set.set)) {
    case SetShape::kPortNumber:
      if (set.family == AF_INET6) element.address = boost::asio::ip::address_v6();
      element.port = reader.port();
      break;
    case SetShape::kAddress:
    case SetShape::kAddressPair:
      element.address = reader.address();
      break;
    default:
      read_port(reader, element);
      break;
  }
  return element;
}

SetElement with_range(const NftSet& set, std::span<const std::uint8_t> first,
                      std::span<const std::uint8_t> last) {
  SetElement element{.set = set.set};
  KeyReader from(set.family, first);
  KeyReader to(set.family, last);
  if (shape_of(set.set) == SetShape::kPortAndRange) {
    SetElement same;
    read_port(from, element);
    read_port(to, same);
  }
  element.range.address = from.address();
  element.range.prefix = shared_bits(element.range.address, to.address());
  return element;
}

}  // namespace

NftKeys keys_of(const SetElement& element) {
  if (!has_ranges(shape_of(element.set))) return {.first = single_key(element), .last = {}};
  return {.first = key_with(element, element.range.address),
          .last = key_with(element, last_of(element.range))};
}

// Whatever the bytes say, the element is one of ours only if we would write it so.
std::optional<SetElement> element_of(const NftSet& set, std::span<const std::uint8_t> first,
                                     std::span<const std::uint8_t> last) {
  const bool is_range = has_ranges(shape_of(set.set));
  if (first.size() != set.key_length || last.size() != (is_range ? set.key_length : 0)) {
    return std::nullopt;
  }
  const SetElement element = is_range ? with_range(set, first, last) : with_single_key(set, first);
  const NftKeys written = keys_of(element);
  const bool ours =
      std::equal(first.begin(), first.end(), written.first.begin(), written.first.end()) &&
      std::equal(last.begin(), last.end(), written.last.begin(), written.last.end());
  return ours ? std::optional(element) : std::nullopt;
}

}  // namespace ipvs
