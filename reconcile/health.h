// Whether this agent is well, and the bodies that /healthz and /livez say it with (kube-proxy's).
//
// /livez: the kernel gets what it should within two sync periods; else a restart may help.
// /healthz: and has got it at least once, the watches are current, the node is not about to go away
// (law 12): else send traffic elsewhere. An API server that is away is no reason for a restart.
// Pure: any thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "kube/watch_statistics.h"
#include "reconcile/agent_statistics.h"
#include "reconcile/http_message.h"

namespace reconcile {

struct NamedWatch {
  std::string resource;  // "services"
  const kube::WatchStatistics* statistics;
  bool required = true;  // for health; else one can do without
  // The operator's word for a list that the brake holds. May be null.
  std::function<void()> release_brake = nullptr;
};

// How long a watch may be silent: bookmarks come about every minute.
inline constexpr std::chrono::seconds kWatchPatience{180};

struct Health {
  bool alive = false;  // of /livez
  bool watches_current = false;
  bool node_eligible = false;
  bool synced_once = false;

  [[nodiscard]] bool healthy() const {
    return alive && watches_current && node_eligible && synced_once;
  }
};

[[nodiscard]] Health judge(const AgentStatistics& statistics,
                           const std::vector<NamedWatch>& watches,
                           const std::optional<kube::Node>& node,
                           std::chrono::milliseconds sync_period, TimePoint now);

// "2026-11-23T03:57:54.25369651Z"
[[nodiscard]] std::string rfc3339(std::chrono::system_clock::time_point time);

[[nodiscard]] HttpResponse healthz_response(const Health& health, const AgentStatistics& statistics,
                                            std::chrono::system_clock::time_point now);
[[nodiscard]] HttpResponse livez_response(const Health& health, const AgentStatistics& statistics,
                                          std::chrono::system_clock::time_point now);

}  // namespace reconcile
