#include "kube/address_text.h"
#include "kube/drafts.h"

namespace kube {
namespace {

constexpr std::size_t kMaxAddresses = 1000;
constexpr std::size_t kMaxPodCidrs = 16;

Complaint add_pod_cidr(Draft<Node>& draft, std::string_view text) {
  if (draft.pod_cidrs.size() == kMaxPodCidrs) return "is one more than is allowed";
  draft.pod_cidrs.emplace_back(text);
  return nullptr;
}

NodeAddressDraft* next_address(Draft<Node>& draft) {
  return draft.addresses.size() == kMaxAddresses ? nullptr : &draft.addresses.emplace_back();
}

}  // namespace

const Place<Draft<Node>>& Draft<Node>::place() {
  static const auto place = object<Draft>({
      {"kind", text<&Draft::kind>()},
      {"metadata", within<&Draft::metadata>(metadata_place())},
      {"spec", object<Draft>({
                   {"podCIDR", text<&Draft::pod_cidr>()},
                   {"podCIDRs", list(text<&add_pod_cidr>())},
               })},
      {"status", object<Draft>({
                     {"addresses", list<&next_address>(object<NodeAddressDraft>({
                                       {"type", text<&NodeAddressDraft::type>()},
                                       {"address", text<&NodeAddressDraft::address>()},
                                   }))},
                 })},
  });
  return place;
}

tl::expected<Decoded<Node>, JsonError> Draft<Node>::finish() {
  Decoded<Node> decoded{.object = {.metadata = std::move(metadata.metadata),
                                   .zone = std::move(metadata.zone),
                                   .addresses = {},
                                   .pod_cidrs = std::move(pod_cidrs)},
                        .left_out = {}};
  if (decoded.object.pod_cidrs.empty() && !pod_cidr.empty()) {
    decoded.object.pod_cidrs.push_back(std::move(pod_cidr));
  }
  for (const NodeAddressDraft& candidate : addresses) {
    if (candidate.type != "InternalIP" && candidate.type != "ExternalIP") continue;
    if (const auto address = parse_address(candidate.address)) {
      decoded.object.addresses.push_back(*address);
    } else if (decoded.left_out.empty()) {
      decoded.left_out =
          "status.addresses: \"" + candidate.address.substr(0, 64) + "\" is no address";
    }
  }
  return decoded;
}

template <>
DecodeResult<Node> decode(std::string_view json) {
  return decode_draft<Node>(json);
}

}  // namespace kube
