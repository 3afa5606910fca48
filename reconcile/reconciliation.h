// The decision as a whole: what the API server told goes in, plans come out, acknowledged steps go
// back.
//
//   told ──► ClusterState ──► dirty Services ──► DesiredState ──► scope ─┐
//   read ──► ObservedState ◄── acknowledged steps                        ├──► plan
//                    └───────────────────────────────────────────────────┘
//
// No clock, no socket, no log: time comes in as an argument. Drive it from a loop (agent.h) or a
// test. One thread (io).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <type_traits>
#include <vector>

#include "ipvs/kernel.h"
#include "reconcile/cluster_state.h"
#include "reconcile/desired_state.h"
#include "reconcile/drains.h"
#include "reconcile/kept.h"
#include "reconcile/node_facts.h"
#include "reconcile/observed_state.h"
#include "reconcile/plan.h"

namespace reconcile {

// A Service whose state is decided anew, and when the first event that asked for it came in.
using Dirty = std::map<kube::NamespacedName, TimePoint>;

// What of a Service's wishes is not done.
struct ServiceComplaint {
  kube::NamespacedName service;
  Complaint complaint;
};

// A virtual server that more than one Service wants.
struct Conflict {
  ipvs::VirtualServerId id;
  std::vector<kube::NamespacedName> losers;
};

class Reconciliation {
 public:
  Reconciliation(NodeConfig node, std::chrono::milliseconds drain_grace);

  // What the API server told, at `now`. T is one of kube/objects.h; List is kube::ObjectList<T> or
  // std::vector<T>.
  // `doubtful` names objects that the list holds but that could not be believed: what was known of
  // them stays (law 1).
  template <class List>
  void replaced(List objects, const std::set<kube::NamespacedName>& doubtful, TimePoint now) {
    using T = typename List::value_type;
    if constexpr (kIsElsewhere<T>) {
      told_elsewhere(
          facts_.elsewhere().replace(std::vector<T>(objects.begin(), objects.end()), doubtful));
    } else {
      cluster_.replace(std::move(objects), doubtful,
                       [&](const ServiceNames& names) { told<T>(names, now); });
      told<T>({}, now);
    }
  }
  template <class List>
  void replaced(List objects, TimePoint now) {
    replaced(std::move(objects), {}, now);
  }
  template <class T>
  void changed(T object, TimePoint now) {
    if constexpr (kIsElsewhere<T>) {
      told_elsewhere(facts_.elsewhere().put(object));
    } else {
      told<T>(cluster_.put(std::move(object)), now);
    }
  }
  template <class T>
  void deleted(const kube::NamespacedName& id, TimePoint now) {
    if constexpr (kIsElsewhere<T>) {
      told_elsewhere(facts_.elsewhere().template remove<T>(id));
    } else {
      told<T>(cluster_.remove<T>(id), now);
    }
  }

  // The operator has another opinion of this node, as NodeConfig says: every Service is decided
  // anew. What a kernel door was opened with (`rules`) cannot change.
  void configured(NodeConfig node);

  // Whether the Node object has to be told before anything is decided: without it, hints, the
  // primary addresses and the pods of NodeCIDR are unknown, and what they ask for would go and come
  // again.
  void wait_for_node(bool wait) { waits_for_node_ = wait; }
  // Everything else has been told.
  [[nodiscard]] bool awaits_node() const {
    return cluster_.synced() && waits_for_node_ && !cluster_.node_synced();
  }

  // A Service asks for an external or load-balancer address: the addresses of all nodes are to be
  // told (kube::NodeAddresses) for as long as that is so.
  [[nodiscard]] bool wants_nodes() const {
    return facts_.config().knows_all_nodes && cluster_.any_asks_for_addresses();
  }
  // They are not told yet. Until then the first decision waits, and a Service that comes later is
  // not served at such addresses.
  [[nodiscard]] bool awaits_nodes() const {
    return wants_nodes() && !facts_.elsewhere().nodes_told() && !does_without_nodes_;
  }
  // They will hardly come any more (who may not list nodes never hears of them): go on without.
  void do_without_nodes() {
    does_without_nodes_ = true;
    follow_nodes();
  }

  // Has everything been told that a decision needs?
  [[nodiscard]] bool informed() const {
    return cluster_.synced() && (cluster_.node_synced() || !waits_for_node_) &&
           (decided_once_ || !awaits_nodes());
  }

