#include <algorithm>

#include "kube/address_text.h"
#include "kube/drafts.h"

namespace kube {
namespace {

constexpr std::size_t kMaxPorts = 20'000;
constexpr std::size_t kMaxClusterIps = 2;

Complaint set_type(Draft<Service>& draft, std::string_view text) {
  if (text == "ClusterIP") {
    draft.type = ServiceType::kClusterIp;
  } else if (text == "NodePort") {
    draft.type = ServiceType::kNodePort;
  } else if (text == "LoadBalancer") {
    draft.type = ServiceType::kLoadBalancer;
  } else if (text == "ExternalName") {
    draft.type = ServiceType::kExternalName;
  } else {
    return "is no type of Service";
  }
  return nullptr;
}

bool is_none(std::string_view text) { return text.empty() || text == "None"; }

Complaint set_cluster_ip(Draft<Service>& draft, std::string_view text) {
  if (is_none(text)) return nullptr;
  const auto address = parse_address(text);
  if (!address || !is_routable(*address)) return "is no address of a service";
  draft.cluster_ip = *address;
  return nullptr;
}

Complaint add_cluster_ip(Draft<Service>& draft, std::string_view text) {
  if (is_none(text)) return nullptr;
  const auto address = parse_address(text);
  if (!address || !is_routable(*address)) return "is no address of a service";
  const auto same_family = [&](const Address& other) { return other.is_v4() == address->is_v4(); };
  if (draft.cluster_ips.size() == kMaxClusterIps ||
      std::any_of(draft.cluster_ips.begin(), draft.cluster_ips.end(), same_family)) {
    return "is a second address of its family";
  }
  draft.cluster_ips.push_back(*address);
  return nullptr;
}

ServicePort* next_port(Draft<Service>& draft) {
  return draft.ports.size() == kMaxPorts ? nullptr : &draft.ports.emplace_back();
}

Complaint set_port_protocol(ServicePort& port, std::string_view text) {
  return set_protocol(port.protocol, text);
}

Complaint set_port_number(ServicePort& port, std::int64_t value) {
  return set_port(port.port, value);
}

Complaint set_node_port(ServicePort& port, std::int64_t value) {
  return value == 0 ? nullptr : set_port(port.node_port, value);
}

}  // namespace

const Place<Draft<Service>>& Draft<Service>::place() {
  static const auto place = object<Draft>({
      {"kind", text<&Draft::kind>()},
      {"metadata", within<&Draft::metadata>(metadata_place())},
      {"spec", object<Draft>({
                   {"type", text<&set_type>()},
                   {"clusterIP", text<&set_cluster_ip>()},
                   {"clusterIPs", list(text<&add_cluster_ip>())},
                   {"ports", list<&next_port>(object<ServicePort>({
                                 {"name", text<&ServicePort::name>()},
                                 {"protocol", text<&set_port_protocol>()},
                                 {"port", number<&set_port_number>()},
                                 {"nodePort", number<&set_node_port>()},
                             }))},
               })},
  });
  return place;
}

tl::expected<Decoded<Service>, JsonError> Draft<Service>::finish() {
  for (std::size_t index = 0; index < ports.size(); ++index) {
    if (ports[index].port == 0) {
      return tl::unexpected(JsonError{.field = "spec.ports[" + std::to_string(index) + "].port",
                                      .reason = "is missing"});
    }
  }
  // Objects stored before dual stack have the singular field only.
  if (cluster_ips.empty() && !cluster_ip.is_unspecified()) cluster_ips.push_back(cluster_ip);
  if (type == ServiceType::kExternalName) cluster_ips.clear();
  return Decoded<Service>{.object = {.metadata = std::move(metadata.metadata),
                                     .type = type,
                                     .cluster_ips = std::move(cluster_ips),
                                     .ports = std::move(ports)},
                          .left_out = {}};
}

template <>
DecodeResult<Service> decode(std::string_view json) {
  return decode_draft<Service>(json);
}

}  // namespace kube
