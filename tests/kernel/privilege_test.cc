// What the kernel door needs, and what it says where that is missing. Each case in a child process,
// which gives its privileges away for good.
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>

#include "ipvs/sysctl.h"
#include "tests/kernel/kernel_world.h"
#include "tests/kernel/node_sysctls.h"

namespace {

using testing::HasSubstr;

constexpr uid_t kNobody = 65534;

// What `body` answers in a process of its own.
std::string in_child(const std::function<std::string()>& body) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    const std::string text = body();
    const auto written = write(ends[1], text.data(), text.size());
    _exit(written < 0 ? 1 : 0);
  }
  close(ends[1]);
  std::array<char, 4096> text{};
  const auto size = read(ends[0], text.data(), text.size());
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

std::string outcome_of_open() {
  const auto kernel = ipvs::NetlinkKernel::open();
  return kernel ? "open" : to_string(kernel.error());
}

bool keep_only_net_admin() {
  prctl(PR_SET_KEEPCAPS, 1);
  if (setresgid(kNobody, kNobody, kNobody) != 0 || setresuid(kNobody, kNobody, kNobody) != 0) {
    return false;
  }
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> sets{};
  sets[0].effective = sets[0].permitted = 1U << CAP_NET_ADMIN;
  return syscall(SYS_capset, &header, sets.data()) == 0;
}

class Privilege : public KernelWorld {};

TEST_F(Privilege, NamesTheMissingCapability) {
  const std::string said = in_child([] {
    return setresuid(kNobody, kNobody, kNobody) == 0 ? outcome_of_open() : "cannot drop privileges";
  });
  EXPECT_THAT(said, HasSubstr("cannot open IPVS"));
  EXPECT_THAT(said, HasSubstr("Operation not permitted"));
  EXPECT_THAT(said, HasSubstr("Grant CAP_NET_ADMIN"));
}

TEST_F(Privilege, NeedsNothingButNetAdmin) {
  const std::string said = in_child([] {
    if (!keep_only_net_admin()) return std::string("cannot drop privileges");
    const auto kernel = ipvs::NetlinkKernel::open();
    if (!kernel) return to_string(kernel.error());
    const std::vector<ipvs::Step> steps{ipvs::CreateLink{}, ipvs::InstallRules{}};
    for (const auto& outcome : (*kernel)->write(steps)) {
      if (outcome) return to_string(*outcome);
    }
    return std::string("done");
  });
  EXPECT_EQ(said, "done");
}

TEST_F(Privilege, WritesTheSysctlsOfIpvs) {
  const auto kernel = ipvs::NetlinkKernel::open();
  ASSERT_TRUE(kernel);
  for (const auto& step : node_sysctls()) {
    EXPECT_EQ((*kernel)->write({&step, 1}).front(), std::nullopt);
    EXPECT_EQ(ipvs::read_sysctl(std::get<ipvs::WriteSysctl>(step).path), "1");
  }
}

TEST_F(Privilege, SaysWhatToDoWhereSysctlsAreReadOnly) {
  const std::string said = in_child([] {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("/proc/sys", "/proc/sys", nullptr, MS_BIND, nullptr) != 0 ||
        mount(nullptr, "/proc/sys", nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) != 0) {
      return std::string("cannot make /proc/sys read-only");
    }
    const auto kernel = ipvs::NetlinkKernel::open();
    if (!kernel) return to_string(kernel.error());
    const auto outcome = (*kernel)->write(node_sysctls()).front();
    return outcome ? to_string(*outcome) : "no error";
  });
  EXPECT_THAT(said, HasSubstr("cannot set sysctl net/ipv4/vs/conntrack"));
  EXPECT_THAT(said, HasSubstr("Read-only file system"));
  EXPECT_THAT(said, HasSubstr("set it on the node"));
}

}  // namespace
