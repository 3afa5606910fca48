#include "kube/transport.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <vector>

#include "kube/tls.h"

namespace kube {

namespace asio = boost::asio;
namespace beast = boost::beast;
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
  if (error == beast::error::timeout || error == asio::error::timed_out) {
    return ApiError::Kind::kTimeout;
  }
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

awaitable<ApiResult<Endpoints>> resolve(ip::tcp::resolver& resolver, const ClusterAccess& access) {
  error_code no_address;
  const auto address = ip::make_address(access.host, no_address);
  // An address needs no resolver, whose blocking call would cost a thread.
  if (!no_address) co_return Endpoints{{address, access.port}};
  const std::string service = std::to_string(access.port);
  const auto [error, results] = co_await resolver.async_resolve(access.host, service, kUseTuple);
  if (error) {
    co_return failed(kind_of(error, ApiError::Kind::kResolve),
                     fmt::format("resolve {}: {}", access.host, error.message()));
  }
  Endpoints endpoints;
  for (const auto& entry : results) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

awaitable<ApiResult<void>> connect(beast::tcp_stream& stream, const Endpoints& endpoints,
                                   const ClusterAccess& access, Duration deadline) {
  ApiError last{.kind = ApiError::Kind::kConnect, .detail = "no address", .status = {}};
  for (const ip::tcp::endpoint& endpoint : endpoints) {
    stream.expires_after(deadline);
    const auto [error] = co_await stream.async_connect(endpoint, kUseTuple);
    if (!error) {
      watch_for_dead_peer(stream.socket());
      co_return ApiResult<void>();
    }
    last.kind = kind_of(error, ApiError::Kind::kConnect);
    last.detail = fmt::format("connect to {} ({}): {}", access.url(),
                              endpoint.address().to_string(), error.message());
    if (last.kind == ApiError::Kind::kStopped) break;
  }
  co_return tl::unexpected(last);
}

// What the two kinds of transport share. Stream: beast::tcp_stream, or TLS over it.
template <class Stream>
class StreamTransport : public Transport {
 public:
  awaitable<ApiResult<void>> write(std::string_view bytes, Duration deadline) override {
    lowest().expires_after(deadline);
    const auto buffer = asio::buffer(bytes.data(), bytes.size());
    const auto [error, written] = co_await asio::async_write(stream(), buffer, kUseTuple);
    if (!error && written == bytes.size()) co_return ApiResult<void>();
    co_return failed(kind_of(error, ApiError::Kind::kClosed),
                     "send the request: " + error.message());
  }

  awaitable<ApiResult<std::size_t>> read_some(asio::mutable_buffer room,
                                              Duration deadline) override {
    lowest().expires_after(deadline);
    const auto [error, size] = co_await stream().async_read_some(room, kUseTuple);
    if (!error) co_return size;
    // Whether the answer was complete is told by its own framing, not by how the connection ends.
    if (error == asio::error::eof || error == ssl::error::stream_truncated) co_return 0U;
    co_return failed(kind_of(error, ApiError::Kind::kClosed),
                     "read the answer: " + error.message());
  }

  void close() override {
    if (resolver_) resolver_->cancel();
    lowest().close();
  }

 protected:
  virtual Stream& stream() = 0;
  virtual beast::tcp_stream& lowest() = 0;

  awaitable<ApiResult<void>> connect_to(const ClusterAccess& access, Duration deadline) {
    resolver_.emplace(lowest().get_executor());
    const auto endpoints = co_await resolve(*resolver_, access);
    if (!endpoints) co_return tl::unexpected(endpoints.error());
    auto connected = co_await connect(lowest(), *endpoints, access, deadline);
    co_return connected;
  }

 private:
  std::optional<ip::tcp::resolver> resolver_;
};

class PlainTransport final : public StreamTransport<beast::tcp_stream> {
 public:
  PlainTransport(const asio::any_io_executor& executor, const ClusterAccess& access)
      : access_(access), stream_(executor) {}

  awaitable<ApiResult<void>> open(Deadlines deadlines) override {
    auto connected = co_await connect_to(access_, deadlines.connect);
    co_return connected;
  }

 private:
  beast::tcp_stream& stream() override { return stream_; }
  beast::tcp_stream& lowest() override { return stream_; }

  const ClusterAccess& access_;
  beast::tcp_stream stream_;
};

class TlsTransport final : public StreamTransport<ssl::stream<beast::tcp_stream>> {
 public:
  TlsTransport(const asio::any_io_executor& executor, const ClusterAccess& access,
               std::unique_ptr<ssl::context> context)
      : access_(access), context_(std::move(context)), stream_(executor, *context_) {}

  awaitable<ApiResult<void>> open(Deadlines deadlines) override {
    auto connected = co_await connect_to(access_, deadlines.connect);
    if (!connected) co_return connected;
    if (auto expected = expect_server(stream_.native_handle(), access_); !expected) {
      co_return failed(ApiError::Kind::kTls, expected.error());
    }
    lowest().expires_after(deadlines.handshake);
    const auto [error] = co_await stream_.async_handshake(ssl::stream_base::client, kUseTuple);
    if (!error) co_return ApiResult<void>();
    co_return failed(
        kind_of(error, ApiError::Kind::kTls),
        fmt::format("TLS handshake with {}: {}", access_.url(),
                    handshake_failure(stream_.native_handle(), access_, error.message())));
  }

 private:
  ssl::stream<beast::tcp_stream>& stream() override { return stream_; }
  beast::tcp_stream& lowest() override { return stream_.next_layer(); }

  const ClusterAccess& access_;
  std::unique_ptr<ssl::context> context_;
  ssl::stream<beast::tcp_stream> stream_;
};

}  // namespace

ApiResult<std::unique_ptr<Transport>> make_transport(const asio::any_io_executor& executor,
                                                     const ClusterAccess& access,
                                                     const Credentials& credentials) {
  if (!access.tls) return std::make_unique<PlainTransport>(executor, access);
  auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
  if (auto configured = configure(*context, access, credentials); !configured) {
    return failed(ApiError::Kind::kCredentials, configured.error());
  }
  return std::make_unique<TlsTransport>(executor, access, std::move(context));
}

}  // namespace kube
