// Hashes of the keys that the decision looks things up by. The containers mix the bits again
// (boost::unordered), so different inputs need only have different outputs. Plain functions: any
// thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>

#include "ipvs/ruleset.h"
#include "ipvs/virtual_server.h"
#include "kube/objects.h"

namespace reconcile {

struct KeyHash {
  std::size_t operator()(const ipvs::Address& address) const { return mix(1, bits_of(address)); }
  std::size_t operator()(const ipvs::VirtualServerId& id) const {
    return mix(mix(id.fwmark, bits_of(id.address)), port_of(id));
  }
  std::size_t operator()(const ipvs::SetElement& element) const {
    const auto set = static_cast<std::uint64_t>(element.set) << 32 | element.range.prefix;
    const auto place = mix(mix(set, bits_of(element.address)), port_of(element));
    return mix(place, bits_of(element.range.address));
  }
  std::size_t operator()(const kube::NamespacedName& name) const {
    const std::hash<std::string> hash;
    return mix(hash(name.namespace_name), hash(name.name));
  }

 private:
  static std::uint64_t mix(std::uint64_t seed, std::uint64_t value) {
    constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;
    value = (seed ^ value) * kGoldenRatio;
    return value ^ value >> 32;
  }

  static std::uint64_t bits_of(const ipvs::Address& address) {
    if (address.is_v4()) return address.to_v4().to_uint();
    const auto bytes = address.to_v6().to_bytes();
    std::uint64_t halves[2];
    std::memcpy(halves, bytes.data(), sizeof halves);
    return mix(halves[0], halves[1]);
  }

  // Of whatever has a protocol and a port.
  template <class T>
  static std::uint64_t port_of(const T& key) {
    return static_cast<std::uint64_t>(key.protocol) << 16 | key.port;
  }
};

}  // namespace reconcile
