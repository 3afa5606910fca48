#include "reconcile/plan.h"

#include <array>
#include <iterator>
#include <utility>

#include "ipvs/set_shape.h"

namespace reconcile {
namespace {

enum Phase : std::size_t {
  kRules,
  kOpenLive,
  kLiftRestrictions,
  kDropRanges,
  kAddRanges,
  kClaim,
  kFill,
  kOpen,
  kBind,
  kLower,
  kForget,
  kSilence,
  kRemoveServers,
  kForgetRemoved,
  kUnbind,
  kUnclaim,
  kPhases
};

bool is_range(const ipvs::SetElement& element) {
  return ipvs::has_ranges(ipvs::shape_of(element.set));
}

ipvs::VirtualServerId server_of(const ipvs::SetElement& element) {
  return {.address = element.address, .protocol = element.protocol, .port = element.port};
}

// Collects steps by phase while the scope is walked key by key.
class Planner {
 public:
  Planner(const DesiredState& desired, const ObservedState& observed, const Drains& drains,
          TimePoint now, const Kept& kept)
      : desired_(desired), observed_(observed), drains_(drains), now_(now), kept_(kept) {}

  // A first sync fills everything: counting ahead spares moving it again and again as it grows.
  void expect(const std::vector<ipvs::VirtualServerId>& ids) {
    std::size_t steps = 0;
    for (const auto& id : ids) {
      const auto* wanted = observed_.virtual_server(id) ? nullptr : desired_.virtual_server(id);
      if (wanted) steps += 1 + wanted->real_servers.size();
    }
    phases_[kFill].reserve(steps);
  }

  void plan_skeleton() {
    // The link first: the rules and the elements after them are then one transaction.
    if (!observed_.link_present()) add(kRules, ipvs::CreateLink{});
    if (!observed_.rules_intact()) add(kRules, ipvs::InstallRules{});
  }

  void plan_element(const ipvs::SetElement& element) {
    const bool wanted = desired_.wants(element);
    if (wanted == observed_.has(element)) return;
    if (wanted) {
      if (!shuts_out_held_servers(element)) add(phase_to_add(element), ipvs::AddElement{element});
    } else if (!kept_.keeps(element, desired_)) {
      add(phase_to_delete(element), ipvs::DeleteElement{element});
    }
  }

  void plan_address(const ipvs::Address& address) {
    const bool wanted = desired_.wants(address);
    if (wanted == observed_.is_bound(address)) return;
    if (wanted) {
      add(kBind, ipvs::BindAddress{address});
    } else if (!kept_.keeps(address)) {
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
    } else if (present && observed_.is_ours(id) && !kept_.keeps(id)) {
      add(kRemoveServers, ipvs::DeleteVirtualServer{id});
      if (!present->real_servers.empty()) forget(kForgetRemoved, id, {});
    }
  }

  Plan result() && {
    return {.claims = joined(kRules, kClaim),
            .changes = joined(kFill, kForgetRemoved),
            .releases = joined(kUnbind, kUnclaim),
            .draining = std::move(draining_),
            .drains_ended = drains_ended_};
  }

 private:
  // Made in its place, not moved there as a variant: a flushed table takes 110,000.
  template <class OneStep>
  void add(Phase phase, OneStep step) {
    phases_[phase].emplace_back(std::move(step));
  }

  // Whether there is really nobody here is not known while one of these may be. A virtual server
  // that is yet to be made has none.
  bool shuts_out_held_servers(const ipvs::SetElement& element) const {
    if (element.set != ipvs::SetName::kInsidePorts) return false;
    const auto id = server_of(element);
    return kept_.real_servers(id) != nullptr && observed_.virtual_server(id) != nullptr;
  }

  bool is_held(const ipvs::VirtualServerId& parent, const ipvs::RealServerId& id) const {
    const auto* held = kept_.real_servers(parent);
    return held != nullptr && held->contains(id);
  }

  // A port is opened once there is somebody behind it: now, or when its virtual server has been
  // filled.
  Phase phase_to_add(const ipvs::SetElement& element) const {
    if (is_range(element)) return kAddRanges;
    if (element.set != ipvs::SetName::kServicePorts) return kClaim;
    return observed_.virtual_server(server_of(element)) ? kOpenLive : kOpen;
  }

  // A restriction of what stays is lifted together with its ranges; of what goes, it holds until
  // that is gone. Ranges are only ever replaced by others in one transaction, since the kernel
  // refuses those that overlap.
  Phase phase_to_delete(const ipvs::SetElement& element) const {
    if (is_range(element)) return kDropRanges;
    if (element.set == ipvs::SetName::kServicePorts) return kSilence;
    const bool stays = element.set == ipvs::SetName::kRestrictedPorts &&
                       desired_.virtual_server(server_of(element));
    return stays ? kLiftRestrictions : kUnclaim;
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
    if (!wanted.real_servers.empty()) forget(kForget, wanted.id, wanted.real_servers);
  }

  // Of UDP alone: a client of TCP opens a new connection, and that is a new flow.
  void forget(Phase phase, const ipvs::VirtualServerId& id, const RealServers& keep) {
    if (id.protocol != ipvs::Protocol::kUdp) return;
    ipvs::ForgetFlows step{.id = id, .keep = {}};
    for (const auto& [server, settings] : keep) step.keep.push_back(server);
    if (const auto* held = kept_.real_servers(id)) {
      step.keep.insert(step.keep.end(), held->begin(), held->end());
    }
    add(phase, std::move(step));
  }

  // Both sides are sorted: one merge finds who comes, who stays and who goes.
  void change(const DesiredVirtualServer& wanted, const ObservedVirtualServer& present) {
    if (wanted.settings != present.settings) {
      add(kFill, ipvs::EditVirtualServer{wanted.id, wanted.settings});
    }
    // Flows stick to a server that goes, and to nobody where there was none.
    bool loses_flows = present.real_servers.empty() && !wanted.real_servers.empty();
    auto want = wanted.real_servers.begin();
    auto have = present.real_servers.begin();
    while (want != wanted.real_servers.end() || have != present.real_servers.end()) {
      if (have == present.real_servers.end() ||
          (want != wanted.real_servers.end() && want->first < have->first)) {
        add(kFill, ipvs::AddRealServer{wanted.id, want->first, want->second});
        ++want;
      } else if (want == wanted.real_servers.end() || have->first < want->first) {
        if (!is_held(wanted.id, have->first)) {
          retire({wanted.id, have->first}, have->second);
          loses_flows = true;
        }
        ++have;
      } else {
        edit(wanted.id, want->first, want->second, have->second.settings);
        ++want;
        ++have;
      }
    }
    if (loses_flows) forget(kForget, wanted.id, wanted.real_servers);
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
  const Kept& kept_;
  std::array<std::vector<ipvs::Step>, kPhases> phases_;
  std::vector<Drain> draining_;
  std::size_t drains_ended_ = 0;
};

}  // namespace

Plan plan(const Scope& scope, const DesiredState& desired, const ObservedState& observed,
          const Drains& drains, TimePoint now, const Kept& kept) {
  Planner planner(desired, observed, drains, now, kept);
  planner.expect(scope.virtual_servers);
  planner.plan_skeleton();
  for (const auto& element : scope.elements) planner.plan_element(element);
  for (const auto& id : scope.virtual_servers) planner.plan_virtual_server(id);
  for (const auto& address : scope.addresses) planner.plan_address(address);
  return std::move(planner).result();
}

}  // namespace reconcile
