#include "reconcile/http_message.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>
#include <ctime>
#include <iterator>

namespace reconcile {
namespace {

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

bool is_target(std::string_view text) {
  return text.starts_with('/') &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

tl::expected<HttpRequest, int> parse_http_request(std::string_view head) {
  const auto line = head.substr(0, head.find("\r\n"));
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return tl::unexpected(400);
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (!version.starts_with("HTTP/")) return tl::unexpected(400);
  if (!version.starts_with("HTTP/1.")) return tl::unexpected(505);
  if (!is_target(target)) return tl::unexpected(400);
  if (method != "GET" && method != "HEAD") return tl::unexpected(405);
  const auto mark = std::min(target.find('?'), target.size());
  return HttpRequest{.method = std::string(method),
                     .path = std::string(target.substr(0, mark)),
                     .query = std::string(target.substr(std::min(mark + 1, target.size())))};
}

std::string query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    const auto equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) == name) {
      return std::string(pair.substr(std::min(equals + 1, pair.size())));
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

std::string to_bytes(const HttpResponse& response, std::string_view method,
                     std::chrono::system_clock::time_point now) {
  std::string text =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nX-Content-Type-Options: nosniff\r\n",
                  response.status, reason(response.status), response.content_type);
  for (const auto& [name, value] : response.headers) {
    fmt::format_to(std::back_inserter(text), "{}: {}\r\n", name, value);
  }
  fmt::format_to(
      std::back_inserter(text),
      "Date: {:%a, %d %b %Y %H:%M:%S} GMT\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
      fmt::gmtime(std::chrono::system_clock::to_time_t(now)), response.body.size());
  if (method != "HEAD") text += response.body;
  return text;
}

HttpResponse plain_response(int status) {
  return {.status = status, .body = fmt::format("{}\n", reason(status))};
}

}  // namespace reconcile
