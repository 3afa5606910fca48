#include "ipvs/socket.h"

#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ipvs {
namespace {

constexpr int kUnanswered = -1;
// The kernel's dumps come in pieces of up to 32 KiB.
constexpr std::size_t kDatagramSize = 128 << 10;
constexpr int kSendBuffer = 1 << 20;
constexpr std::size_t kMaxBatch = 1024;
// What one error takes from the receive buffer, bookkeeping included.
constexpr std::size_t kAnswerCost = 1024;

// The errno in an NLMSG_ERROR or NLMSG_DONE; 0 is an acknowledgement.
int code_in(nlmsghdr* message) {
  int code = 0;
  if (nlmsg_datalen(message) >= static_cast<int>(sizeof code)) {
    std::memcpy(&code, nlmsg_data(message), sizeof code);
  }
  return -code;
}

void set_buffer(int descriptor, int forced, int ordinary, int size) {
  if (setsockopt(descriptor, SOL_SOCKET, forced, &size, sizeof size) == 0) return;
  setsockopt(descriptor, SOL_SOCKET, ordinary, &size, sizeof size);
}

}  // namespace

// The answers that a batch still waits for: one code per message, in order.
struct Socket::Awaited {
  std::uint32_t first = 0;              // sequence number of the batch's first message
  std::size_t acknowledged = 0;         // index of the message that asks for an acknowledgement
  bool opening_error_is_final = false;  // the first message brackets a transaction
  std::vector<int> codes;

  bool complete() const {
    return codes[acknowledged] != kUnanswered || (opening_error_is_final && codes[0] > 0);
  }

  bool owns(const nlmsghdr& message) const {
    return message.nlmsg_seq - first < codes.size();  // unsigned: wraps as the numbers do
  }

  void settle(const nlmsghdr& message, int code) { codes[message.nlmsg_seq - first] = code; }

  // No more answers will come: `code` for those that had none.
  void close(int code) { std::replace(codes.begin(), codes.end(), kUnanswered, code); }
};

Result<Socket> Socket::open(int protocol, SocketOptions options) {
  Socket socket(protocol, options);
  socket.buffer_ = std::make_unique_for_overwrite<char[]>(kDatagramSize);
  if (const int code = socket.connect(); code != 0) {
    return tl::unexpected(Error{.code = code, .operation = "open netlink socket"});
  }
  return socket;
}

int Socket::connect() {
  std::unique_ptr<nl_sock, Free> fresh(nl_socket_alloc());
  if (!fresh) return ENOMEM;
  errno = 0;
  // The old socket is still open here, so the new one cannot get its port id.
  if (const int result = nl_connect(fresh.get(), protocol_); result < 0) {
    return errno != 0 ? errno : EPROTO;
  }
  socket_ = std::move(fresh);
  *port_ = nl_socket_get_local_port(socket_.get());
  enlarge_buffers();
  return 0;
}

