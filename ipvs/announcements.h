// A netlink socket that only listens: to multicast groups, without blocking.
//
// Truth: netlink(7). Thread: one at a time; never blocks.
#pragma once

#include <linux/netlink.h>
#include <netlink/socket.h>

#include <functional>
#include <initializer_list>
#include <memory>
#include <vector>

#include "ipvs/error.h"

namespace ipvs {

class Announcements {
 public:
  // `protocol`: NETLINK_ROUTE, NETLINK_NETFILTER; `groups`: RTNLGRP_*, NFNLGRP_*; `buffer`: bytes
  // that may wait to be read, beyond rmem_max with CAP_NET_ADMIN.
  [[nodiscard]] static Result<Announcements> open(int protocol, std::initializer_list<int> groups,
                                                  int buffer);

  [[nodiscard]] int descriptor() const { return nl_socket_get_fd(socket_.get()); }

  // Hands on every message that has arrived, valid during the call only. False: some were lost.
  [[nodiscard]] bool read(const std::function<void(nlmsghdr*)>& on_message);

 private:
  struct Free {
    void operator()(nl_sock* socket) const { nl_socket_free(socket); }
  };

  std::unique_ptr<nl_sock, Free> socket_;
  std::vector<char> buffer_;
};

}  // namespace ipvs
