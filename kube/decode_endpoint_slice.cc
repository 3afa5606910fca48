#include <fmt/format.h>

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

EndpointDraft* next_endpoint(Draft<EndpointSlice>& draft) {
  return draft.endpoints.size() == kMaxEndpoints ? nullptr : &draft.endpoints.emplace_back();
}

// Consumers use the first address only (API reference, discovery.k8s.io/v1 Endpoint).
Complaint add_address(EndpointDraft& draft, std::string_view text) {
  if (draft.has_address) return nullptr;
  draft.has_address = true;
  const auto address = parse_address(text);
  if (address && is_routable(*address)) {
    draft.endpoint.address = *address;
  } else {
    draft.refused_address = text.substr(0, 64);
  }
  return nullptr;
}

template <auto Member>
Complaint set_endpoint(EndpointDraft& draft, bool value) {
  draft.endpoint.*Member = value;
  return nullptr;
}

Complaint set_node_name(EndpointDraft& draft, std::string_view text) {
  draft.endpoint.node_name = std::string(text);
  return nullptr;
}

EndpointDraft* next_hint(EndpointDraft& draft) {
  const bool full = draft.zone_hints.size() + draft.node_hints.size() == kMaxHints;
  return full ? nullptr : &draft;
}

template <auto Hints>
Complaint add_hint(EndpointDraft& draft, std::string_view text) {
  (draft.*Hints).emplace_back(text);
  return nullptr;
}

template <auto Hints>
Place<EndpointDraft> hints_place() {
  return list<&next_hint>(object<EndpointDraft>({{"name", text<&add_hint<Hints>>()}}));
}

Place<EndpointDraft> endpoint_place() {
  return object<EndpointDraft>({
      {"addresses", list(text<&add_address>())},
      {"conditions", object<EndpointDraft>({
                         {"ready", flag<&set_endpoint<&Endpoint::ready>>()},
                         {"serving", flag<&set_endpoint<&Endpoint::serving>>()},
                         {"terminating", flag<&set_endpoint<&Endpoint::terminating>>()},
                     })},
      {"nodeName", text<&set_node_name>()},
      {"hints", object<EndpointDraft>({
                    {"forZones", hints_place<&EndpointDraft::zone_hints>()},
                    {"forNodes", hints_place<&EndpointDraft::node_hints>()},
                })},
  });
}

tl::expected<AddressType, JsonError> address_type_of(std::string_view text) {
  if (text == "IPv4") return AddressType::kIpv4;
  if (text == "IPv6") return AddressType::kIpv6;
  if (text == "FQDN") return AddressType::kFqdn;
  return tl::unexpected(JsonError{.field = "addressType", .reason = "is none of IPv4, IPv6, FQDN"});
}

bool is_of(const EndpointDraft& draft, AddressType type) {
  const Address& address = draft.endpoint.address;
  return !address.is_unspecified() && address.is_v4() == (type == AddressType::kIpv4);
}

Endpoint finished(EndpointDraft& draft) {
  draft.endpoint.zone_hints = std::move(draft.zone_hints);
  draft.endpoint.node_hints = std::move(draft.node_hints);
  return std::move(draft.endpoint);
}

std::string shown(const EndpointDraft& draft) {
  if (!draft.refused_address.empty()) return draft.refused_address;
  return draft.has_address ? draft.endpoint.address.to_string() : "";
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

tl::expected<Decoded<EndpointSlice>, JsonError> Draft<EndpointSlice>::finish() {
  const auto type = address_type_of(address_type);
  if (!type) return tl::unexpected(type.error());
  // A port entry without a number means every port: nothing a virtual server could express.
  std::erase_if(ports, [](const EndpointPort& port) { return port.port == 0; });
  Decoded<EndpointSlice> decoded{.object = {.metadata = std::move(metadata.metadata),
                                            .service_name = std::move(metadata.service_name),
                                            .address_type = *type,
                                            .ports = std::move(ports),
                                            .endpoints = {},
                                            .last_change = metadata.last_change},
                                 .left_out = {}};
  if (*type == AddressType::kFqdn) return decoded;
  decoded.object.endpoints.reserve(endpoints.size());
  LeftOut left_out;
  for (std::size_t index = 0; index < endpoints.size(); ++index) {
    if (is_of(endpoints[index], *type)) {
      decoded.object.endpoints.push_back(finished(endpoints[index]));
    } else {
      left_out.add(fmt::format("endpoints[{}]", index), shown(endpoints[index]),
                   fmt::format("is no address of an {} endpoint", address_type));
    }
  }
  decoded.left_out = left_out.text();
  return decoded;
}

template <>
DecodeResult<EndpointSlice> decode(std::string_view json) {
  return decode_draft<EndpointSlice>(json);
}

}  // namespace kube
