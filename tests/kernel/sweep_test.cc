// The cheap reading against the complete one.
#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/kernel/command.h"
#include "tests/kernel/kernel_world.h"
#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)

class Sweep : public KernelWorld {
 protected:
  Observation sweep() {
    auto observation = kernel_->sweep();
    if (observation) return *std::move(observation);
    ADD_FAILURE() << to_string(observation.error());
    return {};
  }

  std::vector<Step> many(std::uint16_t first, std::uint16_t last) {
    std::vector<Step> steps;
    for (std::uint16_t port = first; port <= last; ++port) {
      steps.push_back(add(tcp("10.96.0.1", port)));
      steps.push_back(add(tcp("10.96.0.1", port), real_server("10.244.1.2", port)));
    }
    return steps;
  }
};

void expect_same(Observation swept, Observation observed) {
  for (Observation* one : {&swept, &observed}) {
    std::sort(one->virtual_servers.begin(), one->virtual_servers.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
  }
  ASSERT_EQ(swept.virtual_servers.size(), observed.virtual_servers.size());
  for (std::size_t i = 0; i < swept.virtual_servers.size(); ++i) {
    const auto& a = swept.virtual_servers[i];
    const auto& b = observed.virtual_servers[i];
    SCOPED_TRACE(to_string(AddVirtualServer{b.id, b.settings}));
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.settings, b.settings);
    ASSERT_EQ(a.real_servers.size(), b.real_servers.size());
    for (std::size_t j = 0; j < a.real_servers.size(); ++j) {
      EXPECT_EQ(a.real_servers[j].id, b.real_servers[j].id);
      EXPECT_EQ(a.real_servers[j].settings, b.real_servers[j].settings);
    }
  }
}

TEST_F(Sweep, SeesWhatIsObserved) {
  const std::string text =
      "-A -t 192.0.2.1:80 -s wlc -p 360 -M 255.255.0.0\n"
      "-a -t 192.0.2.1:80 -r 198.51.100.1:80 -g -w 3\n"
      "-A -t 192.0.2.2:80 -s rr\n"
      "-a -t 192.0.2.2:80 -r 198.51.100.1:80 -m -w 0\n"
      "-a -t 192.0.2.2:80 -r 198.51.100.2:80 -i -w 4 --tun-type gue --tun-port 6080 --tun-nocsum\n"
      "-A -u [2001:db8::1]:53 -s rr -o\n"
      "-a -u [2001:db8::1]:53 -r [2001:db8::2]:5353 -m -w 1\n"
      "-A -f 9 -s sh -b sh-port\n"
      "-a -f 9 -r 198.51.100.3:0 -m -w 1\n";
  output_of({"ipvsadm", "-R"}, {.input = text});
  for (int round = 0; round < 3; ++round) expect_same(sweep(), observe());
}

TEST_F(Sweep, SeesThousands) {
  write_all(many(1, 3000));
  expect_same(sweep(), observe());
}

TEST_F(Sweep, SeesEverythingBesideAnotherNamespacesServers) {
  write_all(many(1, 500));
  const auto theirs = std::move(kernel_);
  SetUp();
  write_all(many(1, 500));
  expect_same(sweep(), observe());
}

TEST_F(Sweep, SeesAnEmptyTable) { EXPECT_TRUE(sweep().virtual_servers.empty()); }

TEST_F(Sweep, FindsAForeignThresholdAtOnce) {
  write_all(many(1, 2));
  output_of({"ipvsadm", "-e", "-t", "10.96.0.1:2", "-r", "10.244.1.2:2", "-m", "-x", "7"});
  expect_same(sweep(), observe());
}

// The old interface shows no IPv6 server of an IPv4 one, and no kind of a tunnel.
TEST_F(Sweep, SeesServersOfBothFamiliesBehindOneAddress) {
  const auto id = tcp("192.0.2.1", 80);
  write_all({add(id), add(id, real_server("198.51.100.1", 80)),
             AddRealServer{id, real_server("2001:db8::2", 80), {.forward = Forward::kTunnel}}});
  ASSERT_EQ(observe().virtual_servers.front().real_servers.size(), 2U);
  expect_same(sweep(), observe());
}

// Adds and deletes virtual servers with real servers, without a pause, until it is destroyed: what
// leads a reader of /proc/net/ip_vs astray for ever (ipvs/README.md).
class Writer {
 public:
  Writer(std::uint16_t first, std::uint16_t last) : steps_(come_and_go(first, last)) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() {
    done_ = true;
    thread_.join();
  }

 private:
  static std::vector<Step> come_and_go(std::uint16_t first, std::uint16_t last) {
    std::vector<Step> steps;
    for (auto port = first; port <= last; ++port) {
      steps.push_back(add(tcp("10.96.0.1", port)));
      steps.push_back(add(tcp("10.96.0.1", port), real_server("10.244.1.2", port)));
    }
    for (auto port = first; port <= last; ++port) {
      steps.push_back(DeleteVirtualServer{tcp("10.96.0.1", port)});
    }
    return steps;
  }

  void run() {
    while (!done_) {
      for (const auto& outcome : kernel_->write(steps_)) {
        EXPECT_FALSE(outcome) << to_string(*outcome);
      }
    }
  }

  const std::vector<Step> steps_;
  std::unique_ptr<NetlinkKernel> kernel_ = open_kernel();
  std::atomic<bool> done_{false};
  std::thread thread_{[this] { run(); }};
};

// What is there all the time may be missing from one reading, but nothing is made up.
void expect_of_many(const Observation& seen) {
  for (const auto& server : seen.virtual_servers) {
    EXPECT_EQ(server.id.address, ip("10.96.0.1"));
    for (const auto& real : server.real_servers) EXPECT_EQ(real.id.port, server.id.port);
  }
}

TEST_F(Sweep, ToleratesATableThatChangesUnderneath) {
  write_all(many(1, 300));
  {
    const Writer writer(2000, 2050);
    for (int round = 0; round < 10; ++round) expect_of_many(sweep());
    expect_of_many(observe());
  }
  expect_same(sweep(), observe());
}

}  // namespace
