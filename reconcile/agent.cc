#include "reconcile/agent.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>
#include <utility>

#include "reconcile/apply.h"
#include "reconcile/node_events.h"
#include "reconcile/process_memory.h"
#include "reconcile/scheduler_trial.h"

namespace reconcile {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kFirstRetry = 200ms;
constexpr auto kLongestRetry = 30'000ms;
constexpr auto kDrainsPeriod = 1s;
constexpr auto kRepeatQuiet = 60s;
constexpr auto kOptionalQuiet = 24h;
constexpr std::size_t kManySteps = 1'000;
constexpr std::size_t kManyUnread = 1'000;
constexpr auto kSecondLook = 1s;

// Nodes started together must not audit together.
Clock::duration jittered(std::chrono::milliseconds period) {
  static std::minstd_rand random{std::random_device{}()};
  std::uniform_real_distribution<double> spread(0.9, 1.1);
  return std::chrono::duration_cast<Clock::duration>(period * spread(random));
}

}  // namespace

Agent::Agent(const boost::asio::any_io_executor& io, AgentSettings settings, KernelOpener open,
             Log& log)
    : settings_(std::move(settings)),
      open_(std::move(open)),
      log_(log),
      repeats_(kRepeatQuiet),
      optional_repeats_(kOptionalQuiet),
      decision_log_(log),
      statistics_(Now::current(), settings_.named_services),
      reconciliation_(settings_.node, settings_.drain_deadline),
      services_("services", reconciliation_, repeats_, log_, [this] { told(); }),
      slices_("endpointslices", reconciliation_, repeats_, log_, [this] { told(); }),
      node_("nodes", reconciliation_, repeats_, log_, [this] { told(); }),
      service_cidrs_(
          "servicecidrs", reconciliation_, optional_repeats_, log_, [this] { told(); },
          "external addresses inside the ranges of cluster IPs are not refused"),
      all_nodes_(
          "all nodes", reconciliation_, optional_repeats_, log_, [this] { told(); },
          "external addresses are refused if they are this node's, not if another's"),
      timer_(io),
      retry_delay_(kFirstRetry) {
  reconciliation_.wait_for_node(settings_.node_patience > 0ms);
}

boost::asio::awaitable<void> Agent::run() {
  decision_log_.started(Clock::now());
  co_await open_kernel();
  while (!stopping_) {
    co_await take_configuration();
    stop_waiting_for_node();
    stop_waiting_for_all_nodes();
    co_await audit();
    co_await look_after_drains();
    co_await write_pending();
    co_await sleep_until_due();
  }
  kernel_thread_.join();
}

void Agent::stop() {
  stopping_ = true;
  wake();
}

boost::asio::awaitable<void> Agent::open_kernel() {
  while (!kernel_ && !stopping_) {
    auto opened = co_await kernel_thread_.run([this] { return open_(); });
    if (opened) {
      kernel_ = std::move(opened->kernel);
      retry_delay_ = kFirstRetry;
      for (const auto& warning : opened->warnings) {
        log_.warning("The node is not as it should be", {{"err", ipvs::to_string(warning)}});
        tell_of_scheduler(warning);
      }
      continue;
    }
    const auto why = ipvs::to_string(opened.error());
    if (const auto silent = repeats_.note("kernel", why, Clock::now())) {
      log_.error("Cannot use the kernel's IPVS yet", {{"err", why}, {"repeated", *silent}});
    }
    retry_soon();
    // What is told meanwhile is no reason to try sooner.
    while (!stopping_ && Clock::now() < audit_at_) co_await sleep_until_due();
  }
}

boost::asio::awaitable<void> Agent::audit() {
  if (stopping_ || !reconciliation_.informed() || Clock::now() < audit_at_) co_return;
  // Set before the reading: who tells of a change meanwhile wants another.
  audit_at_ = Clock::now() + jittered(settings_.audit_period);
  const auto observation = co_await kernel_thread_.run([this] { return kernel_->sweep(); });
  if (!observation) {
    log_.error("Cannot read the kernel's tables; they stay as they are",
               {{"err", ipvs::to_string(observation.error())}});
    retry_soon();
    co_return;
  }
  reconciliation_.observed(*observation);
  statistics_.audited(*observation, reconciliation_, Now::current());
  auditing_ = true;
}

boost::asio::awaitable<void> Agent::look_after_drains() {
  const auto now = Clock::now();
  if (stopping_ || reconciliation_.drains().empty() || now < drains_at_) co_return;
  drains_at_ = now + kDrainsPeriod;
  const auto asked = reconciliation_.drains().virtual_servers();
  const auto servers =
      co_await kernel_thread_.run([this, &asked] { return kernel_->observe(asked); });
  if (servers) {
    reconciliation_.refreshed(asked, *servers);
  } else {
    log_.error("Cannot read the draining servers; they stay",
               {{"err", ipvs::to_string(servers.error())}});
    retry_soon();
  }
}