void Socket::enlarge_buffers() {
  set_buffer(descriptor(), SO_RCVBUFFORCE, SO_RCVBUF, options_.receive_buffer);
  set_buffer(descriptor(), SO_SNDBUFFORCE, SO_SNDBUF, kSendBuffer);
  // An error then carries the header of the message it answers, not a copy of the whole.
  const int on = 1;
  setsockopt(descriptor(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  int granted = 0;
  socklen_t size = sizeof granted;
  getsockopt(descriptor(), SOL_SOCKET, SO_RCVBUF, &granted, &size);
  capacity_ =
      std::clamp<std::size_t>(static_cast<std::size_t>(granted) / kAnswerCost, 1, kMaxBatch);
}

std::vector<int> Socket::exchange(MessageBatch& batch, const OnMessage& on_message) {
  if (batch.size() == 0) return {};
  stamp(batch);
  batch.message(batch.size() - 1).nlmsg_flags |= NLM_F_ACK;
  Awaited awaited{.first = batch.message(0).nlmsg_seq,
                  .acknowledged = batch.size() - 1,
                  .codes = std::vector<int>(batch.size(), kUnanswered)};
  if (const int code = send(batch); code != 0) {
    awaited.close(code);
  } else {
    await(awaited, on_message);
  }
  return std::move(awaited.codes);
}

std::vector<int> Socket::transact(MessageBatch& batch) {
  stamp(batch);
  // Kernels before 6.10 answer for no bracket, so the last message between them is the one to ask.
  batch.message(batch.size() - 2).nlmsg_flags |= NLM_F_ACK;
  Awaited awaited{.first = batch.message(0).nlmsg_seq,
                  .acknowledged = batch.size() - 2,
                  .opening_error_is_final = true,
                  .codes = std::vector<int>(batch.size(), kUnanswered)};
  if (const int code = send(batch); code != 0) {
    awaited.close(code);
  } else {
    await(awaited, {});
  }
  if (awaited.codes[0] > 0) awaited.codes.assign(batch.size(), awaited.codes[0]);
  return std::move(awaited.codes);
}

int Socket::dump(MessageBatch& request, const OnMessage& on_message) {
  stamp(request);
  request.message(0).nlmsg_flags |= NLM_F_DUMP;
  if (const int code = send(request); code != 0) return code;
  int outcome = kUnanswered;
  bool interrupted = false;
  const auto take = [&](nlmsghdr* message) {
    if (message->nlmsg_seq != sequence_ || outcome != kUnanswered) return;
    interrupted = interrupted || (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) {
      outcome = code_in(message);
    } else {
      on_message(message);
    }
  };
  while (outcome == kUnanswered) {
    if (const int code = receive(Clock::now() + options_.deadline, take); code != 0) {
      connect();  // the rest of this dump must not reach the next one
      return code;
    }
  }
  if (outcome == 0 && interrupted) return EINTR;
  return outcome;
}

void Socket::stamp(MessageBatch& batch) {
  for (std::size_t i = 0; i < batch.size(); ++i) batch.message(i).nlmsg_seq = ++sequence_;
}

int Socket::send(const MessageBatch& batch) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  const auto bytes = batch.bytes();
  while (sendto(descriptor(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&kernel),
                sizeof kernel) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

void Socket::await(Awaited& awaited, const OnMessage& on_message) {
  const auto take = [&](nlmsghdr* message) {
    if (!awaited.owns(*message)) return;
    if (message->nlmsg_type == NLMSG_ERROR) {
      awaited.settle(*message, code_in(message));
    } else if (on_message) {
      on_message(message);
    }
  };
  while (!awaited.complete()) {
    if (const int code = receive(Clock::now() + options_.deadline, take); code != 0) {
      awaited.close(code);
      connect();
      return;
    }
  }
  awaited.close(0);
}

int Socket::receive(Clock::time_point until, const OnMessage& on_message) {
  for (;;) {
    sockaddr_nl sender{};
    iovec piece{buffer_.get(), kDatagramSize};
    msghdr datagram{};
    datagram.msg_name = &sender;
    datagram.msg_namelen = sizeof sender;
    datagram.msg_iov = &piece;
    datagram.msg_iovlen = 1;
    const auto size = recvmsg(descriptor(), &datagram, MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) {
      if (const int code = wait_readable(until); code != 0) return code;
      continue;
    }
    if (size < 0) return errno;
    if (sender.nl_pid != 0) continue;  // another process; only the kernel answers
    if ((datagram.msg_flags & MSG_TRUNC) != 0) return ENOBUFS;
    auto remaining = static_cast<int>(size);
    auto* message = reinterpret_cast<nlmsghdr*>(buffer_.get());
    for (; nlmsg_ok(message, remaining) != 0; message = nlmsg_next(message, &remaining)) {
      on_message(message);
    }
    return 0;
  }
}

int Socket::wait_readable(Clock::time_point until) const {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
  pollfd wanted{descriptor(), POLLIN, 0};
  const int timeout = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  const int ready = poll(&wanted, 1, timeout);
  if (ready == 0) return ETIMEDOUT;
  return ready < 0 && errno != EINTR ? errno : 0;
}

}  // namespace ipvs
