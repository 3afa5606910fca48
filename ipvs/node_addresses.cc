#include "ipvs/node_addresses.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>

#include "ipvs/address_message.h"
#include "ipvs/attributes.h"
#include "ipvs/kernel_errors.h"
#include "ipvs/service_addresses.h"

namespace ipvs {
namespace {

constexpr int kReadAttempts = 5;

bool is_before(const NodeAddress& a, const NodeAddress& b) {
  return a.address != b.address ? a.address < b.address : a.interface < b.interface;
}

bool is_link_local(const Address& address) {
  return address.is_v6() && address.to_v6().is_link_local();
}

void take(const Address& address, const std::string& interface, ObservedAddresses& addresses) {
  if (interface != kServiceInterface) {
    addresses.own.push_back({.address = address, .interface = interface});
  } else if (!is_link_local(address)) {
    addresses.bound.push_back(address);
  }
}

}  // namespace

Result<NodeAddresses> NodeAddresses::open() {
  auto socket = Socket::open(NETLINK_ROUTE);
  if (!socket) return tl::unexpected(open_error(KernelDoor::kAddresses, socket.error().code));
  return NodeAddresses(*std::move(socket));
}

Result<ObservedAddresses> NodeAddresses::observe() {
  ObservedAddresses addresses;
  int code = EINTR;
  for (int attempt = 0; code == EINTR && attempt < kReadAttempts; ++attempt) {
    Links links;
    addresses = {};
    code = read_links(links);
    if (code == 0) code = read_addresses(links, addresses);
  }
  if (code != 0) {
    return tl::unexpected(
        with_remedy({.code = code, .operation = "read the node's addresses", .subject = {}}));
  }
  std::sort(addresses.own.begin(), addresses.own.end(), is_before);
  return addresses;
}

int NodeAddresses::read_links(Links& links) {
  batch_.clear();
  batch_.begin(RTM_GETLINK);
  batch_.put_header(ifinfomsg{});
  batch_.put<std::uint32_t>(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  batch_.end();
  return socket_.dump(batch_, [&](nlmsghdr* message) {
    if (nlmsg_valid_hdr(message, sizeof(ifinfomsg)) == 0) return;
    const auto* header = static_cast<const ifinfomsg*>(nlmsg_data(message));
    const Attributes<IFLA_IFNAME> attributes(message, sizeof(ifinfomsg));
    links[static_cast<std::uint32_t>(header->ifi_index)] = attributes.text(IFLA_IFNAME);
  });
}

// An address on an interface that is not among `links` means that one was made meanwhile.
int NodeAddresses::read_addresses(const Links& links, ObservedAddresses& addresses) {
  const auto is_ours = [](const auto& link) { return link.second == kServiceInterface; };
  addresses.link_present = std::any_of(links.begin(), links.end(), is_ours);
  batch_.clear();
  batch_.begin(RTM_GETADDR);
  batch_.put_header(ifaddrmsg{});
  batch_.end();
  bool stale = false;
  const int code = socket_.dump(batch_, [&](nlmsghdr* message) {
    const auto address = address_in(message);
    if (!address) return;
    const auto link = links.find(link_of_address(message));
    stale = stale || link == links.end();
    if (link != links.end()) take(*address, link->second, addresses);
  });
  return code == 0 && stale ? EINTR : code;
}

}  // namespace ipvs
