// What is read of an object before it is checked as a whole; only for the decoders.
//
// The order of keys in a document is not ours to choose, so what depends on two fields (a slice's
// address family, a Service's type) is decided in finish(), after the last byte.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "kube/decode.h"
#include "kube/json_paths.h"
#include "kube/metadata_places.h"

namespace kube {

template <class T>
struct Draft;

// The parts that were left out of an object, for a person: the first, and how many more.
class LeftOut {
 public:
  void add(std::string_view part, std::string_view text, std::string_view why);
  [[nodiscard]] std::string text() const;

 private:
  std::string first_;
  std::size_t count_ = 0;
};

// One entry of status.loadBalancer.ingress.
struct IngressDraft {
  std::string ip;
  std::string ip_mode;
};

template <>
struct Draft<Service> {
  static constexpr const char* kKind = "Service";

  std::string kind;
  MetadataDraft metadata;
  ServiceType type = ServiceType::kClusterIp;
  std::vector<Address> cluster_ips;
  Address cluster_ip;  // unspecified: none
  std::vector<ServicePort> ports;
  std::vector<Address> external_ips;
  std::vector<IngressDraft> ingress;
  std::vector<CidrRange> source_ranges;
  bool has_source_ranges = false;
  TrafficPolicy external_policy = TrafficPolicy::kCluster;
  TrafficPolicy internal_policy = TrafficPolicy::kCluster;
  std::uint16_t health_check_node_port = 0;
  bool affine = false;
  std::chrono::seconds affinity_timeout{10800};  // the API's default
  LeftOut left_out;

  [[nodiscard]] static const Place<Draft>& place();
  [[nodiscard]] tl::expected<Decoded<Service>, JsonError> finish();
};

// One endpoint and the text of its address as far as that cannot be believed.
struct EndpointDraft {
  Endpoint endpoint;
  bool has_address = false;
  std::string refused_address;
  std::vector<std::string> zone_hints;
  std::vector<std::string> node_hints;
};

template <>
struct Draft<EndpointSlice> {
  static constexpr const char* kKind = "EndpointSlice";

  std::string kind;
  MetadataDraft metadata;
  std::string address_type;
  std::vector<EndpointPort> ports;
  std::vector<EndpointDraft> endpoints;

  [[nodiscard]] static const Place<Draft>& place();
  [[nodiscard]] tl::expected<Decoded<EndpointSlice>, JsonError> finish();
};

struct NodeAddressDraft {
  std::string type;
  std::string address;
};

template <>
struct Draft<Node> {
  static constexpr const char* kKind = "Node";

  std::string kind;
  MetadataDraft metadata;
  std::string pod_cidr;
  std::vector<std::string> pod_cidrs;
  std::vector<NodeAddressDraft> addresses;
  bool taint_to_be_deleted = false;

  [[nodiscard]] static const Place<Draft>& place();
  [[nodiscard]] tl::expected<Decoded<Node>, JsonError> finish();
};

// Reads and checks in one go; the definition of decode<T>().
template <class T>
[[nodiscard]] DecodeResult<T> decode_draft(std::string_view json) {
  Draft<T> draft;
  auto read = read_json(json, Draft<T>::place(), draft);
  const NamespacedName& id = draft.metadata.metadata.id;
  if (!read) return tl::unexpected(at(id, std::move(read.error())));
  if (Complaint complaint = check_identity(draft.kind, Draft<T>::kKind, draft.metadata.metadata)) {
    return tl::unexpected(DecodeError{.id = id, .field = {}, .reason = complaint});
  }
  const NamespacedName kept = id;
  auto finished = draft.finish();
  if (!finished) return tl::unexpected(at(kept, std::move(finished.error())));
  return std::move(*finished);
}

}  // namespace kube
