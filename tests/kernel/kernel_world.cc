#include "tests/kernel/kernel_world.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

bool set_loopback_up() {
  const int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", sizeof request.ifr_name - 1);
  request.ifr_flags = IFF_UP;
  const bool done = ioctl(descriptor, SIOCSIFFLAGS, &request) == 0;
  close(descriptor);
  return done;
}

}  // namespace

void enter_new_network_namespace() {
  if (unshare(CLONE_NEWNET) == 0 && set_loopback_up()) return;
  std::perror("cannot make a network namespace (root is needed)");
  std::exit(77);
}

std::unique_ptr<ipvs::NetlinkKernel> open_kernel(ipvs::KernelSettings settings) {
  auto kernel = ipvs::NetlinkKernel::open(std::move(settings));
  if (kernel) return *std::move(kernel);
  ADD_FAILURE() << to_string(kernel.error());
  return nullptr;
}

void KernelWorld::SetUp() {
  enter_new_network_namespace();
  kernel_ = open_kernel();
  ASSERT_NE(kernel_, nullptr);
}

int KernelWorld::write(const ipvs::Step& step) { return write_all({step}).front(); }

std::vector<int> KernelWorld::write_all(const std::vector<ipvs::Step>& steps) {
  std::vector<int> codes;
  for (const ipvs::Outcome& outcome : kernel_->write(steps)) {
    codes.push_back(outcome ? outcome->code : 0);
  }
  return codes;
}

ipvs::Observation KernelWorld::observe() {
  auto observation = kernel_->observe();
  if (observation) return *std::move(observation);
  ADD_FAILURE() << to_string(observation.error());
  return {};
}
