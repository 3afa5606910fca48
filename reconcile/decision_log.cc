#include "reconcile/decision_log.h"

#include <algorithm>
#include <utility>

#include "ipvs/step_text.h"
#include "reconcile/duration.h"

namespace reconcile {
namespace {

using namespace std::chrono_literals;

constexpr auto kRepeatQuiet = 1h;

std::string text_of(const ipvs::VirtualServerId& id) {
  return ipvs::subject_of(ipvs::DeleteVirtualServer{id});
}

// A step that is refused in every audit, like a sysctl of the host's, is no repair.
std::size_t count_done(const Report& written) {
  return static_cast<std::size_t>(
      std::count(written.outcomes.begin(), written.outcomes.end(), ipvs::Outcome{}));
}

// The kernel holds all that was decided; a setting or flows that it refused are no part of it.
bool is_whole(const Report& written) {
  for (std::size_t i = 0; i < written.outcomes.size(); ++i) {
    if (written.outcomes[i] && !stands_alone(written.steps[i])) return false;
  }
  return true;
}

}  // namespace

DecisionLog::DecisionLog(Log& log) : log_(log), repeats_(kRepeatQuiet) {}

void DecisionLog::done(const Reconciliation& reconciliation, const Report& written,
                       const Pass& pass, TimePoint now) {
  const auto steps = count_done(written);
  say_refusals(written, now);
  say_conflicts(reconciliation, now);
  say_complaints(reconciliation, now);
  say_held(reconciliation);
  if (!first_sync_done_) {
    first_writes_ += steps;
    if (is_whole(written)) return say_first_sync(reconciliation, now);
  }
  if (pass.audited) say_audit(reconciliation, pass, steps, now);
  if (steps > 0) say_services(reconciliation, steps, now);
}

void DecisionLog::say_first_sync(const Reconciliation& reconciliation, TimePoint now) {
  first_sync_done_ = true;
  log_.info(0, "First sync",
            {{"services", reconciliation.cluster().service_count()},
             {"slices", reconciliation.cluster().slice_count()},
             {"writes", first_writes_},
             {"duration", to_string(now - started_)}});
}

void DecisionLog::say_audit(const Reconciliation& reconciliation, const Pass& pass,
                            std::size_t steps, TimePoint now) {
  const bool by_itself = reconciliation.decided().empty() && steps > pass.drains_ended;
  const auto repaired = by_itself ? steps - pass.drains_ended : 0;
  log_.info(repaired > 0 ? 0 : 4, "Audit",
            {{"repaired", repaired},
             {"foreign", reconciliation.observed_state().foreign_count()},
             {"draining", reconciliation.drains().size()},
             {"duration", to_string(now - pass.decided)}});
}

void DecisionLog::say_refusals(const Report& written, TimePoint now) {
  for (std::size_t i = 0; i < written.outcomes.size(); ++i) {
    if (!written.outcomes[i]) continue;
    const auto& step = written.steps[i];
    const auto why = ipvs::to_string(*written.outcomes[i]);
    if (!stands_alone(step)) {
      log_.error("The kernel refused a step; the rest goes on, it is tried again",
                 {{"step", ipvs::to_string(step)}, {"err", why}});
    } else if (repeats_.note(ipvs::to_string(step), why, now)) {
      log_.error("The node cannot be set as it should be; it is tried again in every audit",
                 {{"step", ipvs::to_string(step)}, {"err", why}});
    }
  }
}

void DecisionLog::say_conflicts(const Reconciliation& reconciliation, TimePoint now) {
  for (const auto& conflict : reconciliation.conflicts()) {
    const auto address = text_of(conflict.id);
    for (const auto& loser : conflict.losers) {
      const auto service = kube::to_string(loser);
      if (!repeats_.note(service + " " + address, "conflict", now)) continue;
      log_.warning("Another Service has this address and port; give one of them another",
                   {{"service", service}, {"address", address}});
    }
  }
}

void DecisionLog::say_complaints(const Reconciliation& reconciliation, TimePoint now) {
  for (const auto& [name, complaint] : reconciliation.complaints()) {
    const auto service = kube::to_string(name);
    if (!repeats_.note(service + " " + complaint.field + " " + complaint.value, complaint.reason,
                       now)) {
      continue;
    }
    log_.warning("A part of a Service is not served; the rest of it is",
                 {{"service", service},
                  {"field", complaint.field},
                  {"value", complaint.value},
                  {"reason", complaint.reason}});
  }
}

void DecisionLog::say_held(const Reconciliation& reconciliation) {
  const auto held = reconciliation.kept().counts();
  if (std::exchange(held_, held) == held) return;
  if (!held.any()) {
    log_.info(0, "Every object was read or is gone: nothing is held for one any more", {});
    return;
  }
  log_.warning(
      "Nobody asks for these, but they may belong to objects that could not be read: they "
      "stay as they are until those can be read or are gone",
      {{"virtual_servers", held.virtual_servers},
       {"addresses", held.addresses},
       {"real_servers", held.real_servers}});
}

void DecisionLog::say_services(const Reconciliation& reconciliation, std::size_t steps,
                               TimePoint now) {
  for (const auto& [service, since] : reconciliation.decided()) {
    log_.info(2, "Service programmed",
              {{"service", kube::to_string(service)},
               {"steps", steps},
               {"batch", reconciliation.decided().size()},
               {"latency", to_string(now - since)}});
  }
}

}  // namespace reconcile
