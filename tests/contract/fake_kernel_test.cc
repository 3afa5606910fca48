// The levers of the fakes, which no contract covers.
#include "tests/fakes/fake_kernel.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "ipvs/step_text.h"
#include "tests/fakes/faulty_kernel.h"
#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)

const VirtualServerId kWeb = tcp("10.96.0.1", 443);
const VirtualServerId kDns = udp("10.96.0.10", 53);
const RealServerId kPod = real_server("10.244.1.2", 6443);
constexpr ConnectionCounts kBusy{.active = 3, .inactive = 2};

Outcome write(Kernel& kernel, const Step& step) { return kernel.write({&step, 1}).front(); }

int code_of(const Outcome& outcome) { return outcome ? outcome->code : 0; }

class FakeKernelLevers : public testing::Test {
 protected:
  void SetUp() override {
    const std::vector<Step> steps = {add(kWeb), add(kWeb, kPod), add(kDns), add(kDns, kPod)};
    for (const Outcome& outcome : fake_.write(steps)) ASSERT_FALSE(outcome.has_value());
    fake_.clear_journal();
  }

  FakeKernel fake_;
};

TEST_F(FakeKernelLevers, JournalsWhatSucceededAndKeepsWhatFailedApart) {
  const Step refused = add(kWeb);
  const Step done = add(kWeb, real_server("10.244.1.3", 6443));
  EXPECT_EQ(code_of(write(fake_, refused)), EEXIST);
  EXPECT_EQ(code_of(write(fake_, done)), 0);
  EXPECT_EQ(fake_.journal(), std::vector{done});
  EXPECT_EQ(fake_.refusals(), std::vector{error_of(refused, EEXIST)});
}

TEST_F(FakeKernelLevers, CountsTheConnectionsThatADeletionCuts) {
  fake_.set_connections(kWeb, kPod, kBusy);
  EXPECT_EQ(code_of(write(fake_, DeleteRealServer{.parent = kWeb, .id = kPod})), 0);
  EXPECT_EQ(fake_.resets(), 5U);
}

TEST_F(FakeKernelLevers, CountsTheConnectionsThatGoWithTheirVirtualServer) {
  fake_.set_connections(kWeb, kPod, kBusy);
  EXPECT_EQ(code_of(write(fake_, DeleteVirtualServer{kWeb})), 0);
  EXPECT_EQ(fake_.resets(), 5U);
}

TEST_F(FakeKernelLevers, CountsNoResetForUdp) {
  fake_.set_connections(kDns, kPod, kBusy);
  EXPECT_EQ(code_of(write(fake_, DeleteRealServer{.parent = kDns, .id = kPod})), 0);
  EXPECT_EQ(fake_.resets(), 0U);
}

TEST_F(FakeKernelLevers, KeepsConnectionsThroughAnEdit) {
  fake_.set_connections(kWeb, kPod, kBusy);
  EXPECT_EQ(
      code_of(write(fake_, EditRealServer{.parent = kWeb, .id = kPod, .settings = weighing(0)})),
      0);
  EXPECT_EQ(fake_.find(kWeb)->real_servers.front().connections.active, 3U);
  EXPECT_EQ(fake_.resets(), 0U);
}

TEST_F(FakeKernelLevers, PlantsAndUprootsWithoutTheJournal) {
  const VirtualServerId foreign = tcp("192.0.2.1", 80);
  fake_.plant(
      {.id = foreign, .settings = settings_for(foreign), .traffic = {}, .real_servers = {}});
  EXPECT_NE(fake_.find(foreign), nullptr);
  fake_.uproot(kWeb);
  EXPECT_EQ(fake_.find(kWeb), nullptr);
  EXPECT_TRUE(fake_.journal().empty());
}

TEST_F(FakeKernelLevers, LosesTheAddressesWithTheLink) {
  EXPECT_EQ(code_of(write(fake_, CreateLink{})), 0);
  EXPECT_EQ(code_of(write(fake_, BindAddress{kWeb.address})), 0);
  fake_.delete_link();
  EXPECT_FALSE(fake_.observe()->link_present);
  EXPECT_EQ(code_of(write(fake_, CreateLink{})), 0);
  EXPECT_TRUE(fake_.observe()->bound.empty());
}

TEST_F(FakeKernelLevers, KeepsTheElementsWhenARuleIsBroken) {
  EXPECT_EQ(code_of(write(fake_, InstallRules{})), 0);
  EXPECT_EQ(code_of(write(fake_, AddElement{hairpin("10.244.1.2")})), 0);
  fake_.break_rules();
  EXPECT_FALSE(fake_.observe()->rules_intact);
  EXPECT_EQ(fake_.observe()->elements.size(), 1U);
}

