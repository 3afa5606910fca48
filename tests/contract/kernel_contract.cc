#include "tests/contract/kernel_contract.h"

#include <algorithm>

#include "ipvs/error.h"

using ipvs::ObservedRealServer;
using ipvs::ObservedVirtualServer;

void KernelContract::SetUp() {
  kernel_ = GetParam().make({.rules = {}, .sysctls = {kSysctl, kNoSysctl}});
  ASSERT_NE(kernel_, nullptr) << GetParam().name << " could not be opened";
}

int KernelContract::write(const ipvs::Step& step) { return write_all({step}).front(); }

std::vector<int> KernelContract::write_all(const std::vector<ipvs::Step>& steps) {
  const std::vector<ipvs::Outcome> outcomes = kernel_->write(steps);
  EXPECT_EQ(outcomes.size(), steps.size());
  std::vector<int> codes;
  for (const ipvs::Outcome& outcome : outcomes) {
    codes.push_back(outcome ? outcome->code : 0);
    if (!outcome) continue;
    EXPECT_GT(outcome->code, 0);
    EXPECT_FALSE(outcome->operation.empty());
    EXPECT_FALSE(outcome->subject.empty());
  }
  codes.resize(steps.size(), -1);
  return codes;
}

ipvs::Observation KernelContract::observe() {
  auto seen = kernel_->observe();
  EXPECT_TRUE(seen.has_value()) << (seen ? "" : to_string(seen.error()));
  return seen.value_or(ipvs::Observation());
}

std::optional<ObservedVirtualServer> KernelContract::read(const ipvs::VirtualServerId& id) {
  for (const ObservedVirtualServer& server : observe().virtual_servers) {
    if (server.id == id) return server;
  }
  return {};
}

std::optional<ObservedRealServer> KernelContract::read(const ipvs::VirtualServerId& parent,
                                                       const ipvs::RealServerId& id) {
  const auto server = read(parent);
  if (!server) return {};
  for (const ObservedRealServer& real : server->real_servers) {
    if (real.id == id) return real;
  }
  return {};
}
