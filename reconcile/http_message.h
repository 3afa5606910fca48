// The little of HTTP/1.1 (RFC 9112) that our servers speak: a request's first line in, a whole
// response out, one of each for a connection. Pure: any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace reconcile {

struct HttpRequest {
  std::string method;  // GET or HEAD
  std::string path;    // "/healthz", not decoded
  std::string query;   // behind the '?'; empty: none

  friend bool operator==(const HttpRequest&, const HttpRequest&) = default;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;  // beside those every response has
};

// Of a request's head, which ends with an empty line. Or the status that answers it: 400, 405, 505.
[[nodiscard]] tl::expected<HttpRequest, int> parse_http_request(std::string_view head);

// The value of `name` in a query "a=1&b=2", not decoded; empty: none.
[[nodiscard]] std::string query_value(std::string_view query, std::string_view name);

// The bytes to send, with the headers that Go's servers have; without the body for HEAD.
[[nodiscard]] std::string to_bytes(const HttpResponse& response, std::string_view method,
                                   std::chrono::system_clock::time_point now);

// A response that says no more than its status.
[[nodiscard]] HttpResponse plain_response(int status);

}  // namespace reconcile
