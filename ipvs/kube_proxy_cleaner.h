// Finds what a kube-proxy in ipvs mode left in nf_tables and in ipset, and removes exactly that.
//
// Chains, and the rules that jump to them, go in one transaction: all or nothing. A set goes once
// no rule uses it any more. The tables of iptables-legacy are another subsystem, and are not looked
// at. Truth: linux/netfilter/nf_tables.h, linux/netfilter/ipset/ip_set.h. Thread: one at a time;
// blocks.
#pragma once

#include <memory>
#include <vector>

#include "ipvs/error.h"
#include "ipvs/kube_proxy_leftovers.h"

namespace ipvs {

class KubeProxyCleaner {
 public:
  [[nodiscard]] static Result<KubeProxyCleaner> open();
  KubeProxyCleaner(KubeProxyCleaner&&) noexcept;
  ~KubeProxyCleaner();

  // A kernel without ipset has no sets.
  [[nodiscard]] Result<KubeProxyLeftovers> find();

  // What could not be removed, and why; empty when all is gone. Waits up to two seconds until the
  // kernel has let go of the sets of the rules it has just removed.
  [[nodiscard]] std::vector<Error> remove(const KubeProxyLeftovers& leftovers);

 private:
  struct Door;  // keeps libnl out of this header
  explicit KubeProxyCleaner(std::unique_ptr<Door> door);

  std::unique_ptr<Door> door_;
};

}  // namespace ipvs
