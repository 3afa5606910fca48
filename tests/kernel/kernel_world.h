// A fresh network namespace for each test: its own empty IPVS table, interfaces, nftables rules and
// sysctls.
//
// The test's thread moves into it and stays; the next test moves on, and with its last socket the
// namespace ends. Pipes apart, nothing leaks from one test into another. Thread: the test's.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "ipvs/netlink_kernel.h"

// Moves the calling thread into a new network namespace with `lo` up. Ends the program if it
// cannot.
void enter_new_network_namespace();

// Opens the kernel door; fails the test and ends the program's run of it if that does not work.
[[nodiscard]] std::unique_ptr<ipvs::NetlinkKernel> open_kernel(ipvs::KernelSettings settings = {});

class KernelWorld : public testing::Test {
 protected:
  void SetUp() override;

  // The errno of one step; 0 when it was done.
  int write(const ipvs::Step& step);
  // One for each step, written in one call.
  std::vector<int> write_all(const std::vector<ipvs::Step>& steps);
  ipvs::Observation observe();

  std::unique_ptr<ipvs::NetlinkKernel> kernel_;
};
