#include "tests/pods/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace pods {
namespace {

[[noreturn]] void fail(const std::string& what, int error = errno) {
  throw std::system_error(error, std::generic_category(), what);
}

void set_option(const Socket& socket, int level, int option, int value) {
  if (setsockopt(socket.descriptor(), level, option, &value, sizeof value) < 0) {
    fail("setsockopt");
  }
}

void limit_waiting(const Socket& socket, std::chrono::milliseconds limit) {
  const timeval patience{.tv_sec = limit.count() / 1000, .tv_usec = limit.count() % 1000 * 1000};
  setsockopt(socket.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket.descriptor(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

// To `port` of every address of the family. The offset of the port is the same in both.
void bind_to(const Socket& socket, int family, std::uint16_t port) {
  set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  sockaddr_in6 any{};
  any.sin6_family = static_cast<sa_family_t>(family);
  any.sin6_port = htons(port);
  const socklen_t length = family == AF_INET ? sizeof(sockaddr_in) : sizeof any;
  if (bind(socket.descriptor(), reinterpret_cast<const sockaddr*>(&any), length) < 0) {
    fail("bind to port " + std::to_string(port));
  }
}

void finish_connecting(const Socket& socket, std::chrono::milliseconds patience) {
  pollfd waiting{.fd = socket.descriptor(), .events = POLLOUT, .revents = 0};
  const int ready = poll(&waiting, 1, static_cast<int>(patience.count()));
  if (ready == 0) fail("connect", ETIMEDOUT);
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(socket.descriptor(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) fail("connect", error);
}

}  // namespace

Socket::~Socket() {
  if (descriptor_ >= 0) close(descriptor_);
}

const sockaddr* Address::get() const { return reinterpret_cast<const sockaddr*>(&storage); }

sockaddr* Address::get() { return reinterpret_cast<sockaddr*>(&storage); }

Address resolve(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (error != 0) throw std::runtime_error(host + ": " + gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  Address address;
  address.length = found->ai_addrlen;
  std::copy_n(reinterpret_cast<const char*>(found->ai_addr), found->ai_addrlen,
              reinterpret_cast<char*>(&address.storage));
  return address;
}

std::string to_string(const Address& address) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  const int error = getnameinfo(address.get(), address.length, host.data(), host.size(),
                                port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV);
  if (error != 0) return "unknown";
  std::string text = host.data();
  if (text.starts_with("::ffff:")) text.erase(0, 7);
  if (text.find(':') != std::string::npos) text = "[" + text + "]";
  return text + ":" + port.data();
}

Socket connect_to(const Address& address, const Dial& dial) {
  const int family = address.storage.ss_family;
  Socket socket(::socket(family, dial.type | SOCK_CLOEXEC | SOCK_NONBLOCK, dial.protocol));
  if (socket.descriptor() < 0) fail("socket");
  if (dial.mark != 0) set_option(socket, SOL_SOCKET, SO_MARK, static_cast<int>(dial.mark));
  // Without it the kernel's SCTP keeps quiet about a port that is refused.
  if (dial.protocol == IPPROTO_SCTP && family == AF_INET) {
    set_option(socket, IPPROTO_IP, IP_RECVERR, 1);
  } else if (dial.protocol == IPPROTO_SCTP) {
    set_option(socket, IPPROTO_IPV6, IPV6_RECVERR, 1);
  }
  if (dial.source_port != 0) bind_to(socket, family, dial.source_port);
  if (connect(socket.descriptor(), address.get(), address.length) < 0) {
    if (errno != EINPROGRESS) fail("connect");
    finish_connecting(socket, dial.patience);
  }
  fcntl(socket.descriptor(), F_SETFL, fcntl(socket.descriptor(), F_GETFL) & ~O_NONBLOCK);
  if (dial.type == SOCK_STREAM && dial.protocol == 0) {
    set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  }
  limit_waiting(socket, dial.patience);
  return socket;
}

Socket bound_to(std::uint16_t port, int type, int protocol) {
  Socket socket(::socket(AF_INET6, type | SOCK_CLOEXEC, protocol));
  if (socket.descriptor() < 0) fail("socket");
  set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  bind_to(socket, AF_INET6, port);
  if (type == SOCK_STREAM && listen(socket.descriptor(), SOMAXCONN) < 0) fail("listen");
  return socket;
}

void send_all(const Socket& socket, const std::string& text) {
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t now =
        send(socket.descriptor(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (now < 0) fail("send");
    sent += static_cast<std::size_t>(now);
  }
}

std::string receive(const Socket& socket) {
  std::array<char, 16384> buffer{};
  const ssize_t count = recv(socket.descriptor(), buffer.data(), buffer.size(), 0);
  if (count < 0) fail("receive", errno == EAGAIN ? ETIMEDOUT : errno);
  return {buffer.data(), static_cast<std::size_t>(count)};
}

}  // namespace pods
