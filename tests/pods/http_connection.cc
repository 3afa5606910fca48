#include "tests/pods/http_connection.h"

#include <charconv>
#include <stdexcept>
#include <string_view>

namespace pods {
namespace {

// The value between `before` and `after`, or nothing.
std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t start = text.find(before);
  if (start == std::string_view::npos) return {};
  const std::string_view rest = text.substr(start + before.size());
  return rest.substr(0, rest.find(after));
}

std::size_t body_length(std::string_view head) {
  const std::string_view digits = between(head, "Content-Length: ", "\r\n");
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc{}) throw std::runtime_error("answer without Content-Length");
  return length;
}

}  // namespace

Answer HttpConnection::get(const std::string& host) {
  send_all(socket_, "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  std::string text;
  std::size_t wanted = std::string::npos;
  while (text.size() < wanted) {
    const std::string more = receive(socket_);
    if (more.empty()) throw std::runtime_error("connection closed before the answer was complete");
    text += more;
    const std::size_t head_end = text.find("\r\n\r\n");
    if (wanted == std::string::npos && head_end != std::string::npos) {
      wanted = head_end + 4 + body_length(std::string_view(text).substr(0, head_end + 2));
    }
  }
  if (!text.starts_with("HTTP/1.1 200")) throw std::runtime_error(text.substr(0, text.find('\r')));
  return {.host_name = std::string(between(text, "\"HOSTNAME\": \"", "\"")),
          .peer = std::string(between(text, "X-Peer: ", "\r\n")),
          .closes = text.find("Connection: close") != std::string::npos};
}

}  // namespace pods
