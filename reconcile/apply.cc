#include "reconcile/apply.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>
#include <variant>

namespace reconcile {
namespace {

// Says of each step in turn whether it announces one of the unclaimed addresses.
struct Announces {
  const std::set<ipvs::Address>& unclaimed;
  std::set<ipvs::VirtualServerId> held_back;  // virtual servers that are not made, nor filled

  bool operator()(const ipvs::AddVirtualServer& step) {
    if (!unclaimed.contains(step.id.address)) return false;
    held_back.insert(step.id);
    return true;
  }
  bool operator()(const ipvs::AddRealServer& step) { return held_back.contains(step.parent); }
  bool operator()(const ipvs::AddElement& step) { return unclaimed.contains(step.element.address); }
  bool operator()(const ipvs::BindAddress& step) { return unclaimed.contains(step.address); }
  template <class Other>
  bool operator()(const Other&) {
    return false;
  }
};

// Says whether a step lets go of one of the addresses.
struct Releases {
  const std::set<ipvs::Address>& kept;

  bool operator()(const ipvs::UnbindAddress& step) const { return kept.contains(step.address); }
  bool operator()(const ipvs::DeleteElement& step) const {
    return kept.contains(step.element.address);
  }
  template <class Other>
  bool operator()(const Other&) const {
    return false;
  }
};

const ipvs::Address* claimed_address(const ipvs::Step& step) {
  const auto* claim = std::get_if<ipvs::AddElement>(&step);
  return claim ? &claim->element.address : nullptr;
}

const ipvs::Address* removed_address(const ipvs::Step& step) {
  const auto* removal = std::get_if<ipvs::DeleteVirtualServer>(&step);
  return removal ? &removal->id.address : nullptr;
}

// The addresses that `address_of` finds in the steps that failed.
template <class AddressOf>
std::set<ipvs::Address> failed(std::span<const ipvs::Step> steps,
                               std::span<const ipvs::Outcome> outcomes, AddressOf address_of) {
  std::set<ipvs::Address> addresses;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!outcomes[i]) continue;
    if (const auto* address = address_of(steps[i])) addresses.insert(*address);
  }
  return addresses;
}

template <class Concerns>
void hold_back(std::vector<ipvs::Step>& steps, Concerns concerns) {
  std::erase_if(steps, [&](const ipvs::Step& step) { return std::visit(concerns, step); });
}

// Writes `steps` and appends them, with their outcomes, to `report`. Answers where they begin
// there.
std::size_t write(std::vector<ipvs::Step> steps, ipvs::Kernel& kernel, Report& report) {
  const auto first = report.steps.size();
  if (steps.empty()) return first;
  auto outcomes = kernel.write(steps);
  std::move(outcomes.begin(), outcomes.end(), std::back_inserter(report.outcomes));
  std::move(steps.begin(), steps.end(), std::back_inserter(report.steps));
  return first;
}

}  // namespace

Report apply(Plan plan, ipvs::Kernel& kernel) {
  Report report;
  report.steps.reserve(plan.size());
  report.outcomes.reserve(plan.size());
  write(std::move(plan.claims), kernel, report);
  const auto changes =
      write(announceable(std::move(plan.changes), report.steps, report.outcomes), kernel, report);
  write(releasable(std::move(plan.releases), std::span(report.steps).subspan(changes),
                   std::span(report.outcomes).subspan(changes)),
        kernel, report);
  return report;
}

std::vector<ipvs::Step> announceable(std::vector<ipvs::Step> changes,
                                     std::span<const ipvs::Step> claims,
                                     std::span<const ipvs::Outcome> outcomes) {
  const auto unclaimed = failed(claims, outcomes, claimed_address);
  if (!unclaimed.empty()) hold_back(changes, Announces{unclaimed, {}});
  return changes;
}

std::vector<ipvs::Step> releasable(std::vector<ipvs::Step> releases,
                                   std::span<const ipvs::Step> changes,
                                   std::span<const ipvs::Outcome> outcomes) {
  const auto kept = failed(changes, outcomes, removed_address);
  if (!kept.empty()) hold_back(releases, Releases{kept});
  return releases;
}

}  // namespace reconcile
