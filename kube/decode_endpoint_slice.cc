#include <fmt/core.h>

#include <algorithm>

#include "kube/address_text.h"
#include "kube/drafts.h"

namespace kube {
namespace {

constexpr std::size_t kMaxPorts = 20'000;
constexpr std::size_t kMaxEndpoints = 1000;
constexpr std::size_t kMaxHints = 64;  // of one endpoint; the API server allows eight of each

EndpointPort* next_port(Draft<EndpointSlice>& draft) {
  return draft.ports.size() == kMaxPorts ? nullptr : &draft.ports.emplace_back();
}

Complaint set_port_protocol(EndpointPort& port, std::string_view text) {
  return set_protocol(port.protocol, text);
}

Complaint set_port_number(EndpointPort& port, std::int64_t value) {
  return set_port(port.port, value);
}

// Endpoints are read into the end of the slice's list.
using SliceDraft = Draft<EndpointSlice>;

SliceDraft* next_endpoint(SliceDraft& draft) {
  if (draft.endpoints.size() == kMaxEndpoints) return nullptr;
  draft.end_endpoint();
  draft.endpoints.emplace_back();
  return &draft;
}

// Consumers use the first address only (API reference, discovery.k8s.io/v1 Endpoint).
Complaint add_address(SliceDraft& draft, std::string_view text) {
  if (draft.has_address) return nullptr;
  draft.has_address = true;
  const auto address = parse_address(text);
  if (address && is_routable(*address)) {
    draft.endpoints.back().address = *address;
  } else {
    draft.refused.push_back(
        {.endpoint = draft.endpoints.size() - 1, .text = std::string(text.substr(0, 64))});
  }
  return nullptr;
}

template <auto Member>
Complaint set_endpoint(SliceDraft& draft, bool value) {
  draft.endpoints.back().*Member = value;
  return nullptr;
}

Complaint set_node_name(SliceDraft& draft, std::string_view text) {
  draft.endpoints.back().node_name = Interned<std::string>(text);
  return nullptr;
}

SliceDraft* next_hint(SliceDraft& draft) {
  const bool full = draft.zone_hints.size() + draft.node_hints.size() == kMaxHints;
  return full ? nullptr : &draft;
}

template <auto Hints>
Complaint add_hint(SliceDraft& draft, std::string_view text) {
  (draft.*Hints).emplace_back(text);
  return nullptr;
}

template <auto Hints>
Place<SliceDraft> hints_place() {
  return list<&next_hint>(object<SliceDraft>({{"name", text<&add_hint<Hints>>()}}));
}

Place<SliceDraft> endpoint_place() {
  return object<SliceDraft>({
      {"addresses", list(text<&add_address>())},
      {"conditions", object<SliceDraft>({
                         {"ready", flag<&set_endpoint<&Endpoint::ready>>()},
                         {"serving", flag<&set_endpoint<&Endpoint::serving>>()},
                         {"terminating", flag<&set_endpoint<&Endpoint::terminating>>()},
                     })},
      {"nodeName", text<&set_node_name>()},
      {"hints", object<SliceDraft>({
                    {"forZones", hints_place<&SliceDraft::zone_hints>()},
                    {"forNodes", hints_place<&SliceDraft::node_hints>()},
                })},
  });
}

tl::expected<AddressType, JsonError> address_type_of(std::string_view text) {
  if (text == "IPv4") return AddressType::kIpv4;
  if (text == "IPv6") return AddressType::kIpv6;
  if (text == "FQDN") return AddressType::kFqdn;
  return tl::unexpected(JsonError{.field = "addressType", .reason = "is none of IPv4, IPv6, FQDN"});
}

bool is_of(const Endpoint& endpoint, AddressType type) {
  const Address& address = endpoint.address;
  return !address.is_unspecified() && address.is_v4() == (type == AddressType::kIpv4);
}

std::string shown_address(const SliceDraft& draft, std::size_t endpoint) {
  const auto refused =
      std::find_if(draft.refused.begin(), draft.refused.end(),
                   [&](const RefusedAddress& address) { return address.endpoint == endpoint; });
  if (refused != draft.refused.end()) return refused->text;
  const Address& address = draft.endpoints[endpoint].address;
  return address.is_unspecified() ? "" : address.to_string();
}

// Moves the endpoints that are of the slice's family to `usable`.
LeftOut take_usable(SliceDraft& draft, AddressType type, std::vector<Endpoint>& usable) {
  LeftOut left_out;
  const auto count = std::count_if(draft.endpoints.begin(), draft.endpoints.end(),
                                   [&](const Endpoint& one) { return is_of(one, type); });
  usable.reserve(static_cast<std::size_t>(count));
  for (std::size_t index = 0; index < draft.endpoints.size(); ++index) {
    if (is_of(draft.endpoints[index], type)) {
      usable.push_back(std::move(draft.endpoints[index]));
    } else {
      left_out.add(fmt::format("endpoints[{}]", index), shown_address(draft, index),
                   fmt::format("is no address of an {} endpoint", draft.address_type));
    }
  }
  return left_out;
}

}  // namespace

const Place<Draft<EndpointSlice>>& Draft<EndpointSlice>::place() {
  static const auto place = object<Draft>({
      {"kind", text<&Draft::kind>()},
      {"metadata", within<&Draft::metadata>(metadata_place())},
      {"addressType", text<&Draft::address_type>()},
      {"ports", list<&next_port>(object<EndpointPort>({
                    {"name", text<&EndpointPort::name>()},
                    {"protocol", text<&set_port_protocol>()},
                    {"port", number<&set_port_number>()},
                }))},
      {"endpoints", list<&next_endpoint>(endpoint_place())},
  });
  return place;
}

void Draft<EndpointSlice>::begin_again() {
  *this = Draft{.ports = emptied(ports),
                .endpoints = emptied(endpoints),
                .refused = emptied(refused),
                .zone_hints = emptied(zone_hints),
                .node_hints = emptied(node_hints)};
}

void Draft<EndpointSlice>::end_endpoint() {
  has_address = false;
  if (endpoints.empty()) return;
  endpoints.back().zone_hints = zone_hints;
  endpoints.back().node_hints = node_hints;
  zone_hints.clear();
  node_hints.clear();
}

tl::expected<Decoded<EndpointSlice>, JsonError> Draft<EndpointSlice>::finish() {
  const auto type = address_type_of(address_type);
  if (!type) return tl::unexpected(type.error());
  end_endpoint();
  // A port entry without a number means every port: nothing a virtual server could express.
  std::erase_if(ports, [](const EndpointPort& port) { return port.port == 0; });
  Decoded<EndpointSlice> decoded{.object = {.metadata = std::move(metadata.metadata),
                                            .service_name = std::move(metadata.service_name),
                                            .address_type = *type,
                                            .ports = fitted(ports),
                                            .endpoints = {},
                                            .last_change = metadata.last_change},
                                 .left_out = {}};
  if (*type == AddressType::kFqdn) return decoded;
  decoded.left_out = take_usable(*this, *type, decoded.object.endpoints).text();
  return decoded;
}

template class Decoder<EndpointSlice>;

}  // namespace kube
