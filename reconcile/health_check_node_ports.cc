#include "reconcile/health_check_node_ports.h"

#include <fmt/core.h>

#include <boost/asio/ip/tcp.hpp>
#include <utility>

#include "reconcile/json_text.h"

namespace reconcile {

HttpResponse health_check_response(const ServiceHealth& service, bool proxy_healthy) {
  const bool serves = service.local_endpoints > 0 && proxy_healthy;
  return {
      .status = serves ? 200 : 503,
      .body = fmt::format("{{\n\t\"service\": {{\n\t\t\"namespace\": {},\n\t\t\"name\": {}\n"
                          "\t}},\n\t\"localEndpoints\": {},\n\t\"serviceProxyHealthy\": {}\n}}",
                          json_string(service.namespace_name), json_string(service.name),
                          service.local_endpoints, proxy_healthy),
      .content_type = "application/json",
      .headers = {{"X-Load-Balancing-Endpoint-Weight", std::to_string(service.local_endpoints)}}};
}

HealthCheckNodePorts::HealthCheckNodePorts(boost::asio::any_io_executor io,
                                           std::vector<boost::asio::ip::address> addresses,
                                           std::function<bool()> proxy_healthy, Failed failed,
                                           HttpTrouble trouble)
    : io_(std::move(io)),
      addresses_(std::move(addresses)),
      proxy_healthy_(std::move(proxy_healthy)),
      failed_(std::move(failed)),
      trouble_(std::move(trouble)) {}

void HealthCheckNodePorts::update(Ports ports) {
  ports_ = std::move(ports);
  std::erase_if(servers_, [this](const auto& entry) { return !ports_.contains(entry.first); });
  try_again();
}

void HealthCheckNodePorts::try_again() {
  for (const auto& [port, service] : ports_) {
    if (!servers_.contains(port)) listen(port);
  }
}

void HealthCheckNodePorts::listen(std::uint16_t port) {
  const auto answer = [this, port](const HttpRequest&) {
    return health_check_response(ports_.at(port), proxy_healthy_());
  };
  HttpServer server(io_, at_once(answer), {}, trouble_);
  for (const auto& address : addresses_) {
    const auto error = server.listen(boost::asio::ip::tcp::endpoint(address, port));
    if (error && error != boost::asio::error::address_family_not_supported) {
      return failed_(port, ports_.at(port),
                     fmt::format("cannot listen on {} port {}: {}", address.to_string(), port,
                                 error.message()));
    }
  }
  servers_.emplace(port, std::move(server));
}

}  // namespace reconcile
