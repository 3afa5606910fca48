#include "reconcile/reconciliation.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace reconcile {
namespace {

const kube::NamespacedName kApiServers{"default", "kubernetes"};

bool has_hints(const std::vector<const kube::EndpointSlice*>& slices) {
  for (const auto* slice : slices) {
    for (const auto& endpoint : slice->endpoints) {
      if (!endpoint.zone_hints.empty() || !endpoint.node_hints.empty()) return true;
    }
  }
  return false;
}

bool asks_for_one_of(const kube::Service& service, const Ranges& ranges) {
  const auto is_inside = [&](const kube::Address& address) { return contains(ranges, address); };
  return std::ranges::any_of(service.external_ips, is_inside) ||
         std::ranges::any_of(service.load_balancer_ips, is_inside);
}

bool agree(const DesiredVirtualServer& wanted, const ObservedVirtualServer& present) {
  const auto same = [](const auto& a, const auto& b) {
    return a.first == b.first && a.second == b.second.settings;
  };
  return wanted.settings == present.settings &&
         std::equal(wanted.real_servers.begin(), wanted.real_servers.end(),
                    present.real_servers.begin(), present.real_servers.end(), same);
}

// Says of what is wanted whether the kernel has it otherwise, or not at all.
struct Amiss {
  const ObservedState& observed;

  bool operator()(const DesiredVirtualServer& wanted) const {
    const auto* present = observed.virtual_server(wanted.id);
    return present == nullptr || !agree(wanted, *present);
  }
  bool operator()(const ipvs::Address& address) const { return !observed.is_bound(address); }
  bool operator()(const ipvs::SetElement& element) const { return !observed.has(element); }
};

struct Unwanted {
  const DesiredState& desired;

  bool operator()(const ipvs::VirtualServerId& id) const {
    return desired.virtual_server(id) == nullptr;
  }
  bool operator()(const ipvs::Address& address) const { return !desired.wants(address); }
  bool operator()(const ipvs::SetElement& element) const { return !desired.wants(element); }
};

}  // namespace

Reconciliation::Reconciliation(NodeConfig node, std::chrono::milliseconds drain_grace)
    : facts_(std::move(node)), drains_(drain_grace), kept_(facts_.config().excluded) {}

void Reconciliation::configured(NodeConfig node) {
  kept_.exclude(node.excluded);
  facts_.configured(std::move(node));
  stale_.merge(cluster_.services_if([](const auto&, const auto&) { return true; }));
}

void Reconciliation::observed(const ipvs::Observation& observation) {
  observed_.replace(observation);
  mark(facts_.read(observation.node_addresses));
  settings_ = settings_steps(facts_.config().settings, observation.timeouts, observation.sysctls);
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
  complaints_.clear();
  scope.merge(desired_.update_node(node_elements()));
  desired_.expect(decided_.size());
  for (const auto& [name, since] : decided_) scope.merge(redecide(name));
  for (const auto& name : std::exchange(stale_, {})) {
    if (!decided_.contains(name)) scope.merge(redecide(name));
  }
  if (!std::exchange(decided_once_, true)) kept_.hold(cluster_, desired_, observed_);
  scope.merge(kept_.release(cluster_));
  scope.tidy();
  for (const auto& id : scope.virtual_servers) {
    if (auto losers = desired_.losers(id); !losers.empty())
      conflicts_.push_back({id, std::move(losers)});
  }
  const bool audit = std::exchange(audit_due_, false);
  if (audit) scope = audit_scope();
  Plan made = plan(scope, desired_, observed_, drains_, now, kept_);
  if (audit) complete_audit(made, now);
  return made;
}

// Everything is compared; what is as it should be, nearly all of it always, is in no scope.
Scope Reconciliation::audit_scope() const {
  Scope scope = desired_.wanted_if(Amiss{observed_});
  scope.merge(observed_.ours_if(Unwanted{desired_}));
  scope.tidy();
  observed_.put_vanished_first(scope.virtual_servers);
  return scope;
}

// What an audit does beside looking at everything.
void Reconciliation::complete_audit(Plan& made, TimePoint now) {
  made.settings = std::exchange(settings_, {});
  drains_.replace(made.draining, now);
  for (const auto& id : std::exchange(unforgotten_, {})) {
    ipvs::ForgetFlows step{.id = id, .keep = {}};
    if (const auto* wanted = desired_.virtual_server(id)) {
      for (const auto& [server, settings] : wanted->real_servers) step.keep.push_back(server);
    }
    if (const auto* held = kept_.real_servers(id)) {
      step.keep.insert(step.keep.end(), held->begin(), held->end());
    }
    made.changes.emplace_back(std::move(step));
  }
}

bool Reconciliation::acknowledge(std::span<const ipvs::Step> steps,
                                 std::span<const ipvs::Outcome> outcomes, TimePoint now) {
  bool all_done = true;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!outcomes[i]) {
      absorb(steps[i], now);
    } else if (const auto* flows = std::get_if<ipvs::ForgetFlows>(&steps[i])) {
      unforgotten_.insert(flows->id);
    } else if (!stands_alone(steps[i])) {
      all_done = false;
    }
  }
  if (!all_done) doubt();
  return all_done;
}

void Reconciliation::mark(const FactsChange& change) {
  if (!change.any()) return;
  stale_.merge(cluster_.services_if([&](const kube::Service& service, const auto& slices) {
    return change.pod_ranges || (change.addresses && depends_on_node_addresses(service)) ||
           (change.zone && has_hints(slices)) || asks_for_one_of(service, change.elsewhere);
  }));
}

void Reconciliation::told_elsewhere(Ranges changed) {
  mark({.elsewhere = std::move(changed)});
  follow_nodes();
}

// Whether the addresses of nodes are waited for. Nobody is served at one of its own before, so that
// nothing is taken away while they come.
void Reconciliation::follow_nodes() {
  if (!wants_nodes()) {
    facts_.elsewhere().forget_nodes();
    does_without_nodes_ = false;
  }
  const bool withhold = decided_once_ && awaits_nodes();
  if (withhold == facts_.withholds_addresses()) return;
  facts_.withhold_addresses(withhold);
  stale_.merge(cluster_.services_if(
      [](const kube::Service& service, const auto&) { return asks_for_addresses(service); }));
}

// Whoever answers as the API server is none that a Service may have for itself.
void Reconciliation::follow_api_servers(const ServiceNames& names) {
  if (!names.contains(kApiServers)) return;
  std::vector<kube::Address> addresses;
  for (const auto* slice : cluster_.slices_of(kApiServers)) {
    for (const auto& endpoint : slice->endpoints) addresses.push_back(endpoint.address);
  }
  mark(facts_.told_api_servers(std::move(addresses)));
}

std::vector<ipvs::SetElement> Reconciliation::node_elements() const {
  std::vector<ipvs::SetElement> elements;
  const auto add = [&](ipvs::SetName set, const Ranges& ranges) {
    for (const auto& range : ranges)
      elements.push_back({.set = set, .range = {range.address, range.prefix}});
  };
  add(ipvs::SetName::kPodRanges, facts_.pod_ranges());
  add(ipvs::SetName::kOwnPodRanges, facts_.own_pod_ranges());
  return elements;
}

Scope Reconciliation::redecide(const kube::NamespacedName& name) {
  const auto* service = cluster_.service(name);
  if (!service) return desired_.remove(name);
  const Claimant claimant{service->metadata.created, service->metadata.uid, name};
  auto state = desired(*service, cluster_.slices_of(name), facts_);
  for (const auto& complaint : state.complaints) complaints_.push_back({name, complaint});
  return desired_.update(claimant, std::move(state));
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
