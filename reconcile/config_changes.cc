#include "reconcile/config_changes.h"

#include <tuple>
#include <utility>

#include "reconcile/config_field.h"

namespace reconcile {
namespace {

bool waits_for_restart(const ConfigField& field) { return field.effect == Effect::kAtRestart; }

}  // namespace

std::vector<ConfigChange> config_changes(const AgentConfig& running, const AgentConfig& wanted) {
  std::vector<ConfigChange> changes;
  for (const auto& field : config_fields()) {
    auto before = field_text(running, field);
    auto after = field_text(wanted, field);
    if (before == after) continue;
    changes.push_back(
        {field_name(field), std::move(before), std::move(after), waits_for_restart(field)});
  }
  return changes;
}

AgentConfig applicable(const AgentConfig& running, const AgentConfig& wanted) {
  AgentConfig config = wanted;
  for (const auto& field : config_fields()) {
    if (!waits_for_restart(field)) continue;
    std::ignore = set_field(config, field, field_text(running, field));
  }
  return config;
}

}  // namespace reconcile
