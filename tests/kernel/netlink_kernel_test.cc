// The real kernel door on tables of its own making, under other writers, and when answers get lost.
#include "ipvs/netlink_kernel.h"

#include <linux/filter.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <future>
#include <set>

#include "tests/kernel/kernel_world.h"
#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)

class NetlinkKernelTest : public KernelWorld {};

VirtualServerId numbered(std::uint32_t number) {
  return {.address = boost::asio::ip::make_address_v4(0x0a600000 + number),
          .protocol = Protocol::kTcp,
          .port = 80};
}

std::vector<Step> add_numbered(std::uint32_t first, std::uint32_t end) {
  std::vector<Step> steps;
  for (std::uint32_t i = first; i < end; ++i) steps.push_back(add(numbered(i)));
  return steps;
}

TEST_F(NetlinkKernelTest, ReadsTheVersionOfIpvs) { EXPECT_EQ(observe().info.version, 0x010201U); }

TEST_F(NetlinkKernelTest, ReadsTheSettingsThatAnObservationHas) {
  const std::vector<std::string> paths{"net/ipv4/vs/conntrack", "net/ipv4/vs/there_is_no_such"};
  const auto kernel = NetlinkKernel::open({.sysctls = paths});
  ASSERT_TRUE(kernel);
  ASSERT_EQ((*kernel)->write(std::vector<Step>{SetTimeouts{{.tcp = std::chrono::seconds(1234)}}}),
            std::vector<Outcome>(1));
  const auto settings = (*kernel)->read_settings();
  const auto observation = (*kernel)->observe();
  ASSERT_TRUE(settings && observation);
  EXPECT_EQ(settings->timeouts.tcp, std::chrono::seconds(1234));
  EXPECT_EQ(settings->timeouts, observation->timeouts);
  ASSERT_EQ(settings->sysctls.size(), 2U);
  EXPECT_TRUE(settings->sysctls[0].value);
  EXPECT_FALSE(settings->sysctls[1].value);
  EXPECT_EQ(settings->sysctls, observation->sysctls);
}

TEST_F(NetlinkKernelTest, MeetsTheRightStepsWithErrorsInALongPipeline) {
  std::vector<Step> steps = add_numbered(0, 2000);
  std::vector<int> expected(2000, 0);
  for (const std::size_t repeated : {1UL, 700UL, 1023UL, 1024UL, 1999UL}) {
    steps[repeated] = add(numbered(0));
    expected[repeated] = EEXIST;
  }
  steps[500] = DeleteVirtualServer{numbered(60000)};
  expected[500] = ESRCH;
  EXPECT_EQ(write_all(steps), expected);
  EXPECT_EQ(observe().virtual_servers.size(), 1994U);
}

TEST_F(NetlinkKernelTest, ReadsAllRealServersOfABigVirtualServer) {
  std::vector<Step> steps{add(numbered(0))};
  for (std::uint32_t i = 0; i < 2000; ++i) {
    steps.push_back(add(numbered(0),
                        {.address = boost::asio::ip::make_address_v4(0x0af40000 + i), .port = 80}));
  }
  EXPECT_EQ(write_all(steps), std::vector<int>(steps.size(), 0));
  const auto seen = observe();
  ASSERT_EQ(seen.virtual_servers.size(), 1U);
  std::set<RealServerId> distinct;
  for (const auto& server : seen.virtual_servers.front().real_servers) distinct.insert(server.id);
  EXPECT_EQ(distinct.size(), 2000U);
}

TEST_F(NetlinkKernelTest, ReadsTheNamedVirtualServersAndLeavesOutThoseThatAreGone) {
  write_all({add(numbered(1)), add(numbered(1), real_server("10.244.0.1", 80)), add(numbered(2)),
             add(mark(7)), add(mark(7, "::"))});
  const std::vector<VirtualServerId> asked{numbered(1), numbered(9), mark(7, "::")};
  const auto seen = kernel_->observe(asked);
  ASSERT_TRUE(seen.has_value()) << to_string(seen.error());
  ASSERT_EQ(seen->size(), 2U);
  EXPECT_EQ((*seen)[0].id, numbered(1));
  EXPECT_EQ((*seen)[0].real_servers.size(), 1U);
  EXPECT_EQ((*seen)[1].id, mark(7, "::"));
}

