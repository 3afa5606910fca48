// kube-ipvs: reads as its story. The command line says what to do; for the agent, the API door and
// the kernel door are opened, the loop is put between them, and it runs until it is told to stop.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <list>
#include <string>
#include <vector>

#include "ipvs/netlink_kernel.h"
#include "ipvs/sysctl.h"
#include "kube/in_cluster.h"
#include "kube/kubeconfig.h"
#include "kube/reflector.h"
#include "kube/resource.h"
#include "reconcile/agent.h"
#include "reconcile/log.h"
#include "reconcile/options.h"
#include "reconcile/status.h"

namespace reconcile {
namespace {

namespace asio = boost::asio;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrongInvocation = 2;

void print(std::FILE* where, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), where);
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

tl::expected<kube::ClusterAccess, kube::Trouble> cluster_access(const AgentOptions& options) {
  if (options.kubeconfig.empty()) return kube::in_cluster_access(kube::PodEnvironment::current());
  return kube::load_kubeconfig(options.kubeconfig);
}

// The kernel door, and the sysctls that what is behind it depends on. Runs on the kernel thread.
ipvs::Result<OpenKernel> open_kernel() {
  auto kernel = ipvs::NetlinkKernel::open();
  if (!kernel) return tl::unexpected(kernel.error());
  return OpenKernel{std::move(*kernel), ipvs::write_sysctls()};
}

// The agent between its two doors.
class Daemon {
 public:
  Daemon(const AgentOptions& options, const kube::ClusterAccess& access, Log& log)
      : log_(log),
        agent_(io_.get_executor(),
               {.node = {.name = options.node_name},
                .audit_period = options.sync_period,
                .drain_deadline = options.drain_deadline},
               open_kernel, log),
        signals_(io_, SIGTERM, SIGINT) {
    watch(access, kube::all_services(), agent_.services());
    watch(access, kube::all_endpoint_slices(), agent_.slices());
    watch(access, kube::node_named(options.node_name), agent_.node());
  }

  int run() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      log_.info(0, "Stopping; the kernel keeps its tables", {{"signal", signal}});
      stop();
    });
    for (auto& reflector : reflectors_) spawn(reflector.run());
    spawn(agent_.run());
    io_.run();
    return failed_ ? kFailed : kDone;
  }

 private:
  template <class T>
  void watch(const kube::ClusterAccess& access, kube::Resource resource,
             kube::Listener<T>& listener) {
    reflectors_.emplace_back(io_.get_executor(), access, std::move(resource), listener);
  }

  // A coroutine of ours ends only when all do; anything that escapes one ends the program, loudly.
  void spawn(asio::awaitable<void> coroutine) {
    asio::co_spawn(io_, std::move(coroutine), [this](const std::exception_ptr& error) {
      if (error) fail(error);
    });
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
    for (auto& reflector : reflectors_) reflector.stop();
    agent_.stop();
  }

  asio::io_context io_{1};
  Log& log_;
  Agent agent_;
  asio::signal_set signals_;
  std::list<kube::Reflector> reflectors_;
  bool failed_ = false;
};

int run(const AgentOptions& options) {
  Log log(options.verbosity);
  const auto access = cluster_access(options);
  if (!access) {
    print(stderr, fmt::format("kube-ipvs: {}: {}. {}\n", access.error().what, access.error().why,
                              access.error().remedy));
    return kWrongInvocation;
  }
  log.info(
      0, "Starting",
      {{"version", KUBE_IPVS_VERSION}, {"node", options.node_name}, {"server", access->url()}});
  for (const auto& warning : access->warnings) log.warning(warning);
  return Daemon(options, *access, log).run();
}

int run(const StatusOptions&) {
  const auto text =
      ipvs::NetlinkKernel::open().and_then([](auto&& kernel) { return status(*kernel); });
  if (!text) {
    print(stderr, fmt::format("kube-ipvs: {}\n", ipvs::to_string(text.error())));
    return kWrongInvocation;
  }
  print(stdout, *text);
  return kDone;
}

int run(const VersionOptions&) {
  print(stdout, fmt::format("kube-ipvs {}\n", KUBE_IPVS_VERSION));
  return kDone;
}

}  // namespace
}  // namespace reconcile

int main(int argc, char** argv) {
  const auto options = reconcile::parse_options(
      {argv + 1, argv + argc}, reconcile::environment("NODE_NAME"), reconcile::host_name());
  if (!options) {
    reconcile::print(options.error().code == 0 ? stdout : stderr, options.error().text);
    return options.error().code;
  }
  return std::visit([](const auto& chosen) { return reconcile::run(chosen); }, *options);
}
