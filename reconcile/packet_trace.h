// Where a packet goes: the first packet of a connection, followed through the rules of our nftables
// table and the virtual servers of one node. Pure; for `kube-ipvs explain` and for tests, which run
// the same rows over this model and over real packets.
//
// The rules are those of ipvs/README.md, in their order: who may (inside_ports, restricted_ports),
// ports that are no service, who is masqueraded; then IPVS; then masquerading on the way out.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ipvs/ruleset.h"
#include "ipvs/virtual_server.h"
#include "reconcile/desired_state.h"

namespace reconcile {

// What decides at one node.
struct NodeTables {
  std::map<ipvs::VirtualServerId, std::vector<ipvs::RealServerId>> virtual_servers;  // weight > 0
  std::set<ipvs::SetElement> elements;
  std::set<ipvs::Address> bound;   // to kube-ipvs0
  std::set<ipvs::Address> own;     // the node's, elsewhere
  bool pods_by_interface = false;  // RuleSettings.pod_interface is set
};

// The tables as they are to be; `own` is left empty.
[[nodiscard]] NodeTables tables_of(const DesiredState& desired);

// Where a packet enters the node.
enum class Entry : std::uint8_t {
  kLocalPod,  // from a pod on this node
  kOutside,   // by the network: other nodes, their pods, the rest of the world
  kNode,      // from the node itself, or a pod in its network
};

struct Packet {
  Entry entry = Entry::kOutside;
  ipvs::Address source;
  ipvs::Address destination;
  ipvs::Protocol protocol = ipvs::Protocol::kTcp;
  std::uint16_t port = 0;
};

// To any of `servers`. A source that is not kept is an address of the node.
struct Forwarded {
  struct Server {
    ipvs::RealServerId id;
    bool masqueraded = false;
    friend bool operator==(const Server&, const Server&) = default;
  };
  std::vector<Server> servers;
};
struct Refused {  // at once, by a reset or an ICMP message
  std::string_view reason;
};
struct Dropped {
  std::string_view reason;
};
struct NotOurs {};  // the node does with it what it does with any other

using Fate = std::variant<Forwarded, Refused, Dropped, NotOurs>;

[[nodiscard]] Fate trace(const NodeTables& node, const Packet& packet);

// Of tables_of(desired), what can decide about `packet`: of a full node, next to nothing.
[[nodiscard]] NodeTables tables_for(const DesiredState& desired, const Packet& packet);

}  // namespace reconcile
