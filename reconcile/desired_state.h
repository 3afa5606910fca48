// What the node should have: the union of what the Services ask for. Pure; one thread (io).
//
// Two Services may claim the same virtual server (one address, protocol and port): a cluster IP
// wins over a node port, that over a load-balancer address, that over an external IP; then the
// older object, its uid breaks a tie, so that every node decides alike; the loser is reported by
// `losers`. The elements of a virtual server are those of its winner. Addresses and all other
// elements are counted: they stay as long as one Service asks for them.
#pragma once

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered_map.hpp>
#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kube/objects.h"
#include "reconcile/desired.h"
#include "reconcile/key_hash.h"
#include "reconcile/scope.h"
#include "reconcile/service_tally.h"

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
  // Makes room for so many Services: a first list then moves nothing again and again as it grows.
  void expect(std::size_t services);

  // Replaces what `claimant` asks for. The scope names the keys that it asked for before or asks
  // for now, and whose desired state this can have changed: of a Service that asks for the same
  // keys as before, what differs.
  [[nodiscard]] Scope update(const Claimant& claimant, ServiceState state);
  // `service` asks for nothing any more.
  [[nodiscard]] Scope remove(const kube::NamespacedName& service);
  // Replaces the elements that no Service asks for, but the node itself.
  [[nodiscard]] Scope update_node(const std::vector<ipvs::SetElement>& elements);

  // Null: nobody wants it. Valid until the next change.
  [[nodiscard]] const DesiredVirtualServer* virtual_server(const ipvs::VirtualServerId& id) const;
  [[nodiscard]] bool wants(const ipvs::Address& address) const;
  [[nodiscard]] bool wants(const ipvs::SetElement& element) const;

  // Whose virtual server that is. REQUIRES virtual_server(id). Valid until the next change.
  [[nodiscard]] const kube::NamespacedName& owner(const ipvs::VirtualServerId& id) const;

  // The Services that claimed `id` and lost it to an older one.
  [[nodiscard]] std::vector<kube::NamespacedName> losers(const ipvs::VirtualServerId& id) const;

  // What a Service asks for; null: nothing. Valid until the next change.
  [[nodiscard]] const ServiceState* state_of(const kube::NamespacedName& service) const;

  // The Services that ask for something, in the order of their names. Valid until the next change.
  using Wishes = std::vector<std::pair<const kube::NamespacedName*, const ServiceState*>>;
  [[nodiscard]] Wishes services() const;

  // What load balancers ask this node, by the Service. Valid until the next change.
  using HealthChecks = std::map<kube::NamespacedName, HealthCheck>;
  [[nodiscard]] const HealthChecks& health_checks() const { return health_checks_; }

  // Counted on the way. Of a virtual server, as many claims are lost as `losers` names.
  [[nodiscard]] const ServiceTally& tally() const { return tally_; }

  // Every key that is wanted, each once.
  [[nodiscard]] Scope everything() const;
  // Those of them that `is_sought`, which is asked about each virtual server as it is wanted, about
  // addresses and elements.
  template <class IsSought>
  [[nodiscard]] Scope wanted_if(IsSought is_sought) const {
    Scope scope;
    for (const auto& [id, claims] : claims_) {
      if (is_sought(*claims.front().wanted)) scope.virtual_servers.push_back(id);
    }
    for (const auto& [address, count] : addresses_) {
      if (is_sought(address)) scope.addresses.push_back(address);
    }
    for (const auto& [element, count] : elements_) {
      if (is_sought(element)) scope.elements.push_back(element);
    }
    return scope;
  }

 private:
  struct Holding {
    Claimant claimant;
    ServiceState state;
  };
  struct Claim {
    const Claimant* claimant;
    const DesiredVirtualServer* wanted;
  };
  // By precedence: the first wins. Hardly ever more than one.
  using Claims = boost::container::small_vector<Claim, 1>;
  template <class Key>
  using Counts = boost::unordered_flat_map<Key, int, KeyHash>;

  // Of Services other than the winner.
  [[nodiscard]] static std::size_t lost(const Claims& claims);

  // What each of these changes is added to `scope`.
  void replace_in_place(Holding& holding, ServiceState state, Scope& scope);
  void claim(const Holding& holding, Scope& scope);
  void claim(const Claimant& claimant, const DesiredVirtualServer& server, Scope& scope);
  void release(const Holding& holding, Scope& scope);
  void release(const DesiredVirtualServer& server, Scope& scope);
  void count_up(const std::vector<ipvs::SetElement>& elements, Scope& scope);
  void count_down(const std::vector<ipvs::SetElement>& elements, Scope& scope);
  void note_health_check(const Holding& holding);

  // Its values stay where they are: claims point into them.
  boost::unordered_map<kube::NamespacedName, Holding, KeyHash> holdings_;
  boost::unordered_flat_map<ipvs::VirtualServerId, Claims, KeyHash> claims_;
  Counts<ipvs::Address> addresses_;
  Counts<ipvs::SetElement> elements_;
  std::vector<ipvs::SetElement> node_elements_;
  HealthChecks health_checks_;
  ServiceTally tally_;
};

}  // namespace reconcile
