// A small HTTP server for health, metrics and our own subcommands. One request for a connection, a
// head of at most 4 KiB, a deadline, and a bound on connections.
//
// At the bound the connection that has kept us waiting the longest goes, so that a flood of silent
// clients (slow-loris) keeps nobody out who says what he wants. The same bound holds for answers
// that are not taken yet, so that who asks and does not read costs no more memory. Stopped or
// destroyed, it closes its connections. Thread: io.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "reconcile/http_message.h"

namespace reconcile {

// Answers one request. What it throws is answered with 500.
using HttpHandler = std::function<boost::asio::awaitable<HttpResponse>(HttpRequest)>;

// An HttpHandler of one that answers at once.
[[nodiscard]] HttpHandler at_once(std::function<HttpResponse(const HttpRequest&)> handler);

// Hears what a handler threw, and what else should not happen to a server. What it is about is
// over; the server goes on.
using HttpTrouble = std::function<void(std::string_view what)>;

struct HttpLimits {
  std::size_t connections = 128;
  std::chrono::milliseconds deadline{5'000};  // of the request, and again of the response
};

class HttpServer {
 public:
  using Endpoint = boost::asio::generic::stream_protocol::endpoint;

  HttpServer(boost::asio::any_io_executor io, HttpHandler handler, HttpLimits limits = {},
             HttpTrouble trouble = {});
  HttpServer(HttpServer&&) noexcept = default;
  HttpServer& operator=(HttpServer&&) noexcept;
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer() { stop(); }

  // Listens and serves from now on; or why it cannot. One may listen on several; an IPv6 endpoint
  // takes no IPv4 connections.
  [[nodiscard]] boost::system::error_code listen(const Endpoint& endpoint);
  // On a Unix socket that only root may use. A file that an earlier process left there is replaced.
  [[nodiscard]] boost::system::error_code listen_unix(const std::string& path);

  // Where the last listen() ended up: the port, if 0 was asked for.
  [[nodiscard]] Endpoint endpoint() const;

  void stop();

 private:
  class Service;
  std::shared_ptr<Service> service_;
};

}  // namespace reconcile
