// Blocking sockets for the programs that run in the lab's pods.
//
// A Socket owns one file descriptor. Every wait has an end: sockets made here give up reading and
// writing after kPatience. Failures are std::system_error, because these programs are tests' tools
// that report one line and go on. See socket(7), ip(7), ipv6(7).
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace pods {

inline constexpr std::chrono::seconds kPatience{10};

class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

// An IPv4 or IPv6 address with a port, as the kernel wants it.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  const sockaddr* get() const;
  sockaddr* get();
};

// The first address of `host` (a name or a literal). Throws std::runtime_error with the resolver's
// own words.
Address resolve(const std::string& host, const std::string& port);

// "10.244.1.3:40312" or "[fd00::3]:40312"; an IPv4-mapped address is written as IPv4.
std::string to_string(const Address& address);

// How to connect. Zero leaves the choice to the kernel.
struct Dial {
  int type = SOCK_STREAM;  // or SOCK_DGRAM
  int protocol = 0;
  std::uint32_t mark = 0;  // SO_MARK: which of the place's routing tables; needs CAP_NET_ADMIN
  std::uint16_t source_port = 0;
  std::chrono::milliseconds patience = kPatience;  // for the handshake, and for each read after it
};

// A connected socket. Throws std::system_error with ETIMEDOUT where nothing answers within the
// patience.
Socket connect_to(const Address& address, const Dial& dial);

// A socket bound to `port` of every IPv4 and IPv6 address; a SOCK_STREAM one listens.
Socket bound_to(std::uint16_t port, int type, int protocol = 0);

// Writes all of `text`.
void send_all(const Socket& socket, const std::string& text);

// What arrives next; empty when the peer has closed.
std::string receive(const Socket& socket);

}  // namespace pods
