#include "reconcile/decision_tables.h"

#include <fmt/core.h>

#include <algorithm>

#include "ipvs/words.h"
#include "reconcile/duration.h"

namespace reconcile {
namespace {

using Rows = std::vector<std::vector<std::string>>;

// Every Service in `namespace_name` with what it asks for, in the order of the names.
template <class Visit>
void for_each_state(const Reconciliation& decision, std::string_view namespace_name, Visit visit) {
  const auto names = decision.cluster().services_if([&](const kube::Service& service, const auto&) {
    return namespace_name.empty() || service.metadata.id.namespace_name == namespace_name;
  });
  for (const auto& name : names) {
    const auto* state = decision.desired_state().state_of(name);
    if (state != nullptr) visit(name, *state);
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

Rows service_rows(const Reconciliation& decision, std::string_view namespace_name) {
  Rows rows;
  for_each_state(decision, namespace_name, [&](const auto& name, const ServiceState& state) {
    for (const auto& server : state.virtual_servers) {
      rows.push_back({name.namespace_name, name.name, std::string(to_string(server.kind)),
                      std::string(ipvs::protocol_word(server.id.protocol)),
                      ipvs::endpoint_text(server.id.address, server.id.port),
                      std::to_string(server.real_servers.size()),
                      state_word(decision, name, server), server.settings.scheduler,
                      server.settings.timeout.count() == 0
                          ? ""
                          : fmt::format("{}s", server.settings.timeout.count())});
    }
  });
  return rows;
}

// Row by row, for there may be a hundred thousand.
std::vector<std::string> endpoint_row(const kube::NamespacedName& name, const std::string& server,
                                      const ipvs::RealServerId& id, const ObservedServer* held) {
  std::vector<std::string> row;
  row.reserve(7);
  row.push_back(name.namespace_name);
  row.push_back(name.name);
  row.push_back(server);
  row.push_back(ipvs::to_string(id));
  row.push_back(held == nullptr ? "" : std::to_string(held->settings.weight));
  row.push_back(held == nullptr ? "" : std::to_string(held->connections.active));
  row.push_back(held == nullptr ? "" : std::to_string(held->connections.inactive));
  return row;
}

Rows endpoint_rows(const Reconciliation& decision, std::string_view namespace_name) {
  Rows rows;
  for_each_state(decision, namespace_name, [&](const auto& name, const ServiceState& state) {
    for (const auto& server : state.virtual_servers) {
      if (lost(decision, name, server)) continue;
      const auto text = ipvs::to_string(server.id);
      const auto* parent = decision.observed_state().virtual_server(server.id);
      for (const auto& [id, settings] : server.real_servers) {
        rows.push_back(endpoint_row(name, text, id, observed(parent, id)));
      }
    }
  });
  return rows;
}

// Whose virtual server that is; nobody's: an empty name.
kube::NamespacedName owner(const Reconciliation& decision, const ipvs::VirtualServerId& id) {
  const auto& desired = decision.desired_state();
  return desired.virtual_server(id) == nullptr ? kube::NamespacedName{} : desired.owner(id);
}

Rows drain_rows(const Reconciliation& decision, std::string_view namespace_name, TimePoint now) {
  Rows rows;
  for (const auto& [drain, deadline] : decision.drains().deadlines()) {
    const auto name = owner(decision, drain.virtual_server);
    if (!namespace_name.empty() && name.namespace_name != namespace_name) continue;
    const auto* held =
        observed(decision.observed_state().virtual_server(drain.virtual_server), drain.real_server);
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(deadline - now);
    rows.push_back({name.namespace_name, name.name, ipvs::to_string(drain.virtual_server),
                    ipvs::to_string(drain.real_server),
                    held == nullptr ? "" : std::to_string(held->connections.active),
                    held == nullptr ? "" : std::to_string(held->connections.inactive),
                    go_duration(std::max(left, std::chrono::seconds(0)))});
  }
  std::ranges::sort(rows);
  return rows;
}

Rows foreign_rows(const Reconciliation& decision) {
  Rows rows;
  for (const auto& id : decision.observed_state().foreign()) {
    const auto* server = decision.observed_state().virtual_server(id);
    rows.push_back({ipvs::to_string(id), server->settings.scheduler,
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
