#include "ipvs/kube_proxy_leftovers.h"

#include <fmt/core.h>
#include <linux/netfilter.h>
#include <linux/netfilter/ipset/ip_set.h>

#include <algorithm>
#include <array>

namespace ipvs {
namespace {

using namespace std::string_view_literals;

constexpr std::array kTables{"filter"sv, "mangle"sv, "nat"sv, "raw"sv};

constexpr std::array kChains{
    "KUBE-FORWARD"sv,
    "KUBE-IPVS-FILTER"sv,
    "KUBE-IPVS-OUT-FILTER"sv,
    "KUBE-LOAD-BALANCER"sv,
    "KUBE-MARK-MASQ"sv,
    "KUBE-NODE-PORT"sv,
    "KUBE-POSTROUTING"sv,
    "KUBE-PROXY-CANARY"sv,
    "KUBE-PROXY-FIREWALL"sv,
    "KUBE-SERVICES"sv,
    "KUBE-SOURCE-RANGES-FIREWALL"sv,
};

// Behind "KUBE-", or "KUBE-6-" for IPv6.
constexpr std::array kSets{
    "CLUSTER-IP"sv,
    "EXTERNAL-IP"sv,
    "EXTERNAL-IP-LOCAL"sv,
    "HEALTH-CHECK-NODE-PORT"sv,
    "IPVS-IPS"sv,
    "LOAD-BALANCER"sv,
    "LOAD-BALANCER-FW"sv,
    "LOAD-BALANCER-LOCAL"sv,
    "LOAD-BALANCER-SOURCE-CIDR"sv,
    "LOAD-BALANCER-SOURCE-IP"sv,
    "LOOP-BACK"sv,
    "NODE-PORT-LOCAL-SCTP-HASH"sv,
    "NODE-PORT-LOCAL-TCP"sv,
    "NODE-PORT-LOCAL-UDP"sv,
    "NODE-PORT-SCTP-HASH"sv,
    "NODE-PORT-TCP"sv,
    "NODE-PORT-UDP"sv,
};

template <class Names>
bool among(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// kube-proxy cuts a name that the kernel has no room for; with the prefix of IPv6 two are too long.
constexpr std::size_t kLongestSetName = IPSET_MAXNAMELEN - 1;

bool is_set_behind(std::string_view prefix, std::string_view name) {
  if (!name.starts_with(prefix)) return false;
  return std::any_of(kSets.begin(), kSets.end(), [&](std::string_view set) {
    return name.substr(prefix.size()) == set.substr(0, kLongestSetName - prefix.size());
  });
}

std::string text_of(const NftChainId& id) {
  return fmt::format("{} {} {}", id.family == NFPROTO_IPV4 ? "ip" : "ip6", id.table, id.chain);
}

}  // namespace

bool is_of_kube_proxy(const NftChainId& chain) {
  return among(kTables, chain.table) && among(kChains, chain.chain);
}

bool is_set_of_kube_proxy(std::string_view name) {
  return is_set_behind("KUBE-", name) || is_set_behind("KUBE-6-", name);
}

std::string to_commands(const KubeProxyLeftovers& leftovers) {
  std::string text;
  for (const auto& jump : leftovers.jumps) {
    text += fmt::format("nft delete rule {} handle {}\n", text_of(jump.chain), jump.handle);
  }
  for (const auto& chain : leftovers.chains) {
    text += fmt::format("nft flush chain {}\n", text_of(chain));
  }
  for (const auto& chain : leftovers.chains) {
    text += fmt::format("nft delete chain {}\n", text_of(chain));
  }
  for (const auto& set : leftovers.sets) text += fmt::format("ipset destroy {}\n", set);
  return text;
}

}  // namespace ipvs
