// What every implementation of the kernel door promises: the errno of every step, and that what is
// written is what is read. One suite, run over FakeKernel here and over the real kernel in the lab;
// a promise that the real kernel does not keep has no place in it.
//
// An implementation joins with INSTANTIATE_TEST_SUITE_P(Name, KernelContract,
// testing::Values(factory), kernel_name) in a file of its own, linked with the target
// kernel_contract.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ipvs/kernel.h"

// Makes a kernel door onto an empty world: no virtual server, no kube-ipvs0, no table, no interface
// but lo with its two addresses. The world must last as long as the test.
struct KernelFactory {
  std::string name;
  std::function<std::unique_ptr<ipvs::Kernel>(const ipvs::KernelSettings&)> make;
};

inline std::string kernel_name(const testing::TestParamInfo<KernelFactory>& info) {
  return info.param.name;
}

class KernelContract : public testing::TestWithParam<KernelFactory> {
 public:
  // What the doors of this suite are told to read: the first is there and 0, the second is not.
  static constexpr const char* kSysctl = "net/ipv4/vs/conntrack";
  static constexpr const char* kNoSysctl = "net/ipv4/vs/no_such_sysctl";

 protected:
  void SetUp() override;

  // The errno of one step, 0 when it succeeded; an error without words fails the test.
  int write(const ipvs::Step& step);
  // One for each step, written in one call.
  std::vector<int> write_all(const std::vector<ipvs::Step>& steps);
  // Fails the test on an error.
  ipvs::Observation observe();
  // As observed; nothing if it is not there.
  std::optional<ipvs::ObservedVirtualServer> read(const ipvs::VirtualServerId& id);
  std::optional<ipvs::ObservedRealServer> read(const ipvs::VirtualServerId& parent,
                                               const ipvs::RealServerId& id);

  std::unique_ptr<ipvs::Kernel> kernel_;
};