// Before Linux 7.1 the cursor of a dump runs over all namespaces' services. Two reads that agree
// can have the same gap, so a gap is no evidence of absence; but nothing that is read is false.
TEST_F(NetlinkKernelTest, ReadsNothingFalseWhileAnotherNamespaceWritesAndEverythingOnceItIsQuiet) {
  write_all(add_numbered(0, 300));
  std::atomic<bool> stop = false;
  auto writer = std::async(std::launch::async, [&] {
    enter_new_network_namespace();
    const auto other = open_kernel();
    std::vector<Step> steps = add_numbered(5000, 5200);
    for (std::uint32_t i = 5000; i < 5200; ++i) steps.push_back(DeleteVirtualServer{numbered(i)});
    for (int rounds = 0; !stop && rounds < 10000; ++rounds) (void)other->write(steps);
  });
  int answered = 0;
  for (int i = 0; i < 10; ++i) {
    const auto seen = kernel_->observe();
    if (!seen) {
      EXPECT_EQ(seen.error().code, EINTR) << to_string(seen.error());
      continue;
    }
    std::set<VirtualServerId> ids;
    for (const auto& server : seen->virtual_servers) ids.insert(server.id);
    EXPECT_EQ(ids.size(), seen->virtual_servers.size()) << "one was read twice";
    for (std::uint32_t own = 0; own < 300; ++own) ids.erase(numbered(own));
    EXPECT_TRUE(ids.empty()) << "the other namespace's were read";
    ++answered;
  }
  stop = true;
  writer.get();
  EXPECT_GT(answered, 0);
  EXPECT_EQ(kernel_->observe()->virtual_servers.size(), 300U);
}

// Calls `change` with each generic netlink socket of this process.
template <class Change>
void on_generic_netlink(Change change) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int descriptor = std::stoi(entry.path().filename());
    int family = 0;
    int protocol = 0;
    socklen_t size = sizeof family;
    if (getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0) continue;
    size = sizeof protocol;
    getsockopt(descriptor, SOL_SOCKET, SO_PROTOCOL, &protocol, &size);
    if (family == AF_NETLINK && protocol == NETLINK_GENERIC) change(descriptor);
  }
}

// Drops whatever the kernel sends to our generic netlink socket from now on.
void deafen_generic_netlink() {
  sock_filter drop_all = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{.len = 1, .filter = &drop_all};
  on_generic_netlink([&](int descriptor) {
    ASSERT_EQ(setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), 0);
  });
}

// Leaves our generic netlink socket room for a few answers.
void shrink_generic_netlink() {
  on_generic_netlink([](int descriptor) {
    const int size = 4096;
    ASSERT_EQ(setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
  });
}

TEST_F(NetlinkKernelTest, GivesUpOnLostAnswersAndWorksOnANewSocket) {
  ASSERT_NO_FATAL_FAILURE(deafen_generic_netlink());
  EXPECT_EQ(write_all({add(numbered(1)), add(numbered(2))}), (std::vector{ETIMEDOUT, ETIMEDOUT}));
  // Both were done nevertheless, and only a new read can tell.
  EXPECT_EQ(observe().virtual_servers.size(), 2U);
  EXPECT_EQ(write(add(numbered(1))), EEXIST);
}

TEST_F(NetlinkKernelTest, EndsAReadingWhoseAnswerIsLostAndReadsOnANewSocket) {
  write_all(add_numbered(0, 3));
  ASSERT_NO_FATAL_FAILURE(deafen_generic_netlink());
  const auto read = kernel_->sweep();
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ETIMEDOUT) << to_string(read.error());
  EXPECT_EQ(kernel_->sweep()->virtual_servers.size(), 3U);
}

// Errors alone are answered unasked: of a thousand, few find room, and what they belong to is open.
TEST_F(NetlinkKernelTest, NamesEveryStepWhoseAnswerFoundNoRoomAndLosesNoneOfThem) {
  ASSERT_NO_FATAL_FAILURE(shrink_generic_netlink());
  std::vector<Step> steps(500, add(numbered(0)));
  for (const Step& step : add_numbered(1, 501)) steps.push_back(step);
  const auto codes = write_all(steps);
  const auto open = [](int code) { return code == ENOBUFS; };
  EXPECT_GE(std::count_if(codes.begin() + 500, codes.end(), open), 500) << "an answer was made up";
  for (const int code : codes) EXPECT_TRUE(open(code) || code == EEXIST || code == 0) << code;
  EXPECT_EQ(observe().virtual_servers.size(), 501U);
  EXPECT_EQ(write(add(numbered(501))), 0);
}

}  // namespace
