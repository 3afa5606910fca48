// The second half of the decision, pure: what has to be written so that the kernel holds what it
// should.
//
//   plan(scope, desired, observed, drains, now) -> Plan
//
// The order of the steps is what makes a plan safe to be read, or cut short, at any point (laws 7,
// 8):
//
//   1 rules       the link, the table's skeleton
//   2 claim       service_ports of virtual servers that are there already, so that no live one is
//                 refused; who may use what: source ranges, then the ports that they restrict, the
//                 ports for insiders, who is masqueraded; and the claims, service_addresses and
//                 node_ports: from here on what follows is known as ours
//   3 fill        add and edit virtual servers, add real servers, raise weights
//   4 announce    the other service_ports, then the addresses: only now can a packet arrive
//   5 lower       weights to 0, real servers that have drained, or are of UDP
//   6 forget      conntrack's flows to the UDP servers that are gone
//   7 silence     ports, then virtual servers; then their addresses, and what was claimed
//
// Elements of one phase that follow each other are one transaction of nftables: ranges change at
// once, old ones out and new ones in.
#pragma once

#include <vector>

#include "ipvs/step.h"
#include "reconcile/desired_state.h"
#include "reconcile/drains.h"
#include "reconcile/kept.h"
#include "reconcile/observed_state.h"
#include "reconcile/scope.h"

namespace reconcile {

struct Plan {
  // What the node is to be set to (node_settings.h); an audit's alone, and first of all.
  std::vector<ipvs::Step> settings = {};
  std::vector<ipvs::Step> claims;    // phases 1 and 2
  std::vector<ipvs::Step> changes;   // phases 3 to 6, and the removal of ports and virtual servers
  std::vector<ipvs::Step> releases;  // the end of phase 7: addresses, and what claimed them
  // Real servers in scope that drain once the steps are done.
  std::vector<Drain> draining;
  // How many of the steps end a drain: the course of things, not a repair.
  std::size_t drains_ended = 0;

  [[nodiscard]] std::size_t size() const {
    return settings.size() + claims.size() + changes.size() + releases.size();
  }
  [[nodiscard]] bool empty() const { return size() == 0; }
};

// Only keys in `scope` are looked at. A real server that is not desired is never just deleted while
// it may have connections: TCP goes to weight 0 first and is deleted once idle or overdue; for UDP,
// which cannot drain, deletion is what moves its flows (kernel-facts: flows stick to a weight of 0
// for ever).
//
// What is `kept` is not taken away.
[[nodiscard]] Plan plan(const Scope& scope, const DesiredState& desired,
                        const ObservedState& observed, const Drains& drains, TimePoint now,
                        const Kept& kept = Kept());

}  // namespace reconcile
