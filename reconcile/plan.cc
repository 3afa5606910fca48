#include "reconcile/plan.h"

#include <array>
#include <iterator>
#include <utility>

namespace reconcile {
namespace {

enum Phase : std::size_t {
  kRules,
  kOpenLive,
  kClaim,
  kFill,
  kOpen,
  kBind,
  kLower,
  kSilence,
  kRemoveServers,
  kUnbind,
  kUnclaim,
  kPhases
};

// Collects steps by phase while the scope is walked key by key.
class Planner {
 public:
  Planner(const DesiredState& desired, const ObservedState& observed, const Drains& drains,
          TimePoint now)
      : desired_(desired), observed_(observed), drains_(drains), now_(now) {}

  void plan_skeleton() {
    // The link first: the rules and the elements after them are then one transaction.
    if (!observed_.link_present()) add(kRules, ipvs::CreateLink{});
    if (!observed_.rules_intact()) add(kRules, ipvs::InstallRules{});
  }

  void plan_element(const ipvs::SetElement& element) {
    const bool wanted = desired_.wants(element);
    if (wanted == observed_.has(element)) return;
    if (wanted) {
      add(phase_to_add(element), ipvs::AddElement{element});
    } else {
      const bool is_port = element.set == ipvs::SetName::kServicePorts;
      add(is_port ? kSilence : kUnclaim, ipvs::DeleteElement{element});
    }
  }

  void plan_address(const ipvs::Address& address) {
    const bool wanted = desired_.wants(address);
    if (wanted == observed_.is_bound(address)) return;
    if (wanted) {
      add(kBind, ipvs::BindAddress{address});
    } else {
      add(kUnbind, ipvs::UnbindAddress{address});
    }
  }

  void plan_virtual_server(const ipvs::VirtualServerId& id) {
    const auto* wanted = desired_.virtual_server(id);
    const auto* present = observed_.virtual_server(id);
    if (wanted && present) {
      change(*wanted, *present);
    } else if (wanted) {
      create(*wanted);
    } else if (present && observed_.is_ours(id)) {
      add(kRemoveServers, ipvs::DeleteVirtualServer{id});
    }
  }

  Plan result() && {
    return {.claims = joined(kRules, kClaim),
            .changes = joined(kFill, kRemoveServers),
            .releases = joined(kUnbind, kUnclaim),
            .draining = std::move(draining_),
            .drains_ended = drains_ended_};
  }

 private:
  void add(Phase phase, ipvs::Step step) { phases_[phase].push_back(std::move(step)); }

  // A port is opened once there is somebody behind it: now, or when its virtual server has been
  // filled.
  Phase phase_to_add(const ipvs::SetElement& element) const {
    if (element.set != ipvs::SetName::kServicePorts) return kClaim;
    const ipvs::VirtualServerId id{
        .address = element.address, .protocol = element.protocol, .port = element.port};
    return observed_.virtual_server(id) ? kOpenLive : kOpen;
  }

  std::vector<ipvs::Step> joined(std::size_t first, std::size_t last) {
    auto steps = std::move(phases_[first]);  // a first sync has all but everything in one phase
    for (auto phase = first + 1; phase <= last; ++phase) {
      steps.insert(steps.end(), std::make_move_iterator(phases_[phase].begin()),
                   std::make_move_iterator(phases_[phase].end()));
    }
    return steps;
  }

  void create(const DesiredVirtualServer& wanted) {
    add(kFill, ipvs::AddVirtualServer{wanted.id, wanted.settings});
    for (const auto& [id, settings] : wanted.real_servers) {
      add(kFill, ipvs::AddRealServer{wanted.id, id, settings});
    }
  }

  // Both sides are sorted: one merge finds who comes, who stays and who goes.
  void change(const DesiredVirtualServer& wanted, const ObservedVirtualServer& present) {
    if (wanted.settings != present.settings) {
      add(kFill, ipvs::EditVirtualServer{wanted.id, wanted.settings});
    }
    auto want = wanted.real_servers.begin();
    auto have = present.real_servers.begin();
    while (want != wanted.real_servers.end() || have != present.real_servers.end()) {
      if (have == present.real_servers.end() ||
          (want != wanted.real_servers.end() && want->first < have->first)) {
        add(kFill, ipvs::AddRealServer{wanted.id, want->first, want->second});
        ++want;
      } else if (want == wanted.real_servers.end() || have->first < want->first) {
        retire({wanted.id, have->first}, have->second);
        ++have;
      } else {
        edit(wanted.id, want->first, want->second, have->second.settings);
        ++want;
        ++have;
      }
    }
  }

  // Raise before lower: whoever takes over is there before somebody lets go.
  void edit(const ipvs::VirtualServerId& parent, const ipvs::RealServerId& id,
            const ipvs::RealServer& wanted, const ipvs::RealServer& present) {
    if (wanted == present) return;
    const auto phase = wanted.weight < present.weight ? kLower : kFill;
    add(phase, ipvs::EditRealServer{parent, id, wanted});
  }

  void retire(const Drain& leaving, const ObservedServer& present) {
    const bool can_drain = leaving.virtual_server.protocol == ipvs::Protocol::kTcp;
    const bool drained =
        present.settings.weight == 0 && (present.idle() || drains_.is_overdue(leaving, now_));
    if (!can_drain || drained) {
      if (drained) ++drains_ended_;
      add(kLower, ipvs::DeleteRealServer{leaving.virtual_server, leaving.real_server});
      return;
    }
    draining_.push_back(leaving);
    if (present.settings.weight == 0) return;
    auto silent = present.settings;
    silent.weight = 0;
    add(kLower, ipvs::EditRealServer{leaving.virtual_server, leaving.real_server, silent});
  }

  const DesiredState& desired_;
  const ObservedState& observed_;
  const Drains& drains_;
  TimePoint now_;
  std::array<std::vector<ipvs::Step>, kPhases> phases_;
  std::vector<Drain> draining_;
  std::size_t drains_ended_ = 0;
};

}  // namespace

Plan plan(const Scope& scope, const DesiredState& desired, const ObservedState& observed,
          const Drains& drains, TimePoint now) {
  Planner planner(desired, observed, drains, now);
  planner.plan_skeleton();
  for (const auto& element : scope.elements) planner.plan_element(element);
  for (const auto& id : scope.virtual_servers) planner.plan_virtual_server(id);
  for (const auto& address : scope.addresses) planner.plan_address(address);
  return std::move(planner).result();
}

}  // namespace reconcile
