#include "reconcile/daemon.h"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <exception>
#include <fstream>
#include <list>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "ipvs/netlink_kernel.h"
#include "ipvs/no_exec.h"
#include "kube/event_recorder.h"
#include "kube/reflector.h"
#include "kube/resource.h"
#include "reconcile/agent.h"
#include "reconcile/agent_servers.h"
#include "reconcile/command.h"
#include "reconcile/config_changes.h"
#include "reconcile/configured_node.h"
#include "reconcile/file_watch.h"
#include "reconcile/node_events.h"
#include "reconcile/node_watch.h"
#include "reconcile/plan_script.h"
#include "reconcile/process_memory.h"
#include "reconcile/scheduler_trial.h"
#include "reconcile/version.h"

namespace reconcile {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto kConfigPeriod = 2s;  // how soon a changed file is noticed

// Of what one can do without: a server that has none of it, or does not give it, is not asked for
// it again and again.
kube::ReflectorOptions rarely() {
  return {.retry = {.patience = 0s, .backoff_initial = 5s, .backoff_cap = 10min}};
}

kube::ReflectorOptions reflector_options(const AgentConfig& config, kube::EventRecorder& events) {
  kube::ReflectorOptions options;
  options.on_brake = [&events, node = config.node_name](const std::string& loss) {
    events.record(held_list_event(node, loss));
  };
  options.outage_window = config.outage_window;
  options.brake_pause = config.brake_pause;
  options.list_watch.brake.few = static_cast<std::size_t>(std::max(0, config.brake_threshold));
  return options;
}

// Without the privilege the score stays; that is no reason to end.
void set_oom_score(int score, Log& log) {
  std::ofstream file("/proc/self/oom_score_adj");
  file << score;
  file.flush();
  if (!file) log.info(2, "The OOM score stays as it is; root may lower it", {{"wanted", score}});
}

// The agent between its two doors.
class Daemon {
 public:
  Daemon(const AgentConfig& config, const ConfigSource& source, const kube::ClusterAccess& access,
         Log& log, Run run)
      : log_(log),
        config_(config),
        source_(source),
        access_(access),
        run_(run),
        node_(node_of(config)),
        agent_(
            io_.get_executor(),
            {.node = node_,
             .audit_period = config.sync_period,
             .drain_deadline = config.drain_deadline,
             .named_services = static_cast<std::size_t>(std::max(0, config.service_metrics)),
             .show = run == Run::kDry ? shown() : nullptr},
            [this, settings = kernel_settings(node_)] { return open_kernel(settings); }, log),
        signals_(io_, SIGTERM, SIGINT),
        events_(io_.get_executor(), access, config.node_name) {
    const auto options = [&] { return reflector_options(config, events_); };  // a seed for each
    watch(kube::all_services(), agent_.services(), options());
    watch(kube::all_endpoint_slices(), agent_.slices(), options());
    watch(kube::node_named(config.node_name), agent_.node(), options());
    watch(kube::all_service_cidrs(), agent_.service_cidrs(), rarely());
    agent_.on_nodes_wanted([this](bool wanted) { watch_all_nodes(wanted); });
    // In a dry run the ports are another agent's.
    if (run == Run::kDry) return;
    watches_node_ = true;
    const kube::EventSink record = [this](const kube::Event& event) { events_.record(event); };
    agent_.on_event(record);
    servers_.emplace(io_.get_executor(), config_, agent_, named_watches(), log_, record);
    if (source.path.empty()) return;
    config_watch_.emplace(io_.get_executor(), source.path, source.known, kConfigPeriod,
                          [this] { reconfigure(); });
  }