  // What the kernel holds, read completely; the next plan() covers everything.
  void observed(const ipvs::Observation& observation);
  // A fresh reading of the virtual servers that drain; the next plan() covers them.
  void refreshed(const std::vector<ipvs::VirtualServerId>& asked,
                 const std::vector<ipvs::ObservedVirtualServer>& servers);

  // What we know of the kernel is in doubt: no plan is made before it has been read again.
  void doubt() { observed_valid_ = false; }

  // May a plan be made? Not before both kinds are synced and the kernel has been read (laws 1, 2).
  [[nodiscard]] bool ready() const { return informed() && observed_valid_; }
  // Is there anything to decide?
  [[nodiscard]] bool pending() const {
    return !dirty_.empty() || !stale_.empty() || audit_due_ || !scope_.empty();
  }

  // Decides all that is pending. REQUIRES ready(). The steps are to be written, then acknowledged.
  [[nodiscard]] Plan decide(TimePoint now);
  // The Services that the plan just made was about; emptied by the next decide().
  [[nodiscard]] const Dirty& decided() const { return decided_; }

  // The kernel's answers to `steps`. A step that failed leaves our picture of the kernel in doubt;
  // then the answer is false. Not so a setting, nor flows that could not be forgotten: those are
  // tried again with the next audit.
  [[nodiscard]] bool acknowledge(std::span<const ipvs::Step> steps,
                                 std::span<const ipvs::Outcome> outcomes, TimePoint now);

  // Every key that the kernel does not hold as it should. REQUIRES ready().
  [[nodiscard]] Scope audit_scope() const;

  [[nodiscard]] const ClusterState& cluster() const { return cluster_; }
  [[nodiscard]] const DesiredState& desired_state() const { return desired_; }
  [[nodiscard]] const ObservedState& observed_state() const { return observed_; }
  [[nodiscard]] const Drains& drains() const { return drains_; }
  // What stays although it is not wanted.
  [[nodiscard]] const Kept& kept() const { return kept_; }
  // Conflicts among the virtual servers of the last plan's Services.
  [[nodiscard]] const std::vector<Conflict>& conflicts() const { return conflicts_; }
  // What of the last plan's Services is not done.
  [[nodiscard]] const std::vector<ServiceComplaint>& complaints() const { return complaints_; }
  [[nodiscard]] const NodeFacts& facts() const { return facts_; }

 private:
  // Told of the cluster, and nothing that is decided here.
  template <class T>
  static constexpr bool kIsElsewhere =
      std::is_same_v<T, kube::NodeAddresses> || std::is_same_v<T, kube::ServiceCidr>;

  template <class T>
  void told(const ServiceNames& names, TimePoint now) {
    for (const auto& name : names) dirty_.emplace(name, now);
    if constexpr (std::is_same_v<T, kube::Node>) mark(facts_.told(cluster_.node()));
    if constexpr (std::is_same_v<T, kube::EndpointSlice>) follow_api_servers(names);
    if constexpr (std::is_same_v<T, kube::Service>) follow_nodes();
  }
  void told_elsewhere(Ranges changed);
  void follow_nodes();
  void mark(const FactsChange& change);
  void follow_api_servers(const ServiceNames& names);
  [[nodiscard]] std::vector<ipvs::SetElement> node_elements() const;
  [[nodiscard]] Scope redecide(const kube::NamespacedName& name);
  void complete_audit(Plan& made, TimePoint now);
  void absorb(const ipvs::Step& step, TimePoint now);

  NodeFacts facts_;
  ClusterState cluster_;
  DesiredState desired_;
  ObservedState observed_;
  Drains drains_;
  Kept kept_;
  Dirty dirty_;
  Dirty decided_;
  ServiceNames stale_;  // to be decided anew because of the node, not of anything they were told
  std::vector<ipvs::Step> settings_;             // that the last reading found missing
  std::set<ipvs::VirtualServerId> unforgotten_;  // flows that an audit has to forget again
  Scope scope_;  // keys to look at again although no Service is dirty
  std::vector<Conflict> conflicts_;
  std::vector<ServiceComplaint> complaints_;
  bool waits_for_node_ = false;
  bool does_without_nodes_ = false;
  bool decided_once_ = false;
  bool observed_valid_ = false;
  bool audit_due_ = false;
};

}  // namespace reconcile
