#include "reconcile/http_server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <exception>
#include <list>
#include <utility>
#include <vector>

namespace reconcile {

namespace asio = boost::asio;

namespace {

using Protocol = asio::generic::stream_protocol;
using Acceptor = asio::basic_socket_acceptor<Protocol>;
using ErrorCode = boost::system::error_code;

constexpr std::size_t kLongestHead = 4'096;
constexpr auto kNoDescriptors = std::chrono::milliseconds(100);

// A client, and the timer that ends it.
struct Connection {
  explicit Connection(Protocol::socket accepted)
      : socket(std::move(accepted)), timer(socket.get_executor()) {}

  void close() {
    ErrorCode ignored;
    socket.close(ignored);
    timer.cancel();
  }

  Protocol::socket socket;
  asio::steady_timer timer;
};

using ConnectionPtr = std::shared_ptr<Connection>;

void close_after(const ConnectionPtr& connection, std::chrono::milliseconds deadline) {
  connection->timer.expires_after(deadline);
  connection->timer.async_wait([connection](ErrorCode cancelled) {
    if (!cancelled) connection->close();
  });
}

}  // namespace

// What outlives the HttpServer for as long as a coroutine still runs.
class HttpServer::Service : public std::enable_shared_from_this<Service> {
 public:
  Service(asio::any_io_executor io, HttpHandler handler, HttpLimits limits, HttpTrouble trouble)
      : io_(std::move(io)),
        handler_(std::move(handler)),
        limits_(limits),
        trouble_(std::move(trouble)) {}

  ErrorCode listen(const Endpoint& endpoint);
  Endpoint endpoint() const { return acceptors_.back()->local_endpoint(); }
  void stop();

 private:
  asio::awaitable<void> accept_all(std::shared_ptr<Acceptor> acceptor);
  void welcome(Protocol::socket socket);
  void make_room(std::list<ConnectionPtr>& connections) const;
  asio::awaitable<void> serve(ConnectionPtr connection);
  asio::awaitable<HttpResponse> answer(tl::expected<HttpRequest, int> request);
  void spawn(std::function<asio::awaitable<void>()> coroutine);
  void say(const std::exception_ptr& error) const;

  asio::any_io_executor io_;
  HttpHandler handler_;
  HttpLimits limits_;
  HttpTrouble trouble_;
  std::vector<std::shared_ptr<Acceptor>> acceptors_;
  std::list<ConnectionPtr> waiting_;    // for a request; the one that has waited longest is first
  std::list<ConnectionPtr> answering_;  // likewise, until the answer is taken
  bool stopped_ = false;                // the handler may be gone
};

ErrorCode HttpServer::Service::listen(const Endpoint& endpoint) {
  auto acceptor = std::make_shared<Acceptor>(io_);
  ErrorCode error;
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(asio::socket_base::reuse_address(true), error);
  if (!error && endpoint.protocol().family() == AF_INET6) {
    acceptor->set_option(asio::ip::v6_only(true), error);
  }
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
  if (error) return error;
  acceptors_.push_back(acceptor);
  spawn([self = shared_from_this(), acceptor] { return self->accept_all(acceptor); });
  return {};
}

void HttpServer::Service::stop() {
  stopped_ = true;
  ErrorCode ignored;
  for (auto& acceptor : acceptors_) acceptor->close(ignored);
  for (auto* connections : {&waiting_, &answering_}) {
    for (auto& connection : *connections) connection->close();
    connections->clear();
  }
}

asio::awaitable<void> HttpServer::Service::accept_all(std::shared_ptr<Acceptor> acceptor) {
  asio::steady_timer pause(io_);
  while (acceptor->is_open()) {
    ErrorCode error;
    auto socket = co_await acceptor->async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
      try {
        welcome(std::move(socket));
      } catch (const std::exception&) {  // this client's bad luck, not that of those who follow
        say(std::current_exception());
      }
    } else if (acceptor->is_open()) {  // this process has no descriptor left
      pause.expires_after(kNoDescriptors);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }
}

void HttpServer::Service::welcome(Protocol::socket socket) {
  make_room(waiting_);
  auto connection = std::make_shared<Connection>(std::move(socket));
  waiting_.push_back(connection);
  spawn([self = shared_from_this(), connection] { return self->serve(connection); });
}

// Nothing that escapes a coroutine goes unsaid.
void HttpServer::Service::spawn(std::function<asio::awaitable<void>()> coroutine) {
  asio::co_spawn(
      io_, std::move(coroutine),
      [self = shared_from_this()](const std::exception_ptr& error) { self->say(error); });
}

void HttpServer::Service::say(const std::exception_ptr& error) const {
  if (!error || !trouble_ || stopped_) return;
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    trouble_(exception.what());
  } catch (...) {
    trouble_("an exception of no known kind");
  }
}

void HttpServer::Service::make_room(std::list<ConnectionPtr>& connections) const {
  if (connections.size() < limits_.connections) return;
  connections.front()->close();
  connections.pop_front();
}

asio::awaitable<void> HttpServer::Service::serve(ConnectionPtr connection) {
  ErrorCode error;
  std::string head;
  close_after(connection, limits_.deadline);
  co_await asio::async_read_until(connection->socket, asio::dynamic_buffer(head, kLongestHead),
                                  "\r\n\r\n", asio::redirect_error(asio::use_awaitable, error));
  waiting_.remove(connection);
  const bool too_long = error == asio::error::not_found;
  if (stopped_ || (error && !too_long)) co_return connection->close();
  make_room(answering_);
  answering_.push_back(connection);
  const auto request =
      too_long ? tl::expected<HttpRequest, int>(tl::unexpected(431)) : parse_http_request(head);
  const auto response = co_await answer(request);
  const auto bytes = to_bytes(response, request ? request->method : std::string("GET"),
                              std::chrono::system_clock::now());
  close_after(connection, limits_.deadline);
  co_await asio::async_write(connection->socket, asio::buffer(bytes),
                             asio::redirect_error(asio::use_awaitable, error));
  answering_.remove(connection);
  connection->socket.shutdown(asio::socket_base::shutdown_both, error);
  connection->close();
}

asio::awaitable<HttpResponse> HttpServer::Service::answer(tl::expected<HttpRequest, int> request) {
  if (!request) co_return plain_response(request.error());
  try {
    co_return co_await handler_(*request);
  } catch (...) {
    say(std::current_exception());
  }
  co_return plain_response(500);
}

HttpHandler at_once(std::function<HttpResponse(const HttpRequest&)> handler) {
  return [handler = std::move(handler)](HttpRequest request) -> asio::awaitable<HttpResponse> {
    co_return handler(request);
  };
}

HttpServer::HttpServer(asio::any_io_executor io, HttpHandler handler, HttpLimits limits,
                       HttpTrouble trouble)
    : service_(std::make_shared<Service>(std::move(io), std::move(handler), limits,
                                         std::move(trouble))) {}

HttpServer& HttpServer::operator=(HttpServer&& other) noexcept {
  stop();
  service_ = std::move(other.service_);
  return *this;
}

ErrorCode HttpServer::listen(const Endpoint& endpoint) { return service_->listen(endpoint); }

ErrorCode HttpServer::listen_unix(const std::string& path) {
  ::unlink(path.c_str());
  const auto umask = ::umask(0177);
  const auto error = service_->listen(asio::local::stream_protocol::endpoint(path));
  ::umask(umask);
  return error;
}

HttpServer::Endpoint HttpServer::endpoint() const { return service_->endpoint(); }

void HttpServer::stop() {
  if (service_) service_->stop();
}

}  // namespace reconcile
