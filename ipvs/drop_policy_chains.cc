#include "ipvs/drop_policy_chains.h"

#include <fmt/core.h>

#include <cerrno>

#include "ipvs/kernel_errors.h"
#include "ipvs/pass_rule.h"
#include "ipvs/rule_marks.h"

namespace ipvs {
namespace {

constexpr int kDumpAttempts = 5;

Error error_about(const ForeignChain& chain, int code, const RuleSettings& settings) {
  return {.code = code,
          .operation = "let service traffic pass",
          .subject = to_string(chain),
          .remedy = fmt::format("Add `ct mark & {0:#x} == {0:#x} accept` (iptables: -m connmark "
                                "--mark {0:#x}/{0:#x} -j ACCEPT) to that chain",
                                service_mark(settings))};
}

Error read_error(int code) {
  return with_remedy({.code = code, .operation = "read the chains of", .subject = "nftables"});
}

// `dump` again while the kernel says that the table changed underneath.
template <class Dump>
int until_quiet(Dump dump) {
  int code = EINTR;
  for (int attempt = 0; code == EINTR && attempt < kDumpAttempts; ++attempt) code = dump();
  return code;
}

}  // namespace

Result<DropPolicyChains> DropPolicyChains::open(const RuleSettings& settings) {
  auto socket = Socket::open(NETLINK_NETFILTER);
  if (!socket) return tl::unexpected(open_error(KernelDoor::kRules, socket.error().code));
  return DropPolicyChains(*std::move(socket), settings);
}

Result<bool> DropPolicyChains::all_pass() {
  std::vector<ForeignChain> chains;
  if (const int code = read_chains(chains); code != 0) return tl::unexpected(read_error(code));
  for (const ForeignChain& chain : chains) {
    if (!chain.drops) continue;
    Ours ours;
    const int code = read_ours(chain, ours);
    if (code != 0 && code != ENOENT) return tl::unexpected(read_error(code));
    if (code == 0 && !ours.intact) return false;
  }
  return true;
}

std::optional<Error> DropPolicyChains::add_rules() {
  std::vector<ForeignChain> chains;
  if (const int code = read_chains(chains); code != 0) return read_error(code);
  std::optional<Error> first;
  for (const ForeignChain& chain : chains) {
    const int code = chain.drops ? add_rule(chain) : 0;
    if (code != 0 && code != ENOENT && !first) first = error_about(chain, code, settings_);
  }
  return first;
}

std::optional<Error> DropPolicyChains::remove_rules() {
  std::vector<ForeignChain> chains;
  if (const int code = read_chains(chains); code != 0) return read_error(code);
  std::optional<Error> first;
  for (const ForeignChain& chain : chains) {
    const int code = remove_rules(chain);
    if (code != 0 && code != ENOENT && !first) first = error_about(chain, code, settings_);
  }
  return first;
}

int DropPolicyChains::read_chains(std::vector<ForeignChain>& chains) {
  return until_quiet([&] {
    chains.clear();
    batch_.clear();
    put_dump_chains(batch_);
    return socket_.dump(batch_, [&](nlmsghdr* message) {
      if (auto chain = foreign_chain_in(message)) chains.push_back(*std::move(chain));
    });
  });
}

int DropPolicyChains::read_ours(const ForeignChain& chain, Ours& ours) {
  const NftRule wanted = pass_rule(chain, settings_);
  return until_quiet([&] {
    ours = {};
    batch_.clear();
    put_dump_rules(batch_, chain);
    return socket_.dump(batch_, [&](nlmsghdr* message) {
      if (!is_pass_rule(message)) return;
      ours.handles.push_back(rule_handle_in(message));
      ours.intact = ours.intact || is_pass_rule(message, wanted);
    });
  });
}

int DropPolicyChains::add_rule(const ForeignChain& chain) {
  Ours ours;
  if (const int code = read_ours(chain, ours); code != 0 || ours.intact) return code;
  batch_.clear();
  begin_transaction(batch_);
  for (const std::uint64_t handle : ours.handles) put_delete_rule(batch_, chain, handle);
  put_append_pass_rule(batch_, chain, settings_);
  end_transaction(batch_);
  return first_failure(socket_.transact(batch_));
}

int DropPolicyChains::remove_rules(const ForeignChain& chain) {
  Ours ours;
  if (const int code = read_ours(chain, ours); code != 0 || ours.handles.empty()) return code;
  batch_.clear();
  begin_transaction(batch_);
  for (const std::uint64_t handle : ours.handles) put_delete_rule(batch_, chain, handle);
  end_transaction(batch_);
  return first_failure(socket_.transact(batch_));
}

}  // namespace ipvs
