// GET requests to one API server over one connection that is kept as long as it serves.
//
// Credentials are read for every new connection. Anything but 200 is an error with the server's
// Status in it; redirects are not followed; nothing is tried again, except once when a kept
// connection turns out to have been closed before the answer began. io thread.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kube/access.h"
#include "kube/api_error.h"
#include "kube/http_response.h"
#include "kube/transport.h"

namespace kube {

class ApiClient {
 public:
  ApiClient(boost::asio::any_io_executor executor, ClusterAccess access, Deadlines deadlines = {});

  // Asks; returns when the head of a 200 answer has arrived.
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> get(std::string target);

  // The next piece of the body, valid until the next call; empty: the body is complete. An answer
  // that is cut short is kClosed, never an end.
  [[nodiscard]] boost::asio::awaitable<ApiResult<std::string_view>> read(Duration deadline);

  // The next get() makes a new connection with credentials read afresh.
  void disconnect();
  // For good: what is pending or asked later fails with kStopped.
  void close();

  [[nodiscard]] const ClusterAccess& access() const { return access_; }

 private:
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> connect();
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> ask(const std::string& target);
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> read_head();
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> refused_by_server();
  [[nodiscard]] std::string request(const std::string& target) const;

  boost::asio::any_io_executor executor_;
  ClusterAccess access_;
  Deadlines deadlines_;
  std::string token_;
  std::unique_ptr<Transport> transport_;
  std::optional<HttpResponseReader> response_;
  bool received_anything_ = false;  // of the current answer
  bool body_waits_ = false;         // body_ has come together with the head
  bool closed_ = false;
  std::string body_;  // decoded from the last bytes read, not yet given out
  std::array<char, 16384> input_{};
};

}  // namespace kube
