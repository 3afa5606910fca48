#include "ipvs/nft_table.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <cerrno>
#include <numeric>

#include "ipvs/kernel_errors.h"

namespace ipvs {
namespace {

constexpr int kDumpAttempts = 5;

bool is_install(const Step& step) { return std::holds_alternative<InstallRules>(step); }

tl::unexpected<Error> read_error(int code) {
  return tl::unexpected(
      with_remedy({.code = code, .operation = "read nftables table", .subject = "inet kube-ipvs"}));
}

// An element that is there already is no error, so EEXIST can only mean the other thing.
Error element_error(const Step& step, int code) {
  return step_error(step, code == EEXIST ? ENOTEMPTY : code);
}

}  // namespace

Result<NftTable> NftTable::open(const RuleSettings& settings) {
  auto socket = Socket::open(NETLINK_NETFILTER);
  if (!socket) return tl::unexpected(open_error(KernelDoor::kRules, socket.error().code));
  auto closed = DropPolicyChains::open(settings);
  if (!closed) return tl::unexpected(closed.error());
  NftTable table(*std::move(socket), *std::move(closed), settings);
  put_get_generation(table.batch_);
  if (const int code = table.socket_.exchange(table.batch_).front(); code != 0) {
    return tl::unexpected(open_error(KernelDoor::kRules, code));
  }
  return table;
}

Result<ObservedRules> NftTable::observe() {
  Objects objects;
  if (const int code = read_objects(objects); code != 0) return read_error(code);
  ObservedRules observed;
  if (!objects.table) return observed;
  if (const int code = read_intact(objects, observed.intact); code != 0) return read_error(code);
  if (observed.intact) {
    const auto all_pass = closed_.all_pass();
    if (!all_pass) return tl::unexpected(all_pass.error());
    observed.intact = *all_pass;
  }
  for (const NftSet* set : objects.sets) {
    const int code = dump_elements(*set, observed.elements);
    if (code == ENOENT) return ObservedRules{};  // flushed under our eyes
    if (code != 0) return read_error(code);
  }
  return observed;
}

// The table, each set and each chain by name, in one round trip; ENOENT is an answer.
int NftTable::read_objects(Objects& objects) {
  batch_.clear();
  put_get_table(batch_);
  for (const NftSet& set : nft_sets()) put_get_set(batch_, set);
  for (const NftChain& chain : chains_) put_get_chain(batch_, chain);
  const std::size_t first_chain = 1 + nft_sets().size();
  const auto codes = socket_.exchange(batch_, [&](nlmsghdr* message) {
    const std::size_t index = message->nlmsg_seq - batch_.message(0).nlmsg_seq;
    if (index == 0) {
      objects.table = true;
      objects.as_written = objects.as_written && is_as_written(message);
    } else if (index < first_chain) {
      const NftSet& set = nft_sets()[index - 1];
      const bool right = is_as_written(message, set);
      if (right) objects.sets.push_back(&set);
      objects.as_written = objects.as_written && right;
    } else {
      objects.as_written =
          objects.as_written && is_as_written(message, chains_[index - first_chain]);
    }
  });
  for (const int code : codes) {
    if (code != 0 && code != ENOENT) return code;
    objects.as_written = objects.as_written && code == 0;
  }
  return 0;
}

int NftTable::read_intact(const Objects& objects, bool& intact) {
  intact = objects.as_written;
  for (const NftChain& chain : chains_) {
    if (!intact) return 0;
    std::vector<NftRule> rules;
    if (const int code = dump_rules(chain, rules); code != 0) return code;
    intact = rules == chain.rules;
  }
  return 0;
}

int NftTable::dump_rules(const NftChain& chain, std::vector<NftRule>& rules) {
  int code = EINTR;
  for (int attempt = 0; code == EINTR && attempt < kDumpAttempts; ++attempt) {
    rules.clear();
    batch_.clear();
    put_dump_rules(batch_, chain);
    code = socket_.dump(batch_, [&](nlmsghdr* message) { rules.push_back(rule_in(message)); });
  }
  return code;
}

int NftTable::dump_elements(const NftSet& set, std::vector<SetElement>& elements) {
  const auto present = static_cast<std::ptrdiff_t>(elements.size());
  int code = EINTR;
  for (int attempt = 0; code == EINTR && attempt < kDumpAttempts; ++attempt) {
    elements.erase(elements.begin() + present, elements.end());
    batch_.clear();
    put_dump_elements(batch_, set);
    code =
        socket_.dump(batch_, [&](nlmsghdr* message) { append_elements(message, set, elements); });
  }
  return code;
}

void NftTable::write(std::span<const Step> steps, std::span<Outcome> outcomes) {
  while (!steps.empty()) {
    if (is_install(steps.front())) {
      outcomes.front() = install(steps.front());
      steps = steps.subspan(1);
      outcomes = outcomes.subspan(1);
      continue;
    }
    const auto next = std::find_if(steps.begin(), steps.end(), is_install);
    const auto run = std::min(static_cast<std::size_t>(next - steps.begin()), socket_.capacity());
    write_elements(steps.first(run), outcomes.first(run));
    steps = steps.subspan(run);
    outcomes = outcomes.subspan(run);
  }
}

Outcome NftTable::install(const Step& step) {
  if (const int code = install_table(); code != 0) return step_error(step, code);
  return closed_.add_rules();
}

Outcome NftTable::remove() {
  Outcome outcome = closed_.remove_rules();
  batch_.clear();
  begin_transaction(batch_);
  put_delete_table(batch_);
  end_transaction(batch_);
  const int code = first_failure(socket_.transact(batch_));
  if (code == 0 || code == ENOENT) return outcome;
  return with_remedy(
      {.code = code, .operation = "delete nftables table", .subject = "inet kube-ipvs"});
}

// First what repairs and keeps the elements. Where somebody made one of our objects anew with other
// properties, only a new table helps; its elements are then gone, and the next observation says so.
int NftTable::install_table() {
  const int code = write_skeleton(Existing::kKeep);
  if (code != 0 && code != EEXIST && code != EBUSY && code != EOPNOTSUPP && code != EINVAL) {
    return code;
  }
  if (code == 0) {
    Objects objects;
    bool intact = false;
    if (const int failure = read_objects(objects); failure != 0) return failure;
    if (const int failure = read_intact(objects, intact); failure != 0) return failure;
    if (intact) return 0;
  }
  return write_skeleton(Existing::kReplace);
}

int NftTable::write_skeleton(Existing existing) {
  batch_.clear();
  begin_transaction(batch_);
  put_add_table(batch_);
  if (existing == Existing::kReplace) {
    put_delete_table(batch_);
    put_add_table(batch_);
  }
  std::uint32_t id = 0;
  for (const NftSet& set : nft_sets()) put_add_set(batch_, set, ++id);
  for (const NftChain& chain : chains_) {
    put_add_chain(batch_, chain);
    put_delete_rules(batch_, chain);
    for (const NftRule& rule : chain.rules) put_add_rule(batch_, chain, rule);
  }
  end_transaction(batch_);
  return first_failure(socket_.transact(batch_));
}

// One transaction for all of them. Where elements are refused, the transaction did nothing: they
// get their errors, and the others are written again without them.
void NftTable::write_elements(std::span<const Step> steps, std::span<Outcome> outcomes) {
  std::vector<std::size_t> pending(steps.size());
  std::iota(pending.begin(), pending.end(), std::size_t{0});
  while (!pending.empty()) {
    batch_.clear();
    begin_transaction(batch_);
    for (const std::size_t index : pending) put_element_step(batch_, steps[index]);
    end_transaction(batch_);
    const auto codes = socket_.transact(batch_);
    if (first_failure(codes) == 0) return;
    std::vector<std::size_t> unharmed;
    for (std::size_t i = 0; i < pending.size(); ++i) {
      if (codes[i + 1] == 0) {
        unharmed.push_back(pending[i]);
      } else {
        outcomes[pending[i]] = element_error(steps[pending[i]], codes[i + 1]);
      }
    }
    if (unharmed.size() == pending.size()) {  // only the closing bracket failed
      for (const std::size_t index : pending) {
        outcomes[index] = step_error(steps[index], first_failure(codes));
      }
      return;
    }
    pending = std::move(unharmed);
  }
}

}  // namespace ipvs
