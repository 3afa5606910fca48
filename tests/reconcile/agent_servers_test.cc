// What a running agent answers, beside what the real kube-proxy was recorded to answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>

#include "reconcile/agent_metrics.h"
#include "reconcile/config_file.h"
#include "reconcile/config_json.h"
#include "reconcile/health.h"
#include "reconcile/watches.h"
#include "tests/reconcile/builders.h"
#include "tests/reconcile/kube_proxy.h"

namespace reconcile {
namespace {

using namespace std::chrono_literals;
using test::ip;
using test::named;
using test::ready;
using test::service;
using test::slice;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::chrono::milliseconds kPeriod = 30s;

// `age` after the start of everything.
Now at(std::chrono::seconds age) {
  return {TimePoint{} + 1000h + age, std::chrono::system_clock::time_point{} + 490'000h + age};
}

Reconciliation nothing_told() { return Reconciliation({.name = "node-1"}, 60s); }

AgentStatistics synced_at(Now when) {
  AgentStatistics statistics(at(0s));
  statistics.done(nothing_told(), {}, {.audited = true, .decided = when.steady}, true, when);
  return statistics;
}

kube::WatchStatistics watch_heard_at(Now when) {
  kube::WatchStatistics watch;
  watch.last_event = when.steady;
  return watch;
}

Health judged(const AgentStatistics& statistics, Now heard, Now now,
              const std::optional<kube::Node>& node = std::nullopt) {
  const auto watch = watch_heard_at(heard);
  return judge(statistics, {{"services", &watch}}, node, kPeriod, now.steady);
}

TEST(Health, IsGreenWhenTheKernelHoldsWhatItShouldAndTheWatchesAreCurrent) {
  EXPECT_TRUE(judged(synced_at(at(1s)), at(1s), at(2s)).healthy());
}

TEST(Health, IsNotGreenBeforeTheFirstSyncButAlive) {
  const auto health = judged(AgentStatistics(at(0s)), at(1s), at(2s));
  EXPECT_FALSE(health.healthy());
  EXPECT_TRUE(health.alive);
}

TEST(Health, IsNotAliveWhenTheKernelIsBehindForTwoPeriods) {
  auto statistics = synced_at(at(1s));
  statistics.troubled(at(10s));
  statistics.troubled(at(60s));
  EXPECT_TRUE(judged(statistics, at(69s), at(69s)).alive);
  EXPECT_FALSE(judged(statistics, at(70s), at(70s)).alive);
}

// As while a thousand endpoints a second change: something is always left to do.
TEST(Health, StaysGreenOnANodeThatNeverRestsButKeepsUp) {
  auto busy = nothing_told();
  busy.observed({});
  ASSERT_TRUE(busy.pending());
  auto statistics = synced_at(at(1s));
  for (auto age = 2s; age < 200s; ++age) {
    statistics.queued(at(age));
    statistics.done(busy, {}, {.audited = false, .decided = at(age).steady}, true, at(age + 1s));
    ASSERT_TRUE(judged(statistics, at(age), at(age + 1s)).healthy());
  }
  EXPECT_FALSE(judged(statistics, at(261s), at(261s)).alive) << "and is behind once it does not";
}

// A server without streaming lists says nothing before the first bookmark, a minute later.
TEST(Health, IsGreenWithAWatchThatHasBegunAndBroughtNothingYet) {
  kube::WatchStatistics watch;
  EXPECT_FALSE(
      judge(synced_at(at(1s)), {{"services", &watch}}, {}, kPeriod, at(2s).steady).healthy());
  watch.watch_since = at(1s).steady;
  EXPECT_TRUE(
      judge(synced_at(at(1s)), {{"services", &watch}}, {}, kPeriod, at(2s).steady).healthy());
}

TEST(Health, DoesNotNeedAWatchThatOneCanDoWithout) {
  const kube::WatchStatistics never;
  EXPECT_TRUE(
      judge(synced_at(at(1s)), {{"servicecidrs", &never, false}}, {}, kPeriod, at(2s).steady)
          .healthy());
}

TEST(Health, IsNotGreenWithASilentWatchButAlive) {
  const auto health = judged(synced_at(at(1s)), at(1s), at(1s + kWatchPatience));
  EXPECT_FALSE(health.healthy());
  EXPECT_TRUE(health.alive) << "no restart brings an API server back";
}

TEST(Health, IsNotGreenOnANodeThatIsAboutToGo) {
  for (const auto& node : {kube::Node{.deleting = true}, kube::Node{.taint_to_be_deleted = true}}) {
    const auto health = judged(synced_at(at(1s)), at(1s), at(2s), node);
    EXPECT_FALSE(health.healthy());
    EXPECT_TRUE(health.alive);
  }
}

// The body with all times replaced: what remains has to be kube-proxy's.
std::string without_times(const std::string& text) {
  return std::regex_replace(text, std::regex("[0-9]{4}-[0-9T:.-]+Z"), "T");
}

std::string recorded_body(const std::string& name) {
  const auto text = kube_proxy::recorded(name);
  return text.substr(text.find("\r\n\r\n") + 4);
}

TEST(HealthBodies, AreKubeProxys) {
  const auto statistics = synced_at(at(1s));
  const auto health = judged(statistics, at(1s), at(2s));
  const auto healthz = healthz_response(health, statistics, at(2s).system);
  EXPECT_EQ(healthz.status, 200);
  EXPECT_EQ(without_times(healthz.body), without_times(recorded_body("healthz.http")));
  const auto livez = livez_response(health, statistics, at(2s).system);
  EXPECT_EQ(without_times(livez.body), without_times(recorded_body("livez.http")));
}

TEST(HealthBodies, SayWhatIsWrong) {
  const auto statistics = synced_at(at(1s));
  const auto health = judged(statistics, at(1s), at(2s), kube::Node{.deleting = true});
  const auto healthz = healthz_response(health, statistics, at(2s).system);
  EXPECT_EQ(healthz.status, 503);
  EXPECT_THAT(healthz.body, HasSubstr("\"nodeEligible\":false,\"healthy\":false"));
  EXPECT_EQ(livez_response(health, statistics, at(2s).system).status, 200);
}

TEST(Rfc3339, HasNanoseconds) {
  EXPECT_EQ(rfc3339(std::chrono::system_clock::time_point{} + 1500ms),
            "1970-01-01T00:00:01.500000000Z");
}

// Metrics.

std::string all_metrics() {
  auto statistics = synced_at(at(1s));
  auto watch = watch_heard_at(at(1s));
  const ProbeCounts probes{.healthz = {{200, 3}, {503, 1}}, .livez = {{200, 4}}};
  return metrics_text(statistics, nothing_told(), {{"services", &watch}}, probes, at(5s).steady);
}

// "name type" of every family.
std::set<std::string> families(const std::string& text) {
  std::set<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) found.insert(line.substr(7));
  }
  return found;
}

// "name{labels}" of every sample, values of labels that count something left out.
std::set<std::string> samples(const std::string& text) {
  std::set<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#')) found.insert(line.substr(0, line.rfind(' ')));
  }
  return found;
}

