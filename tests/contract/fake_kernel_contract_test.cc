// The fake keeps the promises of the real thing.
#include "tests/contract/kernel_contract.h"
#include "tests/fakes/fake_kernel.h"

namespace {

std::unique_ptr<ipvs::Kernel> fake_of_a_fresh_node(const ipvs::KernelSettings& settings) {
  auto fake = std::make_unique<FakeKernel>(settings);
  fake->set_sysctl(KernelContract::kSysctl, "0");
  fake->add_node_address({ipvs::Address(boost::asio::ip::address_v4::loopback()), "lo"});
  fake->add_node_address({ipvs::Address(boost::asio::ip::address_v6::loopback()), "lo"});
  return fake;
}

INSTANTIATE_TEST_SUITE_P(Fake, KernelContract,
                         testing::Values(KernelFactory{"FakeKernel", fake_of_a_fresh_node}),
                         kernel_name);

}  // namespace
