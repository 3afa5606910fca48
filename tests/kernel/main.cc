// The kernel tests run where there is a kernel with IPVS and the privilege to use it, and say so
// elsewhere: exit code 77, which test drivers take for "skipped", never for "passed".
#include <gtest/gtest.h>

#include <cstdio>

#include "ipvs/netlink_kernel.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (const auto kernel = ipvs::NetlinkKernel::open(); !kernel) {
    std::fprintf(stderr, "kernel_tests: %s.\nRun it in the lab: scripts/lab run -- %s\n",
                 to_string(kernel.error()).c_str(), argv[0]);
    return 77;
  }
  return RUN_ALL_TESTS();
}
