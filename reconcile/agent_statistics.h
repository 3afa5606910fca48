// What the agent has done, counted: for health and metrics. The clock is the caller's. Pure; one
// thread (io).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "reconcile/apply.h"
#include "reconcile/decision_log.h"
#include "reconcile/histogram.h"
#include "reconcile/reconciliation.h"
#include "reconcile/service_traffic.h"

namespace reconcile {

// The same instant on both clocks.
struct Now {
  TimePoint steady;
  std::chrono::system_clock::time_point system;

  [[nodiscard]] static Now current() {
    return {std::chrono::steady_clock::now(), std::chrono::system_clock::now()};
  }
};

inline constexpr std::size_t kNamedServices = 100;

class AgentStatistics {
 public:
  // `named_services`: as many at most have their traffic under their name.
  explicit AgentStatistics(Now started, std::size_t named_services = kNamedServices);

  // Something was told that the kernel does not have yet.
  void queued(Now now);
  // The kernel could not be opened, read, or written as a whole.
  void troubled(Now now);
  // The kernel was read completely, and `reconciliation` knows.
  void audited(const ipvs::Observation& observation, const Reconciliation& reconciliation, Now now);
  // A pass was carried out; `whole`: the kernel has all that was decided.
  void done(const Reconciliation& reconciliation, const Report& written, const Pass& pass,
            bool whole, Now now);

  // Another configuration took effect, but for `at_restart` of its settings.
  void took_configuration(std::size_t at_restart);
  // A configuration was none.
  void refused_configuration();

  // Since when the kernel has not held what it should; nothing: it does.
  [[nodiscard]] std::optional<TimePoint> behind_since() const { return behind_since_; }
  [[nodiscard]] bool synced_once() const { return last_sync_.has_value(); }
  [[nodiscard]] const std::optional<Now>& last_sync() const { return last_sync_; }
  [[nodiscard]] const std::optional<Now>& last_queued() const { return last_queued_; }
  [[nodiscard]] const std::optional<Now>& last_audit() const { return last_audit_; }
  [[nodiscard]] const Now& started() const { return started_; }

  [[nodiscard]] const Histogram& sync_duration() const { return sync_duration_; }
  [[nodiscard]] const Histogram& network_programming() const { return network_programming_; }
  [[nodiscard]] const Histogram& change_latency() const { return change_latency_; }

  using Counters = std::map<std::string, std::uint64_t>;
  // By operation, as errors name it: "add virtual server".
  [[nodiscard]] const Counters& steps() const { return steps_; }
  [[nodiscard]] const Counters& errors() const { return errors_; }
  [[nodiscard]] const Counters& repairs() const { return repairs_; }
  [[nodiscard]] std::uint64_t last_repairs() const { return last_repairs_; }
  [[nodiscard]] std::uint64_t audits() const { return audits_; }
  [[nodiscard]] std::uint64_t service_changes() const { return service_changes_; }

  // Of the configuration's file since the start.
  struct Configurations {
    std::uint64_t taken = 0;
    std::uint64_t refused = 0;
    std::size_t at_restart = 0;  // settings of the last one taken that wait for the next start
    bool last_was_taken = true;
  };
  [[nodiscard]] const Configurations& configurations() const { return configurations_; }

  // As of the last complete reading, ours and foreign.
  [[nodiscard]] const ServiceTraffic& traffic() const { return traffic_; }
  [[nodiscard]] const ipvs::ConnectionCounts& connections() const { return connections_; }
  [[nodiscard]] std::uint64_t virtual_servers() const { return virtual_servers_; }
  [[nodiscard]] std::uint64_t foreign() const { return foreign_; }
  [[nodiscard]] std::uint64_t real_servers() const { return real_servers_; }
  [[nodiscard]] std::uint64_t silent_real_servers() const { return silent_real_servers_; }

 private:
  void count_steps(const Report& written, bool repairs);
  void measure_services(const Reconciliation& reconciliation, Now now);

  Now started_;
  std::optional<TimePoint> behind_since_;
  std::optional<Now> last_sync_;
  std::optional<Now> last_queued_;
  std::optional<Now> last_audit_;
  Histogram sync_duration_;
  Histogram network_programming_;
  Histogram change_latency_;
  Counters steps_;
  Counters errors_;
  Counters repairs_;
  std::uint64_t last_repairs_ = 0;
  std::uint64_t audits_ = 0;
  std::uint64_t service_changes_ = 0;
  Configurations configurations_;
  ServiceTraffic traffic_;
  ipvs::ConnectionCounts connections_;
  std::uint64_t virtual_servers_ = 0;
  std::uint64_t foreign_ = 0;
  std::uint64_t real_servers_ = 0;
  std::uint64_t silent_real_servers_ = 0;  // with weight 0
  // The change that each slice told of last, so that it is measured once.
  std::map<kube::NamespacedName, std::chrono::sys_time<std::chrono::milliseconds>> measured_;
};

}  // namespace reconcile
