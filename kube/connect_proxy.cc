#include "kube/connect_proxy.h"

#include <fmt/core.h>

namespace kube {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{16} << 10;

std::string shown(std::string_view line) {
  std::string text;
  for (const char byte : line.substr(0, 80)) {
    text += static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f ? '?' : byte;
  }
  return text;
}

}  // namespace

std::string tunnel_request(const ClusterAccess& access) {
  const bool brackets = access.host.find(':') != std::string::npos;
  const std::string authority =
      fmt::format("{}{}{}:{}", brackets ? "[" : "", access.host, brackets ? "]" : "", access.port);
  return fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n", authority);
}

tl::expected<bool, std::string> tunnel_opened(std::string_view answer) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const std::size_t end = answer.find(kEnd);
  if (end == std::string_view::npos) {
    if (answer.size() <= kMaxAnswer) return false;
    return tl::unexpected(std::string("the proxy's answer has no end"));
  }
  const std::string_view line = answer.substr(0, answer.find("\r\n"));
  const bool is_status = line.size() >= 12 && line.starts_with("HTTP/1.") && line[8] == ' ';
  if (!is_status || line[9] != '2') {
    return tl::unexpected(fmt::format("the proxy opens no tunnel: \"{}\"", shown(line)));
  }
  // The server speaks second: whatever comes before our first word is not from it.
  if (answer.size() > end + kEnd.size()) {
    return tl::unexpected(std::string("the proxy says more than that the tunnel is open"));
  }
  return true;
}

}  // namespace kube
