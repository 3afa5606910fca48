#include "reconcile/agent_metrics.h"

#include <array>
#include <map>
#include <string>

#include "reconcile/metrics_text.h"
#include "reconcile/version.h"

namespace reconcile {
namespace {

constexpr std::array<const char*, 2> kFamilies = {"IPv4", "IPv6"};

double unix_seconds(const std::optional<Now>& time) {
  if (!time) return 0;
  return std::chrono::duration<double>(time->system.time_since_epoch()).count();
}

double seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

double age(const std::optional<TimePoint>& then, TimePoint now) {
  return then ? std::chrono::duration<double>(now - *then).count() : -1;
}

// A pass of ours covers both families; kube-proxy has one proxier for each.
void for_each_family(MetricsText& out, double value) {
  for (const auto* family : kFamilies) out.sample({{"ip_family", family}}, value);
}

void for_each_family(MetricsText& out, const Histogram& histogram) {
  for (const auto* family : kFamilies) out.histogram({{"ip_family", family}}, histogram);
}

template <class Counters>
void add_by(MetricsText& out, std::string_view label, const Counters& counters) {
  for (const auto& [value, count] : counters)
    out.sample({{label, value}}, static_cast<double>(count));
}

void add_codes(MetricsText& out, const std::map<int, std::uint64_t>& codes) {
  for (const auto& [code, count] : codes) {
    out.sample({{"code", std::to_string(code)}}, static_cast<double>(count));
  }
}

void add_no_local(MetricsText& out, const Reconciliation& reconciliation) {
  const auto& count = reconciliation.desired_state().tally().no_local();
  out.family("kubeproxy_sync_proxy_rules_no_local_endpoints_total", "gauge",
             "Number of services with a Local traffic policy and no endpoints");
  for (std::size_t i = 0; i < kFamilies.size(); ++i) {
    out.sample({{"ip_family", kFamilies[i]}, {"traffic_policy", "external"}},
               static_cast<double>(count.external[i]));
    out.sample({{"ip_family", kFamilies[i]}, {"traffic_policy", "internal"}},
               static_cast<double>(count.internal[i]));
  }
}

void add_kube_proxys_times(MetricsText& out, const AgentStatistics& statistics) {
  out.family("kubeproxy_sync_proxy_rules_duration_seconds", "histogram",
             "How long a decision and its kernel writes took");
  for_each_family(out, statistics.sync_duration());
  out.family("kubeproxy_network_programming_duration_seconds", "histogram",
             "From the change of an endpoint to its being in the kernel");
  for_each_family(out, statistics.network_programming());
  out.family("kubeproxy_sync_proxy_rules_last_timestamp_seconds", "gauge",
             "When the kernel last held all that it should");
  for_each_family(out, unix_seconds(statistics.last_sync()));
  out.family("kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds", "gauge",
             "When a change was last told");
  for_each_family(out, unix_seconds(statistics.last_queued()));
  out.family("kubeproxy_conntrack_reconciler_sync_duration_seconds", "histogram",
             "As sync_proxy_rules_duration: flows are forgotten in the same pass");
  out.histogram({{"ip_family", "IPv4"}}, statistics.sync_duration());
}

void add_kube_proxys_counts(MetricsText& out, const AgentStatistics& statistics,
                            const Reconciliation& reconciliation,
                            const std::vector<NamedWatch>& watches, const ProbeCounts& probes) {
  const double pending = reconciliation.pending() ? 1 : 0;
  std::uint64_t slice_events = 0;
  for (const auto& watch : watches) {
    if (watch.resource == "endpointslices") slice_events = watch.statistics->events;
  }
  out.family("kubeproxy_sync_proxy_rules_service_changes_pending", "gauge",
             "1 while a change is being written");
  out.sample(pending);
  out.family("kubeproxy_sync_proxy_rules_service_changes_total", "counter",
             "Services that were decided anew");
  out.sample(static_cast<double>(statistics.service_changes()));
  out.family("kubeproxy_sync_proxy_rules_endpoint_changes_pending", "gauge",
             "1 while a change is being written");
  out.sample(pending);
  out.family("kubeproxy_sync_proxy_rules_endpoint_changes_total", "counter",
             "Events of EndpointSlices");
  out.sample(static_cast<double>(slice_events));
  out.family("kubeproxy_sync_proxy_rules_iptables_restore_failures_total", "counter",
             "Always 0: no iptables program is run");
  for_each_family(out, 0.0);
  out.family("kubeproxy_conntrack_reconciler_deleted_entries_total", "counter",
             "Virtual servers whose tracked flows were forgotten");
  const auto forgotten = statistics.steps().find("forget flows to");
  out.sample({{"ip_family", "IPv4"}},
             forgotten == statistics.steps().end() ? 0 : static_cast<double>(forgotten->second));
  out.family("kubeproxy_proxy_healthz_total", "counter", "Answers of /healthz");
  add_codes(out, probes.healthz);
  out.family("kubeproxy_proxy_livez_total", "counter", "Answers of /livez");
  add_codes(out, probes.livez);
}

void add_tables(MetricsText& out, const AgentStatistics& statistics,
                const Reconciliation& reconciliation) {
  out.family("kube_ipvs_virtual_servers", "gauge", "Virtual servers as last read, by owner");
  const auto foreign = static_cast<double>(statistics.foreign());
  out.sample({{"owner", "ours"}}, static_cast<double>(statistics.virtual_servers()) - foreign);
  out.sample({{"owner", "foreign"}}, foreign);
  const auto silent = static_cast<double>(statistics.silent_real_servers());
  out.family("kube_ipvs_real_servers", "gauge", "Real servers as last read, by state");
  out.sample({{"state", "serving"}}, static_cast<double>(statistics.real_servers()) - silent);
  out.sample({{"state", "silent"}}, silent);
  out.family("kube_ipvs_connections", "gauge", "Connections as last read, by state");
  out.sample({{"state", "active"}}, statistics.connections().active);
  out.sample({{"state", "inactive"}}, statistics.connections().inactive);
  out.family("kube_ipvs_draining_real_servers", "gauge", "Real servers that drain");
  out.sample(static_cast<double>(reconciliation.drains().size()));
  const auto held = reconciliation.kept().counts();
  out.family("kube_ipvs_held", "gauge",
             "Left as they are: they may belong to objects that could not be read");
  out.sample({{"what", "virtual_servers"}}, static_cast<double>(held.virtual_servers));
  out.sample({{"what", "addresses"}}, static_cast<double>(held.addresses));
  out.sample({{"what", "real_servers"}}, static_cast<double>(held.real_servers));
  out.family("kube_ipvs_services", "gauge", "Services told by the API server");
  out.sample(static_cast<double>(reconciliation.cluster().service_count()));
  out.family("kube_ipvs_endpoint_slices", "gauge", "EndpointSlices told by the API server");
  out.sample(static_cast<double>(reconciliation.cluster().slice_count()));
}

void add_refusals(MetricsText& out, const Reconciliation& reconciliation) {
  out.family("kube_ipvs_refusals", "gauge", "What Services ask for and do not get, by field");
  add_by(out, "field", reconciliation.desired_state().tally().refusals());
}

struct NamedTotals {
  std::string namespace_name;
  std::string service;
  const ServiceTraffic::Totals* totals;
};

// No Service can have a name like this.
constexpr const char* kOthers = "(other)";

std::vector<NamedTotals> all_traffic(const ServiceTraffic& traffic) {
  std::vector<NamedTotals> all;
  for (const auto& [service, totals] : traffic.named()) {
    all.push_back({service.namespace_name, service.name, &totals});
  }
  all.push_back({kOthers, kOthers, &traffic.others()});
  return all;
}

void add_traffic(MetricsText& out, const ServiceTraffic& traffic) {
  using Totals = ServiceTraffic::Totals;
  const auto all = all_traffic(traffic);
  const auto count = [](std::uint64_t number) { return static_cast<double>(number); };
  const auto both_ways = [&](auto in, auto out_way) {
    for (const auto& [space, service, totals] : all) {
      out.sample({{"namespace", space}, {"service", service}, {"direction", "in"}},
                 count(totals->*in));
      out.sample({{"namespace", space}, {"service", service}, {"direction", "out"}},
                 count(totals->*out_way));
    }
  };
  out.family("kube_ipvs_service_connections_total", "counter",
             "Connections to the busiest Services, by the last audit");
  for (const auto& [space, service, totals] : all) {
    out.sample({{"namespace", space}, {"service", service}}, count(totals->connections));
  }
  out.family("kube_ipvs_service_packets_total", "counter",
             "Packets to (in) and from (out) the busiest Services, by the last audit");
  both_ways(&Totals::packets_in, &Totals::packets_out);
  out.family("kube_ipvs_service_bytes_total", "counter",
             "Bytes to (in) and from (out) the busiest Services, by the last audit");
  both_ways(&Totals::bytes_in, &Totals::bytes_out);
}

void add_configurations(MetricsText& out, const AgentStatistics::Configurations& configurations) {
  out.family("kube_ipvs_config_reloads_total", "counter",
             "Changes of the configuration's file, by what became of them");
  out.sample({{"result", "applied"}}, static_cast<double>(configurations.taken));
  out.sample({{"result", "refused"}}, static_cast<double>(configurations.refused));
  out.family("kube_ipvs_config_last_reload_successful", "gauge",
             "0 while the configuration's file is none, and an older one holds");
  out.sample(configurations.last_was_taken ? 1 : 0);
  out.family("kube_ipvs_config_restart_needed", "gauge",
             "Settings of the configuration's file that wait for the next start");
  out.sample(static_cast<double>(configurations.at_restart));
}

void add_work(MetricsText& out, const AgentStatistics& statistics, TimePoint now) {
  out.family("kube_ipvs_change_latency_seconds", "histogram",
             "From the event of a Service to the kernel's acknowledgement");
  out.histogram({}, statistics.change_latency());
  out.family("kube_ipvs_kernel_steps_total", "counter", "Changes written, by operation");
  add_by(out, "operation", statistics.steps());
  out.family("kube_ipvs_kernel_errors_total", "counter",
             "Changes the kernel refused, by operation");
  add_by(out, "operation", statistics.errors());
  out.family("kube_ipvs_drift_repaired_total", "counter", "Changes that undid somebody else's");
  add_by(out, "operation", statistics.repairs());
  out.family("kube_ipvs_audits_total", "counter", "Complete readings of the kernel");
  out.sample(static_cast<double>(statistics.audits()));
  out.family("kube_ipvs_behind_seconds", "gauge",
             "How long the kernel has not held all that it should");
  out.sample(std::max(0.0, age(statistics.behind_since(), now)));
}

void add_watches(MetricsText& out, const std::vector<NamedWatch>& watches, TimePoint now) {
  out.family("kube_ipvs_watch_age_seconds", "gauge",
             "How long a watch has been silent; -1 before its first event");
  for (const auto& watch : watches) {
    out.sample({{"resource", watch.resource}}, age(watch.statistics->last_event, now));
  }
  const auto gauge = [&](std::string_view name, std::string_view help, auto value) {
    out.family(name, "gauge", help);
    for (const auto& watch : watches) {
      out.sample({{"resource", watch.resource}}, value(*watch.statistics));
    }
  };
  const auto count = [&](std::string_view name, std::string_view help, auto value) {
    out.family(name, "counter", help);
    for (const auto& watch : watches) {
      out.sample({{"resource", watch.resource}}, static_cast<double>(value(*watch.statistics)));
    }
  };
  using Watch = kube::WatchStatistics;
  gauge("kube_ipvs_watch_open_seconds", "How long the present watch is open; -1 when none is",
        [&](const Watch& watch) { return age(watch.watch_since, now); });
  gauge("kube_ipvs_list_seconds", "What the last list took, from request to last byte",
        [](const Watch& watch) { return seconds(watch.last_list); });
  gauge("kube_ipvs_list_decode_seconds", "What of that was decoding",
        [](const Watch& watch) { return seconds(watch.last_list_decode); });
  gauge("kube_ipvs_brake_held", "1 while a list waits for a second one that agrees",
        [](const Watch& watch) { return watch.braking ? 1.0 : 0.0; });
  count("kube_ipvs_watch_events_total", "Events, bookmarks included",
        [](const Watch& watch) { return watch.events; });
  count("kube_ipvs_watch_failures_total", "Attempts to list or watch that failed",
        [](const Watch& watch) { return watch.failures; });
  count("kube_ipvs_watch_connections_total", "Connections to the API server",
        [](const Watch& watch) { return watch.connections; });
  count("kube_ipvs_watches_total", "Watches begun",
        [](const Watch& watch) { return watch.watches; });
  count("kube_ipvs_lists_total", "Complete lists", [](const Watch& watch) { return watch.lists; });
  count("kube_ipvs_received_bytes_total", "Bytes of answers, as on the wire",
        [](const Watch& watch) { return watch.bytes; });
  count("kube_ipvs_brakes_total", "Lists that took much away and had to wait",
        [](const Watch& watch) { return watch.brakes; });
  count("kube_ipvs_objects_skipped_total", "Objects that could not be believed",
        [](const Watch& watch) { return watch.skipped; });
}

}  // namespace

std::string metrics_text(const AgentStatistics& statistics, const Reconciliation& reconciliation,
                         const std::vector<NamedWatch>& watches, const ProbeCounts& probes,
                         TimePoint now) {
  MetricsText out;
  add_kube_proxys_times(out, statistics);
  add_kube_proxys_counts(out, statistics, reconciliation, watches, probes);
  add_no_local(out, reconciliation);
  add_tables(out, statistics, reconciliation);
  add_traffic(out, statistics.traffic());
  add_refusals(out, reconciliation);
  add_work(out, statistics, now);
  add_configurations(out, statistics.configurations());
  add_watches(out, watches, now);
  out.family("kube_ipvs_build_info", "gauge", "1, with the version");
  out.sample({{"version", std::string(kVersion)}}, 1);
  return std::move(out).text();
}

}  // namespace reconcile
