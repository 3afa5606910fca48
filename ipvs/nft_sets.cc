// The sets of the table: their names, and the shapes of their keys.
#include <sys/socket.h>

#include <algorithm>

#include "ipvs/nft_skeleton.h"
#include "ipvs/set_shape.h"

namespace ipvs {
namespace {

// nft's numbers for key types; a concatenation takes six bits for each part.
constexpr std::uint32_t kTypeNetfilterFamily = 2;
constexpr std::uint32_t kTypeIpv4Address = 7;
constexpr std::uint32_t kTypeIpv6Address = 8;
constexpr std::uint32_t kTypeProtocol = 12;
constexpr std::uint32_t kTypeService = 13;
constexpr std::uint32_t kPartBits = 6;

// One part of a key: nft's number for its type, and its length in bytes.
struct KeyPart {
  std::uint32_t type;
  std::uint32_t length;
};

std::vector<KeyPart> key_parts(SetShape shape, std::uint8_t family) {
  const KeyPart address = family == AF_INET ? KeyPart{kTypeIpv4Address, 4}  //
                                            : KeyPart{kTypeIpv6Address, 16};
  constexpr KeyPart kProtocol{kTypeProtocol, 1};
  constexpr KeyPart kPort{kTypeService, 2};
  switch (shape) {
    case SetShape::kAddress:
      return {address};
    case SetShape::kAddressPair:
      return {address, address};
    case SetShape::kPort:
      return {address, kProtocol, kPort};
    case SetShape::kPortNumber:
      return {kPort};
    case SetShape::kRange:
      return {address, {kTypeNetfilterFamily, 1}};
    case SetShape::kPortAndRange:
      return {address, kProtocol, kPort, address};
  }
  return {};
}

NftSet set_for(SetName name, std::uint8_t family) {
  const SetShape shape = shape_of(name);
  const auto parts = key_parts(shape, family);
  NftSet set{.name = std::string(base_name(name)) + (family == AF_INET ? '4' : '6'),
             .set = name,
             .family = family};
  for (const KeyPart& part : parts) {
    set.key_type = set.key_type << kPartBits | part.type;
    // Every part of a concatenated key starts at a multiple of four bytes.
    set.key_length += parts.size() == 1 ? part.length : (part.length + 3) & ~3U;
    if (has_ranges(shape)) set.range_parts.push_back(part.length);
  }
  return set;
}

std::vector<NftSet> all_sets() {
  std::vector<NftSet> sets;
  for (const SetName set : kAllSets) {
    for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}})
      sets.push_back(set_for(set, family));
  }
  return sets;
}

}  // namespace

const std::vector<NftSet>& nft_sets() {
  static const std::vector<NftSet> sets = all_sets();
  return sets;
}

const NftSet& set_of(const SetElement& element) {
  const std::uint8_t family = is_v6(element) ? AF_INET6 : AF_INET;
  const auto& sets = nft_sets();
  return *std::find_if(sets.begin(), sets.end(), [&](const NftSet& set) {
    return set.set == element.set && set.family == family;
  });
}

}  // namespace ipvs
