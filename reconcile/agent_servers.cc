#include "reconcile/agent_servers.h"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <boost/asio/ip/tcp.hpp>

#include "reconcile/config_checks.h"
#include "reconcile/config_json.h"
#include "reconcile/version.h"

namespace reconcile {
namespace {

namespace ip = boost::asio::ip;
using namespace std::chrono_literals;

constexpr auto kBindAgain = 5s;
constexpr auto kRepeatQuiet = 60s;

std::vector<ip::address> addresses_of(const ListenAddress& listen) {
  if (listen.address.empty()) return {ip::address_v4::any(), ip::address_v6::any()};
  return {ip::make_address(listen.address)};
}

HttpResponse json(std::string body) {
  return {.body = std::move(body), .content_type = "application/json", .headers = {}};
}

}  // namespace

AgentServers::AgentServers(const boost::asio::any_io_executor& io, const AgentConfig& config,
                           Agent& agent, std::vector<NamedWatch> watches, Log& log,
                           kube::EventSink event)
    : config_(config),
      agent_(agent),
      watches_(std::move(watches)),
      log_(log),
      health_(io, at_once([this](const HttpRequest& request) {
                return request.path == "/healthz" || request.path == "/livez" ? answer(request)
                                                                              : plain_response(404);
              }),
              {}, says()),
      metrics_(io, at_once([this](const HttpRequest& request) {
                 return request.path == "/healthz" ? HttpResponse{.body = "ok"} : answer(request);
               }),
               {}, says()),
      control_(io,
               at_once([this](const HttpRequest& request) { return answer_subcommand(request); }),
               {}, says()),
      node_ports_(
          io, {ip::address_v4::any(), ip::address_v6::any()}, [this] { return health().alive; },
          [this](std::uint16_t port, const ServiceHealth& service, const std::string& why) {
            health_check_failed(port, service, why);
          },
          says()),
      again_(io),
      repeats_(kRepeatQuiet),
      event_(std::move(event)) {}

HttpTrouble AgentServers::says() {
  return [this](std::string_view what) {
    log_.error("A request met what should not happen; please report it", {{"err", what}});
  };
}

bool AgentServers::start() {
  agent_.on_health_checks([this](const auto& checks) { serve_health_checks(checks); });
  want(health_, config_.healthz_bind_address, 10'256);
  want(metrics_, config_.metrics_bind_address, 10'249);
  bind_what_is_not();
  if (!unbound_.empty() && config_.bind_address_hard_fail) return false;
  listen_on_control_socket();
  if (!unbound_.empty()) try_again_soon();
  return true;
}

void AgentServers::stop() {
  again_.cancel();
  agent_.on_health_checks({});
  health_.stop();
  metrics_.stop();
  control_.stop();
  node_ports_.stop();
}

void AgentServers::want(HttpServer& server, const std::string& address,
                        std::uint16_t default_port) {
  const auto parsed = parse_listen_address(address);
  if (!parsed) return;  // empty: turned off
  const auto port = parsed->port == 0 ? default_port : parsed->port;
  for (const auto& each : addresses_of(*parsed)) {
    unbound_.push_back({&server, ip::tcp::endpoint(each, port), address});
  }
}

void AgentServers::bind_what_is_not() {
  std::erase_if(unbound_, [this](const Unbound& unbound) {
    const auto error = unbound.server->listen(unbound.endpoint);
    if (!error || error == boost::asio::error::address_family_not_supported) return true;
    if (repeats_.note(unbound.address, error.message(), std::chrono::steady_clock::now())) {
      log_.error("Cannot listen; free the address, or set another one; it is tried again",
                 {{"address", unbound.address}, {"err", error.message()}});
    }
    return false;
  });
}

void AgentServers::try_again_soon() {
  again_.expires_after(kBindAgain);
  again_.async_wait([this](boost::system::error_code cancelled) {
    if (cancelled) return;
    bind_what_is_not();
    if (!unbound_.empty()) try_again_soon();
    node_ports_.try_again();
  });
}

void AgentServers::health_check_failed(std::uint16_t port, const ServiceHealth& service,
                                       const std::string& why) {
  try_again_soon();
  const kube::NamespacedName name{service.namespace_name, service.name};
  if (repeats_.note(kube::to_string(name), why, std::chrono::steady_clock::now())) {
    log_.error(
        "A Service's health check cannot be served; free the port or change the "
        "healthCheckNodePort",
        {{"service", kube::to_string(name)}, {"port", port}, {"err", why}});
  }
  const auto* told = agent_.reconciliation().cluster().service(name);
  if (told == nullptr || !event_) return;
  event_({.reason = "FailedToStartServiceHealthcheck",  // as kube-proxy has it
          .action = "StartServiceHealthcheck",
          .note = fmt::format("node {} failed to start healthcheck \"{}\" on port {}: {}",
                              config_.node_name, kube::to_string(name), port, why),
          .regarding = {
              .api_version = "v1", .kind = "Service", .id = name, .uid = told->metadata.uid}});
}

void AgentServers::listen_on_control_socket() {
  const auto& path = config_.control_socket;
  if (path.empty()) return;
  ::mkdir(path.substr(0, path.rfind('/')).c_str(), 0755);
  if (const auto error = control_.listen_unix(path)) {
    log_.warning("No control socket: subcommands that ask this agent will not work",
                 {{"path", path}, {"err", error.message()}});
  }
}

void AgentServers::serve_health_checks(const DesiredState::HealthChecks& checks) {
  HealthCheckNodePorts::Ports ports;
  for (const auto& [service, check] : checks) {
    ports.emplace(check.port,
                  ServiceHealth{.namespace_name = service.namespace_name,
                                .name = service.name,
                                .local_endpoints = static_cast<int>(check.local_endpoints)});
  }
  node_ports_.update(std::move(ports));
}

HttpResponse AgentServers::answer(const HttpRequest& request) {
  if (request.path == "/healthz") return healthz();
  if (request.path == "/livez") return livez();
  if (request.path == "/metrics") return metrics();
  if (request.path == "/proxyMode") return {.body = "ipvs"};
  if (request.path == "/configz") return json(configz(config_));
  if (request.path == "/statusz") return statusz();
  return plain_response(404);
}

Health AgentServers::health() const {
  return judge(agent_.statistics(), watches_, agent_.reconciliation().cluster().node(),
               config_.sync_period, std::chrono::steady_clock::now());
}

HttpResponse AgentServers::healthz() {
  auto response = healthz_response(health(), agent_.statistics(), std::chrono::system_clock::now());
  ++probes_.healthz[response.status];
  return response;
}

HttpResponse AgentServers::livez() {
  auto response = livez_response(health(), agent_.statistics(), std::chrono::system_clock::now());
  ++probes_.livez[response.status];
  return response;
}

HttpResponse AgentServers::metrics() {
  return {.body = metrics_text(agent_.statistics(), agent_.reconciliation(), watches_, probes_,
                               std::chrono::steady_clock::now()),
          .content_type = "text/plain; version=0.0.4; charset=utf-8",
          .headers = {}};
}

HttpResponse AgentServers::statusz() {
  const auto& started = agent_.statistics().started();
  const auto up =
      std::chrono::duration_cast<std::chrono::seconds>(Now::current().steady - started.steady);
  return {
      .body = fmt::format(
          "kube-ipvs statusz\nWarning: This endpoint is not meant to be machine parseable, has no "
          "formatting compatibility guarantees and is for debugging purposes only.\n\nStarted: "
          "{:%a %b %e %H:%M:%S UTC %Y}\nUp: {} hr {:02} min {:02} sec\nBinary version: {}\nPaths: "
          "/configz /healthz /metrics /proxyMode\n",
          fmt::gmtime(std::chrono::system_clock::to_time_t(started.system)), up.count() / 3600,
          up.count() / 60 % 60, up.count() % 60, kVersion)};
}

}  // namespace reconcile
