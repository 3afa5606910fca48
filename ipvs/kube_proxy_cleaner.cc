#include "ipvs/kube_proxy_cleaner.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>

#include "ipvs/attributes.h"
#include "ipvs/kernel_errors.h"
#include "ipvs/nft_codec.h"
#include "ipvs/socket.h"

namespace ipvs {
namespace {

using namespace std::chrono_literals;

constexpr int kHeaderSize = sizeof(nfgenmsg);
constexpr std::array<std::uint8_t, 2> kFamilies{NFPROTO_IPV4, NFPROTO_IPV6};
constexpr int kDumpAttempts = 5;
constexpr std::uint8_t kOldestIpsetProtocol = 6;
constexpr auto kPatience = 2s;
constexpr auto kPause = 20ms;

void begin(MessageBatch& batch, int subsystem, int command, std::uint8_t family) {
  batch.begin(static_cast<std::uint16_t>(subsystem << 8 | command));
  batch.put_header(nfgenmsg{.nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(0)});
}

void put_chain_command(MessageBatch& batch, int command, const NftChainId& id) {
  begin(batch, NFNL_SUBSYS_NFTABLES, command, id.family);
  batch.put_text(NFTA_CHAIN_TABLE, id.table);
  batch.put_text(NFTA_CHAIN_NAME, id.chain);
  batch.end();
}

// All rules of the chain, or the one with `handle`.
void put_delete_rules(MessageBatch& batch, const NftChainId& id,
                      std::optional<std::uint64_t> handle = {}) {
  begin(batch, NFNL_SUBSYS_NFTABLES, NFT_MSG_DELRULE, id.family);
  batch.put_text(NFTA_RULE_TABLE, id.table);
  batch.put_text(NFTA_RULE_CHAIN, id.chain);
  if (handle) batch.put(NFTA_RULE_HANDLE, htobe64(*handle));
  batch.end();
}

void begin_ipset(MessageBatch& batch, int command) {
  begin(batch, NFNL_SUBSYS_IPSET, command, NFPROTO_IPV4);
  batch.put(IPSET_ATTR_PROTOCOL, kOldestIpsetProtocol);
}

// The chain that a rule's instruction jumps to; empty for any other instruction.
std::string target_of(const nlattr* expression) {
  const Attributes<NFTA_EXPR_MAX> instruction(expression);
  if (instruction.text(NFTA_EXPR_NAME) != "immediate") return {};
  const Attributes<NFTA_IMMEDIATE_MAX> immediate(instruction[NFTA_EXPR_DATA]);
  const Attributes<NFTA_DATA_MAX> data(immediate[NFTA_IMMEDIATE_DATA]);
  return Attributes<NFTA_VERDICT_MAX>(data[NFTA_DATA_VERDICT]).text(NFTA_VERDICT_CHAIN);
}

// The rule in `message`, if it is in somebody else's chain and jumps to one of kube-proxy's.
std::optional<NftRuleId> jump_in(nlmsghdr* message, std::uint8_t family) {
  const Attributes<NFTA_RULE_MAX> rule(message, kHeaderSize);
  const NftChainId in{family, rule.text(NFTA_RULE_TABLE), rule.text(NFTA_RULE_CHAIN)};
  if (is_of_kube_proxy(in) || !rule.has(NFTA_RULE_EXPRESSIONS)) return std::nullopt;
  nlattr* expression = nullptr;
  int remaining = 0;
  nla_for_each_nested(expression, rule[NFTA_RULE_EXPRESSIONS], remaining) {
    if (!is_of_kube_proxy({family, in.table, target_of(expression)})) continue;
    return NftRuleId{in, be64toh(rule.get<std::uint64_t>(NFTA_RULE_HANDLE))};
  }
  return std::nullopt;
}

Error failure(int code, std::string operation, std::string subject) {
  return with_remedy(
      {.code = code, .operation = std::move(operation), .subject = std::move(subject)});
}

}  // namespace

struct KubeProxyCleaner::Door {
  Socket socket;
  MessageBatch batch = {};

