// What the node should have: the union of what the Services ask for. Pure; one thread (io).
//
// Two Services may claim the same virtual server (one address, protocol and port): the older object
// wins, its uid breaks a tie, so that every node decides alike; the loser is reported by `losers`.
// Addresses and set elements are counted: they stay as long as one Service asks for them.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "kube/objects.h"
#include "reconcile/desired.h"
#include "reconcile/scope.h"

namespace reconcile {

// Who asks. Ordered by precedence: the smaller claimant wins.
struct Claimant {
  std::chrono::sys_seconds created{};
  std::string uid;
  kube::NamespacedName service;

  friend auto operator<=>(const Claimant&, const Claimant&) = default;
};

class DesiredState {
 public:
  // Replaces what `claimant` asks for. The scope names every key that it asked for before or asks
  // for now, and whose desired state this can have changed.
  [[nodiscard]] Scope update(const Claimant& claimant, ServiceState state);
  // `service` asks for nothing any more.
  [[nodiscard]] Scope remove(const kube::NamespacedName& service);

  // Null: nobody wants it. Valid until the next change.
  [[nodiscard]] const DesiredVirtualServer* virtual_server(const ipvs::VirtualServerId& id) const;
  [[nodiscard]] bool wants(const ipvs::Address& address) const;
  [[nodiscard]] bool wants(const ipvs::SetElement& element) const;

  // The Services that claimed `id` and lost it to an older one.
  [[nodiscard]] std::vector<kube::NamespacedName> losers(const ipvs::VirtualServerId& id) const;

  // Every key that is wanted.
  [[nodiscard]] Scope everything() const;

 private:
  struct Holding {
    Claimant claimant;
    ServiceState state;
  };
  void claim(const Holding& holding);
  void release(const Holding& holding);

  std::map<kube::NamespacedName, Holding> holdings_;
  std::map<ipvs::VirtualServerId, std::map<Claimant, const DesiredVirtualServer*>> claims_;
  std::map<ipvs::Address, int> addresses_;
  std::map<ipvs::SetElement, int> elements_;
};

}  // namespace reconcile
