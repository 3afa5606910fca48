// A kernel in memory, as strict as the real one: the same errno for the same step (EEXIST, ESRCH,
// ENOENT, EINVAL, ERANGE, ENODEV, EADDRNOTAVAIL), held to it by the contract suite
// (tests/contract).
//
// Dumps come in no useful order, as from the kernel's hash: virtual servers descending, real
// servers the newest first. Levers let a test play the rest of the node: connections, other
// programs that write, a link deleted by someone. One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ipvs/kernel.h"

class FakeKernel : public ipvs::Kernel {
 public:
  // A client's flow to a virtual server, as conntrack remembers it.
  struct Flow {
    ipvs::VirtualServerId to;
    ipvs::RealServerId answered_by;

    friend bool operator==(const Flow&, const Flow&) = default;
  };

  explicit FakeKernel(ipvs::KernelSettings settings = {}) : settings_(std::move(settings)) {}

  [[nodiscard]] ipvs::Result<ipvs::Observation> observe() override;
  [[nodiscard]] ipvs::Result<std::vector<ipvs::ObservedVirtualServer>> observe(
      std::span<const ipvs::VirtualServerId> ids) override;
  [[nodiscard]] std::vector<ipvs::Outcome> write(std::span<const ipvs::Step> steps) override;

  // What was written: the steps that succeeded, in order; the errors of those that did not.
  [[nodiscard]] const std::vector<ipvs::Step>& journal() const { return journal_; }
  [[nodiscard]] const std::vector<ipvs::Error>& refusals() const { return refusals_; }
  void clear_journal();

  // Connections cut by a deletion: those a TCP or SCTP real server still had when it, or its
  // virtual server, was deleted. UDP knows no reset.
  [[nodiscard]] std::uint64_t resets() const { return resets_; }
  // How often the whole node, and how often single virtual servers, were read.
  [[nodiscard]] int full_reads() const { return full_reads_; }
  [[nodiscard]] int partial_reads() const { return partial_reads_; }

  // The virtual server, or nullptr; valid until the next write.
  [[nodiscard]] const ipvs::ObservedVirtualServer* find(const ipvs::VirtualServerId& id) const;

  // Clients. The real server must exist.
  void set_connections(const ipvs::VirtualServerId& parent, const ipvs::RealServerId& id,
                       const ipvs::ConnectionCounts& counts);

  void add_flow(const Flow& flow) { flows_.push_back(flow); }
  [[nodiscard]] const std::vector<Flow>& flows() const { return flows_; }

  // The node. An address that is already there is not added twice.
  void add_node_address(const ipvs::NodeAddress& address);
  void remove_node_address(const ipvs::Address& address);
  // A sysctl that was never set does not exist.
  void set_sysctl(const std::string& path, const std::string& value) { sysctls_[path] = value; }

  // Other programs. None of this is journalled, and what is planted replaces what stood there.
  void plant(const ipvs::ObservedVirtualServer& server);
  void uproot(const ipvs::VirtualServerId& id);
  void delete_link();    // and with it the addresses on it
  void break_rules();    // someone added or removed a rule in our table
  void flush_ruleset();  // our table is gone, its elements too

 private:
  using Table = std::map<ipvs::VirtualServerId, ipvs::ObservedVirtualServer, std::greater<>>;

  // Each answers with an errno, 0 when done.
  int apply(const ipvs::AddVirtualServer& step);
  int apply(const ipvs::EditVirtualServer& step);
  int apply(const ipvs::DeleteVirtualServer& step);
  int apply(const ipvs::AddRealServer& step);
  int apply(const ipvs::EditRealServer& step);
  int apply(const ipvs::DeleteRealServer& step);
  int apply(const ipvs::CreateLink& step);
  int apply(const ipvs::BindAddress& step);
  int apply(const ipvs::UnbindAddress& step);
  int apply(const ipvs::InstallRules& step);
  int apply(const ipvs::AddElement& step);
  int apply(const ipvs::DeleteElement& step);
  int apply(const ipvs::ForgetFlows& step);
  int apply(const ipvs::SetTimeouts& step);
  int apply(const ipvs::WriteSysctl& step);

  ipvs::ObservedRealServer* find_real_server(const ipvs::VirtualServerId& parent,
                                             const ipvs::RealServerId& id);
  void cut_connections(const ipvs::VirtualServerId& parent, const ipvs::ObservedRealServer& server);

  ipvs::KernelSettings settings_;
  Table table_;
  bool link_present_ = false;
  std::set<ipvs::Address> bound_;
  bool table_present_ = false;
  bool rules_intact_ = false;
  std::set<ipvs::SetElement> elements_;
  std::vector<Flow> flows_;
  std::vector<ipvs::NodeAddress> node_addresses_;
  ipvs::Timeouts timeouts_{std::chrono::seconds(900), std::chrono::seconds(120),
                           std::chrono::seconds(300)};
  std::map<std::string, std::string> sysctls_;

  std::vector<ipvs::Step> journal_;
  std::vector<ipvs::Error> refusals_;
  std::uint64_t resets_ = 0;
  int full_reads_ = 0;
  int partial_reads_ = 0;
};
