// What /metrics says of all Services together, counted as each of them changes: a scrape walks over
// none of them. Pure; one thread (io).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "reconcile/desired.h"

namespace reconcile {

class ServiceTally {
 public:
  using Count = std::uint64_t;
  struct NoLocalCount {
    std::array<Count, 2> internal{};  // by family: IPv4, IPv6
    std::array<Count, 2> external{};

    friend bool operator==(const NoLocalCount&, const NoLocalCount&) = default;
  };

  // A Service that asks for `state` is there from now on, is so no more, or asks for `after`.
  void add(const ServiceState& state);
  void remove(const ServiceState& state);
  void replace(const ServiceState& before, const ServiceState& after);
  // A virtual server that `before` Services wanted in vain is wanted in vain by `after`.
  void lost_claims(std::size_t before, std::size_t after);

  // What Services ask for and do not get, by where they say so: "spec.externalIPs",
  // "endpointslice"; "claim" is an address and port that another Service has. A field that was
  // complained about once stays, with 0.
  [[nodiscard]] const std::map<std::string, Count, std::less<>>& refusals() const {
    return refusals_;
  }
  // Services with a policy Local whose endpoints are all elsewhere, as kube-proxy counts them.
  [[nodiscard]] const NoLocalCount& no_local() const { return no_local_; }

 private:
  Count& refused(std::string_view field);

  std::map<std::string, Count, std::less<>> refusals_{{"claim", 0}};
  NoLocalCount no_local_;
};

}  // namespace reconcile
