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

Draft<Node>* next_taint(Draft<Node>& draft) { return &draft; }

// Set by the cluster autoscaler on a node that it is about to take away.
Complaint set_taint_key(Draft<Node>& draft, std::string_view text) {
  draft.taint_to_be_deleted = draft.taint_to_be_deleted || text == "ToBeDeletedByClusterAutoscaler";
  return nullptr;
}

template <class T>
NodeAddressDraft* next_address(Draft<T>& draft) {
  return draft.addresses.size() == kMaxAddresses ? nullptr : &draft.addresses.emplace_back();
}

template <class T>
Place<Draft<T>> status_of() {
  return object<Draft<T>>({
      {"addresses", list<&next_address<T>>(object<NodeAddressDraft>({
                        {"type", text<&NodeAddressDraft::type>()},
                        {"address", text<&NodeAddressDraft::address>()},
                    }))},
  });
}

// Those by which it is reached; host names say nothing that we could compare.
std::vector<Address> addresses_in(const std::vector<NodeAddressDraft>& drafts, LeftOut& left_out) {
  std::vector<Address> addresses;
  for (const NodeAddressDraft& candidate : drafts) {
    if (candidate.type != "InternalIP" && candidate.type != "ExternalIP") continue;
    if (const auto address = parse_address(candidate.address)) {
      addresses.push_back(*address);
    } else {
      left_out.add("status.addresses", candidate.address, "is no address");
    }
  }
  return addresses;
}

}  // namespace

const Place<Draft<Node>>& Draft<Node>::place() {
  static const auto place = object<Draft>({
      {"kind", text<&Draft::kind>()},
      {"metadata", within<&Draft::metadata>(metadata_place())},
      {"spec", object<Draft>({
                   {"podCIDR", text<&Draft::pod_cidr>()},
                   {"podCIDRs", list(text<&add_pod_cidr>())},
                   {"taints", list<&next_taint>(object<Draft>({
                                  {"key", text<&set_taint_key>()},
                              }))},
               })},
      {"status", status_of<Node>()},
  });
  return place;
}

tl::expected<Decoded<Node>, JsonError> Draft<Node>::finish() {
  LeftOut left_out;
  Node node{.metadata = std::move(metadata.metadata),
            .zone = std::move(metadata.zone),
            .addresses = {},
            .pod_cidrs = {},
            .deleting = metadata.deleting,
            .taint_to_be_deleted = taint_to_be_deleted};
  if (pod_cidrs.empty() && !pod_cidr.empty()) pod_cidrs.push_back(std::move(pod_cidr));
  for (const std::string& candidate : pod_cidrs) {
    if (const auto range = parse_cidr_range(candidate)) {
      node.pod_cidrs.push_back(*range);
    } else {
      left_out.add("spec.podCIDRs", candidate, "is no range of addresses");
    }
  }
  node.addresses = addresses_in(addresses, left_out);
  return Decoded<Node>{.object = std::move(node), .left_out = left_out.text()};
}

const Place<Draft<NodeAddresses>>& Draft<NodeAddresses>::place() {
  static const auto place = object<Draft>({
      {"kind", text<&Draft::kind>()},
      {"metadata", within<&Draft::metadata>(metadata_place())},
      {"status", status_of<NodeAddresses>()},
  });
  return place;
}

tl::expected<Decoded<NodeAddresses>, JsonError> Draft<NodeAddresses>::finish() {
  LeftOut left_out;
  NodeAddresses node{.metadata = std::move(metadata.metadata),
                     .addresses = addresses_in(addresses, left_out)};
  return Decoded<NodeAddresses>{.object = std::move(node), .left_out = left_out.text()};
}

template class Decoder<Node>;
template class Decoder<NodeAddresses>;

}  // namespace kube
