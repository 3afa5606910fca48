#include "tests/fakes/api_server/fronts.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace fakes {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto kUseTuple = asio::as_tuple(asio::use_awaitable);
using TlsStream = ssl::stream<tcp::socket>;

tcp::endpoint local(std::uint16_t port) { return {asio::ip::address_v4::loopback(), port}; }

void close(tcp::socket& socket) {
  error_code ignored;
  socket.close(ignored);
}

tcp::socket& socket_of(tcp::socket& socket) { return socket; }
tcp::socket& socket_of(TlsStream& stream) { return stream.next_layer(); }

// A small write must not wait for the kernel's delayed acknowledgement: that is 40 ms of real time,
// and simulated time would run away meanwhile.
void send_at_once(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
}

// Until one side ends; then both are closed. The streams live as long as the coroutine. Whatever
// comes after `carries` has become false is dropped.
template <class From, class To>
awaitable<void> pump(std::shared_ptr<From> from, std::shared_ptr<To> to,
                     std::shared_ptr<const bool> carries = std::make_shared<bool>(true)) {
  std::array<char, 16384> room{};
  while (true) {
    const auto [error, size] = co_await from->async_read_some(asio::buffer(room), kUseTuple);
    if (error) break;
    if (!*carries) continue;
    const auto [failure, written] =
        co_await asio::async_write(*to, asio::buffer(room.data(), size), kUseTuple);
    if (failure || written != size) break;
  }
  close(socket_of(*from));
  close(socket_of(*to));
}

}  // namespace

TlsFront::TlsFront(asio::any_io_executor executor, std::uint16_t port)
    : executor_(std::move(executor)),
      acceptor_(executor_, local(0)),
      port_(acceptor_.local_endpoint().port()),
      target_(port) {}

void TlsFront::show(const Identity& identity, const Settings& settings) {
  context_ = std::make_shared<ssl::context>(ssl::context::tls_server);
  if (settings.highest_version != 0) {
    SSL_CTX_set_security_level(context_->native_handle(), 0);
    SSL_CTX_set_min_proto_version(context_->native_handle(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_->native_handle(), settings.highest_version);
  }
  context_->use_certificate_chain(asio::buffer(identity.certificate));
  context_->use_private_key(asio::buffer(identity.key), ssl::context::pem);
  if (!settings.client_authority.empty()) {
    context_->add_certificate_authority(asio::buffer(settings.client_authority));
    context_->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  }
  if (!acceptor_.is_open()) acceptor_ = tcp::acceptor(executor_, local(port_));
  if (!std::exchange(listening_, true)) asio::co_spawn(executor_, accept(), asio::detached);
}

void TlsFront::drop() {
  for (const auto& carried : carried_) {
    if (const auto socket = carried.lock()) close(*socket);
  }
  carried_.clear();
}

void TlsFront::hide() {
  acceptor_.close();
  listening_ = false;
  drop();
}

awaitable<void> TlsFront::accept() {
  while (acceptor_.is_open()) {
    auto [error, socket] = co_await acceptor_.async_accept(kUseTuple);
    if (error) co_return;
    asio::co_spawn(executor_, serve(std::move(socket)), asio::detached);
  }
}

awaitable<void> TlsFront::serve(tcp::socket socket) {
  const auto context = context_;  // outlives a change of certificate
  send_at_once(socket);
  const auto client = std::make_shared<TlsStream>(std::move(socket), *context);
  const auto [refused] = co_await client->async_handshake(ssl::stream_base::server, kUseTuple);
  if (refused) co_return;
  const auto server = std::make_shared<tcp::socket>(executor_);
  const auto [error] = co_await server->async_connect(local(target_), kUseTuple);
  if (error) co_return;
  send_at_once(*server);
  ++handshakes_;
  carried_.push_back(server);
  asio::co_spawn(executor_, pump(server, client), asio::detached);
  co_await pump(client, server);
}

ConnectProxy::ConnectProxy(asio::any_io_executor executor)
    : executor_(std::move(executor)), acceptor_(executor_, local(0)) {
  asio::co_spawn(executor_, accept(), asio::detached);
}

void ConnectProxy::swallow() { *std::exchange(carries_, std::make_shared<bool>(true)) = false; }

awaitable<void> ConnectProxy::accept() {
  while (acceptor_.is_open()) {
    auto [error, socket] = co_await acceptor_.async_accept(kUseTuple);
    if (error) co_return;
    asio::co_spawn(executor_, serve(std::move(socket)), asio::detached);
  }
}

awaitable<void> ConnectProxy::serve(tcp::socket socket) {
  send_at_once(socket);
  const auto client = std::make_shared<tcp::socket>(std::move(socket));
  std::string head;
  const auto [error, size] =
      co_await asio::async_read_until(*client, asio::dynamic_buffer(head), "\r\n\r\n", kUseTuple);
  if (error || size != head.size()) co_return;
  requests_.push_back(head.substr(0, head.find("\r\n")));
  const auto port = static_cast<std::uint16_t>(
      std::stoi(requests_.back().substr(requests_.back().rfind(':') + 1)));
  const std::string answer =
      refusal.empty() ? "HTTP/1.1 200 Connection established\r\n\r\n" : refusal;
  const auto server = std::make_shared<tcp::socket>(executor_);
  const auto [unreachable] = co_await server->async_connect(local(port), kUseTuple);
  if (unreachable) co_return;
  send_at_once(*server);
  co_await asio::async_write(*client, asio::buffer(answer), kUseTuple);
  const std::shared_ptr<const bool> carries = carries_;
  asio::co_spawn(executor_, pump(server, client, carries), asio::detached);
  co_await pump(client, server, carries);
}

}  // namespace fakes
