// Our nftables table in the kernel: is it there as we write it, install it, add and delete set
// elements.
//
// Everything happens in transactions of nfnetlink: all of it or nothing. The rules are compared
// with the skeleton instruction by instruction, so "intact" means that the kernel does what we
// mean. Truth: nft_codec.h. Thread: one at a time; blocks.
#pragma once

#include <span>
#include <vector>

#include "ipvs/drop_policy_chains.h"
#include "ipvs/error.h"
#include "ipvs/kernel.h"
#include "ipvs/nft_codec.h"
#include "ipvs/socket.h"

namespace ipvs {

struct ObservedRules {
  bool intact = false;  // and every chain of others that drops has our rule
  std::vector<SetElement> elements;
};

class NftTable {
 public:
  // Asks nf_tables for its generation, so that a kernel without it is found out here.
  [[nodiscard]] static Result<NftTable> open(const RuleSettings& settings);

  [[nodiscard]] Result<ObservedRules> observe();

  // REQUIRES: InstallRules, AddElement and DeleteElement only; one outcome per step.
  void write(std::span<const Step> steps, std::span<Outcome> outcomes);

  // Deletes the table, and our rule in others' chains. No table is no error.
  [[nodiscard]] Outcome remove();

  // Of the sockets that write.
  [[nodiscard]] std::vector<SharedPort> ports() const { return {socket_.port(), closed_.port()}; }

 private:
  // Which of our objects are there, and whether they are as we write them.
  struct Objects {
    bool table = false;
    bool as_written = true;
    std::vector<const NftSet*> sets;  // those of the right kind
  };

  NftTable(Socket socket, DropPolicyChains closed, const RuleSettings& settings)
      : socket_(std::move(socket)), closed_(std::move(closed)), chains_(nft_chains(settings)) {}
  [[nodiscard]] int read_objects(Objects& objects);
  [[nodiscard]] int read_intact(const Objects& objects, bool& intact);
  [[nodiscard]] int dump_rules(const NftChain& chain, std::vector<NftRule>& rules);
  [[nodiscard]] int dump_elements(const NftSet& set, std::vector<SetElement>& elements);
  enum class Existing { kKeep, kReplace };
  [[nodiscard]] int write_skeleton(Existing existing);
  [[nodiscard]] Outcome install(const Step& step);
  [[nodiscard]] int install_table();
  void write_elements(std::span<const Step> steps, std::span<Outcome> outcomes);

  Socket socket_;
  DropPolicyChains closed_;
  std::vector<NftChain> chains_;
  MessageBatch batch_;
};

}  // namespace ipvs
