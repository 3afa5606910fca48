#include "reconcile/agent_statistics.h"

#include "ipvs/step_text.h"

namespace reconcile {
namespace {

// kube-proxy's buckets: 1 ms doubled fourteen times.
std::vector<double> doubling_buckets() {
  std::vector<double> bounds;
  for (int i = 0; i < 15; ++i) bounds.push_back(0.001 * (1 << i));
  return bounds;
}

// 0.25, 0.5, 1 to 59 by 1, 60 to 115 by 5, 120 to 300 by 30.
std::vector<double> programming_buckets() {
  std::vector<double> bounds = {0.25, 0.5};
  for (int i = 1; i < 60; ++i) bounds.push_back(i);
  for (int i = 60; i < 120; i += 5) bounds.push_back(i);
  for (int i = 120; i <= 300; i += 30) bounds.push_back(i);
  return bounds;
}

// 50 us doubled up to 26 s: a change is some hundred microseconds of work.
std::vector<double> change_buckets() {
  std::vector<double> bounds;
  for (int i = 0; i < 20; ++i) bounds.push_back(0.00005 * (1 << i));
  return bounds;
}

}  // namespace

AgentStatistics::AgentStatistics(Now started, std::size_t named_services)
    : started_(started),
      behind_since_(started.steady),
      sync_duration_(doubling_buckets()),
      network_programming_(programming_buckets()),
      change_latency_(change_buckets()),
      traffic_(named_services) {}

void AgentStatistics::queued(Now now) {
  last_queued_ = now;
  troubled(now);
}

void AgentStatistics::troubled(Now now) {
  if (!behind_since_) behind_since_ = now.steady;
}

void AgentStatistics::audited(const ipvs::Observation& observation,
                              const Reconciliation& reconciliation, Now now) {
  last_audit_ = now;
  virtual_servers_ = observation.virtual_servers.size();
  foreign_ = reconciliation.observed_state().foreign_count();
  traffic_.observed(observation.virtual_servers, reconciliation.desired_state());
  ++audits_;
  connections_ = {};
  real_servers_ = 0;
  silent_real_servers_ = 0;
  for (const auto& server : observation.virtual_servers) {
    for (const auto& real : server.real_servers) {
      ++real_servers_;
      if (real.settings.weight == 0) ++silent_real_servers_;
      connections_.active += real.connections.active;
      connections_.inactive += real.connections.inactive;
      connections_.persistent += real.connections.persistent;
    }
  }
}

void AgentStatistics::done(const Reconciliation& reconciliation, const Report& written,
                           const Pass& pass, bool whole, Now now) {
  sync_duration_.add(now.steady - pass.decided);
  const bool repairs = pass.audited && synced_once() && reconciliation.decided().empty();
  if (pass.audited) last_repairs_ = 0;
  count_steps(written, repairs);
  measure_services(reconciliation, now);
  if (!whole) return troubled(now);
  last_sync_ = now;
  behind_since_.reset();
  // What is left came in while this was written: a node that never rests is not behind for ever.
  if (reconciliation.pending()) behind_since_ = pass.decided;
}

void AgentStatistics::took_configuration(std::size_t at_restart) {
  ++configurations_.taken;
  configurations_.at_restart = at_restart;
  configurations_.last_was_taken = true;
}

void AgentStatistics::refused_configuration() {
  ++configurations_.refused;
  configurations_.last_was_taken = false;
}

void AgentStatistics::count_steps(const Report& written, bool repairs) {
  for (std::size_t i = 0; i < written.steps.size(); ++i) {
    const std::string operation(ipvs::operation_of(written.steps[i]));
    ++steps_[operation];
    if (written.outcomes[i]) {
      ++errors_[operation];
    } else if (repairs) {
      ++repairs_[operation];
      ++last_repairs_;
    }
  }
}

void AgentStatistics::measure_services(const Reconciliation& reconciliation, Now now) {
  if (measured_.size() > 2 * reconciliation.cluster().slice_count() + 100) measured_.clear();
  for (const auto& [service, since] : reconciliation.decided()) {
    ++service_changes_;
    if (!synced_once()) continue;
    change_latency_.add(now.steady - since);
    for (const auto* slice : reconciliation.cluster().slices_of(service)) {
      if (!slice->last_change || *slice->last_change < started_.system) continue;
      auto& measured = measured_[slice->metadata.id];
      if (measured == *slice->last_change) continue;
      measured = *slice->last_change;
      network_programming_.add(now.system - *slice->last_change);
    }
  }
}

}  // namespace reconcile
