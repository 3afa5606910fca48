// All addresses of the node, over rtnetlink: the service addresses on kube-ipvs0, and its own on
// every other interface. One dump holds both.
//
// Read only; service_addresses.h writes. Truth: rtnetlink(7). Thread: one at a time; blocks.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ipvs/error.h"
#include "ipvs/kernel.h"
#include "ipvs/socket.h"

namespace ipvs {

struct ObservedAddresses {
  bool link_present = false;     // kube-ipvs0 exists
  std::vector<Address> bound;    // on it; IPv6 link-local ones left out
  std::vector<NodeAddress> own;  // on all others; sorted by address
};

class NodeAddresses {
 public:
  [[nodiscard]] static Result<NodeAddresses> open();

  // Read again while the kernel says that the table changed underneath.
  [[nodiscard]] Result<ObservedAddresses> observe();

 private:
  using Links = std::map<std::uint32_t, std::string>;  // names by index

  explicit NodeAddresses(Socket socket) : socket_(std::move(socket)) {}
  [[nodiscard]] int read_links(Links& links);
  [[nodiscard]] int read_addresses(const Links& links, ObservedAddresses& addresses);

  Socket socket_;
  MessageBatch batch_;
};

}  // namespace ipvs
