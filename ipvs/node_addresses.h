// The addresses that the node has of its own, on every interface but kube-ipvs0, over rtnetlink.
//
// Read only. Truth: rtnetlink(7). Thread: one at a time; blocks.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ipvs/error.h"
#include "ipvs/kernel.h"
#include "ipvs/socket.h"

namespace ipvs {

class NodeAddresses {
 public:
  [[nodiscard]] static Result<NodeAddresses> open();

  // Sorted by address. Read again while the kernel says that the table changed underneath.
  [[nodiscard]] Result<std::vector<NodeAddress>> observe();

 private:
  using Links = std::map<std::uint32_t, std::string>;  // names by index

  explicit NodeAddresses(Socket socket) : socket_(std::move(socket)) {}
  [[nodiscard]] int read_links(Links& links);
  [[nodiscard]] int read_addresses(const Links& links, std::vector<NodeAddress>& addresses);

  Socket socket_;
  MessageBatch batch_;
};

}  // namespace ipvs
