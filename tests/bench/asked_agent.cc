// asked_agent COUNT SOCKET: an agent that has programmed COUNT Services of ten endpoints into a
// kernel in memory, and answers the subcommands at SOCKET. Prints "ready" once it does; runs until
// it is killed. So that what the subcommands cost can be measured on a processor that is not
// emulated.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "reconcile/agent.h"
#include "reconcile/agent_servers.h"
#include "tests/bench/big_cluster.h"
#include "tests/fakes/fake_kernel.h"

namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

void end_with(const std::exception_ptr& error) {
  if (error) std::rethrow_exception(error);
}

template <class Object>
void tell(kube::Listener<Object>& listener, const std::vector<Object>& objects) {
  listener.replaced({objects.begin(), objects.end()});
  listener.settled();
}

asio::awaitable<void> say_when_ready(const reconcile::Agent& agent) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (!agent.statistics().synced_once()) {
    timer.expires_after(10ms);
    co_await timer.async_wait(asio::use_awaitable);
  }
  std::puts("ready");
  std::fflush(stdout);
}

int serve(std::uint32_t count, const std::string& socket) {
  asio::io_context io(1);
  reconcile::Log log(0, [](std::string_view) {});
  reconcile::AgentConfig config;
  config.healthz_bind_address.clear();
  config.metrics_bind_address = "127.0.0.1:0";
  config.control_socket = socket;
  reconcile::Agent agent(
      io.get_executor(), {.node = {.name = bench::kOwnNode}, .node_patience = 0ms},
      [] {
        return reconcile::OpenKernel{std::make_unique<FakeKernel>(), {}};
      },
      log);
  reconcile::AgentServers servers(io.get_executor(), config, agent, {}, log, {});
  if (!servers.start()) return 1;
  asio::co_spawn(io, agent.run(), end_with);
  asio::co_spawn(io, say_when_ready(agent), end_with);
  tell(agent.services(), bench::services(count));
  tell(agent.slices(), bench::slices(count));
  io.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: asked_agent COUNT SOCKET\n", stderr);
    return 2;
  }
  return serve(static_cast<std::uint32_t>(std::stoul(argv[1])), argv[2]);
}