  [[nodiscard]] int find_chains(std::uint8_t family, KubeProxyLeftovers& leftovers);
  [[nodiscard]] int find_jumps(std::uint8_t family, KubeProxyLeftovers& leftovers);
  [[nodiscard]] int find_sets(KubeProxyLeftovers& leftovers);
  [[nodiscard]] int remove_rules(const KubeProxyLeftovers& leftovers);
  [[nodiscard]] int destroy(const std::string& set);
};

KubeProxyCleaner::KubeProxyCleaner(std::unique_ptr<Door> door) : door_(std::move(door)) {}
KubeProxyCleaner::KubeProxyCleaner(KubeProxyCleaner&&) noexcept = default;
KubeProxyCleaner::~KubeProxyCleaner() = default;

Result<KubeProxyCleaner> KubeProxyCleaner::open() {
  auto socket = Socket::open(NETLINK_NETFILTER);
  if (!socket) return tl::unexpected(open_error(KernelDoor::kRules, socket.error().code));
  return KubeProxyCleaner(std::make_unique<Door>(Door{*std::move(socket)}));
}

Result<KubeProxyLeftovers> KubeProxyCleaner::find() {
  KubeProxyLeftovers leftovers;
  int code = 0;
  for (const auto family : kFamilies) {
    if (code == 0) code = door_->find_chains(family, leftovers);
    if (code == 0) code = door_->find_jumps(family, leftovers);
  }
  if (code == 0) code = door_->find_sets(leftovers);
  if (code != 0) return tl::unexpected(failure(code, "look for kube-proxy's chains and sets", ""));
  std::sort(leftovers.chains.begin(), leftovers.chains.end());
  std::sort(leftovers.sets.begin(), leftovers.sets.end());
  return leftovers;
}

int KubeProxyCleaner::Door::find_chains(std::uint8_t family, KubeProxyLeftovers& leftovers) {
  auto& chains = leftovers.chains;
  const auto present = static_cast<std::ptrdiff_t>(chains.size());
  int code = EINTR;
  for (int attempt = 0; code == EINTR && attempt < kDumpAttempts; ++attempt) {
    chains.erase(chains.begin() + present, chains.end());
    batch.clear();
    begin(batch, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETCHAIN, family);
    batch.end();
    code = socket.dump(batch, [&](nlmsghdr* message) {
      const Attributes<NFTA_CHAIN_MAX> chain(message, kHeaderSize);
      NftChainId id{family, chain.text(NFTA_CHAIN_TABLE), chain.text(NFTA_CHAIN_NAME)};
      if (is_of_kube_proxy(id)) chains.push_back(std::move(id));
    });
  }
  return code;
}

int KubeProxyCleaner::Door::find_jumps(std::uint8_t family, KubeProxyLeftovers& leftovers) {
  auto& jumps = leftovers.jumps;
  const auto present = static_cast<std::ptrdiff_t>(jumps.size());
  int code = EINTR;
  for (int attempt = 0; code == EINTR && attempt < kDumpAttempts; ++attempt) {
    jumps.erase(jumps.begin() + present, jumps.end());
    batch.clear();
    begin(batch, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETRULE, family);
    batch.end();
    code = socket.dump(batch, [&](nlmsghdr* message) {
      if (auto jump = jump_in(message, family)) jumps.push_back(*std::move(jump));
    });
  }
  return code;
}

// EINVAL and EOPNOTSUPP are how nfnetlink says that there is no ipset.
int KubeProxyCleaner::Door::find_sets(KubeProxyLeftovers& leftovers) {
  batch.clear();
  begin_ipset(batch, IPSET_CMD_LIST);
  batch.put(IPSET_ATTR_FLAGS, htonl(IPSET_FLAG_LIST_SETNAME));
  batch.end();
  const int code = socket.dump(batch, [&](nlmsghdr* message) {
    auto name = Attributes<IPSET_ATTR_CMD_MAX>(message, kHeaderSize).text(IPSET_ATTR_SETNAME);
    if (is_set_of_kube_proxy(name)) leftovers.sets.push_back(std::move(name));
  });
  return code == EINVAL || code == EOPNOTSUPP ? 0 : code;
}

std::vector<Error> KubeProxyCleaner::remove(const KubeProxyLeftovers& leftovers) {
  std::vector<Error> errors;
  if (const int code = door_->remove_rules(leftovers); code != 0) {
    errors.push_back(failure(code, "remove kube-proxy's chains", "tables of iptables"));
    return errors;
  }
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (const auto& set : leftovers.sets) {
    int code = door_->destroy(set);
    while (code == EBUSY && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(kPause);
      code = door_->destroy(set);
    }
    if (code != 0) errors.push_back(failure(code, "destroy ipset", set));
    if (code == EBUSY)
      errors.back().remedy = "A rule of another program uses it; remove that first";
  }
  return errors;
}

int KubeProxyCleaner::Door::remove_rules(const KubeProxyLeftovers& leftovers) {
  if (leftovers.chains.empty() && leftovers.jumps.empty()) return 0;
  batch.clear();
  begin_transaction(batch);
  for (const auto& jump : leftovers.jumps) put_delete_rules(batch, jump.chain, jump.handle);
  for (const auto& chain : leftovers.chains) put_delete_rules(batch, chain);
  for (const auto& chain : leftovers.chains) put_chain_command(batch, NFT_MSG_DELCHAIN, chain);
  end_transaction(batch);
  const auto codes = socket.transact(batch);
  const auto failed = std::find_if(codes.begin(), codes.end(), [](int code) { return code != 0; });
  return failed == codes.end() ? 0 : *failed;
}

// A set that is gone already is no error.
int KubeProxyCleaner::Door::destroy(const std::string& set) {
  batch.clear();
  begin_ipset(batch, IPSET_CMD_DESTROY);
  batch.put_text(IPSET_ATTR_SETNAME, set);
  batch.end();
  const int code = socket.exchange(batch).front();
  if (code == IPSET_ERR_BUSY) return EBUSY;
  return code == ENOENT ? 0 : code;
}

}  // namespace ipvs
