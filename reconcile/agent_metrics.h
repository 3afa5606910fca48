// /metrics: kube-proxy's metrics of ipvs mode under their own names, and ours (kube_ipvs_*). Pure;
// io.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "reconcile/agent_statistics.h"
#include "reconcile/health.h"

namespace reconcile {

// What is answered where, by status code.
struct ProbeCounts {
  std::map<int, std::uint64_t> healthz;
  std::map<int, std::uint64_t> livez;
};

[[nodiscard]] std::string metrics_text(const AgentStatistics& statistics,
                                       const Reconciliation& reconciliation,
                                       const std::vector<NamedWatch>& watches,
                                       const ProbeCounts& probes, TimePoint now);

}  // namespace reconcile
