// The contract of the kernel door, kept by the real kernel.
#include "tests/contract/kernel_contract.h"
#include "tests/kernel/kernel_world.h"

namespace {

std::unique_ptr<ipvs::Kernel> kernel_in_a_new_namespace(const ipvs::KernelSettings& settings) {
  enter_new_network_namespace();
  return open_kernel(settings);
}

INSTANTIATE_TEST_SUITE_P(NetlinkKernel, KernelContract,
                         testing::Values(KernelFactory{"NetlinkKernel", kernel_in_a_new_namespace}),
                         kernel_name);

}  // namespace
