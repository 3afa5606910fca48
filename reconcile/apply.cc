#include "reconcile/apply.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>
#include <variant>

namespace reconcile {
namespace {

// What a failed step leaves without its claim, or with its claim: whole addresses, single ports.
struct Subjects {
  std::set<ipvs::Address> addresses;
  std::set<ipvs::VirtualServerId> ports;

  [[nodiscard]] bool empty() const { return addresses.empty() && ports.empty(); }
  [[nodiscard]] bool concern(const ipvs::VirtualServerId& id) const {
    return addresses.contains(id.address) || ports.contains(id);
  }
  [[nodiscard]] bool concern(const ipvs::SetElement& element) const {
    return concern(port_of(element));
  }
  void add(const ipvs::SetElement& element) {
    if (element.port == 0) {
      addresses.insert(element.address);
    } else {
      ports.insert(port_of(element));
    }
  }
  static ipvs::VirtualServerId port_of(const ipvs::SetElement& element) {
    return {.address = element.address, .protocol = element.protocol, .port = element.port};
  }
};

// Says of each step in turn whether it announces what was not claimed.
struct Announces {
  const Subjects& unclaimed;
  std::set<ipvs::VirtualServerId> held_back;  // virtual servers that are not made, nor filled

  bool operator()(const ipvs::AddVirtualServer& step) {
    if (!unclaimed.concern(step.id)) return false;
    held_back.insert(step.id);
    return true;
  }
  bool operator()(const ipvs::AddRealServer& step) { return held_back.contains(step.parent); }
  bool operator()(const ipvs::AddElement& step) { return unclaimed.concern(step.element); }
  bool operator()(const ipvs::BindAddress& step) {
    return unclaimed.addresses.contains(step.address);
  }
  template <class Other>
  bool operator()(const Other&) {
    return false;
  }
};

// Says whether a step lets go of what still has a virtual server.
struct Releases {
  const Subjects& kept;

  bool operator()(const ipvs::UnbindAddress& step) const {
    return kept.addresses.contains(step.address);
  }
  bool operator()(const ipvs::DeleteElement& step) const { return kept.concern(step.element); }
  template <class Other>
  bool operator()(const Other&) const {
    return false;
  }
};

// What `note` finds in the steps that failed.
template <class Note>
Subjects failed(std::span<const ipvs::Step> steps, std::span<const ipvs::Outcome> outcomes,
                Note note) {
  Subjects subjects;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (outcomes[i]) note(steps[i], subjects);
  }
  return subjects;
}

void note_claim(const ipvs::Step& step, Subjects& subjects) {
  if (const auto* claim = std::get_if<ipvs::AddElement>(&step)) subjects.add(claim->element);
}

// What leaves a virtual server with no other claim than the one it has: it is still there, or its
// address could not be claimed anew, as one that the node now has itself, or has no more.
void note_still_claimed(const ipvs::Step& step, Subjects& subjects) {
  if (const auto* removal = std::get_if<ipvs::DeleteVirtualServer>(&step)) {
    subjects.addresses.insert(removal->id.address);
  } else if (const auto* claim = std::get_if<ipvs::AddElement>(&step)) {
    subjects.addresses.insert(claim->element.address);
  }
}

template <class Concerns>
void hold_back(std::vector<ipvs::Step>& steps, Concerns concerns) {
  std::erase_if(steps, [&](const ipvs::Step& step) { return std::visit(concerns, step); });
}

// The repair of a flushed table is one part and nothing else: that is taken over whole.
template <class Entry>
void append(std::vector<Entry>& entries, std::vector<Entry>&& more) {
  if (entries.empty()) {
    entries = std::move(more);
  } else {
    entries.insert(entries.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
  }
}

// Writes `steps` and appends them, with their outcomes, to `report`. Answers where they begin
// there.
std::size_t write(std::vector<ipvs::Step> steps, ipvs::Kernel& kernel, Report& report) {
  const auto first = report.steps.size();
  if (steps.empty()) return first;
  auto outcomes = kernel.write(steps);
  append(report.outcomes, std::move(outcomes));
  append(report.steps, std::move(steps));
  return first;
}

}  // namespace

Report apply(Plan plan, ipvs::Kernel& kernel) {
  Report report;
  write(std::move(plan.settings), kernel, report);
  const auto claims = write(std::move(plan.claims), kernel, report);
  const auto written = [&] { return std::span(report.steps).subspan(claims); };
  const auto outcomes = [&] { return std::span(report.outcomes).subspan(claims); };
  write(announceable(std::move(plan.changes), written(), outcomes()), kernel, report);
  write(releasable(std::move(plan.releases), written(), outcomes()), kernel, report);
  return report;
}

std::vector<ipvs::Step> announceable(std::vector<ipvs::Step> changes,
                                     std::span<const ipvs::Step> claims,
                                     std::span<const ipvs::Outcome> outcomes) {
  const auto unclaimed = failed(claims, outcomes, note_claim);
  if (!unclaimed.empty()) hold_back(changes, Announces{unclaimed, {}});
  return changes;
}

std::vector<ipvs::Step> releasable(std::vector<ipvs::Step> releases,
                                   std::span<const ipvs::Step> written,
                                   std::span<const ipvs::Outcome> outcomes) {
  const auto kept = failed(written, outcomes, note_still_claimed);
  if (!kept.empty()) hold_back(releases, Releases{kept});
  return releases;
}

}  // namespace reconcile
