// The subcommands that ask a running agent, over its control socket: what they print and with which
// code they end. The agent is the real one, its kernel one in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <regex>
#include <thread>

#include "reconcile/agent_servers.h"
#include "reconcile/command_line.h"
#include "tests/fakes/fake_kernel.h"
#include "tests/reconcile/builders.h"
#include "tests/reconcile/http_client.h"

namespace reconcile::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

class Door final : public ipvs::Kernel {
 public:
  explicit Door(FakeKernel& fake) : fake_(fake) {}
  ipvs::Result<ipvs::Observation> observe() override { return fake_.observe(); }
  ipvs::Result<std::vector<ipvs::ObservedVirtualServer>> observe(
      std::span<const ipvs::VirtualServerId> ids) override {
    return fake_.observe(ids);
  }
  std::vector<ipvs::Outcome> write(std::span<const ipvs::Step> steps) override {
    return fake_.write(steps);
  }

 private:
  FakeKernel& fake_;
};

// How a subcommand ended, and what it printed.
struct Said {
  int code;
  std::string out;
  std::string err;
};

Said say(std::vector<std::string> words) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = run_command_line("kube-ipvs", std::move(words));
  return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

class Subcommands : public testing::Test {
 protected:
  Subcommands() {
    config_.control_socket = testing::TempDir() + "/subcommands-" + std::to_string(getpid());
    config_.healthz_bind_address = config_.metrics_bind_address = "";
    fake_.plant({.id = tcp("192.0.2.1", 80), .settings = {}, .traffic = {}, .real_servers = {}});
    io_.run([this] {
      agent_.emplace(
          io_.executor(), AgentSettings{.node = {.name = "here"}, .node_patience = 0ms},
          [this]() -> ipvs::Result<OpenKernel> {
            return OpenKernel{std::make_unique<Door>(fake_), {}};
          },
          log_);
      servers_.emplace(io_.executor(), config_, *agent_,
                       std::vector<NamedWatch>{{"services", &watch_}}, log_, nullptr);
      EXPECT_TRUE(servers_->start());
      boost::asio::co_spawn(io_.executor(), agent_->run(),
                            [this](const std::exception_ptr&) { ended_ = true; });
    });
  }
  ~Subcommands() override {
    io_.run([this] {
      servers_->stop();
      agent_->stop();
    });
    EXPECT_TRUE(eventually([this] { return ended_.load(); }));
    io_.run([this] {
      servers_.reset();
      agent_.reset();
    });
  }

  // As to this agent.
  Said ask(std::vector<std::string> words) const {
    words.insert(words.end(), {"--control-socket", config_.control_socket});
    return say(std::move(words));
  }

  void serve(const std::vector<std::string>& endpoints) {
    io_.run([&] {
      std::vector<kube::Endpoint> ready_ones;
      for (const auto& endpoint : endpoints) ready_ones.push_back(ready(endpoint));
      agent_->services().replaced({service("shop/web", {"10.96.0.1"})});
      agent_->services().settled();
      agent_->slices().replaced({slice("shop/web-x", "web", ready_ones)});
      agent_->slices().settled();
    });
    EXPECT_TRUE(eventually([this] { return ask({"plan"}).out.starts_with("No changes"); }));
  }

  template <class Condition>
  static bool eventually(Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + 30s;
    while (!condition() && std::chrono::steady_clock::now() < give_up) {
      std::this_thread::sleep_for(1ms);
    }
    return condition();
  }

  AgentConfig config_;
  FakeKernel fake_;
  kube::WatchStatistics watch_;
  Log log_{-1, [](std::string_view) {}};
  std::atomic<bool> ended_ = false;
  http_client::IoThread io_;
  std::optional<Agent> agent_;
  std::optional<AgentServers> servers_;
};

std::string list_of(const std::string& kind, const std::string& items) {
  return "{\n  \"apiVersion\": \"kube-ipvs.io/v1\",\n  \"kind\": \"" + kind +
         "List\",\n  \"items\": [" + (items.empty() ? "" : "\n    {" + items + "}\n  ") + "]\n}\n";
}

TEST_F(Subcommands, GetServices) {
  serve({"10.0.0.1"});
  const auto text = ask({"get", "services", "-A"});
  EXPECT_EQ(text.out,
            "NAMESPACE   NAME   KIND        PROTOCOL   ADDRESS        ENDPOINTS   STATE\n"
            "shop        web    clusterIP   TCP        10.96.0.1:80   1           Programmed\n");
  EXPECT_EQ(text.code, 0);
  EXPECT_EQ(ask({"get", "services", "-A", "-o", "json"}).out,
            list_of("ServiceAddress",
                    R"("namespace": "shop", "name": "web", "kind": "clusterIP", )"
                    R"("protocol": "TCP", "address": "10.96.0.1:80", "endpoints": "1", )"
                    R"("state": "Programmed", "scheduler": "rr", "affinity": "")"));
  EXPECT_EQ(ask({"get", "services"}).out,
            "NAMESPACE   NAME   KIND   PROTOCOL   ADDRESS   ENDPOINTS   STATE\n")
      << "none in the namespace default";
}

TEST_F(Subcommands, GetEndpoints) {
  serve({"10.0.0.1"});
  EXPECT_EQ(ask({"get", "endpoints", "-n", "shop"}).out,
            "NAMESPACE   NAME   SERVICE ADDRESS    ENDPOINT        WEIGHT   ACTIVE   INACTIVE\n"
            "shop        web    TCP 10.96.0.1:80   10.0.0.1:8080   1        0        0\n");
  EXPECT_EQ(ask({"get", "endpoints", "-n", "shop", "-o", "json"}).out,
            list_of("Endpoint",
                    R"("namespace": "shop", "name": "web", "serviceAddress": "TCP 10.96.0.1:80", )"
                    R"("endpoint": "10.0.0.1:8080", "weight": "1", "active": "0", )"
                    R"("inactive": "0")"));
}

