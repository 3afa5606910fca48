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

void expect_same(const Observation& swept, const Observation& observed) {
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

TEST_F(Sweep, SeesAnEmptyTable) { EXPECT_TRUE(sweep().virtual_servers.empty()); }

TEST_F(Sweep, FindsAForeignThresholdWithinAHundredTurns) {
  write_all(many(1, 150));
  output_of({"ipvsadm", "-e", "-t", "10.96.0.1:130", "-r", "10.244.1.2:130", "-m", "-x", "7"});
  const auto shows_threshold = [](const ObservedVirtualServer& server) {
    return server.real_servers.front().settings.upper_threshold == 7;
  };
  int found = 0;
  for (int turn = 0; turn < 100; ++turn) {
    const auto seen = sweep().virtual_servers;
    found += static_cast<int>(std::count_if(seen.begin(), seen.end(), shows_threshold));
  }
  EXPECT_EQ(found, 1);
}

// Others write meanwhile: what is there all the time may be missing from one reading, but nothing
// is made up, and no reading fails.
TEST_F(Sweep, ToleratesATableThatChangesUnderneath) {
  write_all(many(1, 1000));
  const auto other = open_kernel();
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int round = 0; round < 20; ++round) {
      std::vector<Step> steps = many(2000, 2200);
      for (std::uint16_t port = 2000; port <= 2200; ++port) {
        steps.push_back(DeleteVirtualServer{tcp("10.96.0.1", port)});
      }
      for (const auto& outcome : other->write(steps)) EXPECT_FALSE(outcome);
    }
    done = true;
  });
  while (!done) {
    for (const auto& server : sweep().virtual_servers) {
      EXPECT_EQ(server.id.address, ip("10.96.0.1"));
      for (const auto& real : server.real_servers) EXPECT_EQ(real.id.port, server.id.port);
    }
  }
  writer.join();
  expect_same(sweep(), observe());
}

}  // namespace
