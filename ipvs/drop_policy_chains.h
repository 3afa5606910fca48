// The chains of other firewalls that drop what nobody accepts, and our one rule in each.
//
// An accept in a chain of ours cannot save a packet from a drop in theirs. So where a base chain of
// another table, at the hooks input or forward, has the policy drop, one rule is appended that
// accepts the connections to our services. It stands last: whatever that firewall says itself comes
// before. It carries a comment, by which it is found again. This is the only thing that we write
// outside of our own table; iptables-legacy keeps its tables elsewhere and is out of reach. Truth:
// linux/netfilter/nf_tables.h. Thread: one at a time; blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ipvs/error.h"
#include "ipvs/pass_rule.h"
#include "ipvs/ruleset.h"
#include "ipvs/socket.h"

namespace ipvs {

class DropPolicyChains {
 public:
  [[nodiscard]] static Result<DropPolicyChains> open(const RuleSettings& settings);

  // Whether every chain that drops has our rule.
  [[nodiscard]] Result<bool> all_pass();
  // Adds the rule where it is missing. Nothing, or the first error; the others are tried all the
  // same.
  [[nodiscard]] std::optional<Error> add_rules();
  // Takes it out of every chain of others, whatever their policy.
  [[nodiscard]] std::optional<Error> remove_rules();

  [[nodiscard]] SharedPort port() const { return socket_.port(); }

 private:
  // Our rules in one chain.
  struct Ours {
    bool intact = false;                 // one of them is as we would write it
    std::vector<std::uint64_t> handles;  // of all
  };

  DropPolicyChains(Socket socket, const RuleSettings& settings)
      : socket_(std::move(socket)), settings_(settings) {}
  [[nodiscard]] int read_chains(std::vector<ForeignChain>& chains);
  [[nodiscard]] int read_ours(const ForeignChain& chain, Ours& ours);
  [[nodiscard]] int add_rule(const ForeignChain& chain);
  [[nodiscard]] int remove_rules(const ForeignChain& chain);

  Socket socket_;
  RuleSettings settings_;
  MessageBatch batch_;
};

}  // namespace ipvs
