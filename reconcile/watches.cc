#include "reconcile/watches.h"

#include "reconcile/duration.h"

namespace reconcile {
namespace {

std::string state_of(const kube::WatchStatistics& watch) {
  if (watch.braking) return "Braking";
  if (watch.watch_since) return "Watching";
  return watch.lists == 0 ? "NotYetListed" : "NotWatching";
}

}  // namespace

TextTable watch_table(const std::vector<NamedWatch>& watches,
                      std::chrono::steady_clock::time_point now) {
  TextTable table{
      .kind = "Watch",
      .columns = {"RESOURCE", "STATE", "AGE", "LAST EVENT", "EVENTS", "RECONNECTS", "FAILURES",
                  "SKIPPED", "LISTS", "LIST TIME", "DECODE TIME", "BYTES", "BRAKES"},
      .wide = 5,
      .rows = {}};
  const auto since = [now](const auto& then) {
    return then ? go_duration(std::chrono::duration_cast<std::chrono::seconds>(now - *then)) : "";
  };
  for (const auto& each : watches) {
    const auto* watch = each.statistics;
    const auto reconnects = watch->connections == 0 ? 0 : watch->connections - 1;
    table.rows.add({each.resource, state_of(*watch), since(watch->watch_since),
                    since(watch->last_event), std::to_string(watch->events),
                    std::to_string(reconnects), std::to_string(watch->failures),
                    std::to_string(watch->skipped), std::to_string(watch->lists),
                    to_string(watch->last_list), to_string(watch->last_list_decode),
                    std::to_string(watch->bytes), std::to_string(watch->brakes)});
  }
  return table;
}

std::vector<std::string> release_brakes(const std::vector<NamedWatch>& watches) {
  std::vector<std::string> released;
  for (const auto& watch : watches) {
    if (!watch.statistics->braking || !watch.release_brake) continue;
    watch.release_brake();
    released.push_back(watch.resource);
  }
  return released;
}

}  // namespace reconcile
