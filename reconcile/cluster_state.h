// What the API server last told: Services, and EndpointSlices by the Service they belong to.
//
// Every change answers with the names of the Services whose decision it may alter, and only those:
// an update that changes nothing we read (labels, annotations, status) ends here with an empty
// answer. Pure; one thread (io).
#pragma once

#include <boost/container/small_vector.hpp>
#include <boost/unordered_map.hpp>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "kube/objects.h"
#include "reconcile/key_hash.h"

namespace reconcile {

using ServiceNames = std::set<kube::NamespacedName>;

class ClusterState {
 public:
  // A complete list: what it does not name is gone, except what `doubtful` names: those objects
  // exist, but could not be believed, and stay as they were.
  using Doubtful = std::set<kube::NamespacedName>;
  // List is kube::ObjectList or std::vector of one kind. The former gives its memory back object by
  // object, and `tell` hears of the names object by object, so that a list is never held twice.
  template <class List, class Tell>
  void replace(List objects, const Doubtful& doubtful, Tell tell);
  // The same, with all names at once.
  template <class List>
  [[nodiscard]] ServiceNames replace(List objects, const Doubtful& doubtful = {}) {
    ServiceNames dirty;
    replace(std::move(objects), doubtful, [&](ServiceNames names) { dirty.merge(names); });
    return dirty;
  }

  [[nodiscard]] ServiceNames put(kube::Service service);
  [[nodiscard]] ServiceNames put(kube::EndpointSlice slice);
  [[nodiscard]] ServiceNames put(kube::Node node);

  // Of the last list: those that exist, but of which nothing could be believed, now or before.
  // T is kube::Service or kube::EndpointSlice.
  template <class T>
  [[nodiscard]] const Doubtful& unread() const;

  // T is kube::Service, kube::EndpointSlice or kube::Node. What is not there is no error.
  template <class T>
  [[nodiscard]] ServiceNames remove(const kube::NamespacedName& id);

  // Null if there is none. Valid until the next change.
  [[nodiscard]] const kube::Service* service(const kube::NamespacedName& id) const;
  // The slices of one Service, in the order of their names. Valid until the next change.
  [[nodiscard]] std::vector<const kube::EndpointSlice*> slices_of(
      const kube::NamespacedName& service) const;
  // The node we run on, once it was told.
  [[nodiscard]] const std::optional<kube::Node>& node() const { return node_; }

  // Some Service asks for an external or load-balancer address.
  [[nodiscard]] bool any_asks_for_addresses() const { return asking_ > 0; }

  // Nothing may be decided before both kinds have been listed completely (law 2).
  [[nodiscard]] bool synced() const { return services_synced_ && slices_synced_; }
  // The node was listed; maybe there is none of that name.
  [[nodiscard]] bool node_synced() const { return node_synced_; }

  // Those for which `concerns(service, its slices)` holds.
  template <class Concerns>
  [[nodiscard]] ServiceNames services_if(Concerns concerns) const {
    ServiceNames names;
    for (const auto& [name, service] : services_) {
      if (concerns(service, slices_of(name))) names.insert(name);
    }
    return names;
  }
  [[nodiscard]] std::size_t service_count() const { return services_.size(); }
  [[nodiscard]] std::size_t slice_count() const { return slices_.size(); }

 private:
  // Its values stay where they are: slices_by_service_ points at them.
  template <class T>
  using Objects = boost::unordered_map<kube::NamespacedName, T, KeyHash>;
  using Slices = boost::container::small_vector<const kube::EndpointSlice*, 1>;

  // The kind is synced from now on. Makes room for `count` objects; the names of what a list that
  // does not name them removes.
  template <class T>
  [[nodiscard]] std::set<kube::NamespacedName> begin_replacing(std::size_t count,
                                                               const Doubtful& doubtful);
  void disown(const kube::EndpointSlice& slice);

  Objects<kube::Service> services_;
  Objects<kube::EndpointSlice> slices_;
  // A slice without an owner is not in it. In the order of the slices' names.
  boost::unordered_map<kube::NamespacedName, Slices, KeyHash> slices_by_service_;
  std::optional<kube::Node> node_;
  Doubtful unread_services_;
  Doubtful unread_slices_;
  std::size_t asking_ = 0;  // Services with addresses of their own
  bool services_synced_ = false;
  bool slices_synced_ = false;
  bool node_synced_ = false;
};

// Does `service` ask for addresses that the API server has not given out?
[[nodiscard]] inline bool asks_for_addresses(const kube::Service& service) {
  return !service.external_ips.empty() || !service.load_balancer_ips.empty();
}

template <>
inline const ClusterState::Doubtful& ClusterState::unread<kube::Service>() const {
  return unread_services_;
}
template <>
inline const ClusterState::Doubtful& ClusterState::unread<kube::EndpointSlice>() const {
  return unread_slices_;
}
template <>
std::set<kube::NamespacedName> ClusterState::begin_replacing<kube::Service>(std::size_t,
                                                                            const Doubtful&);
template <>
std::set<kube::NamespacedName> ClusterState::begin_replacing<kube::EndpointSlice>(std::size_t,
                                                                                  const Doubtful&);
template <>
std::set<kube::NamespacedName> ClusterState::begin_replacing<kube::Node>(std::size_t,
                                                                         const Doubtful&);

template <>
ServiceNames ClusterState::remove<kube::Service>(const kube::NamespacedName& id);
template <>
ServiceNames ClusterState::remove<kube::EndpointSlice>(const kube::NamespacedName& id);
template <>
ServiceNames ClusterState::remove<kube::Node>(const kube::NamespacedName& id);

template <class List, class Tell>
void ClusterState::replace(List objects, const Doubtful& doubtful, Tell tell) {
  using T = typename List::value_type;
  std::set<kube::NamespacedName> vanished = begin_replacing<T>(objects.size(), doubtful);
  const auto take = [&](T& object) {
    vanished.erase(object.metadata.id);
    tell(put(std::move(object)));
  };
  if constexpr (requires { objects.pop_front(); }) {
    for (; !objects.empty(); objects.pop_front()) take(objects.front());
  } else {
    for (T& object : objects) take(object);
  }
  for (const auto& name : vanished) tell(remove<T>(name));
}

}  // namespace reconcile
