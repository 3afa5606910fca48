// The agent's loop over a kernel in memory, in a test's hand: what it is told, what the kernel
// does, what it says. The test's thread is its io thread.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "builders.h"
#include "reconcile/agent.h"
#include "tests/fakes/fake_kernel.h"
#include "tests/fakes/faulty_kernel.h"

namespace reconcile::test {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test's vocabulary

// The kernel thread writes while the test looks: one lock around both.
struct SharedKernel {
  std::mutex mutex;
  FakeKernel fake;
  FaultyKernel faulty{fake};

  // What happens between the agent's last reading and its next write, and between a reading and the
  // agent's knowing it; each once.
  std::function<void(FakeKernel&)> before_write;
  std::function<void(FakeKernel&)> after_reading;

  template <class Look>
  auto look(Look what) {
    const std::lock_guard lock(mutex);
    return what(*this);
  }
};

// A moment of the kernel thread that a test holds on to: what else happens then, happens in
// between.
class KernelAtWork {
 public:
  // Kernel thread: until go_on().
  void stand_still() {
    stands_still_ = true;
    on_.get_future().wait();
  }
  [[nodiscard]] bool stands_still() const { return stands_still_; }
  void go_on() { on_.set_value(); }

 private:
  std::atomic<bool> stands_still_ = false;
  std::promise<void> on_;
};

class Door final : public ipvs::Kernel {
 public:
  explicit Door(SharedKernel& shared) : shared_(shared) {}
  ipvs::Result<ipvs::Observation> observe() override {
    return shared_.look([](auto& kernel) {
      auto observation = kernel.faulty.observe();
      if (const auto meddle = std::exchange(kernel.after_reading, {})) meddle(kernel.fake);
      return observation;
    });
  }
  ipvs::Result<std::vector<ipvs::ObservedVirtualServer>> observe(
      std::span<const ipvs::VirtualServerId> ids) override {
    return shared_.look([&](auto& kernel) { return kernel.faulty.observe(ids); });
  }
  std::vector<ipvs::Outcome> write(std::span<const ipvs::Step> steps) override {
    return shared_.look([&](auto& kernel) {
      if (const auto meddle = std::exchange(kernel.before_write, {})) meddle(kernel.fake);
      return kernel.faulty.write(steps);
    });
  }

 private:
  SharedKernel& shared_;
};

class AnAgent : public testing::Test {
 protected:
  void start(std::chrono::milliseconds audit_period = 1h) {
    settings.audit_period = audit_period;
    agent = std::make_unique<Agent>(
        io.get_executor(), settings,
        [this]() -> ipvs::Result<OpenKernel> {
          if (refusals_to_open-- > 0) {
            return tl::unexpected(
                ipvs::Error{2, "find the IPVS family", "", "Load the module ip_vs."});
          }
          return OpenKernel{std::make_unique<Door>(kernel), warnings};
        },
        log);
    boost::asio::co_spawn(io, agent->run(), [this](const std::exception_ptr& error) {
      EXPECT_FALSE(error);
      ended = true;
    });
  }

  void tell(const std::vector<std::string>& endpoints) {
    agent->services().replaced({service("a/web", {"10.96.0.1"})});
    agent->services().settled();
    tell_endpoints(endpoints);
  }

  void tell_endpoints(const std::vector<std::string>& endpoints) {
    std::vector<kube::Endpoint> ready_ones;
    for (const auto& endpoint : endpoints) ready_ones.push_back(ready(endpoint));
    agent->slices().replaced({slice("a/s", "web", ready_ones)});
    agent->slices().settled();
  }

  // Runs the io thread until `condition`; false if it does not come true in a time far beyond any
  // need.
  template <class Condition>
  bool eventually(Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + 30s;
    while (!condition() && std::chrono::steady_clock::now() < give_up) io.run_one_for(10ms);
    return condition();
  }

  std::size_t real_servers() {
    return kernel.look([](auto& k) {
      const auto* server = k.fake.find(tcp("10.96.0.1", 80));
      return server ? server->real_servers.size() : 0;
    });
  }

  std::string scheduler_in_kernel() {
    return kernel.look([](auto& k) {
      const auto* server = k.fake.find(tcp("10.96.0.1", 80));
      return server ? server->settings.scheduler : std::string();
    });
  }

  void TearDown() override {
    agent->stop();
    EXPECT_TRUE(eventually([this] { return ended; }));
  }

  boost::asio::io_context io{1};
  AgentSettings settings{.node = {.name = "here"}, .node_patience = 0ms};
  std::string text;
  Log log{4, [this](std::string_view line) { text += line; }};
  SharedKernel kernel;
  std::atomic<int> refusals_to_open = 0;  // the kernel thread counts them down
  std::vector<ipvs::Error> warnings;
  bool ended = false;
  std::unique_ptr<Agent> agent;
};

}  // namespace reconcile::test
