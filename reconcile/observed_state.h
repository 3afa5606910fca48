// What the kernel has, as far as we know: the last complete reading, kept current by acknowledged
// steps.
//
// Ours, and so never to be confused with what others put there (law 5): a virtual server whose
// address is bound to kube-ipvs0 or stands in our set of service addresses, or which stands in our
// set of node ports. Those sets are filled before a virtual server is made and emptied after it is
// gone, so ownership survives a kill at any point. While we live, we also remember what was ours
// when somebody flushes our table. Pure; one thread (io).
#pragma once

#include <algorithm>
#include <boost/container/flat_map.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <iterator>
#include <vector>

#include "ipvs/kernel.h"
#include "ipvs/step.h"
#include "reconcile/key_hash.h"
#include "reconcile/scope.h"

namespace reconcile {

struct ObservedServer {
  ipvs::RealServer settings;
  ipvs::ConnectionCounts connections;  // as of the last reading
  // Whether that reading is younger than the last change of the settings. Connections that came in
  // between are in no count, and deleting a server resets those it has.
  bool counted = true;

  [[nodiscard]] bool idle() const {
    return counted && connections.active == 0 && connections.inactive == 0;
  }
};

struct ObservedVirtualServer {
  ipvs::VirtualServer settings;
  boost::container::flat_map<ipvs::RealServerId, ObservedServer> real_servers;
};

class ObservedState {
 public:
  // Takes over a complete reading; what it does not name is gone.
  void replace(const ipvs::Observation& observation);
  // Takes over a fresh reading of some virtual servers; `asked` but not in `servers` means gone.
  void refresh(const std::vector<ipvs::VirtualServerId>& asked,
               const std::vector<ipvs::ObservedVirtualServer>& servers);
  // The kernel has acknowledged `step`.
  void absorb(const ipvs::Step& step);

  [[nodiscard]] const ObservedVirtualServer* virtual_server(const ipvs::VirtualServerId& id) const;
  [[nodiscard]] bool is_bound(const ipvs::Address& address) const {
    return record_.bound.contains(address);
  }
  [[nodiscard]] bool has(const ipvs::SetElement& element) const {
    return record_.elements.contains(element);
  }
  [[nodiscard]] bool link_present() const { return link_present_; }
  [[nodiscard]] bool rules_intact() const { return rules_intact_; }
  [[nodiscard]] bool is_ours(const ipvs::VirtualServerId& id) const;

  // Puts those first that the last reading but one had and the last one has not, in the reverse of
  // the order in which they were read. Somebody has deleted them, and the kernel, which searches
  // what was deleted for each real server that is added, from the newest on, then finds each at
  // once: putting back a flushed table costs what making it costs, and not its square.
  void put_vanished_first(std::vector<ipvs::VirtualServerId>& ids) const;
  // How many virtual servers were added since the last reading. Their place in the kernel's order
  // is not known: once deleted, they are those that cost the square.
  [[nodiscard]] std::size_t unread() const { return unread_; }

  // Every key of ours that exists, each once.
  [[nodiscard]] Scope everything_ours() const;
  // Those of them that `is_sought`, which is asked about keys of all three kinds.
  template <class IsSought>
  [[nodiscard]] Scope ours_if(IsSought is_sought) const {
    Scope scope;
    for (const auto& [id, server] : virtual_servers_) {
      if (is_sought(id) && is_ours(id)) scope.virtual_servers.push_back(id);
    }
    std::copy_if(record_.bound.begin(), record_.bound.end(), std::back_inserter(scope.addresses),
                 is_sought);
    std::copy_if(record_.elements.begin(), record_.elements.end(),
                 std::back_inserter(scope.elements), is_sought);
    return scope;
  }
  [[nodiscard]] std::size_t foreign_count() const;
  // What others put there, sorted.
  [[nodiscard]] std::vector<ipvs::VirtualServerId> foreign() const;

 private:
  template <class Key>
  using Set = boost::unordered_flat_set<Key, KeyHash>;

  // What says that a virtual server is ours.
  struct Record {
    Set<ipvs::Address> bound;
    Set<ipvs::SetElement> elements;

    [[nodiscard]] bool names(const ipvs::VirtualServerId& id) const;
  };

  void remember(const std::vector<ipvs::ObservedVirtualServer>& read, const Record& before);
  void take_over(const std::vector<ipvs::ObservedVirtualServer>& read);
  void note_vanished(const std::vector<ipvs::ObservedVirtualServer>& read);

  boost::unordered_flat_map<ipvs::VirtualServerId, ObservedVirtualServer, KeyHash> virtual_servers_;
  Record record_;
  std::vector<ipvs::VirtualServerId> order_;     // of the last reading
  std::vector<ipvs::VirtualServerId> vanished_;  // since the one before, the last first
  Set<ipvs::VirtualServerId> remembered_;        // were ours, are there still; the record is lost
  std::size_t unread_ = 0;
  bool link_present_ = false;
  bool rules_intact_ = false;
};

}  // namespace reconcile
