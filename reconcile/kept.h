// What is never taken away although no Service asks for it. Pure; one thread (io).
//
// Two reasons. The operator's: addresses in `excluded`. And law 1: after a start the kernel holds
// what the agent before us was asked for, also by objects that we could not read (a field that we
// do not believe, from a newer API). What nobody asks for then may be theirs, so it is held as it
// is until each of them was read or is gone: everything because of a Service, and because of an
// EndpointSlice, which may be any Service's of its namespace, the real servers of those. Only a
// start needs this: later, what was known of an unreadable object simply stays.
#pragma once

#include <map>
#include <set>

#include "reconcile/cluster_state.h"
#include "reconcile/desired_state.h"
#include "reconcile/node_config.h"
#include "reconcile/observed_state.h"
#include "reconcile/scope.h"

namespace reconcile {

class Kept {
 public:
  explicit Kept(Ranges excluded = {}) : excluded_(std::move(excluded)) {}

  // Other addresses are the operator's from now on.
  void exclude(Ranges excluded) { excluded_ = std::move(excluded); }

  // Holds what was found and is not wanted, as far as it may belong to an object not read.
  void hold(const ClusterState& cluster, const DesiredState& desired,
            const ObservedState& observed);
  // Lets go of what can belong to none any more, and answers with it: it is to be planned.
  [[nodiscard]] Scope release(const ClusterState& cluster);

  // Asked about what is not wanted.
  [[nodiscard]] bool keeps(const ipvs::VirtualServerId& id) const;
  [[nodiscard]] bool keeps(const ipvs::Address& address) const;
  [[nodiscard]] bool keeps(const ipvs::SetElement& element, const DesiredState& desired) const;
  // The real servers of a wanted virtual server that are held, sorted; null: none.
  using RealServerIds = std::set<ipvs::RealServerId>;
  [[nodiscard]] const RealServerIds* real_servers(const ipvs::VirtualServerId& id) const;

  // How much is held, for a person.
  struct Counts {
    std::size_t virtual_servers = 0;
    std::size_t addresses = 0;
    std::size_t real_servers = 0;

    [[nodiscard]] bool any() const { return virtual_servers + addresses + real_servers > 0; }
    friend bool operator==(const Counts&, const Counts&) = default;
  };
  [[nodiscard]] Counts counts() const;

 private:
  struct HeldRealServers {
    std::string namespace_name;  // of the Service
    RealServerIds ids;
  };

  // Its address may have been wanted by another Service, and is its claim all the same.
  [[nodiscard]] bool holds_server_at(const ipvs::Address& address) const;

  Ranges excluded_;
  std::set<ipvs::VirtualServerId> virtual_servers_;
  std::set<ipvs::Address> addresses_;
  std::set<ipvs::SetElement> elements_;
  std::map<ipvs::VirtualServerId, HeldRealServers> real_servers_;
};

}  // namespace reconcile
