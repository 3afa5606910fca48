#include "ipvs/announcements.h"

#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <sys/socket.h>

#include <cerrno>

#include "ipvs/kernel_errors.h"

namespace ipvs {
namespace {

constexpr std::size_t kDatagramSize = 64 << 10;

}  // namespace

Result<Announcements> Announcements::open(int protocol, std::initializer_list<int> groups,
                                          int buffer) {
  const auto failure = [](int code) {
    return tl::unexpected(with_remedy({.code = code, .operation = "listen to the kernel"}));
  };
  Announcements announcements;
  announcements.socket_.reset(nl_socket_alloc());
  nl_sock* socket = announcements.socket_.get();
  if (socket == nullptr) return failure(ENOMEM);
  errno = 0;
  if (nl_connect(socket, protocol) < 0) return failure(errno != 0 ? errno : EPROTO);
  for (const int group : groups) {
    if (nl_socket_add_membership(socket, group) < 0) return failure(errno);
  }
  setsockopt(announcements.descriptor(), SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  announcements.buffer_.resize(kDatagramSize);
  return announcements;
}

bool Announcements::read(const std::function<void(nlmsghdr*)>& on_message) {
  bool complete = true;
  for (;;) {
    const auto size = recv(descriptor(), buffer_.data(), buffer_.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == ENOBUFS) {
      complete = false;
      continue;
    }
    if (size < 0) return complete;  // nothing more
    if (static_cast<std::size_t>(size) > buffer_.size()) {
      complete = false;
      continue;
    }
    auto remaining = static_cast<int>(size);
    auto* message = reinterpret_cast<nlmsghdr*>(buffer_.data());
    for (; nlmsg_ok(message, remaining) != 0; message = nlmsg_next(message, &remaining)) {
      on_message(message);
    }
  }
}

}  // namespace ipvs
