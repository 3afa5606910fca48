#include "ipvs/node_monitor.h"

#include <netinet/in.h>
// After netinet/in.h, which it repeats otherwise.
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string>
#include <utility>

#include "ipvs/address_message.h"
#include "ipvs/announcements.h"
#include "ipvs/attributes.h"
#include "ipvs/kernel_errors.h"
#include "ipvs/nft_codec.h"
#include "ipvs/pass_rule.h"
#include "ipvs/service_addresses.h"

namespace ipvs {
namespace {

constexpr NodeChanges kEverything{.node_addresses = true, .service_addresses = true, .rules = true};

bool is_link_local(const Address& address) {
  return address.is_v6() && address.to_v6().is_link_local();
}

// The table's name is the first attribute of every object of nf_tables.
bool is_about_our_table(nlmsghdr* message) {
  static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1 &&
                NFTA_SET_TABLE == 1 && NFTA_SET_ELEM_LIST_TABLE == 1);
  const auto family = static_cast<const nfgenmsg*>(nlmsg_data(message))->nfgen_family;
  return family == NFPROTO_INET && Attributes<1>(message, sizeof(nfgenmsg)).text(1) == kNftTable;
}

bool concerns_our_rules(nlmsghdr* message) {
  if (nlmsg_valid_hdr(message, sizeof(nfgenmsg)) == 0) return false;
  switch (message->nlmsg_type & 0xff) {
    case NFT_MSG_NEWGEN:
    case NFT_MSG_TRACE:
      return false;
    case NFT_MSG_NEWCHAIN: {
      const auto chain = foreign_chain_in(message);
      if (chain && chain->drops) return true;
      break;
    }
    case NFT_MSG_DELRULE:
      if (is_pass_rule(message)) return true;
      break;
    default:
      break;
  }
  return is_about_our_table(message);
}

}  // namespace

struct NodeMonitor::State {
  std::vector<SharedPort> own;
  Announcements network;
  Announcements rules;
  int poller = -1;
  unsigned service_link = 0;  // index of kube-ipvs0; 0: there is none
  // Routers announce IPv6 addresses again and again: only the first time is news.
  std::set<std::pair<unsigned, Address>> known = {};

  State(std::vector<SharedPort> ports, Announcements of_network, Announcements of_rules)
      : own(std::move(ports)), network(std::move(of_network)), rules(std::move(of_rules)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (poller >= 0) close(poller);
  }

  [[nodiscard]] int watch() {
    poller = epoll_create1(EPOLL_CLOEXEC);
    for (const int descriptor : {network.descriptor(), rules.descriptor()}) {
      epoll_event wanted{.events = EPOLLIN, .data = {}};
      if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &wanted) != 0) return errno;
    }
    return 0;
  }

  [[nodiscard]] bool is_own(const nlmsghdr& message) const {
    return std::any_of(own.begin(), own.end(), [&](const SharedPort& port) {
      return message.nlmsg_pid != 0 && message.nlmsg_pid == port->load();
    });
  }

  void take_network(nlmsghdr* message, NodeChanges& changes) {
    switch (message->nlmsg_type) {
      case RTM_NEWLINK:
      case RTM_DELLINK:
        return take_link(message, changes);
      case RTM_NEWADDR:
      case RTM_DELADDR:
        return take_address(message, changes);
      default:
        return;
    }
  }

  void take_link(nlmsghdr* message, NodeChanges& changes) {
    if (nlmsg_valid_hdr(message, sizeof(ifinfomsg)) == 0) return;
    const auto index =
        static_cast<unsigned>(static_cast<const ifinfomsg*>(nlmsg_data(message))->ifi_index);
    const auto name = Attributes<IFLA_IFNAME>(message, sizeof(ifinfomsg)).text(IFLA_IFNAME);
    const bool is_there = message->nlmsg_type == RTM_NEWLINK && name == kServiceInterface;
    if (is_there) service_link = index;
    if (is_there || index != service_link) return;
    service_link = 0;  // deleted, or renamed
    changes.service_addresses = true;
  }

  void take_address(nlmsghdr* message, NodeChanges& changes) {
    const auto address = address_in(message);
    if (!address || is_link_local(*address)) return;
    const bool is_there = message->nlmsg_type == RTM_NEWADDR;
    const unsigned link = link_of_address(message);
    if (link == service_link) {
      changes.service_addresses = changes.service_addresses || (!is_there && !is_own(*message));
      return;
    }
    const bool is_news =
        is_there ? known.emplace(link, *address).second : (known.erase({link, *address}), true);
    changes.node_addresses = changes.node_addresses || is_news;
  }

  void take_rules(nlmsghdr* message, NodeChanges& changes) const {
    if (changes.rules || is_own(*message)) return;
    changes.rules = concerns_our_rules(message);
  }
};

NodeMonitor::NodeMonitor(std::unique_ptr<State> state) : state_(std::move(state)) {}
NodeMonitor::NodeMonitor(NodeMonitor&&) noexcept = default;
NodeMonitor& NodeMonitor::operator=(NodeMonitor&&) noexcept = default;
NodeMonitor::~NodeMonitor() = default;

Result<NodeMonitor> NodeMonitor::open(std::vector<SharedPort> own, int buffer) {
  auto network = Announcements::open(
      NETLINK_ROUTE, {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR}, buffer);
  if (!network) return tl::unexpected(network.error());
  auto rules = Announcements::open(NETLINK_NETFILTER, {NFNLGRP_NFTABLES}, buffer);
  if (!rules) return tl::unexpected(rules.error());
  auto state = std::make_unique<State>(std::move(own), *std::move(network), *std::move(rules));
  if (const int code = state->watch(); code != 0) {
    return tl::unexpected(with_remedy({.code = code, .operation = "watch the node"}));
  }
  // After the subscription, so that no deletion is missed.
  state->service_link = if_nametoindex(std::string(kServiceInterface).c_str());
  return NodeMonitor(std::move(state));
}

int NodeMonitor::descriptor() const { return state_->poller; }

NodeChanges NodeMonitor::read() {
  NodeChanges changes;
  const bool heard_network =
      state_->network.read([&](nlmsghdr* message) { state_->take_network(message, changes); });
  const bool heard_rules =
      state_->rules.read([&](nlmsghdr* message) { state_->take_rules(message, changes); });
  if (heard_network && heard_rules) return changes;
  state_->known.clear();
  state_->service_link = if_nametoindex(std::string(kServiceInterface).c_str());
  return kEverything;
}

}  // namespace ipvs
