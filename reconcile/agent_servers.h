// What a running agent answers: health to kubelets and load balancers, metrics to Prometheus, its
// decision to our own subcommands. Thread: io.
//
//   healthzBindAddress   /healthz /livez
//   metricsBindAddress   /metrics /proxyMode /configz /statusz /healthz
//   control socket       all of them, and /get/… /explain /plan /names /release-brake
//   healthCheckNodePort  anything, on each Service's port
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <vector>

#include "reconcile/agent.h"
#include "reconcile/agent_config.h"
#include "reconcile/agent_metrics.h"
#include "reconcile/health_check_node_ports.h"
#include "reconcile/http_server.h"
#include "reconcile/repeats.h"
#include "reconcile/text_table.h"

namespace reconcile {

class AgentServers {
 public:
  // `watches` are told of the reflectors that stand behind `agent`. All of them must outlive this.
  // `event` hears of health-check node ports that cannot be had.
  AgentServers(const boost::asio::any_io_executor& io, const AgentConfig& config, Agent& agent,
               std::vector<NamedWatch> watches, Log& log, kube::EventSink event);

  // Listens. False: an address could not be bound, and the configuration says that this is the end;
  // else it is tried again every 5 s, as kube-proxy does.
  [[nodiscard]] bool start();
  void stop();

 private:
  [[nodiscard]] HttpResponse answer(const HttpRequest& request);
  [[nodiscard]] HttpResponse answer_subcommand(const HttpRequest& request);
  [[nodiscard]] HttpResponse get(const HttpRequest& request) const;
  [[nodiscard]] HttpResponse explain_service(const HttpRequest& request) const;
  [[nodiscard]] HttpResponse plan(const HttpRequest& request) const;
  [[nodiscard]] HttpResponse names() const;
  HttpResponse release_brake();
  [[nodiscard]] TextTable agent_table() const;
  [[nodiscard]] Health health() const;
  HttpResponse healthz();
  HttpResponse livez();
  HttpResponse metrics();
  HttpResponse statusz();
  HttpTrouble says();
  void want(HttpServer& server, const std::string& address, std::uint16_t default_port);
  void bind_what_is_not();
  void try_again_soon();
  void health_check_failed(std::uint16_t port, const ServiceHealth& service,
                           const std::string& why);
  void listen_on_control_socket();
  void serve_health_checks(const DesiredState::HealthChecks& checks);

  const AgentConfig& config_;
  Agent& agent_;
  std::vector<NamedWatch> watches_;
  Log& log_;
  ProbeCounts probes_;
  HttpServer health_;
  HttpServer metrics_;
  HttpServer control_;
  HealthCheckNodePorts node_ports_;
  // What is not bound yet: a server and where.
  struct Unbound {
    HttpServer* server;
    HttpServer::Endpoint endpoint;
    std::string address;  // as it is configured
  };
  std::vector<Unbound> unbound_;
  boost::asio::steady_timer again_;
  Repeats repeats_;
  kube::EventSink event_;
};

}  // namespace reconcile
