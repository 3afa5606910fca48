#include "reconcile/reconciliation.h"

#include <cassert>
#include <utility>
#include <variant>

namespace reconcile {
Reconciliation::Reconciliation(NodeConfig node, std::chrono::milliseconds drain_grace)
    : node_(std::move(node)), drains_(drain_grace) {}

void Reconciliation::observed(const ipvs::Observation& observation) {
  observed_.replace(observation);
  observed_valid_ = true;
  audit_due_ = true;
}

void Reconciliation::refreshed(const std::vector<ipvs::VirtualServerId>& asked,
                               const std::vector<ipvs::ObservedVirtualServer>& servers) {
  observed_.refresh(asked, servers);
  scope_.merge({.virtual_servers = asked, .addresses = {}, .elements = {}});
}

Plan Reconciliation::decide(TimePoint now) {
  assert(ready());
  Scope scope = std::exchange(scope_, {});
  decided_ = std::exchange(dirty_, {});
  conflicts_.clear();
  for (const auto& [name, since] : decided_) scope.merge(redecide(name));
  scope.tidy();
  for (const auto& id : scope.virtual_servers) {
    if (auto losers = desired_.losers(id); !losers.empty())
      conflicts_.push_back({id, std::move(losers)});
  }
  const bool audit = std::exchange(audit_due_, false);
  if (audit) {
    scope = desired_.everything();
    scope.merge(observed_.everything_ours());
    scope.tidy();
  }
  Plan made = plan(scope, desired_, observed_, drains_, now);
  if (audit) drains_.replace(made.draining, now);
  return made;
}

bool Reconciliation::acknowledge(std::span<const ipvs::Step> steps,
                                 std::span<const ipvs::Outcome> outcomes, TimePoint now) {
  bool all_done = true;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (outcomes[i]) {
      all_done = false;
    } else {
      absorb(steps[i], now);
    }
  }
  if (!all_done) doubt();
  return all_done;
}

void Reconciliation::mark(const ServiceNames& names, TimePoint now) {
  for (const auto& name : names) dirty_.emplace(name, now);
}

Scope Reconciliation::redecide(const kube::NamespacedName& name) {
  const auto* service = cluster_.service(name);
  if (!service) return desired_.remove(name);
  const Claimant claimant{service->metadata.created, service->metadata.uid, name};
  return desired_.update(claimant, desired(*service, cluster_.slices_of(name), node_));
}

void Reconciliation::absorb(const ipvs::Step& step, TimePoint now) {
  observed_.absorb(step);
  if (const auto* edit = std::get_if<ipvs::EditRealServer>(&step)) {
    const Drain drain{edit->parent, edit->id};
    if (edit->settings.weight == 0) {
      drains_.add(drain, now);
    } else {
      drains_.end(drain);
    }
  } else if (const auto* removal = std::get_if<ipvs::DeleteRealServer>(&step)) {
    drains_.end({removal->parent, removal->id});
  } else if (const auto* gone = std::get_if<ipvs::DeleteVirtualServer>(&step)) {
    drains_.end_all(gone->id);
  }
}

}  // namespace reconcile
