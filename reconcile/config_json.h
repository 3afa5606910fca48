// The configuration as /configz shows it: kube-proxy's KubeProxyConfiguration, with the settings
// that have a place in it. Pure: any thread.
#pragma once

#include <string>

#include "reconcile/agent_config.h"

namespace reconcile {

[[nodiscard]] std::string configz(const AgentConfig& config);

}  // namespace reconcile
