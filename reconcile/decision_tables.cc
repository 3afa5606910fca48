#include "reconcile/decision_tables.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "ipvs/words.h"
#include "reconcile/duration.h"

namespace reconcile {
namespace {

// Every Service in `namespace_name` with what it asks for, in the order of the names.
template <class Visit>
void for_each_state(const Reconciliation& decision, std::string_view namespace_name, Visit visit) {
  for (const auto& [name, state] : decision.desired_state().services()) {
    if (namespace_name.empty() || name->namespace_name == namespace_name) visit(*name, *state);
  }
}

const ObservedServer* observed(const ObservedVirtualServer* parent,
                               const ipvs::RealServerId& server) {
  if (parent == nullptr) return nullptr;
  const auto found = parent->real_servers.find(server);
  return found == parent->real_servers.end() ? nullptr : &found->second;
}

bool lost(const Reconciliation& decision, const kube::NamespacedName& name,
          const DesiredVirtualServer& server) {
  const auto losers = decision.desired_state().losers(server.id);
  return std::ranges::find(losers, name) != losers.end();
}

std::string state_word(const Reconciliation& decision, const kube::NamespacedName& name,
                       const DesiredVirtualServer& server) {
  if (lost(decision, name, server)) return "ClaimLost";
  if (decision.observed_state().virtual_server(server.id) == nullptr) return "Missing";
  return "Programmed";
}

std::string affinity_text(const ipvs::VirtualServer& settings) {
  const auto seconds = settings.timeout.count();
  return seconds == 0 ? "" : fmt::format("{}s", seconds);
}

TableRows service_rows(const Reconciliation& decision, std::string_view namespace_name) {
  TableRows rows;
  for_each_state(decision, namespace_name, [&](const auto& name, const ServiceState& state) {
    for (const auto& server : state.virtual_servers) {
      rows.add({name.namespace_name, name.name, to_string(server.kind),
                ipvs::protocol_word(server.id.protocol),
                ipvs::endpoint_text(server.id.address, server.id.port),
                std::to_string(server.real_servers.size()), state_word(decision, name, server),
                server.settings.scheduler, affinity_text(server.settings)});
    }
  });
  return rows;
}

void add_endpoint(TableRows& rows, const kube::NamespacedName& name, std::string_view server,
                  const ipvs::RealServerId& id, const ObservedServer* held) {
  if (held == nullptr) {
    rows.add({name.namespace_name, name.name, server, ipvs::to_string(id), "", "", ""});
  } else {
    rows.add({name.namespace_name, name.name, server, ipvs::to_string(id),
              std::to_string(held->settings.weight), std::to_string(held->connections.active),
              std::to_string(held->connections.inactive)});
  }
}

TableRows endpoint_rows(const Reconciliation& decision, std::string_view namespace_name) {
  TableRows rows;
  for_each_state(decision, namespace_name, [&](const auto& name, const ServiceState& state) {
    for (const auto& server : state.virtual_servers) {
      if (lost(decision, name, server)) continue;
      const auto text = ipvs::to_string(server.id);
      const auto* parent = decision.observed_state().virtual_server(server.id);
      for (const auto& [id, settings] : server.real_servers)
        add_endpoint(rows, name, text, id, observed(parent, id));
    }
  });
  return rows;
}

// Whose virtual server that is; nobody's: an empty name.
kube::NamespacedName owner(const Reconciliation& decision, const ipvs::VirtualServerId& id) {
  const auto& desired = decision.desired_state();
  return desired.virtual_server(id) == nullptr ? kube::NamespacedName{} : desired.owner(id);
}

TableRows drain_rows(const Reconciliation& decision, std::string_view namespace_name,
                     TimePoint now) {
  std::vector<std::array<std::string, 7>> drains;
  for (const auto& [drain, deadline] : decision.drains().deadlines()) {
    const auto name = owner(decision, drain.virtual_server);
    if (!namespace_name.empty() && name.namespace_name != namespace_name) continue;
    const auto* held =
        observed(decision.observed_state().virtual_server(drain.virtual_server), drain.real_server);
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(deadline - now);
    drains.push_back({name.namespace_name, name.name, ipvs::to_string(drain.virtual_server),
                      ipvs::to_string(drain.real_server),
                      held == nullptr ? "" : std::to_string(held->connections.active),
                      held == nullptr ? "" : std::to_string(held->connections.inactive),
                      go_duration(std::max(left, std::chrono::seconds(0)))});
  }
  std::ranges::sort(drains);
  TableRows rows;
  for (const auto& row : drains) rows.add({row[0], row[1], row[2], row[3], row[4], row[5], row[6]});
  return rows;
}

TableRows foreign_rows(const Reconciliation& decision) {
  TableRows rows;
  for (const auto& id : decision.observed_state().foreign()) {
    const auto* server = decision.observed_state().virtual_server(id);
    rows.add({ipvs::to_string(id), server->settings.scheduler,
              std::to_string(server->real_servers.size())});
  }
  return rows;
}

}  // namespace

std::optional<TextTable> decision_table(const Reconciliation& reconciliation, std::string_view what,
                                        std::string_view namespace_name, TimePoint now) {
  if (what == "services") {
    return TextTable{"ServiceAddress",
                     {"NAMESPACE", "NAME", "KIND", "PROTOCOL", "ADDRESS", "ENDPOINTS", "STATE",
                      "SCHEDULER", "AFFINITY"},
                     2,
                     service_rows(reconciliation, namespace_name)};
  }
  if (what == "endpoints") {
    return TextTable{
        "Endpoint",
        {"NAMESPACE", "NAME", "SERVICE ADDRESS", "ENDPOINT", "WEIGHT", "ACTIVE", "INACTIVE"},
        0,
        endpoint_rows(reconciliation, namespace_name)};
  }
  if (what == "drains") {
    return TextTable{
        "Drain",
        {"NAMESPACE", "NAME", "SERVICE ADDRESS", "ENDPOINT", "ACTIVE", "INACTIVE", "TIME LEFT"},
        0,
        drain_rows(reconciliation, namespace_name, now)};
  }
  if (what != "foreign") return std::nullopt;
  return TextTable{
      "ForeignServer", {"ADDRESS", "SCHEDULER", "ENDPOINTS"}, 0, foreign_rows(reconciliation)};
}

}  // namespace reconcile
