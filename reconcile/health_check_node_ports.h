// A server for each Service's healthCheckNodePort, where cloud load balancers ask whether this node
// has endpoints of it (kube-proxy's ServiceHealthServer, the same status codes and bytes).
//
// 200 with at least one local ready endpoint while this proxy is healthy, else 503. Thread: io.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "reconcile/http_server.h"

namespace reconcile {

// What one Service's health check answers.
struct ServiceHealth {
  std::string namespace_name;
  std::string name;
  int local_endpoints = 0;  // ready, on this node, distinct addresses

  friend bool operator==(const ServiceHealth&, const ServiceHealth&) = default;
};

// Pure: the answer.
[[nodiscard]] HttpResponse health_check_response(const ServiceHealth& service, bool proxy_healthy);

class HealthCheckNodePorts {
 public:
  using Ports = std::map<std::uint16_t, ServiceHealth>;
  using Failed =
      std::function<void(std::uint16_t port, const ServiceHealth& service, const std::string& why)>;

  // `addresses`: where every port listens; kube-proxy has 0.0.0.0 and ::, or the node's addresses
  // within nodePortAddresses. `failed` hears of a port that cannot be had; it is tried again at
  // each update() and try_again().
  HealthCheckNodePorts(boost::asio::any_io_executor io,
                       std::vector<boost::asio::ip::address> addresses,
                       std::function<bool()> proxy_healthy, Failed failed,
                       HttpTrouble trouble = {});

  // These and no others from now on. Ports that stay keep their connections.
  void update(Ports ports);

  // To have the ports that could not be had.
  void try_again();

  void stop() { servers_.clear(); }

 private:
  void listen(std::uint16_t port);

  boost::asio::any_io_executor io_;
  std::vector<boost::asio::ip::address> addresses_;
  std::function<bool()> proxy_healthy_;
  Failed failed_;
  HttpTrouble trouble_;
  Ports ports_;
  std::map<std::uint16_t, HttpServer> servers_;
};

}  // namespace reconcile
