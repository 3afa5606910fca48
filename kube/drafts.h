// What is read of an object before it is checked as a whole; only for the decoders.
//
// The order of keys in a document is not ours to choose, so what depends on two fields (a slice's
// address family, a Service's type) is decided in finish(), after the last byte.
#pragma once

#include <chrono>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "kube/decode.h"
#include "kube/json_paths.h"
#include "kube/metadata_places.h"

namespace kube {

// The room of a list for the next object.
template <class List>
[[nodiscard]] List emptied(List& list) {
  list.clear();
  return std::move(list);
}

// What a list holds, in no more room than that takes.
template <class List>
[[nodiscard]] List fitted(List& list) {
  return List(std::make_move_iterator(list.begin()), std::make_move_iterator(list.end()));
}

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

  void begin_again();
  [[nodiscard]] static const Place<Draft>& place();
  // Takes the object out; on an error its metadata stay.
  [[nodiscard]] tl::expected<Decoded<Service>, JsonError> finish();
};

// An address that cannot be believed, of the endpoint with that place in the list.
struct RefusedAddress {
  std::size_t endpoint = 0;
  std::string text;
};

template <>
struct Draft<EndpointSlice> {
  static constexpr const char* kKind = "EndpointSlice";

  std::string kind;
  MetadataDraft metadata;
  std::string address_type;
  std::vector<EndpointPort> ports;
  std::vector<Endpoint> endpoints;
  std::vector<RefusedAddress> refused;
  // Of the last endpoint, the one that is being read.
  bool has_address = false;
  std::vector<std::string> zone_hints;
  std::vector<std::string> node_hints;

  void begin_again();
  // The last endpoint has been read.
  void end_endpoint();
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

  void begin_again() { *this = {}; }
  [[nodiscard]] static const Place<Draft>& place();
  [[nodiscard]] tl::expected<Decoded<Node>, JsonError> finish();
};

template <>
struct Draft<NodeAddresses> {
  static constexpr const char* kKind = "Node";

  std::string kind;
  MetadataDraft metadata;
  std::vector<NodeAddressDraft> addresses;

  void begin_again() { *this = {}; }
  [[nodiscard]] static const Place<Draft>& place();
  [[nodiscard]] tl::expected<Decoded<NodeAddresses>, JsonError> finish();
};

template <>
struct Draft<ServiceCidr> {
  static constexpr const char* kKind = "ServiceCIDR";

  std::string kind;
  MetadataDraft metadata;
  std::vector<std::string> cidrs;

  void begin_again() { *this = {}; }
  [[nodiscard]] static const Place<Draft>& place();
  [[nodiscard]] tl::expected<Decoded<ServiceCidr>, JsonError> finish();
};

template <class T>
Decoder<T>::Decoder() : draft_(std::make_unique<Draft<T>>()) {}
template <class T>
Decoder<T>::~Decoder() = default;
template <class T>
Decoder<T>::Decoder(Decoder&& other) noexcept = default;
template <class T>
Decoder<T>& Decoder<T>::operator=(Decoder&& other) noexcept = default;

// Reads and checks in one go.
template <class T>
DecodeResult<T> Decoder<T>::decode(std::string_view json) {
  Draft<T>& draft = *draft_;
  draft.begin_again();
  auto read = read_json(json, Draft<T>::place(), draft);
  const NamespacedName& id = draft.metadata.metadata.id;
  if (!read) return tl::unexpected(at(id, std::move(read.error())));
  if (Complaint complaint = check_identity(draft.kind, Draft<T>::kKind, draft.metadata.metadata)) {
    return tl::unexpected(DecodeError{.id = id, .field = {}, .reason = complaint});
  }
  auto finished = draft.finish();
  if (!finished) return tl::unexpected(at(id, std::move(finished.error())));
  return std::move(*finished);
}

}  // namespace kube
