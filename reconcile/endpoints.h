// Which endpoints serve one port of a Service on this node. Pure.
//
// Rules (Kubernetes 1.36, pkg/proxy/topology.go is the reference for the behaviour):
//   An endpoint is matched to the Service's port by port name and protocol, so that pods may listen
//   on different numbers. Its slice's family must be the address's. An address and port that
//   several slices name counts once; there the slice wins that does not call it terminating.
//   The cluster's list: the ready ones; of them those hinted to this node if all carry such hints
//   and one names it; else those hinted to this zone, likewise. Nobody ready: those that still
//   serve although they terminate, wherever they are.
//   The local list: the ready ones on this node; nobody ready: those there that serve and
//   terminate.
//
// One function says what becomes of an endpoint; what is used follows from it, and so does what
// `kube-ipvs explain` tells.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ipvs/virtual_server.h"
#include "kube/objects.h"
#include "reconcile/node_facts.h"

namespace reconcile {

using Slices = std::span<const kube::EndpointSlice* const>;

enum class Family : std::uint8_t { kIpv4, kIpv6 };

[[nodiscard]] Family family_of(const ipvs::Address& address);

// Which list of endpoints a policy asks for.
enum class EndpointList : std::uint8_t { kCluster, kLocal };

// What becomes of an endpoint.
enum class EndpointVerdict : std::uint8_t {
  kUsed,
  kUsedTerminating,  // nobody in the list is ready
  kNotReady,
  kTerminating,     // and somebody is ready, or it does not serve any more
  kNotLocal,        // the policy is Local, and it runs elsewhere
  kOtherNode,       // hints name other nodes, and somebody here
  kOtherZone,       // hints name other zones, and somebody here
  kDuplicate,       // another slice has it, too, and says what counts
  kRefusedAddress,  // loopback, link-local, multicast, or none
  kWrongFamily,
  kOtherPort,  // its slice has no port of that name and protocol
};

// In words, for people: "not ready".
[[nodiscard]] std::string_view to_string(EndpointVerdict verdict);

[[nodiscard]] inline bool is_used(EndpointVerdict verdict) {
  return verdict == EndpointVerdict::kUsed || verdict == EndpointVerdict::kUsedTerminating;
}

// An endpoint as one slice names it, and what became of it. Points into the slices.
struct JudgedEndpoint {
  const kube::EndpointSlice* slice = nullptr;
  const kube::Endpoint* endpoint = nullptr;
  std::uint16_t port = 0;  // 0: kWrongFamily or kOtherPort
  EndpointVerdict verdict = EndpointVerdict::kNotReady;
};

// The endpoints that could serve one port in one family. Refers to the slices: use it while they
// stand.
class Endpoints {
 public:
  Endpoints(const kube::ServicePort& port, Family family, Slices slices);

  // The real servers of `list`, sorted, without duplicates.
  [[nodiscard]] std::vector<ipvs::RealServerId> chosen(EndpointList list,
                                                       const Location& here) const;

  // Every endpoint of `slices`, those that the constructor was given, in their order.
  [[nodiscard]] std::vector<JudgedEndpoint> judged(EndpointList list, const Location& here,
                                                   Slices slices) const;

 private:
  struct Candidate {
    ipvs::RealServerId id;
    const kube::Endpoint* endpoint;
  };
  enum class Hints : std::uint8_t { kNone, kNode, kZone };
  // What holds for the whole list.
  struct Rule {
    bool somebody_ready = false;
    Hints hints = Hints::kNone;
  };

  [[nodiscard]] Rule rule_for(EndpointList list, const Location& here) const;
  [[nodiscard]] static EndpointVerdict verdict(const kube::Endpoint& endpoint, EndpointList list,
                                               const Rule& rule, const Location& here);
  [[nodiscard]] bool stands_for(const kube::Endpoint& endpoint, std::uint16_t port) const;
  [[nodiscard]] bool matches(const kube::EndpointPort& target) const;

  const kube::ServicePort& port_;
  Family family_;
  std::vector<Candidate> candidates_;  // sorted by id, each once
};

// May traffic be sent there? Not to what means this node itself, or nobody.
[[nodiscard]] bool is_acceptable_endpoint(const kube::Address& address);

// The addresses of `slices` whose pods run on `node_name`, ready or not, sorted, without
// duplicates.
[[nodiscard]] std::vector<ipvs::Address> local_addresses(Slices slices,
                                                         const std::string& node_name);

// How many different addresses are ready and on `node_name`: what a health check of the node is
// told.
[[nodiscard]] std::size_t count_local_ready(Slices slices, const std::string& node_name);

}  // namespace reconcile