TEST(Metrics, HaveEveryFamilyOfTheRealKubeProxy) {
  const auto ours = families(all_metrics());
  for (const auto& family : families(kube_proxy::recorded("metrics.txt"))) {
    EXPECT_TRUE(ours.contains(family)) << family;
  }
}

TEST(Metrics, HaveEverySampleOfTheRealKubeProxyWithItsLabelsAndBuckets) {
  const auto ours = samples(all_metrics());
  for (const auto& sample : samples(kube_proxy::recorded("metrics.txt"))) {
    EXPECT_TRUE(ours.contains(sample)) << sample;
  }
}

// What promtool's linter checks: names, help and type before the samples, unique samples, suffixes.
TEST(Metrics, KeepTheRulesOfTheFormat) {
  std::set<std::string> seen;
  std::set<std::string> seen_samples;
  std::string family;
  std::string type;
  std::istringstream lines(all_metrics());
  const std::regex sample(
      R"(([a-z_]+)(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [-+0-9.e]+(inf|nan)?)");
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_GT(line.size(), 8 + family.size()) << "no help: " << line;
      EXPECT_TRUE(seen.insert(family).second) << "twice: " << family;
    } else if (line.starts_with("# TYPE ")) {
      EXPECT_THAT(line, StartsWith("# TYPE " + family + " ")) << "a type without its help";
      type = line.substr(line.rfind(' ') + 1);
      EXPECT_TRUE(type == "counter" || type == "gauge" || type == "histogram") << line;
      const bool ours = family.starts_with("kube_ipvs_");
      EXPECT_EQ(ours && type == "counter", ours && family.ends_with("_total")) << family;
    } else {
      std::smatch match;
      ASSERT_TRUE(std::regex_match(line, match, sample)) << line;
      EXPECT_THAT(match[1].str(), StartsWith(family)) << line;
      EXPECT_TRUE(seen_samples.insert(line.substr(0, line.rfind(' '))).second) << "twice: " << line;
    }
  }
}

