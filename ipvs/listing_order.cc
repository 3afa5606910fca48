#include "ipvs/listing_order.h"

#include <array>
#include <cstdlib>

namespace ipvs {
namespace {

// An address as ipvsadm compares it: four words in host order, an IPv4 address in the first.
using AddressWords = std::array<std::uint32_t, 4>;

AddressWords words_of(const Address& address) {
  if (address.is_v4()) return {address.to_v4().to_uint(), 0, 0, 0};
  AddressWords words{};
  const auto bytes = address.to_v6().to_bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) words[i / 4] = words[i / 4] << 8 | bytes[i];
  return words;
}

int wrapped_difference(std::uint32_t a, std::uint32_t b) { return static_cast<int>(a - b); }

template <class Entry>
struct Key {
  std::uint32_t fwmark;
  bool is_v6;
  int protocol;
  AddressWords address;
  int port;
  const Entry* entry;
};

// The family of the first operand decides how many words count, as in ipvsadm.
template <class Entry>
int compare_endpoints(const Key<Entry>& a, const Key<Entry>& b) {
  const std::size_t words = a.is_v6 ? 4 : 1;
  for (std::size_t i = 0; i < words; ++i) {
    if (const int order = wrapped_difference(a.address[i], b.address[i]); order != 0) return order;
  }
  return a.port - b.port;
}

using VirtualServerKey = Key<ObservedVirtualServer>;
using RealServerKey = Key<ObservedRealServer>;

int compare_virtual_servers(const void* left, const void* right) {
  const auto& a = *static_cast<const VirtualServerKey*>(left);
  const auto& b = *static_cast<const VirtualServerKey*>(right);
  if (const int order = wrapped_difference(a.fwmark, b.fwmark); order != 0) return order;
  if (a.is_v6 != b.is_v6) return a.is_v6 ? 1 : -1;
  if (a.protocol != b.protocol) return a.protocol - b.protocol;
  return compare_endpoints(a, b);
}

int compare_real_servers(const void* left, const void* right) {
  return compare_endpoints(*static_cast<const RealServerKey*>(left),
                           *static_cast<const RealServerKey*>(right));
}

template <class Entry>
std::vector<const Entry*> sorted(std::vector<Key<Entry>> keys,
                                 int (*comparison)(const void*, const void*)) {
  // An empty vector may have no data, and qsort takes no null pointer.
  if (!keys.empty()) std::qsort(keys.data(), keys.size(), sizeof(Key<Entry>), comparison);
  std::vector<const Entry*> order;
  order.reserve(keys.size());
  for (const auto& key : keys) order.push_back(key.entry);
  return order;
}

}  // namespace

std::vector<const ObservedVirtualServer*> listing_order(
    const std::vector<ObservedVirtualServer>& dump) {
  std::vector<VirtualServerKey> keys;
  keys.reserve(dump.size());
  for (const ObservedVirtualServer& server : dump) {
    keys.push_back({.fwmark = server.id.fwmark,
                    .is_v6 = server.id.address.is_v6(),
                    .protocol = static_cast<int>(server.id.protocol),
                    .address = words_of(server.id.address),
                    .port = server.id.port,
                    .entry = &server});
  }
  return sorted(std::move(keys), compare_virtual_servers);
}

std::vector<const ObservedRealServer*> listing_order(const std::vector<ObservedRealServer>& dump) {
  std::vector<RealServerKey> keys;
  keys.reserve(dump.size());
  for (const ObservedRealServer& server : dump) {
    keys.push_back({.fwmark = 0,
                    .is_v6 = server.id.address.is_v6(),
                    .protocol = 0,
                    .address = words_of(server.id.address),
                    .port = server.id.port,
                    .entry = &server});
  }
  return sorted(std::move(keys), compare_real_servers);
}

}  // namespace ipvs
