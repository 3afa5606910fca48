// The fake keeps the promises of the real thing.
#include "tests/contract/kernel_contract.h"
#include "tests/fakes/fake_kernel.h"

INSTANTIATE_TEST_SUITE_P(Fake, KernelContract,
                         testing::Values(KernelFactory{
                             .name = "FakeKernel",
                             .make = [] { return std::make_unique<FakeKernel>(); }}),
                         kernel_name);
