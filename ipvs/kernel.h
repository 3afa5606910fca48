// The one door to the kernel. Decisions are made elsewhere; behind this door values become
// messages.
//
// Implemented by NetlinkKernel (the real one) and by the tests' FakeKernel; one contract suite runs
// over both. Thread: a Kernel is owned and called by one thread at a time (the kernel thread); it
// blocks.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ipvs/counters.h"
#include "ipvs/error.h"
#include "ipvs/ruleset.h"
#include "ipvs/step.h"
#include "ipvs/timeouts.h"
#include "ipvs/virtual_server.h"

namespace ipvs {

// An address of the node's own, on any interface but kube-ipvs0.
struct NodeAddress {
  Address address;
  std::string interface;

  friend bool operator==(const NodeAddress&, const NodeAddress&) = default;
};

// One sysctl as it was read; no value: it cannot be read, e.g. does not exist.
struct SysctlReading {
  std::string path;  // below /proc/sys, with slashes
  std::optional<std::string> value;

  friend bool operator==(const SysctlReading&, const SysctlReading&) = default;
};

// What a door is told when it is opened.
struct KernelSettings {
  RuleSettings rules;
  std::vector<std::string> sysctls;  // paths that observe() reads
};

// The node as it was read: every virtual server (ours or not), the addresses on kube-ipvs0, our
// table. IPVS dumps are not atomic (kernel-level fact: an index cursor, no DUMP_INTR): absence here
// is evidence only if nobody else wrote meanwhile.
struct Observation {
  KernelInfo info;
  std::vector<ObservedVirtualServer> virtual_servers;  // dump order, no duplicates
  bool link_present = false;                           // kube-ipvs0 exists
  std::vector<Address> bound;               // addresses on kube-ipvs0, link-local ones left out
  bool rules_intact = false;                // the skeleton is exactly ours
  std::vector<SetElement> elements;         // of our sets; empty without the table
  std::vector<NodeAddress> node_addresses;  // sorted by address; link-local and loopback included
  Timeouts timeouts;
  std::vector<SysctlReading> sysctls;  // as KernelSettings asks, in its order
};

// What became of one step: nothing to say, or the error it met.
using Outcome = std::optional<Error>;

class Kernel {
 public:
  virtual ~Kernel() = default;

  // Reads everything. Either the whole answer or an error: never a part of one.
  [[nodiscard]] virtual Result<Observation> observe() = 0;

  // As observe(), but cheap, for an audit that comes again and again: the traffic of real servers
  // is left out.
  [[nodiscard]] virtual Result<Observation> sweep() { return observe(); }

  // Reads the named virtual servers again, with their connection counts (what draining asks for).
  // One that does not exist is left out of the answer; any other trouble is an error.
  [[nodiscard]] virtual Result<std::vector<ObservedVirtualServer>> observe(
      std::span<const VirtualServerId> ids) = 0;

  // Writes `steps` in this order, pipelined, and answers for each. A failed step never stops the
  // rest. After an outcome with ENOBUFS or ETIMEDOUT the step may or may not have happened: observe
  // again.
  [[nodiscard]] virtual std::vector<Outcome> write(std::span<const Step> steps) = 0;
};

}  // namespace ipvs
