// One connection to the API server, plain or TLS behind one type, with a deadline on every step.
//
// A dead peer is known within 30 s even when we only listen: keep-alive probes after 15 s of
// silence, and TCP_USER_TIMEOUT for what is not acknowledged. close() may be called at any time and
// makes the pending step fail with kStopped. io thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <chrono>
#include <memory>
#include <string_view>

#include "kube/access.h"
#include "kube/api_error.h"

namespace kube {

using Duration = std::chrono::milliseconds;

struct Deadlines {
  Duration connect = std::chrono::seconds(5);  // for each address of the server
  Duration handshake = std::chrono::seconds(10);
  Duration head = std::chrono::seconds(30);  // from the request to the answer's head
  Duration body = std::chrono::seconds(30);  // between two pieces of a list
  Duration list = std::chrono::minutes(5);   // for a list, or a page of one, as a whole
};

class Transport {
 public:
  virtual ~Transport() = default;

  // Resolves, connects and shakes hands.
  [[nodiscard]] virtual boost::asio::awaitable<ApiResult<void>> open(Deadlines deadlines) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<ApiResult<void>> write(std::string_view bytes,
                                                                      Duration deadline) = 0;
  // How many bytes have been read; 0: the server has closed the connection.
  [[nodiscard]] virtual boost::asio::awaitable<ApiResult<std::size_t>> read_some(
      boost::asio::mutable_buffer room, Duration deadline) = 0;
  virtual void close() = 0;
};

// Not yet open. Reads nothing: the credentials are given. `access` must outlive it.
[[nodiscard]] ApiResult<std::unique_ptr<Transport>> make_transport(
    const boost::asio::any_io_executor& executor, const ClusterAccess& access,
    const Credentials& credentials);

}  // namespace kube
