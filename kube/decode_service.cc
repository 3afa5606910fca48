#include <algorithm>
#include <chrono>

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

// An address that cannot be believed is left out alone: the Service's others are not its fault.
Complaint add_external_ip(Draft<Service>& draft, std::string_view text) {
  const auto address = parse_address(text);
  if (address && is_routable(*address)) {
    draft.external_ips.push_back(*address);
  } else {
    draft.left_out.add("spec.externalIPs", text, "is no address of a service");
  }
  return nullptr;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

Complaint add_source_range(Draft<Service>& draft, std::string_view text) {
  draft.has_source_ranges = true;
  if (const auto range = parse_cidr_range(trimmed(text))) {
    draft.source_ranges.push_back(*range);
  } else {
    draft.left_out.add("spec.loadBalancerSourceRanges", text, "is no range of addresses");
  }
  return nullptr;
}

// What a later API may add is taken for the default, and said.
template <auto Policy>
Complaint set_policy(Draft<Service>& draft, std::string_view text) {
  if (text == "Local") {
    draft.*Policy = TrafficPolicy::kLocal;
  } else if (!text.empty() && text != "Cluster") {
    draft.left_out.add("spec", text, "is no traffic policy known here, taken for Cluster");
  }
  return nullptr;
}

Complaint set_session_affinity(Draft<Service>& draft, std::string_view text) {
  draft.affine = text == "ClientIP";
  return draft.affine || text.empty() || text == "None" ? nullptr : "is no session affinity";
}

Complaint set_affinity_timeout(Draft<Service>& draft, std::int64_t value) {
  if (value < 1 || value > 86400) return "is no time of affinity (1..86400 s)";
  draft.affinity_timeout = std::chrono::seconds(value);
  return nullptr;
}

Complaint set_health_check_node_port(Draft<Service>& draft, std::int64_t value) {
  return value == 0 ? nullptr : set_port(draft.health_check_node_port, value);
}

IngressDraft* next_ingress(Draft<Service>& draft) { return &draft.ingress.emplace_back(); }

Complaint set_node_port(ServicePort& port, std::int64_t value) {
  return value == 0 ? nullptr : set_port(port.node_port, value);
}

// Ranges of which none can be believed must not open the load balancer's addresses to everybody.
bool is_closed(const Draft<Service>& draft) {
  return draft.has_source_ranges && draft.source_ranges.empty();
}

std::vector<Address> usable_ingress(Draft<Service>& draft) {
  std::vector<Address> addresses;
  if (draft.type != ServiceType::kLoadBalancer || is_closed(draft)) return addresses;
  for (const IngressDraft& ingress : draft.ingress) {
    if (ingress.ip.empty() || ingress.ip_mode == "Proxy") continue;
    const auto address = parse_address(ingress.ip);
    if (address && is_routable(*address)) {
      addresses.push_back(*address);
    } else {
      draft.left_out.add("status.loadBalancer.ingress", ingress.ip, "is no address of a service");
    }
  }
  return addresses;
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
                   {"externalIPs", list(text<&add_external_ip>())},
                   {"loadBalancerSourceRanges", list(text<&add_source_range>())},
                   {"externalTrafficPolicy", text<&set_policy<&Draft::external_policy>>()},
                   {"internalTrafficPolicy", text<&set_policy<&Draft::internal_policy>>()},
                   {"healthCheckNodePort", number<&set_health_check_node_port>()},
                   {"sessionAffinity", text<&set_session_affinity>()},
                   {"sessionAffinityConfig",
                    object<Draft>({
                        {"clientIP", object<Draft>({
                                         {"timeoutSeconds", number<&set_affinity_timeout>()},
                                     })},
                    })},
               })},
      {"status",
       object<Draft>({
           {"loadBalancer", object<Draft>({
                                {"ingress", list<&next_ingress>(object<IngressDraft>({
                                                {"ip", text<&IngressDraft::ip>()},
                                                {"ipMode", text<&IngressDraft::ip_mode>()},
                                            }))},
                            })},
       })},
  });
  return place;
}

void Draft<Service>::begin_again() {
  *this = Draft{.cluster_ips = emptied(cluster_ips),
                .ports = emptied(ports),
                .external_ips = emptied(external_ips),
                .ingress = emptied(ingress),
                .source_ranges = emptied(source_ranges)};
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
  std::vector<Address> load_balancer_ips = usable_ingress(*this);
  return Decoded<Service>{
      .object = {.metadata = std::move(metadata.metadata),
                 .type = type,
                 .cluster_ips = fitted(cluster_ips),
                 .ports = fitted(ports),
                 .external_ips = fitted(external_ips),
                 .load_balancer_ips = std::move(load_balancer_ips),
                 .source_ranges = fitted(source_ranges),
                 .external_policy = external_policy,
                 .internal_policy = internal_policy,
                 .health_check_node_port = health_check_node_port,
                 .session_affinity = affine ? std::optional(affinity_timeout) : std::nullopt},
      .left_out = left_out.text()};
}

template class Decoder<Service>;

}  // namespace kube
