// Hears, while it happens, that others change what this node's services rest on.
//
// The kernel announces changes of addresses, interfaces and nftables, and names the socket that
// made them: what the kernel door itself writes is left out. (The kernel does not say who deletes
// an IPv6 address or makes an interface: such a change of our own counts as somebody's.) An
// announcement says only that something changed; what is there now, observe() tells. There are none
// of IPVS. Truth: rtnetlink(7), linux/netfilter/nf_tables.h. Thread: one at a time; never blocks.
#pragma once

#include <memory>
#include <vector>

#include "ipvs/error.h"
#include "ipvs/shared_port.h"

namespace ipvs {

// What somebody else changed.
struct NodeChanges {
  bool node_addresses = false;     // came or went, on an interface other than kube-ipvs0
  bool service_addresses = false;  // kube-ipvs0 was deleted, or lost an address
  bool rules = false;  // our table; or a chain of others that now drops, or has lost our rule

  [[nodiscard]] bool any() const { return node_addresses || service_addresses || rules; }
  friend bool operator==(const NodeChanges&, const NodeChanges&) = default;
};

class NodeMonitor {
 public:
  // Hears from now on, in the network namespace of the calling thread. `own`: of the kernel door;
  // `buffer`: bytes of announcements that may wait to be read.
  [[nodiscard]] static Result<NodeMonitor> open(std::vector<SharedPort> own, int buffer = 4 << 20);
  NodeMonitor(NodeMonitor&&) noexcept;
  NodeMonitor& operator=(NodeMonitor&&) noexcept;
  ~NodeMonitor();

  // Readable when there is something to read(), for as long as this object lives.
  [[nodiscard]] int descriptor() const;

  // Everything announced since the last call; nothing changed is an answer. Where announcements
  // were lost (ENOBUFS), everything counts as changed.
  [[nodiscard]] NodeChanges read();

 private:
  struct State;  // keeps libnl out of this header
  explicit NodeMonitor(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace ipvs
