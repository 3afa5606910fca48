// The loop around the decision: hears what the API server tells, reads and writes the kernel.
//
//   listeners ─► Reconciliation ─► plan ─► kernel thread ─► acknowledge
//                     ▲                        │
//                     └──── audit, drains ◄────┘
//
// Nothing but a broken invocation ends it: a kernel without IPVS, a refused step, an API server
// that is gone are said, kept apart from each other, and tried again; the kernel's tables stay as
// they are. Thread: everything here runs on the io thread, the Kernel on the kernel thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ipvs/kernel.h"
#include "kube/event.h"
#include "kube/listener.h"
#include "reconcile/agent_statistics.h"
#include "reconcile/decision_log.h"
#include "reconcile/intake.h"
#include "reconcile/kernel_thread.h"
#include "reconcile/log.h"
#include "reconcile/reconciliation.h"
#include "reconcile/repeats.h"

namespace reconcile {

struct AgentSettings {
  NodeConfig node;
  std::chrono::milliseconds audit_period{30'000};  // mean; each is jittered by 10 %
  std::chrono::milliseconds drain_deadline{60'000};
  // How long the Node object, and the addresses of all nodes, are waited for: not everybody may
  // read them.
  std::chrono::milliseconds node_patience{5'000};
  // As many Services at most have their traffic in the metrics under their name.
  std::size_t named_services = kNamedServices;
  // A dry run: gets the first plan, which is then not carried out, and the agent stops.
  std::function<void(const Plan&)> show = {};
};

// Hears what load balancers are to be told; called whenever that changes.
using HealthChecksChanged = std::function<void(const DesiredState::HealthChecks&)>;

// Hears whether all nodes are to be watched (Reconciliation::wants_nodes); called whenever that
// changes.
using NodesWanted = std::function<void(bool)>;

// An open kernel door, and what about the node is not as it should be although one can work with
// it.
struct OpenKernel {
  std::unique_ptr<ipvs::Kernel> kernel;
  std::vector<ipvs::Error> warnings;
};

// Opens the kernel door; called again after an error, on the kernel thread.
using KernelOpener = std::function<ipvs::Result<OpenKernel>()>;

class Agent {
 public:
  Agent(const boost::asio::any_io_executor& io, AgentSettings settings, KernelOpener open,
        Log& log);

  // Where the reflectors tell. Valid as long as the agent.
  kube::Listener<kube::Service>& services() { return services_; }
  kube::Listener<kube::EndpointSlice>& slices() { return slices_; }
  kube::Listener<kube::Node>& node() { return node_; }
  kube::Listener<kube::ServiceCidr>& service_cidrs() { return service_cidrs_; }
  kube::Listener<kube::NodeAddresses>& all_nodes() { return all_nodes_; }

  void on_nodes_wanted(NodesWanted wanted) { nodes_wanted_changed_ = std::move(wanted); }
  void on_event(kube::EventSink sink) { event_ = std::move(sink); }
  void on_health_checks(HealthChecksChanged changed) {
    health_checks_changed_ = std::move(changed);
  }

  // Decides by another configuration from now on, without writing anything twice. A scheduler that
  // the kernel refuses is not taken. `at_restart`: as many settings wait for the next start.
  void configured(NodeConfig node, std::chrono::milliseconds audit_period, std::size_t at_restart);
  // A configuration was given that is none; nothing changes.
  void refused_configuration() { statistics_.refused_configuration(); }

  // Something changed on the node that no reflector tells, like an address: the kernel is read
  // again at once.
  void node_changed();

  // The decision, to be looked at.
  [[nodiscard]] const Reconciliation& reconciliation() const { return reconciliation_; }
  // What was done, counted.
  [[nodiscard]] const AgentStatistics& statistics() const { return statistics_; }

  // Runs until stop(); returns when the write under way is done. The kernel keeps its tables.
  boost::asio::awaitable<void> run();
  void stop();

 private:
  boost::asio::awaitable<void> open_kernel();
  boost::asio::awaitable<void> take_configuration();
  boost::asio::awaitable<bool> may_schedule(const std::string& scheduler);
  boost::asio::awaitable<void> audit();
  boost::asio::awaitable<void> look_after_drains();
  boost::asio::awaitable<void> write_pending();
  boost::asio::awaitable<void> sleep_until_due();

  void told();
  void follow_wish_for_nodes();
  void stop_waiting_for_node();
  void stop_waiting_for_all_nodes();
  void tell_health_checks();
  void tell_of_services();
  void tell_of_scheduler(const ipvs::Error& refused);
  void retry_soon();
  void look_again_if_unread();
  void wake();

  AgentSettings settings_;
  KernelOpener open_;
  Log& log_;
  Repeats repeats_;
  Repeats optional_repeats_;  // of what one can do without
  DecisionLog decision_log_;
  AgentStatistics statistics_;
  Reconciliation reconciliation_;
  Intake<kube::Service> services_;
  Intake<kube::EndpointSlice> slices_;
  Intake<kube::Node> node_;
  Intake<kube::ServiceCidr> service_cidrs_;
  Intake<kube::NodeAddresses> all_nodes_;
  KernelThread kernel_thread_;
  std::unique_ptr<ipvs::Kernel> kernel_;  // touched on the kernel thread only, once opened
  boost::asio::steady_timer timer_;
  std::optional<NodeConfig> next_node_;  // not taken yet
  NodesWanted nodes_wanted_changed_;
  HealthChecksChanged health_checks_changed_;
  kube::EventSink event_;
  DesiredState::HealthChecks health_checks_;  // as last told
  TimePoint audit_at_{};                      // the past: at once
  TimePoint drains_at_{};
  TimePoint node_until_{};
  TimePoint all_nodes_until_{};
  std::chrono::milliseconds retry_delay_;
  bool auditing_ = false;      // the plan under way follows a complete reading
  bool nodes_wanted_ = false;  // as last told
  bool stopping_ = false;
};

}  // namespace reconcile
