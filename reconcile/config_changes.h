// What becomes of a configuration that changes while the agent runs: most settings take effect at
// once, some at the next start. Pure: any thread.
#pragma once

#include <string>
#include <vector>

#include "reconcile/agent_config.h"

namespace reconcile {

struct ConfigChange {
  std::string setting;  // "ipvs.syncPeriod"
  std::string before;   // as set_field() takes it
  std::string after;
  bool at_restart = false;  // has no effect before the next start

  friend bool operator==(const ConfigChange&, const ConfigChange&) = default;
};

// Of what has an effect at all, in the table's order.
[[nodiscard]] std::vector<ConfigChange> config_changes(const AgentConfig& running,
                                                       const AgentConfig& wanted);

// `wanted`, but for what waits for the next start: that is as in `running`.
[[nodiscard]] AgentConfig applicable(const AgentConfig& running, const AgentConfig& wanted);

}  // namespace reconcile
