// What each Service carries, by the kernel's counters of its virtual servers: for metrics, and so
// for a bounded number of Services only.
//
// The busiest have a name, up to a limit; what the others carry is one sum. A Service that is named
// keeps its place until another one is more than twice as busy. Whoever becomes named counts from
// then on, as a counter does that begins anew, so that the sum of the others never goes back. Busy
// is who moves packets: each reading counts half as much as the one after it. Pure; one thread
// (io).
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <vector>

#include "ipvs/counters.h"
#include "reconcile/desired_state.h"
#include "reconcile/key_hash.h"

namespace reconcile {

class ServiceTraffic {
 public:
  struct Totals {
    std::uint64_t connections = 0;
    std::uint64_t packets_in = 0;
    std::uint64_t packets_out = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;

    friend bool operator==(const Totals&, const Totals&) = default;
  };

  // `limit`: as many Services have a name at most.
  explicit ServiceTraffic(std::size_t limit) : limit_(limit) {}

  // The kernel was read. Virtual servers that no Service of `desired` has are passed over.
  void observed(const std::vector<ipvs::ObservedVirtualServer>& servers,
                const DesiredState& desired);

  [[nodiscard]] const std::map<kube::NamespacedName, Totals>& named() const { return named_; }
  [[nodiscard]] const Totals& others() const { return others_; }

 private:
  using Added = boost::unordered_flat_map<kube::NamespacedName, Totals, KeyHash>;

  [[nodiscard]] Added take(const std::vector<ipvs::ObservedVirtualServer>& servers,
                           const DesiredState& desired);
  void follow(const Added& added);
  void name_the_busiest();
  [[nodiscard]] double activity_of(const kube::NamespacedName& service) const;

  std::size_t limit_;
  // What was read last, of virtual servers that ever carried anything.
  boost::unordered_flat_map<ipvs::VirtualServerId, Totals, KeyHash> read_;
  boost::unordered_flat_map<kube::NamespacedName, double, KeyHash> activity_;
  std::map<kube::NamespacedName, Totals> named_;
  Totals others_;
};

}  // namespace reconcile