// One pass: what has come meanwhile is for the next, so that audits and drains have their turn
// though changes never cease.
boost::asio::awaitable<void> Agent::write_pending() {
  if (stopping_ || !reconciliation_.ready() || !reconciliation_.pending()) co_return;
  const auto decided = Clock::now();
  const bool drained = !reconciliation_.drains().empty();
  auto plan = reconciliation_.decide(decided);
  if (settings_.show) {
    stopping_ = true;
    settings_.show(plan);
    co_return;
  }
  tell_health_checks();
  const Pass pass{std::exchange(auditing_, false), plan.drains_ended, decided};
  Report written;
  if (!plan.empty()) {
    written =
        co_await kernel_thread_.run([this, &plan] { return apply(std::move(plan), *kernel_); });
  }
  const bool done = reconciliation_.acknowledge(written.steps, written.outcomes, Clock::now());
  decision_log_.done(reconciliation_, written, pass, Clock::now());
  tell_of_services();
  statistics_.done(reconciliation_, written, pass, done, Now::current());
  if (pass.audited || written.steps.size() > kManySteps) {
    written = {};
    trim_heap();
  }
  if (!done) {
    retry_soon();
    co_return;
  }
  retry_delay_ = kFirstRetry;
  look_again_if_unread();
  if (!drained && !reconciliation_.drains().empty()) drains_at_ = Clock::now() + kDrainsPeriod;
}

boost::asio::awaitable<void> Agent::sleep_until_due() {
  if (stopping_ || (reconciliation_.ready() && reconciliation_.pending())) co_return;
  if (kernel_ && next_node_) co_return;  // told while the loop waited for the kernel
  auto due = reconciliation_.informed() || !kernel_ ? audit_at_ : TimePoint::max();
  if (kernel_ && reconciliation_.awaits_node()) due = std::min(due, node_until_);
  if (kernel_ && reconciliation_.awaits_nodes()) due = std::min(due, all_nodes_until_);
  if (!reconciliation_.drains().empty()) due = std::min(due, drains_at_);
  timer_.expires_at(due);
  boost::system::error_code woken;
  co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
}

void Agent::told() {
  if (reconciliation_.pending()) statistics_.queued(Now::current());
  follow_wish_for_nodes();
  wake();
}

void Agent::follow_wish_for_nodes() {
  const bool wanted = reconciliation_.wants_nodes();
  if (std::exchange(nodes_wanted_, wanted) == wanted) return;
  all_nodes_until_ = Clock::now() + settings_.node_patience;
  if (nodes_wanted_changed_) nodes_wanted_changed_(wanted);
}

void Agent::stop_waiting_for_all_nodes() {
  if (!reconciliation_.awaits_nodes() || Clock::now() < all_nodes_until_) return;
  reconciliation_.do_without_nodes();
  log_.warning("The addresses of the other nodes are not told; going on without",
               {{"lost", "external addresses are not refused if they are another node's"}});
}

void Agent::stop_waiting_for_node() {
  if (!reconciliation_.awaits_node()) return;
  if (node_until_ == TimePoint{}) node_until_ = Clock::now() + settings_.node_patience;
  if (Clock::now() < node_until_) return;
  reconciliation_.wait_for_node(false);
  log_.warning("This node's Node object is not told; going on without",
               {{"lost", "zone hints, primary addresses, the node's pod ranges"}});
}

void Agent::tell_health_checks() {
  const auto& checks = reconciliation_.desired_state().health_checks();
  if (checks == health_checks_) return;
  health_checks_ = checks;
  if (health_checks_changed_) health_checks_changed_(health_checks_);
}

void Agent::configured(NodeConfig node, std::chrono::milliseconds audit_period,
                       std::size_t at_restart) {
  statistics_.took_configuration(at_restart);
  settings_.audit_period = audit_period;
  next_node_ = std::move(node);
  wake();
}

boost::asio::awaitable<void> Agent::take_configuration() {
  if (!next_node_ || stopping_) co_return;
  auto node = *std::exchange(next_node_, std::nullopt);
  const auto& scheduler = settings_.node.scheduler;
  if (node.scheduler != scheduler) {
    const bool may = co_await may_schedule(node.scheduler);
    if (!may) node.scheduler = scheduler;
  }
  settings_.node = node;
  reconciliation_.configured(std::move(node));
  audit_at_ = {};
}

boost::asio::awaitable<bool> Agent::may_schedule(const std::string& scheduler) {
  const auto refused = co_await kernel_thread_.run(
      [this, &scheduler] { return try_scheduler(*kernel_, scheduler); });
  if (!refused) co_return true;
  log_.error("The kernel refuses the new scheduler; the one before stays",
             {{"err", ipvs::to_string(*refused)}});
  tell_of_scheduler(*refused);
  co_return false;
}

void Agent::tell_of_scheduler(const ipvs::Error& refused) {
  const auto event = scheduler_event(settings_.node.name, refused);
  if (event && event_) event_(*event);
}

void Agent::tell_of_services() {
  if (!event_) return;
  for (const auto& event : service_events(reconciliation_)) event_(event);
}

void Agent::node_changed() {
  audit_at_ = {};
  wake();
}

// Something went wrong: our picture of the kernel is in doubt, so it is read again before anything
// else.
void Agent::retry_soon() {
  reconciliation_.doubt();
  statistics_.troubled(Now::current());
  audit_at_ = Clock::now() + retry_delay_;
  retry_delay_ = std::min<std::chrono::milliseconds>(retry_delay_ * 2, kLongestRetry);
}

// Not at once: two who write over each other must not do nothing else.
void Agent::look_again_if_unread() {
  if (reconciliation_.observed_state().unread() <= kManyUnread) return;
  audit_at_ = std::min(audit_at_, Clock::now() + kSecondLook);
}

void Agent::wake() { timer_.cancel(); }

}  // namespace reconcile
