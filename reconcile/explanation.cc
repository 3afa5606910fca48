#include "reconcile/explanation.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "ipvs/words.h"
#include "reconcile/packet_trace.h"

namespace reconcile {
namespace {

std::string_view field_of(EndpointVerdict verdict) {
  switch (verdict) {
    case EndpointVerdict::kNotReady:
      return "conditions.ready";
    case EndpointVerdict::kTerminating:
    case EndpointVerdict::kUsedTerminating:
      return "conditions.terminating";
    case EndpointVerdict::kNotLocal:
      return "nodeName";
    case EndpointVerdict::kOtherNode:
      return "hints.forNodes";
    case EndpointVerdict::kOtherZone:
      return "hints.forZones";
    case EndpointVerdict::kWrongFamily:
      return "addressType";
    case EndpointVerdict::kOtherPort:
      return "ports";
    case EndpointVerdict::kUsed:
    case EndpointVerdict::kDuplicate:
    case EndpointVerdict::kRefusedAddress:
      break;
  }
  return "addresses";
}

bool asked_for(const Question& question, const kube::ServicePort& port) {
  return question.port.empty() || question.port == port.name ||
         question.port == std::to_string(port.port);
}

// The port of the Service that `server` stands for.
const kube::ServicePort* port_of(const kube::Service& service, const DesiredVirtualServer& server) {
  const auto found = std::ranges::find_if(service.ports, [&](const kube::ServicePort& port) {
    const auto number = server.kind == FrontendKind::kNodePort ? port.node_port : port.port;
    return number == server.id.port && protocol_of(port.protocol) == server.id.protocol;
  });
  return found == service.ports.end() ? nullptr : &*found;
}

// Writes the answer, line by line.
class Explanation {
 public:
  Explanation(const Reconciliation& decision, const Question& question,
              const kube::Service& service)
      : decision_(decision),
        question_(question),
        service_(service),
        slices_(decision.cluster().slices_of(service.metadata.id)) {}

  std::string text() {
    add("{} on node {}\n", kube::to_string(question_.service), decision_.facts().config().name);
    const auto* state = decision_.desired_state().state_of(question_.service);
    if (state == nullptr || state->virtual_servers.empty()) {
      add("  it asks for no virtual server here: it is headless, of type ExternalName, or without "
          "ports\n");
    } else {
      for (const auto& server : state->virtual_servers) add_server(server);
    }
    if (state != nullptr) {
      for (const auto& complaint : state->complaints) add("  not done: {}\n", to_string(complaint));
    }
    return std::move(text_);
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }
  void add_server(const DesiredVirtualServer& server);
  void add_endpoints(const DesiredVirtualServer& server, const kube::ServicePort& port);
  void add_endpoint(const JudgedEndpoint& judged);
  void add_packet(const DesiredVirtualServer& server);
  [[nodiscard]] Entry entry_of(const ipvs::Address& from) const;

