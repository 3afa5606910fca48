#include "reconcile/health.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>

namespace reconcile {
namespace {

// A watch that the server has just begun is as good a sign of life as an event of it: before the
// first bookmark there may be no other.
bool is_current(const kube::WatchStatistics& watch, TimePoint now) {
  const auto last = std::max(watch.last_event, watch.watch_since);
  return last && now - *last < kWatchPatience;
}

HttpResponse response(bool healthy, const std::string& eligible, const Health& health,
                      const AgentStatistics& statistics,
                      std::chrono::system_clock::time_point now) {
  const auto synced = statistics.last_sync();
  const auto last = rfc3339(synced ? synced->system : std::chrono::system_clock::time_point{});
  // What is healthy is as of now, as in kube-proxy.
  const auto updated = healthy ? rfc3339(now) : last;
  const auto family = fmt::format(R"({{"lastUpdated":"{}","healthy":{}}})", last, health.alive);
  return {
      .status = healthy ? 200 : 503,
      .body = fmt::format(
          R"({{"lastUpdated":"{}","currentTime":"{}",{}"healthy":{},"status":{{"IPv4":{},"IPv6":{}}}}})",
          updated, rfc3339(now), eligible, healthy, family, family),
      .content_type = "application/json",
      .headers = {}};
}

}  // namespace

Health judge(const AgentStatistics& statistics, const std::vector<NamedWatch>& watches,
             const std::optional<kube::Node>& node, std::chrono::milliseconds sync_period,
             TimePoint now) {
  const auto behind = statistics.behind_since();
  return {.alive = !behind || now - *behind < 2 * sync_period,
          .watches_current = std::ranges::all_of(
              watches,
              [now](const NamedWatch& watch) {
                return !watch.required || is_current(*watch.statistics, now);
              }),
          .node_eligible = !node || (!node->deleting && !node->taint_to_be_deleted),
          .synced_once = statistics.synced_once()};
}

std::string rfc3339(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(time - seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:09}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     nanoseconds.count());
}

HttpResponse healthz_response(const Health& health, const AgentStatistics& statistics,
                              std::chrono::system_clock::time_point now) {
  return response(health.healthy(), fmt::format("\"nodeEligible\":{},", health.node_eligible),
                  health, statistics, now);
}

HttpResponse livez_response(const Health& health, const AgentStatistics& statistics,
                            std::chrono::system_clock::time_point now) {
  return response(health.alive, "", health, statistics, now);
}

}  // namespace reconcile
