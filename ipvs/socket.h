// A netlink socket that never hangs and never mistakes one answer for another.
//
// Every message sent gets an outcome: messages go out many at a time, only the last one of a batch
// asks for an acknowledgement, errors come anyway and are matched by sequence number; the
// acknowledgement of the last proves that all before it were done. An answer that does not come
// within the deadline is ETIMEDOUT, answers lost for want of buffer are ENOBUFS; either way the
// socket is replaced by a new one with another port id, and what arrives late is ignored. The
// command itself may have been done (the kernel works before it answers), so both mean: read the
// state again. Truth: netlink(7). Thread: one at a time; blocks.
#pragma once

#include <netlink/socket.h>

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "ipvs/error.h"
#include "ipvs/message_batch.h"
#include "ipvs/shared_port.h"

namespace ipvs {

struct SocketOptions {
  int receive_buffer = 8 << 20;              // bytes; beyond rmem_max with CAP_NET_ADMIN
  std::chrono::milliseconds deadline{5000};  // of silence, after which an answer counts as lost
};

class Socket {
 public:
  // What receives the messages of an answer, one by one; valid during the call only.
  using OnMessage = std::function<void(nlmsghdr*)>;

  // `protocol`: NETLINK_GENERIC, NETLINK_ROUTE, NETLINK_NETFILTER.
  [[nodiscard]] static Result<Socket> open(int protocol, SocketOptions options = {});

  // Writes the batch with one sendmsg and answers with one errno per message; 0: done.
  [[nodiscard]] std::vector<int> exchange(MessageBatch& batch, const OnMessage& on_message = {});

  // As exchange(), for a batch whose first and last message are the brackets of an nfnetlink
  // transaction: an error of the opening bracket is the error of all, and any error means that
  // nothing was done.
  [[nodiscard]] std::vector<int> transact(MessageBatch& batch);

  // Sends the one dump request in `request` and hands on every message of the answer. Returns 0, or
  // an errno; EINTR when the kernel says that the table changed underneath (NLM_F_DUMP_INTR).
  [[nodiscard]] int dump(MessageBatch& request, const OnMessage& on_message);

  // How many messages a batch may have so that even an error for each fits the receive buffer.
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

  [[nodiscard]] SharedPort port() const { return port_; }
  [[nodiscard]] int descriptor() const { return nl_socket_get_fd(socket_.get()); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Free {
    void operator()(nl_sock* socket) const { nl_socket_free(socket); }
  };
  struct Awaited;

  Socket(int protocol, SocketOptions options) : protocol_(protocol), options_(options) {}
  int connect();  // errno; replaces the present socket, if any, by a new one
  void enlarge_buffers();
  void stamp(MessageBatch& batch);
  int send(const MessageBatch& batch);
  void await(Awaited& awaited, const OnMessage& on_message);
  // Waits for one datagram and hands on its messages. Returns 0 or an errno.
  int receive(Clock::time_point until, const OnMessage& on_message);
  int wait_readable(Clock::time_point until) const;

  int protocol_;
  SocketOptions options_;
  std::unique_ptr<nl_sock, Free> socket_;
  std::shared_ptr<std::atomic<std::uint32_t>> port_ =
      std::make_shared<std::atomic<std::uint32_t>>(0);
  std::size_t capacity_ = 1;
  std::uint32_t sequence_ =
      0;  // of the message sent last; never starts anew, not even with a new socket
  // Of one datagram; not zeroed, so that what no datagram has reached takes no memory.
  std::unique_ptr<char[]> buffer_;
};

}  // namespace ipvs