TEST_F(FakeKernelLevers, LosesTheElementsWithTheTable) {
  EXPECT_EQ(code_of(write(fake_, InstallRules{})), 0);
  EXPECT_EQ(code_of(write(fake_, AddElement{hairpin("10.244.1.2")})), 0);
  fake_.flush_ruleset();
  EXPECT_EQ(code_of(write(fake_, AddElement{hairpin("10.244.1.2")})), ENOENT);
  EXPECT_TRUE(fake_.observe()->elements.empty());
}

TEST_F(FakeKernelLevers, ForgetsTheFlowsOfOneServiceThatNobodyKeepsAnswering) {
  const RealServerId other = real_server("10.244.1.3", 53);
  const FakeKernel::Flow kept{.to = kDns, .answered_by = kPod};
  const FakeKernel::Flow foreign{.to = udp("192.0.2.1", 53), .answered_by = other};
  for (const auto& flow : {kept, FakeKernel::Flow{kDns, other}, foreign}) fake_.add_flow(flow);
  EXPECT_EQ(code_of(write(fake_, ForgetFlows{.id = kDns, .keep = {kPod}})), 0);
  EXPECT_EQ(fake_.flows(), (std::vector{kept, foreign}));
}

TEST_F(FakeKernelLevers, KeepsTheNodesAddressesSorted) {
  for (const auto* address : {"192.0.2.9", "2001:db8::1", "192.0.2.1", "192.0.2.5"}) {
    fake_.add_node_address({ip(address), "eth0"});
  }
  fake_.remove_node_address(ip("192.0.2.5"));
  EXPECT_EQ(
      fake_.observe()->node_addresses,
      (std::vector<NodeAddress>{
          {ip("192.0.2.1"), "eth0"}, {ip("192.0.2.9"), "eth0"}, {ip("2001:db8::1"), "eth0"}}));
}

TEST_F(FakeKernelLevers, CountsReads) {
  const std::vector ids = {kWeb};
  EXPECT_EQ(fake_.observe(ids)->size(), 1U);
  EXPECT_EQ(fake_.observe()->virtual_servers.size(), 2U);
  EXPECT_EQ(fake_.partial_reads(), 1);
  EXPECT_EQ(fake_.full_reads(), 1);
}

class FaultyKernelFaults : public FakeKernelLevers {
 protected:
  FaultyKernel faulty_{fake_};
};

TEST_F(FaultyKernelFaults, FailTheNamedStepAndNoOther) {
  faulty_.fail_step(2, {.code = ENOMEM, .operation = "", .subject = "", .remedy = ""});
  const std::vector<Step> steps = {EditVirtualServer{.id = kWeb, .settings = {}},
                                   DeleteVirtualServer{kWeb}, DeleteVirtualServer{kDns}};
  const auto outcomes = faulty_.write(steps);
  ASSERT_EQ(outcomes.size(), 3U);
  EXPECT_FALSE(outcomes[0].has_value());
  EXPECT_EQ(outcomes[1], error_of(steps[1], ENOMEM));
  EXPECT_FALSE(outcomes[2].has_value());
  EXPECT_NE(fake_.find(kWeb), nullptr);
  EXPECT_EQ(fake_.find(kDns), nullptr);
}

TEST_F(FaultyKernelFaults, CountStepsAcrossWrites) {
  faulty_.fail_step(2, {.code = EINTR, .operation = "", .subject = "", .remedy = ""});
  EXPECT_EQ(code_of(write(faulty_, DeleteVirtualServer{kDns})), 0);
  EXPECT_EQ(code_of(write(faulty_, DeleteVirtualServer{kWeb})), EINTR);
  EXPECT_EQ(code_of(write(faulty_, DeleteVirtualServer{kWeb})), 0);
}

TEST_F(FaultyKernelFaults, LoseTheAnswerOfAStepThatHappened) {
  faulty_.lose_answer(1);
  EXPECT_EQ(code_of(write(faulty_, DeleteVirtualServer{kWeb})), ETIMEDOUT);
  EXPECT_EQ(fake_.find(kWeb), nullptr);
}

TEST_F(FaultyKernelFaults, FailTheNextReadOfEitherKindOnce) {
  const Error lost{.code = ENOBUFS, .operation = "read", .subject = "", .remedy = ""};
  const std::vector ids = {kWeb};
  faulty_.fail_next_observe(lost);
  faulty_.fail_next_observe(lost);
  EXPECT_EQ(faulty_.observe().error(), lost);
  EXPECT_EQ(faulty_.observe(ids).error(), lost);
  EXPECT_TRUE(faulty_.observe().has_value());
}

}  // namespace