  int run() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      log_.info(0, "Stopping; the kernel keeps its tables", {{"signal", signal}});
      stop();
    });
    if (servers_ && !servers_->start()) return kFailed;
    for (auto& reflector : reflectors_) spawn(reflector.run());
    spawn(agent_.run());
    spawn(events_.run());
    if (config_watch_) spawn(config_watch_->run());
    io_.run();
    return failed_ ? kFailed : kDone;
  }

 private:
  [[nodiscard]] NodeConfig node_of(const AgentConfig& config) const {
    return node_config(config, access_.host, std::thread::hardware_concurrency());
  }

  // The configuration's file has other contents.
  void reconfigure() {
    const auto wanted = source_.read();
    if (!wanted) {
      agent_.refused_configuration();
      log_.error("The changed configuration is none; the one before holds on",
                 {{"file", source_.path}, {"err", wanted.error()}});
      return;
    }
    const auto changes = config_changes(config_, *wanted);
    for (const auto& change : changes) say(change);
    config_ = applicable(config_, *wanted);
    log_.set_verbosity(config_.verbosity);
    set_oom_score(config_.oom_score_adj, log_);
    const auto waiting = std::ranges::count(changes, true, &ConfigChange::at_restart);
    agent_.configured(node_of(config_), config_.sync_period, static_cast<std::size_t>(waiting));
  }

  void say(const ConfigChange& change) {
    if (change.at_restart) {
      log_.warning("A changed setting waits for the agent's next start",
                   {{"setting", change.setting}, {"from", change.before}, {"to", change.after}});
    } else {
      log_.info(0, "A setting has changed",
                {{"setting", change.setting}, {"from", change.before}, {"to", change.after}});
    }
  }

  // The kernel door; and beside it a monitor, opened before anything is read, so that no change is
  // missed. Without one the audits find what changed, later. Runs on the kernel thread.
  ipvs::Result<OpenKernel> open_kernel(const ipvs::KernelSettings& settings) {
    auto kernel = ipvs::NetlinkKernel::open(settings);
    if (!kernel) return tl::unexpected(kernel.error());
    auto monitor = ipvs::NodeMonitor::open((*kernel)->ports());
    OpenKernel opened{std::move(*kernel), {}};
    if (run_ != Run::kDry) {
      if (auto refused = try_scheduler(*opened.kernel, node_.scheduler)) {
        opened.warnings.push_back(*std::move(refused));
      }
    }
    if (monitor) {
      asio::post(io_, [this, heard = std::move(*monitor)]() mutable { listen(std::move(heard)); });
    } else {
      opened.warnings.push_back(monitor.error());
    }
    return opened;
  }

  void listen(ipvs::NodeMonitor monitor) {
    if (!watches_node_) return;
    node_watch_.emplace(io_.get_executor(), std::move(monitor), [this] { agent_.node_changed(); });
    spawn(node_watch_->run());
  }

  template <class T>
  void watch(kube::Resource resource, kube::Listener<T>& listener,
             const kube::ReflectorOptions& options) {
    reflectors_.emplace_back(io_.get_executor(), access_, std::move(resource), listener, options);
  }

  // Costs the API server every status of every node, and so only while there is a need.
  void watch_all_nodes(bool wanted) {
    if (all_nodes_) all_nodes_->stop();
    all_nodes_.reset();
    if (!wanted) return;
    all_nodes_ = std::make_shared<kube::Reflector>(io_.get_executor(), access_, kube::all_nodes(),
                                                   agent_.all_nodes(), rarely());
    spawn(run_to_its_end(all_nodes_));
  }

  static asio::awaitable<void> run_to_its_end(std::shared_ptr<kube::Reflector> reflector) {
    co_await reflector->run();
  }

  // In the order in which they were made.
  [[nodiscard]] std::vector<NamedWatch> named_watches() {
    std::vector<NamedWatch> watches;
    for (auto& reflector : reflectors_) {
      constexpr std::array kNames = {"services", "endpointslices", "nodes", "servicecidrs"};
      constexpr std::size_t kRequired = 3;
      const auto place = watches.size();
      watches.push_back({kNames.at(place), &reflector.statistics(), place < kRequired,
                         [&reflector] { reflector.release_brake(); }});
    }
    return watches;
  }

  // A coroutine of ours ends only when all do; anything that escapes one ends the program, loudly.
  void spawn(asio::awaitable<void> coroutine) {
    asio::co_spawn(io_, std::move(coroutine), [this](const std::exception_ptr& error) {
      if (error) fail(error);
    });
  }

  std::function<void(const Plan&)> shown() {
    return [this](const Plan& plan) {
      print(to_script(plan, node_.rules));
      stop();
    };
  }

  void fail(const std::exception_ptr& error) {
    failed_ = true;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& exception) {
      log_.error("Stopping on an error that should not happen; please report it",
                 {{"err", exception.what()}});
    }
    stop();
  }

  void stop() {
    signals_.cancel();
    if (config_watch_) config_watch_->stop();
    watches_node_ = false;
    if (node_watch_) node_watch_->stop();
    if (servers_) servers_->stop();
    for (auto& reflector : reflectors_) reflector.stop();
    agent_.on_nodes_wanted({});
    watch_all_nodes(false);
    events_.stop();
    agent_.stop();
  }

  asio::io_context io_{1};
  Log& log_;
  AgentConfig config_;  // what is in force
  ConfigSource source_;
  kube::ClusterAccess access_;
  Run run_;
  NodeConfig node_;
  Agent agent_;
  asio::signal_set signals_;
  kube::EventRecorder events_;
  std::list<kube::Reflector> reflectors_;
  std::shared_ptr<kube::Reflector> all_nodes_;  // none: nobody needs them
  std::optional<AgentServers> servers_;
  std::optional<NodeWatch> node_watch_;
  std::optional<FileWatch> config_watch_;
  bool watches_node_ = false;  // not in a dry run, nor when we stop
  bool failed_ = false;
};

}  // namespace

int run_daemon(const AgentConfig& config, const ConfigSource& source,
               const kube::ClusterAccess& access, Log& log, Run run) {
  log.info(0, "Starting",
           {{"version", kVersion}, {"node", config.node_name}, {"server", access.url()}});
  for (const auto& warning : access.warnings) log.warning(warning);
  set_oom_score(config.oom_score_adj, log);
  if (const auto refused = ipvs::give_up_exec()) {
    log.warning("The kernel does not let the agent give up starting programs; it starts none",
                {{"err", refused.message()}});
  }
  settle_memory();
  return Daemon(config, source, access, log, run).run();
}

}  // namespace reconcile
