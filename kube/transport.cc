#include "kube/transport.h"

#include <fmt/core.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <vector>

#include "kube/connect_proxy.h"
#include "kube/deadline.h"
#include "kube/tls.h"

namespace kube {

namespace asio = boost::asio;
namespace ip = asio::ip;
namespace ssl = asio::ssl;
using asio::awaitable;
using boost::system::error_code;

namespace {

constexpr auto kUseTuple = asio::as_tuple(asio::use_awaitable);

using Endpoints = std::vector<ip::tcp::endpoint>;

tl::unexpected<ApiError> failed(ApiError::Kind kind, std::string detail) {
  return tl::unexpected(ApiError{.kind = kind, .detail = std::move(detail), .status = {}});
}

ApiError::Kind kind_of(const error_code& error, ApiError::Kind otherwise) {
  if (error == asio::error::timed_out) return ApiError::Kind::kTimeout;
  if (error == asio::error::operation_aborted) return ApiError::Kind::kStopped;
  if (error == asio::error::connection_refused) return ApiError::Kind::kRefused;
  return otherwise;
}

// Probes after 15 s of silence, three of them 5 s apart: a peer that is gone is known within 30 s.
void watch_for_dead_peer(ip::tcp::socket& socket) {
  const int descriptor = socket.native_handle();
  const auto set = [descriptor](int level, int option, int value) {
    ::setsockopt(descriptor, level, option, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 15);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
  set(IPPROTO_TCP, TCP_NODELAY, 1);
}

// Whom we connect to: the proxy, if there is one.
struct Peer {
  const std::string& host;
  std::uint16_t port;
};

Peer peer_of(const ClusterAccess& access) {
  if (access.proxy) return {.host = access.proxy->host, .port = access.proxy->port};
  return {.host = access.host, .port = access.port};
}

awaitable<ApiResult<Endpoints>> resolve(ip::tcp::resolver& resolver, const Peer& peer) {
  error_code no_address;
  const auto address = ip::make_address(peer.host, no_address);
  // An address needs no resolver, whose blocking call would cost a thread.
  if (!no_address) co_return Endpoints{{address, peer.port}};
  const std::string service = std::to_string(peer.port);
  const auto [error, results] = co_await resolver.async_resolve(peer.host, service, kUseTuple);
  if (error) {
    co_return failed(kind_of(error, ApiError::Kind::kResolve),
                     fmt::format("resolve {}: {}", peer.host, error.message()));
  }
  Endpoints endpoints;
  for (const auto& entry : results) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

// What the two kinds of transport share. Stream: a TCP socket, or TLS over it.
template <class Stream>
class StreamTransport : public Transport {
 public:
  awaitable<ApiResult<void>> write(std::string_view bytes, Duration deadline) override {
    auto written = co_await write_to(stream(), bytes, deadline);
    co_return written;
  }

  awaitable<ApiResult<std::size_t>> read_some(asio::mutable_buffer room,
                                              Duration deadline) override {
    auto size = co_await read_from(stream(), room, deadline);
    co_return size;
  }

  void close() override {
    if (resolver_) resolver_->cancel();
    error_code ignored;
    socket().close(ignored);
  }

 protected:
  explicit StreamTransport(const ClusterAccess& access) : access_(access) {}

  virtual Stream& stream() = 0;
  virtual ip::tcp::socket& socket() = 0;
  virtual Deadline& deadline() = 0;

  [[nodiscard]] const ClusterAccess& access() const { return access_; }

  // To the server, or to the proxy and through it.
  awaitable<ApiResult<void>> connect(Deadlines deadlines) {
    const Peer peer = peer_of(access_);
    resolver_.emplace(socket().get_executor());
    const auto endpoints = co_await resolve(*resolver_, peer);
    if (!endpoints) co_return tl::unexpected(endpoints.error());
    auto connected = co_await connect_to(*endpoints, deadlines.connect);
    if (!connected || !access_.proxy) co_return connected;
    auto opened = co_await open_tunnel(deadlines.connect);
    co_return opened;
  }

  // Who closes the door during the handshake has not refused us: a server that starts or stops.
  ApiError::Kind kind_of_handshake(const error_code& error) {
    const bool closed = error == asio::error::eof || error == ssl::error::stream_truncated ||
                        error == asio::error::connection_reset;
    return closed ? ApiError::Kind::kHungUp : kind_of_step(error, ApiError::Kind::kTls);
  }

  // A step that ended because its time was up is told from one that close() ended.
  ApiError::Kind kind_of_step(const error_code& error, ApiError::Kind otherwise) {
    return deadline().missed() ? ApiError::Kind::kTimeout : kind_of(error, otherwise);
  }

 private:
  awaitable<ApiResult<void>> connect_to(const Endpoints& endpoints, Duration time) {
    ApiError last{.kind = ApiError::Kind::kConnect, .detail = "no address", .status = {}};
    for (const ip::tcp::endpoint& endpoint : endpoints) {
      deadline().set(time);
      const auto [error] = co_await socket().async_connect(endpoint, kUseTuple);
      deadline().clear();
      if (!error) {
        watch_for_dead_peer(socket());
        co_return ApiResult<void>();
      }
      const bool late = deadline().missed();
      last.kind = kind_of_step(error, ApiError::Kind::kConnect);
      last.detail =
          fmt::format("connect to {} ({}): {}", access_.proxy ? "the proxy" : access_.url(),
                      endpoint.address().to_string(), late ? "no answer" : error.message());
      if (last.kind == ApiError::Kind::kStopped) break;
      error_code ignored;
      socket().close(ignored);
    }
    co_return tl::unexpected(last);
  }

  awaitable<ApiResult<void>> open_tunnel(Duration time) {
    const std::string request = tunnel_request(access_);
    auto written = co_await write_to(socket(), request, time);
    if (!written) co_return written;
    std::string answer;
    std::array<char, 1024> room{};
    while (true) {
      const auto size = co_await read_from(socket(), asio::buffer(room), time);
      if (!size) co_return tl::unexpected(size.error());
      if (*size == 0) co_return failed(ApiError::Kind::kHungUp, "the proxy closed the connection");
      answer.append(room.data(), *size);
      const auto opened = tunnel_opened(answer);
      if (!opened) co_return failed(ApiError::Kind::kConnect, opened.error());
      if (*opened) co_return ApiResult<void>();
    }
  }

  template <class Any>
  awaitable<ApiResult<void>> write_to(Any& any, std::string_view bytes, Duration time) {
    deadline().set(time);
    const auto buffer = asio::buffer(bytes.data(), bytes.size());
    const auto [error, written] = co_await asio::async_write(any, buffer, kUseTuple);
    deadline().clear();
    if (!error && written == bytes.size()) co_return ApiResult<void>();
    co_return failed(kind_of_step(error, ApiError::Kind::kHungUp),
                     "send the request: " + error.message());
  }

  template <class Any>
  awaitable<ApiResult<std::size_t>> read_from(Any& any, asio::mutable_buffer room, Duration time) {
    deadline().set(time);
    const auto [error, size] = co_await any.async_read_some(room, kUseTuple);
    deadline().clear();
    if (!error) co_return size;
    if (deadline().missed()) co_return failed(ApiError::Kind::kTimeout, "the server is silent");
    // Whether the answer was complete is told by its own framing, not by how the connection ends.
    if (error == asio::error::eof || error == ssl::error::stream_truncated) co_return 0U;
    co_return failed(kind_of(error, ApiError::Kind::kClosed),
                     "read the answer: " + error.message());
  }

  const ClusterAccess& access_;
  std::optional<ip::tcp::resolver> resolver_;
};

class PlainTransport final : public StreamTransport<ip::tcp::socket> {
 public:
  PlainTransport(const asio::any_io_executor& executor, const ClusterAccess& access)
      : StreamTransport(access), socket_(executor), deadline_(socket_) {}

  awaitable<ApiResult<void>> open(Deadlines deadlines) override {
    auto connected = co_await connect(deadlines);
    co_return connected;
  }

 private:
  ip::tcp::socket& stream() override { return socket_; }
  ip::tcp::socket& socket() override { return socket_; }
  Deadline& deadline() override { return deadline_; }

  ip::tcp::socket socket_;
  Deadline deadline_;
};

class TlsTransport final : public StreamTransport<ssl::stream<ip::tcp::socket>> {
 public:
  TlsTransport(const asio::any_io_executor& executor, const ClusterAccess& access,
               TlsContext context)
      : StreamTransport(access),
        context_(std::move(context)),
        stream_(executor, *context_),
        deadline_(stream_.next_layer()) {}

  awaitable<ApiResult<void>> open(Deadlines deadlines) override {
    auto connected = co_await connect(deadlines);
    if (!connected) co_return connected;
    if (auto expected = expect_server(stream_.native_handle(), access()); !expected) {
      co_return failed(ApiError::Kind::kTls, expected.error());
    }
    deadline_.set(deadlines.handshake);
    const auto [error] = co_await stream_.async_handshake(ssl::stream_base::client, kUseTuple);
    deadline_.clear();
    if (!error) co_return ApiResult<void>();
    const std::string why =
        deadline_.missed() ? "no answer"
                           : handshake_failure(stream_.native_handle(), access(), error.message());
    co_return failed(kind_of_handshake(error),
                     fmt::format("TLS handshake with {}: {}", access().url(), why));
  }

 private:
  ssl::stream<ip::tcp::socket>& stream() override { return stream_; }
  ip::tcp::socket& socket() override { return stream_.next_layer(); }
  Deadline& deadline() override { return deadline_; }

  TlsContext context_;
  ssl::stream<ip::tcp::socket> stream_;
  Deadline deadline_;
};

}  // namespace

ApiResult<std::unique_ptr<Transport>> make_transport(const asio::any_io_executor& executor,
                                                     const ClusterAccess& access,
                                                     const Credentials& credentials) {
  if (!access.tls) return std::make_unique<PlainTransport>(executor, access);
  auto context = tls_context(access, credentials);
  if (!context) return failed(ApiError::Kind::kCredentials, context.error());
  return std::make_unique<TlsTransport>(executor, access, *std::move(context));
}

}  // namespace kube