  const Reconciliation& decision_;
  const Question& question_;
  const kube::Service& service_;
  std::vector<const kube::EndpointSlice*> slices_;
  std::string text_;
};

void Explanation::add_server(const DesiredVirtualServer& server) {
  const auto* port = port_of(service_, server);
  if (port == nullptr || !asked_for(question_, *port)) return;
  add("  {} ({}{}{}, scheduler {}): {} real servers\n", ipvs::to_string(server.id),
      to_string(server.kind), port->name.empty() ? "" : ", port ", port->name,
      server.settings.scheduler, server.real_servers.size());
  const auto losers = decision_.desired_state().losers(server.id);
  if (std::ranges::find(losers, question_.service) != losers.end()) {
    add("    not programmed for this Service: an older one has this address and port\n");
  }
  add_endpoints(server, *port);
  if (question_.from) add_packet(server);
}

void Explanation::add_endpoints(const DesiredVirtualServer& server, const kube::ServicePort& port) {
  const Endpoints endpoints(port, family_of(server.id.address), slices_);
  const auto& here = decision_.facts().location();
  auto list = list_for(service_, server.kind);
  auto judged = endpoints.judged(list, here, slices_);
  const bool anybody =
      std::ranges::any_of(judged, [](const JudgedEndpoint& each) { return is_used(each.verdict); });
  if (list == EndpointList::kLocal && !anybody && !server.real_servers.empty()) {
    add("    no endpoint is on this node (externalTrafficPolicy Local): pods and this node are "
        "served "
        "by the others, everybody else is dropped\n");
    judged = endpoints.judged(EndpointList::kCluster, here, slices_);
  }
  if (judged.empty()) add("    no EndpointSlice names an endpoint\n");
  for (const auto& each : judged) {
    if (!question_.endpoint || each.endpoint->address == *question_.endpoint) add_endpoint(each);
  }
}

void Explanation::add_endpoint(const JudgedEndpoint& judged) {
  const auto index = judged.endpoint - judged.slice->endpoints.data();
  const auto subject = judged.port == 0
                           ? judged.endpoint->address.to_string()
                           : ipvs::endpoint_text(judged.endpoint->address, judged.port);
  add("    {:<24} {}{}  (EndpointSlice {}, endpoints[{}].{})\n", subject,
      is_used(judged.verdict) ? "" : "not used: ", to_string(judged.verdict),
      judged.slice->metadata.id.name, index, field_of(judged.verdict));
}

Entry Explanation::entry_of(const ipvs::Address& from) const {
  if (decision_.facts().has(from)) return Entry::kNode;
  const auto& node = decision_.cluster().node();
  const bool here = node && std::ranges::any_of(node->pod_cidrs, [&](const kube::CidrRange& range) {
                      return range.contains(from);
                    });
  return here ? Entry::kLocalPod : Entry::kOutside;
}

void Explanation::add_packet(const DesiredVirtualServer& server) {
  if (question_.from->is_v6() != server.id.address.is_v6()) return;
  const Packet packet{.entry = entry_of(*question_.from),
                      .source = *question_.from,
                      .destination = server.id.address,
                      .protocol = server.id.protocol,
                      .port = server.id.port};
  auto tables = tables_for(decision_.desired_state(), packet);
  tables.own = decision_.facts().own_addresses();
  tables.pods_by_interface = !decision_.facts().config().rules.pod_interface.empty();
  const auto fate = trace(tables, packet);
  add("    a packet from {}: ", question_.from->to_string());
  if (const auto* forwarded = std::get_if<Forwarded>(&fate)) {
    for (const auto& each : forwarded->servers) {
      add("{}{}{}", &each == &forwarded->servers.front() ? "to " : " or ", ipvs::to_string(each.id),
          each.masqueraded ? " (masqueraded)" : "");
    }
    add("\n");
  } else if (const auto* refused = std::get_if<Refused>(&fate)) {
    add("refused: {}\n", refused->reason);
  } else if (const auto* dropped = std::get_if<Dropped>(&fate)) {
    add("dropped: {}\n", dropped->reason);
  } else {
    add("not ours: the node does with it what it does with any other\n");
  }
}

}  // namespace

std::optional<Question> parse_question(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos || slash == 0) return std::nullopt;
  const auto colon = std::min(text.find(':', slash), text.size());
  Question question{.service = {.namespace_name = text.substr(0, slash),
                                .name = text.substr(slash + 1, colon - slash - 1)},
                    .port = text.substr(std::min(colon + 1, text.size())),
                    .endpoint = {},
                    .from = {}};
  if (question.service.name.empty()) return std::nullopt;
  return question;
}

std::optional<std::string> explain(const Reconciliation& reconciliation, const Question& question) {
  const auto* service = reconciliation.cluster().service(question.service);
  if (service == nullptr) return std::nullopt;
  return Explanation(reconciliation, question, *service).text();
}

}  // namespace reconcile
