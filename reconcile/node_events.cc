#include "reconcile/node_events.h"

#include <fmt/core.h>

#include <map>
#include <utility>

#include "ipvs/words.h"
#include "reconcile/scheduler_trial.h"

namespace reconcile {
namespace {

// What is said of one Service under one reason: the first cause, and how many more there are.
struct Cause {
  std::string first;
  std::size_t count = 0;
};

using Causes = std::map<std::pair<kube::NamespacedName, std::string>, Cause>;

void add(Causes& causes, const kube::NamespacedName& service, std::string reason,
         std::string cause) {
  auto& known = causes[{service, std::move(reason)}];
  if (known.count++ == 0) known.first = std::move(cause);
}

const char* reason_of(const Complaint& complaint) {
  if (complaint.field == "spec.externalIPs") return "ExternalIPRefused";
  if (complaint.field == "status.loadBalancer.ingress") return "LoadBalancerIPRefused";
  return "PartNotServed";
}

void add_conflicts(const Reconciliation& decision, Causes& causes) {
  for (const auto& conflict : decision.conflicts()) {
    if (decision.desired_state().virtual_server(conflict.id) == nullptr) continue;
    const auto text = fmt::format(
        "{} belongs to {}, which comes first; give one of them another address or port",
        ipvs::to_string(conflict.id), kube::to_string(decision.desired_state().owner(conflict.id)));
    for (const auto& loser : conflict.losers) add(causes, loser, "ClaimLost", text);
  }
}

void add_complaints(const Reconciliation& decision, Causes& causes) {
  for (const auto& [service, complaint] : decision.complaints()) {
    if (complaint.reason == kWaitsForNodes) continue;
    add(causes, service, reason_of(complaint), to_string(complaint));
  }
}

kube::Event event_of_node(const std::string& node, std::string reason, std::string action,
                          std::string note) {
  return {.reason = std::move(reason),
          .action = std::move(action),
          .note = std::move(note),
          .regarding = {.api_version = "v1",
                        .kind = "Node",
                        .id = {.namespace_name = "", .name = node},
                        .uid = node}};
}

}  // namespace

std::vector<kube::Event> service_events(const Reconciliation& reconciliation) {
  Causes causes;
  add_conflicts(reconciliation, causes);
  add_complaints(reconciliation, causes);
  std::vector<kube::Event> events;
  for (const auto& [about, cause] : causes) {
    const auto& [name, reason] = about;
    const auto* service = reconciliation.cluster().service(name);
    if (service == nullptr) continue;
    const auto more = cause.count > 1 ? fmt::format(" (and {} more)", cause.count - 1) : "";
    events.push_back(
        {.reason = reason,
         .action = "Refuse",
         .note = cause.first + more,
         .regarding = {
             .api_version = "v1", .kind = "Service", .id = name, .uid = service->metadata.uid}});
  }
  return events;
}

std::optional<kube::Event> scheduler_event(const std::string& node, const ipvs::Error& error) {
  if (error.operation != kUseScheduler) return std::nullopt;
  return event_of_node(node, "SchedulerUnknown", "Refuse", ipvs::to_string(error));
}

kube::Event held_list_event(const std::string& node, const std::string& loss) {
  return event_of_node(
      node, "ListHeld", "Hold",
      loss +
          ": it is believed when a second one agrees, or after 'kube-ipvs release-brake' on "
          "the node");
}

}  // namespace reconcile