TEST(Metrics, CountWhatWasWrittenRepairedAndRefused) {
  AgentStatistics statistics = synced_at(at(1s));
  const ipvs::DeleteVirtualServer step{};
  const Report written{.steps = {step, step, ipvs::CreateLink{}},
                       .outcomes = {std::nullopt, ipvs::Error{.code = 1}, std::nullopt}};
  statistics.done(nothing_told(), written, {.audited = true, .decided = at(2s).steady}, false,
                  at(3s));
  const auto text = metrics_text(statistics, nothing_told(), {}, {}, at(5s).steady);
  EXPECT_THAT(text,
              HasSubstr("kube_ipvs_kernel_steps_total{operation=\"delete virtual server\"} 2\n"));
  EXPECT_THAT(text,
              HasSubstr("kube_ipvs_kernel_errors_total{operation=\"delete virtual server\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("kube_ipvs_drift_repaired_total{operation=\"delete virtual server\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("kube_ipvs_behind_seconds 2\n"));
}

TEST(Metrics, CountWhatServicesAskForAndDoNotGet) {
  auto decision = nothing_told();
  auto first = service("shop/first", {"10.96.0.1"});
  first.external_ips = {ip("127.0.0.1"), ip("203.0.113.1")};
  auto second = service("shop/second", {"10.96.0.2"});
  second.external_ips = {ip("203.0.113.1")};
  decision.replaced(std::vector<kube::Service>{first, second}, {});
  decision.replaced(std::vector<kube::EndpointSlice>{}, {});
  decision.observed({});
  std::ignore = decision.decide({});
  const auto text = metrics_text(synced_at(at(1s)), decision, {}, {}, at(5s).steady);
  EXPECT_THAT(text, HasSubstr("kube_ipvs_refusals{field=\"spec.externalIPs\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("kube_ipvs_refusals{field=\"claim\"} 1\n"));
}

TEST(Metrics, CountTheServicesOfPolicyLocalThatHaveNobodyHere) {
  auto decision = nothing_told();
  auto local = service("shop/local", {"10.96.0.1", "fd00::1"});
  local.internal_policy = kube::TrafficPolicy::kLocal;
  auto served = service("shop/served", {"10.96.0.2"});
  served.external_policy = kube::TrafficPolicy::kLocal;
  decision.replaced(std::vector<kube::Service>{local, served}, {});
  decision.replaced(std::vector{slice("shop/l", "local", {ready("10.0.0.1", "there")}),
                                slice("shop/s", "served", {ready("10.0.0.2", "node-1")})},
                    {});
  decision.observed({});
  const auto family = "kubeproxy_sync_proxy_rules_no_local_endpoints_total{ip_family=";
  const auto counts = [&] {
    std::ignore = decision.decide({});
    const auto text = metrics_text(synced_at(at(1s)), decision, {}, {}, at(5s).steady);
    return text.substr(text.find(family));
  };
  EXPECT_THAT(counts(),
              StartsWith(std::string(family) + "\"IPv4\",traffic_policy=\"external\"} 0\n" +
                         family + "\"IPv4\",traffic_policy=\"internal\"} 1\n" + family +
                         "\"IPv6\",traffic_policy=\"external\"} 0\n" + family +
                         "\"IPv6\",traffic_policy=\"internal\"} 1\n"));
  decision.changed(slice("shop/s", "served", {ready("10.0.0.2", "there")}), {});
  decision.deleted<kube::Service>(named("shop/local"), {});
  EXPECT_THAT(counts(),
              StartsWith(std::string(family) + "\"IPv4\",traffic_policy=\"external\"} 1\n" +
                         family + "\"IPv4\",traffic_policy=\"internal\"} 0\n"));
}

TEST(Metrics, NameTheTrafficOfTheBusiestServicesAndSumUpTheRest) {
  auto decision = nothing_told();
  decision.replaced(std::vector<kube::Service>{service("shop/busy", {"10.96.0.1"}),
                                               service("shop/quiet", {"10.96.0.2"})},
                    {});
  decision.replaced(std::vector<kube::EndpointSlice>{}, {});
  decision.observed({});
  std::ignore = decision.decide({});
  AgentStatistics statistics(at(0s), 1);
  ipvs::Observation read;
  read.virtual_servers = {{.id = test::tcp("10.96.0.1", 80),
                           .settings = {},
                           .traffic = {.connections = 7, .packets_in = 70, .bytes_out = 7000},
                           .real_servers = {}},
                          {.id = test::tcp("10.96.0.2", 80),
                           .settings = {},
                           .traffic = {.connections = 2, .packets_in = 20, .bytes_out = 2000},
                           .real_servers = {}}};
  statistics.audited(read, decision, at(1s));
  const auto text = metrics_text(statistics, decision, {}, {}, at(5s).steady);
  for (const auto* sample :
       {R"x(connections_total{namespace="shop",service="busy"} 7)x",
        R"x(packets_total{namespace="shop",service="busy",direction="in"} 70)x",
        R"x(bytes_total{namespace="shop",service="busy",direction="out"} 7000)x",
        R"x(connections_total{namespace="(other)",service="(other)"} 2)x",
        R"x(packets_total{namespace="(other)",service="(other)",direction="in"} 20)x",
        R"x(bytes_total{namespace="(other)",service="(other)",direction="out"} 2000)x"}) {
    EXPECT_THAT(text, HasSubstr(std::string("kube_ipvs_service_") + sample + "\n"));
  }
  EXPECT_THAT(text, testing::Not(HasSubstr("quiet")));
}

TEST(Metrics, TellWhatBecameOfTheConfigurationsFile) {
  AgentStatistics statistics(at(0s));
  statistics.took_configuration(3);
  statistics.refused_configuration();
  const auto text = metrics_text(statistics, nothing_told(), {}, {}, at(5s).steady);
  for (const auto* sample :
       {R"(reloads_total{result="applied"} 1)", R"(reloads_total{result="refused"} 1)",
        "last_reload_successful 0", "restart_needed 3"}) {
    EXPECT_THAT(text, HasSubstr(std::string("kube_ipvs_config_") + sample + "\n"));
  }
}

// One that has been doing this and that.
kube::WatchStatistics busy_watch(Now when) {
  auto watch = watch_heard_at(when);
  watch.watch_since = when.steady;
  watch.events = 7;
  watch.watches = 3;
  watch.connections = 3;
  watch.failures = 2;
  watch.lists = 1;
  watch.last_list = 1500ms;
  watch.last_list_decode = 250ms;
  watch.bytes = 4096;
  watch.skipped = 1;
  watch.brakes = 1;
  return watch;
}

TEST(Metrics, TellHowListsAndWatchesAreDoing) {
  const auto watch = busy_watch(at(1s));
  const auto text = metrics_text(AgentStatistics(at(0s)), nothing_told(), {{"services", &watch}},
                                 {}, at(5s).steady);
  for (const auto* sample :
       {"watch_open_seconds{resource=\"services\"} 4", "watch_age_seconds{resource=\"services\"} 4",
        "list_seconds{resource=\"services\"} 1.5",
        "list_decode_seconds{resource=\"services\"} 0.25", "brake_held{resource=\"services\"} 0",
        "brakes_total{resource=\"services\"} 1", "watches_total{resource=\"services\"} 3",
        "lists_total{resource=\"services\"} 1", "watch_connections_total{resource=\"services\"} 3",
        "watch_failures_total{resource=\"services\"} 2",
        "watch_events_total{resource=\"services\"} 7",
        "received_bytes_total{resource=\"services\"} 4096",
        "objects_skipped_total{resource=\"services\"} 1"}) {
    EXPECT_THAT(text, HasSubstr(std::string("kube_ipvs_") + sample + "\n"));
  }
}

TEST(Watches, AreShownToTheOperator) {
  auto watch = busy_watch(at(1s));
  const auto wide = to_text(watch_table({{"services", &watch}}, at(5s).steady), TableOutput::kJson);
  for (const auto* part :
       {R"("resource": "services")", R"("state": "Watching")", R"("age": "4s")",
        R"("lastEvent": "4s")", R"("reconnects": "2")", R"("skipped": "1")",
        R"("listTime": "1.5s")", R"("decodeTime": "250ms")", R"("bytes": "4096")"}) {
    EXPECT_THAT(wide, HasSubstr(part));
  }
  watch.braking = true;
  EXPECT_EQ(watch_table({{"services", &watch}}, at(5s).steady).rows.cell(0, 1), "Braking");
}

TEST(Watches, AreReleasedOnlyWhereABrakeHolds) {
  const auto quiet = busy_watch(at(1s));
  auto held = quiet;
  held.braking = true;
  int releases = 0;
  const auto released = release_brakes({{"services", &quiet, true, [&] { releases += 100; }},
                                        {"endpointslices", &held, true, [&] { ++releases; }}});
  EXPECT_THAT(released, testing::ElementsAre("endpointslices"));
  EXPECT_EQ(releases, 1);
}

TEST(Configz, IsKubeProxysObjectWithOurValues) {
  AgentConfig config;
  config.node_name = "node-1";
  config.cluster_cidrs = {"10.1.0.0/16", "fd00:10:1::/48"};
  config.exclude_cidrs = {"10.9.0.0/16"};
  const auto text = configz(config);
  EXPECT_THAT(text, StartsWith("{\"kubeproxy.config.k8s.io\":{\"apiVersion\":"
                               "\"kubeproxy.config.k8s.io/v1alpha1\","));
  EXPECT_THAT(text, HasSubstr("\"clusterCIDR\":\"10.1.0.0/16,fd00:10:1::/48\""));
  EXPECT_THAT(text, HasSubstr("\"tcpEstablishedTimeout\":\"24h0m0s\""));
  EXPECT_THAT(text, HasSubstr("\"excludeCIDRs\":[\"10.9.0.0/16\"]"));
  EXPECT_THAT(text, HasSubstr("\"nodePortAddresses\":null"));
  EXPECT_THAT(text, HasSubstr("\"options\":{\"json\":{\"infoBufferSize\":\"0\""));
}

TEST(Configz, ReadsBackAsTheSameConfiguration) {
  AgentConfig config;
  config.scheduler = "mh";
  config.conntrack.min = 7;
  config.allow_external_ips = false;
  auto text = configz(config);
  const auto begin = text.find('{', 1);
  const auto file = read_config(text.substr(begin, text.size() - begin - 1));
  ASSERT_TRUE(file) << file.error();
  EXPECT_EQ(configz(file->config), text);
}

}  // namespace
}  // namespace reconcile
