// What a kube-proxy in ipvs mode leaves on a node beside its virtual servers: chains in the tables
// of iptables-nft, the rules in others' chains that jump to them, and ipsets.
//
// They are known by their exact names, as of Kubernetes 1.36 (pkg/proxy/ipvs: iptablesChains,
// ipsetInfo). The prefix KUBE- is not enough: kubelet's chains have it, too. Plain values: any
// thread.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ipvs {

// A chain of nf_tables.
struct NftChainId {
  std::uint8_t family = 0;  // NFPROTO_IPV4, NFPROTO_IPV6
  std::string table;
  std::string chain;

  friend bool operator==(const NftChainId&, const NftChainId&) = default;
  friend std::strong_ordering operator<=>(const NftChainId&, const NftChainId&) = default;
};

struct NftRuleId {
  NftChainId chain;
  std::uint64_t handle = 0;

  friend bool operator==(const NftRuleId&, const NftRuleId&) = default;
};

struct KubeProxyLeftovers {
  std::vector<NftChainId> chains;  // with all their rules
  std::vector<NftRuleId> jumps;    // rules in chains of others
  std::vector<std::string> sets;   // names of ipsets

  [[nodiscard]] bool empty() const { return chains.empty() && jumps.empty() && sets.empty(); }
};

// A chain that kube-proxy makes, in a table of iptables.
[[nodiscard]] bool is_of_kube_proxy(const NftChainId& chain);
// The name of an ipset that kube-proxy makes, as the kernel holds it: at most 31 characters, the
// rest cut (pkg/proxy/ipvs/ipset.go).
[[nodiscard]] bool is_set_of_kube_proxy(std::string_view name);

// One command a line, as somebody would remove them by hand: `nft delete rule ...`, `ipset destroy
// ...`.
[[nodiscard]] std::string to_commands(const KubeProxyLeftovers& leftovers);

}  // namespace ipvs
