// Requests to one API server over one connection that is kept as long as it serves.
//
// Credentials are read for every request: a renewed token is used at once, a renewed certificate or
// authority makes a new connection. Anything but 200 and 201 is an error with the server's Status
// in it; redirects are not followed; nothing is tried again, except once when a kept connection
// turns out to have been closed before the answer began. io thread.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kube/access.h"
#include "kube/api_error.h"
#include "kube/gzip_reader.h"
#include "kube/http_response.h"
#include "kube/transport.h"

namespace kube {

class ApiClient {
 public:
  // May the answer come compressed? A watch may not: its events must not wait in a compressor.
  enum class Encoding : std::uint8_t { kPlain, kGzip };

  ApiClient(boost::asio::any_io_executor executor, ClusterAccess access, Deadlines deadlines = {});

  // Makes sure of a connection; get() does so by itself.
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> connect();

  // Asks; returns when the head of a 200 answer has arrived.
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> get(std::string target,
                                                            Encoding encoding = Encoding::kPlain);

  // Creates the object in `body`; returns when the server has said that it is created. Over a new
  // connection: nobody could say of a kept one that breaks whether the request has arrived.
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> post(std::string target, std::string body);

  // The next piece of the body, valid until the next call; empty: the body is complete. An answer
  // that is cut short is kClosed, never an end.
  [[nodiscard]] boost::asio::awaitable<ApiResult<std::string_view>> read(Duration deadline);

  // The credentials that can be read now are not those of the last request: after a 401 it is
  // worth asking again at once.
  [[nodiscard]] bool credentials_renewed() const;

  // The next get() makes a new connection.
  void disconnect();
  // For good: what is pending or asked later fails with kStopped.
  void close();

  [[nodiscard]] const ClusterAccess& access() const { return access_; }
  // Connections made so far, and bytes received over them.
  [[nodiscard]] std::uint64_t connections() const { return connections_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> open(Credentials credentials);
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> ask(const std::string& request, bool gzip);
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> read_head();
  [[nodiscard]] boost::asio::awaitable<ApiResult<std::size_t>> receive(Duration deadline);
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> refused_by_server();
  [[nodiscard]] std::string get_request(const std::string& target, bool gzip) const;
  [[nodiscard]] std::string post_request(const std::string& target, const std::string& body) const;
  [[nodiscard]] std::string head_of_request(const std::string& first_line) const;
  [[nodiscard]] ApiResult<bool> unfold();
  [[nodiscard]] bool usable() const;

  boost::asio::any_io_executor executor_;
  ClusterAccess access_;
  Deadlines deadlines_;
  Credentials credentials_;  // of the connection; its token of the last request
  std::unique_ptr<Transport> transport_;
  std::optional<HttpResponseReader> response_;
  std::optional<GzipReader> gzip_;  // of the current answer, if it is compressed
  std::string_view folded_;         // what of body_ is not unfolded yet
  std::string text_;                // the last piece unfolded
  bool received_anything_ = false;  // of the current answer
  bool body_waits_ = false;         // body_ has come together with the head
  bool closed_ = false;
  std::uint64_t connections_ = 0;
  std::uint64_t bytes_ = 0;
  std::string body_;  // decoded from the last bytes read, not yet given out
  std::array<char, 16384> input_{};
};

}  // namespace kube
