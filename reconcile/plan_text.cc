#include "reconcile/plan_text.h"

#include <fmt/core.h>

#include <iterator>
#include <map>
#include <vector>

#include "ipvs/words.h"

namespace reconcile {
namespace {

// What would happen to one virtual server.
struct ServerChange {
  char sign = '~';
  std::string scheduler;
  std::vector<std::string> lines;
};

// How much would happen.
struct Counts {
  int services_added = 0;
  int services_changed = 0;
  int services_deleted = 0;
  int endpoints_added = 0;
  int endpoints_changed = 0;
  int endpoints_drained = 0;
  int endpoints_deleted = 0;
  int others = 0;
};

class PlanReader {
 public:
  void operator()(const ipvs::AddVirtualServer& step) {
    changes_[step.id] = {'+', step.settings.scheduler, {}};
    ++counts_.services_added;
  }
  void operator()(const ipvs::EditVirtualServer& step) {
    changes_[step.id].scheduler = step.settings.scheduler;
    ++counts_.services_changed;
  }
  void operator()(const ipvs::DeleteVirtualServer& step) {
    changes_[step.id].sign = '-';
    ++counts_.services_deleted;
  }
  void operator()(const ipvs::AddRealServer& step) {
    add(step.parent, fmt::format("+ {}  weight {}", to_string(step.id), step.settings.weight));
    ++counts_.endpoints_added;
  }
  void operator()(const ipvs::EditRealServer& step) {
    const bool drains = step.settings.weight == 0;
    add(step.parent,
        drains ? fmt::format("- {}  drain: weight 0 until its connections end", to_string(step.id))
               : fmt::format("~ {}  weight {}", to_string(step.id), step.settings.weight));
    ++(drains ? counts_.endpoints_drained : counts_.endpoints_changed);
  }
  void operator()(const ipvs::DeleteRealServer& step) {
    add(step.parent, fmt::format("- {}", to_string(step.id)));
    ++counts_.endpoints_deleted;
  }
  template <class Other>
  void operator()(const Other&) {
    ++counts_.others;
  }

  // Whose a virtual server is, `desired` says.
  [[nodiscard]] std::string text(const DesiredState& desired) const;

 private:
  void add(const ipvs::VirtualServerId& parent, std::string line) {
    changes_[parent].lines.push_back(std::move(line));
  }

  std::map<ipvs::VirtualServerId, ServerChange> changes_;
  Counts counts_;
};

// Behind the virtual server that a Service has.
std::string name_of(const DesiredState& desired, const ipvs::VirtualServerId& id) {
  return desired.virtual_server(id) == nullptr ? "" : "  " + to_string(desired.owner(id));
}

std::string PlanReader::text(const DesiredState& desired) const {
  std::string text;
  const auto out = std::back_inserter(text);
  for (const auto& [id, change] : changes_) {
    fmt::format_to(out, "{} {}{}{}\n", change.sign, to_string(id),
                   change.scheduler.empty() ? "" : fmt::format(" ({})", change.scheduler),
                   name_of(desired, id));
    for (const auto& line : change.lines) fmt::format_to(out, "    {}\n", line);
  }
  const auto& c = counts_;
  const int all = c.services_added + c.services_changed + c.services_deleted + c.endpoints_added +
                  c.endpoints_changed + c.endpoints_drained + c.endpoints_deleted + c.others;
  if (all == 0) return "No changes: the kernel holds what it should.\n";
  fmt::format_to(
      out,
      "Plan: virtual servers {} to add, {} to change, {} to delete; endpoints {} to add, {} "
      "to change, {} to drain, {} to delete; {} other steps (addresses, sets, settings). "
      "Nothing was changed.\n",
      c.services_added, c.services_changed, c.services_deleted, c.endpoints_added,
      c.endpoints_changed, c.endpoints_drained, c.endpoints_deleted, c.others);
  return text;
}

template <class Visit>
void for_each_step(const Plan& plan, Visit visit) {
  for (const auto* phase : {&plan.settings, &plan.claims, &plan.changes, &plan.releases}) {
    for (const auto& step : *phase) visit(step);
  }
}

}  // namespace

std::string plan_text(const Plan& plan, const Reconciliation& reconciliation) {
  PlanReader reader;
  for_each_step(plan, [&](const ipvs::Step& step) { std::visit(reader, step); });
  return reader.text(reconciliation.desired_state());
}

std::string plan_script(const Plan& plan) {
  std::string script;
  for_each_step(plan, [&](const ipvs::Step& step) {
    const auto line = ipvs::to_string(step);
    if (line.starts_with('-') && !line.starts_with("--")) script += line + '\n';
  });
  return script;
}

Plan whole_plan(const Reconciliation& reconciliation, TimePoint now) {
  return plan(reconciliation.audit_scope(), reconciliation.desired_state(),
              reconciliation.observed_state(), reconciliation.drains(), now, reconciliation.kept());
}

}  // namespace reconcile
