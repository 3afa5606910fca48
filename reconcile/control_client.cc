#include "reconcile/control_client.h"

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cctype>
#include <cstdlib>

#include "reconcile/agent_config.h"

namespace reconcile {
namespace {

namespace asio = boost::asio;

constexpr timeval kDeadline{.tv_sec = 5, .tv_usec = 0};

std::string no_agent(const std::string& socket, const std::string& why) {
  return fmt::format(
      "cannot ask the agent at {}: {}. Start 'kube-ipvs agent' on this node, or name its socket "
      "with "
      "--control-socket",
      socket, why);
}

}  // namespace

std::string default_control_socket() {
  const char* chosen = std::getenv("KUBE_IPVS_CONTROL_SOCKET");
  return chosen == nullptr ? AgentConfig().control_socket : chosen;
}

tl::expected<std::string, std::string> ask_agent(const std::string& socket,
                                                 const std::string& target) {
  asio::io_context io;
  asio::local::stream_protocol::socket connection(io);
  boost::system::error_code error;
  connection.connect(socket, error);
  if (error) return tl::unexpected(no_agent(socket, error.message()));
  ::setsockopt(connection.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &kDeadline, sizeof kDeadline);
  asio::write(connection,
              asio::buffer(fmt::format("GET {} HTTP/1.1\r\nHost: agent\r\n\r\n", target)), error);
  std::string answer;
  if (!error) asio::read(connection, asio::dynamic_buffer(answer), error);
  const auto body = answer.find("\r\n\r\n");
  if (body == std::string::npos) return tl::unexpected(no_agent(socket, "it does not answer"));
  const bool granted = answer.starts_with("HTTP/1.1 200 ");
  answer.erase(0, body + 4);
  if (granted) return answer;
  return tl::unexpected(answer.substr(0, answer.find_last_not_of('\n') + 1));
}

std::string query_safe(const std::string& value) {
  std::string safe;
  for (const char c : value) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (plain || std::string_view("./:-_").find(c) != std::string_view::npos) safe += c;
  }
  return safe;
}

}  // namespace reconcile