TEST_F(Subcommands, GetDrains) {
  serve({"10.0.0.1", "10.0.0.2"});
  EXPECT_EQ(ask({"get", "drains", "-A", "-o", "json"}).out, list_of("Drain", ""));
  fake_.set_connections(tcp("10.96.0.1", 80), real("10.0.0.2", 8080), {.active = 3});
  serve({"10.0.0.1"});
  ASSERT_TRUE(eventually([this] {
    return ask({"get", "drains", "-A"}).out.find(" 3 ") != std::string::npos;
  }));
  const auto without_time = [](const std::string& text) {
    return std::regex_replace(text, std::regex("[0-9]+s|1m0s"), "T");
  };
  EXPECT_EQ(without_time(ask({"get", "drains", "-A"}).out),
            "NAMESPACE   NAME   SERVICE ADDRESS    ENDPOINT        ACTIVE   INACTIVE   TIME LEFT\n"
            "shop        web    TCP 10.96.0.1:80   10.0.0.2:8080   3        0          T\n");
  EXPECT_EQ(without_time(ask({"get", "drains", "-A", "-o", "json"}).out),
            list_of("Drain",
                    R"("namespace": "shop", "name": "web", "serviceAddress": "TCP 10.96.0.1:80", )"
                    R"("endpoint": "10.0.0.2:8080", "active": "3", "inactive": "0", )"
                    R"("timeLeft": "T")"));
}

TEST_F(Subcommands, GetForeign) {
  serve({"10.0.0.1"});
  EXPECT_EQ(ask({"get", "foreign"}).out,
            "ADDRESS            SCHEDULER   ENDPOINTS\n"
            "TCP 192.0.2.1:80   rr          0\n");
  EXPECT_EQ(ask({"get", "foreign", "-o", "json"}).out,
            list_of("ForeignServer",
                    R"("address": "TCP 192.0.2.1:80", "scheduler": "rr", "endpoints": "0")"));
}

TEST_F(Subcommands, GetAgentAndWatches) {
  serve({"10.0.0.1"});
  EXPECT_THAT(ask({"get", "agent"}).out, HasSubstr("\nhere"));
  EXPECT_THAT(ask({"get", "agent", "-o", "json"}).out, HasSubstr(R"("node": "here", "version": )"));
  EXPECT_THAT(ask({"get", "watches", "--no-headers"}).out, testing::StartsWith("services "));
  EXPECT_THAT(ask({"get", "watches", "-o", "yaml"}).out, HasSubstr("- resource: \"services\"\n"));
}

TEST_F(Subcommands, ExplainAndPlan) {
  serve({"10.0.0.1"});
  EXPECT_EQ(ask({"explain", "shop/web", "--from", "192.0.2.7"}).out,
            "shop/web on node here\n"
            "  TCP 10.96.0.1:80 (clusterIP, scheduler rr): 1 real servers\n"
            "    10.0.0.1:8080            used  (EndpointSlice web-x, endpoints[0].addresses)\n"
            "    a packet from 192.0.2.7: to 10.0.0.1:8080\n");
  EXPECT_EQ(ask({"plan", "--detailed-exitcode"}).code, 0);
  EXPECT_EQ(ask({"plan", "-o", "ipvsadm"}).out, "");
}

TEST_F(Subcommands, SayWhatIsWrongWithAQuestion) {
  EXPECT_EQ(ask({"plan"}).err,
            "kube-ipvs: the agent has not heard everything from the API server, or not read the "
            "kernel yet; ask again\n");
  serve({"10.0.0.1"});
  const auto said = ask({"explain", "web"});
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.out, IsEmpty());
  EXPECT_EQ(said.err,
            "kube-ipvs: 'web' is no Service; write it like default/web or default/web:http\n");
  EXPECT_EQ(ask({"explain", "shop/web", "--from", "me"}).err,
            "kube-ipvs: --from: 'me' is no IP address\n");
  EXPECT_EQ(ask({"explain", "shop/none"}).err,
            "kube-ipvs: there is no Service shop/none, or it has another proxy's label; see "
            "'kubectl get service -A'\n");
  EXPECT_EQ(ask({"release-brake"}).err,
            "kube-ipvs: no list is held: there is nothing to release\n");
}

TEST(SubcommandsWithoutAnAgent, SayWhereTheyLookedAndWhatToDo) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"get", "services"}, {"explain", "a/b"}, {"plan"}, {"release-brake"}}) {
    auto asked = words;
    asked.insert(asked.end(), {"--control-socket", "/nowhere/agent.sock"});
    const auto said = say(asked);
    EXPECT_EQ(said.code, 1);
    EXPECT_EQ(said.err,
              "kube-ipvs: cannot ask the agent at /nowhere/agent.sock: No such file or directory. "
              "Start 'kube-ipvs agent' on this node, or name its socket with --control-socket\n");
  }
}

TEST(SubcommandsWithoutAnAgent, PlanSaysWhatItCannotRead) {
  EXPECT_EQ(say({"plan", "-f", "/nowhere"}).err,
            "kube-ipvs: cannot read /nowhere: No such file or directory\n");
  EXPECT_THAT(say({"plan", "--kubeconfig", "/nowhere", "--node", "a"}).err,
              testing::StartsWith("kube-ipvs: cannot use kubeconfig /nowhere: "));
  EXPECT_THAT(say({"plan", "--from-api", "--config", "/nowhere"}).err,
              HasSubstr("cannot read /nowhere"));
  EXPECT_EQ(say({"config", "check", "/nowhere"}).code, 1);
}

}  // namespace
}  // namespace reconcile::test
