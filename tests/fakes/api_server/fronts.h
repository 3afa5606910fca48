// What may stand before an API server: TLS, and an HTTP proxy that opens tunnels. Both pass bytes
// on in both directions and know nothing of what they carry. On 127.0.0.1 and the caller's
// io_context, one thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/fakes/api_server/certificates.h"

namespace fakes {

class TlsFront {
 public:
  struct Settings {
    std::string client_authority;  // PEM; not empty: clients must show a certificate it has signed
    int highest_version = 0;       // e.g. TLS1_1_VERSION; 0: whatever OpenSSL has
  };

  // Passes on to `port`.
  TlsFront(boost::asio::any_io_executor executor, std::uint16_t port);

  // Listens with this certificate, or uses it for the connections to come.
  void show(const Identity& identity, const Settings& settings);
  void show(const Identity& identity) { show(identity, {}); }
  // Ends what it carries.
  void drop();
  // Nobody is at the port any more, until show().
  void hide();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // How many handshakes have succeeded.
  [[nodiscard]] int handshakes() const { return handshakes_; }

 private:
  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket client);

  boost::asio::any_io_executor executor_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::uint16_t target_;
  std::shared_ptr<boost::asio::ssl::context> context_;
  std::vector<std::weak_ptr<boost::asio::ip::tcp::socket>> carried_;
  int handshakes_ = 0;
  bool listening_ = false;
};

class ConnectProxy {
 public:
  explicit ConnectProxy(boost::asio::any_io_executor executor);

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  // The first line of every request: "CONNECT 127.0.0.1:6443 HTTP/1.1".
  [[nodiscard]] const std::vector<std::string>& requests() const { return requests_; }
  // Sent in place of an open tunnel, unless it is empty.
  std::string refusal;
  // What comes through the tunnels that are open now is acknowledged, and goes nowhere.
  void swallow();

 private:
  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket client);

  boost::asio::any_io_executor executor_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::vector<std::string> requests_;
  // One for all tunnels opened since the last swallow(): whether they still carry anything.
  std::shared_ptr<bool> carries_ = std::make_shared<bool>(true);
};

}  // namespace fakes
