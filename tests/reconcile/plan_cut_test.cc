// A plan may be cut short at any point (laws 7, 8): after each of its phases (plan.h), and after
// each single step, nobody is served worse than before or after, and who comes next, knowing
// nothing but what the kernel holds, finishes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "builders.h"
#include "reconcile/reconciliation.h"
#include "tests/fakes/fake_kernel.h"

namespace reconcile::test {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

const TimePoint kNow{};
const auto kOld = tcp("10.96.0.9", 80);  // its Service goes
const auto kWeb = tcp("10.96.0.1", 80);  // 10.0.0.2 leaves with a connection, 10.0.0.3 comes
const auto kDns = udp("10.96.0.5", 53);  // moves from 10.0.0.5 to 10.0.0.6
const auto kNew = tcp("10.96.0.7", 80);  // comes, with a load balancer's address for few
const auto kNewOutside = tcp("203.0.113.7", 80);

ipvs::SetElement element(ipvs::SetName set, const ipvs::VirtualServerId& id) {
  return {.set = set, .address = id.address, .protocol = id.protocol, .port = id.port};
}

ipvs::SetElement claim(const ipvs::VirtualServerId& id) {
  return {.set = ipvs::SetName::kServiceAddresses, .address = id.address};
}

kube::EndpointSlice dns_slice(const std::string& endpoint) {
  return slice("a/dns", "dns", {ready(endpoint)},
               {{.name = "", .protocol = kube::Protocol::kUdp, .port = 53}});
}

class ACutPlan : public testing::Test {
 protected:
  ACutPlan() {
    decision = before();
    write(whole(audit()), kAll);
    kernel.set_connections(kWeb, real("10.0.0.2", 8080), {.active = 1});
    kernel.add_flow({kDns, real("10.0.0.5", 53)});
    kernel.break_rules();
    decision = after();
    steps = whole(audit());
  }

  static constexpr std::size_t kAll = 1'000'000;

  static kube::Service dns() {
    return service("a/dns", {"10.96.0.5"}, {{.protocol = kube::Protocol::kUdp, .port = 53}});
  }
  static kube::Service made_anew() {
    auto made = service("a/new", {"10.96.0.7"});
    made.type = kube::ServiceType::kLoadBalancer;
    made.load_balancer_ips = {ip("203.0.113.7")};
    made.source_ranges = {*kube::parse_cidr_range("198.51.100.0/24")};
    return made;
  }

  static Reconciliation told(const std::vector<kube::Service>& services,
                             const std::vector<kube::EndpointSlice>& slices) {
    Reconciliation made(NodeConfig{.name = "here"}, 60s);
    made.replaced(services, kNow);
    made.replaced(slices, kNow);
    return made;
  }
  static Reconciliation before() {
    return told(
        {service("a/old", {"10.96.0.9"}), service("a/web", {"10.96.0.1"}), dns()},
        {slice("a/old", "old", {ready("10.0.0.9")}),
         slice("a/web", "web", {ready("10.0.0.1"), ready("10.0.0.2")}), dns_slice("10.0.0.5")});
  }
  static Reconciliation after() {
    return told({service("a/web", {"10.96.0.1"}), dns(), made_anew()},
                {slice("a/web", "web", {ready("10.0.0.1"), ready("10.0.0.3")}),
                 slice("a/new", "new", {ready("10.0.0.7")}), dns_slice("10.0.0.6")});
  }

  Plan audit() {
    decision.observed(*kernel.observe());
    return decision.decide(kNow);
  }

  static std::vector<ipvs::Step> whole(Plan plan) {
    auto all = std::move(plan.claims);
    all.insert(all.end(), plan.changes.begin(), plan.changes.end());
    all.insert(all.end(), plan.releases.begin(), plan.releases.end());
    return all;
  }

  void write(const std::vector<ipvs::Step>& all, std::size_t count) {
    for (std::size_t i = 0; i < std::min(count, all.size()); ++i) {
      EXPECT_FALSE(kernel.write({&all[i], 1}).front()) << ipvs::to_string(all[i]);
    }
  }

  // Writes up to the last step of which `belongs` holds.
  template <class Belongs>
  void cut_after(Belongs belongs) {
    const auto last = std::find_if(steps.rbegin(), steps.rend(), belongs);
    ASSERT_NE(last, steps.rend()) << "there is no such phase";
    write(steps, static_cast<std::size_t>(steps.rend() - last));
  }

  template <class... Steps>
  static auto is_a() {
    return [](const ipvs::Step& step) { return (std::holds_alternative<Steps>(step) || ...); };
  }
  static auto adds(std::vector<ipvs::SetName> sets) {
    return [sets = std::move(sets)](const ipvs::Step& step) {
      const auto* added = std::get_if<ipvs::AddElement>(&step);
      return added && std::find(sets.begin(), sets.end(), added->element.set) != sets.end();
    };
  }

  ObservedState seen() {
    ObservedState state;
    state.replace(*kernel.observe());
    return state;
  }

  int weight(const ipvs::VirtualServerId& id, const std::string& address) {
    const auto* server = kernel.find(id);
    if (!server) return -1;
    for (const auto& one : server->real_servers) {
      if (one.id.address == ip(address)) return one.settings.weight;
    }
    return -1;
  }

  // Law 8, and that the next agent knows its own.
  void check_safe() {
    const auto state = seen();
    EXPECT_EQ(kernel.resets(), 0U);
    EXPECT_EQ(state.foreign_count(), 0U) << "somebody's that nobody will know again";
    for (const auto& address : state.everything_ours().addresses) {
      EXPECT_TRUE(state.has({.set = ipvs::SetName::kServiceAddresses, .address = address}));
    }
    EXPECT_EQ(weight(kWeb, "10.0.0.1"), 1);
    EXPECT_TRUE(weight(kDns, "10.0.0.5") == 1 || weight(kDns, "10.0.0.6") == 1);
    EXPECT_TRUE(state.is_bound(kWeb.address));
    EXPECT_TRUE(state.has(element(ipvs::SetName::kServicePorts, kWeb)));
    check_announced_only_when_filled(state);
  }

  void check_announced_only_when_filled(const ObservedState& state) {
    for (const auto& id : {kNew, kNewOutside}) {
      if (!state.is_bound(id.address)) continue;
      EXPECT_EQ(weight(id, "10.0.0.7"), 1);
      EXPECT_TRUE(state.has(element(ipvs::SetName::kServicePorts, id)));
    }
    if (state.virtual_server(kNewOutside)) {
      EXPECT_TRUE(state.has(element(ipvs::SetName::kRestrictedPorts, kNewOutside)));
    }
  }

  // A fresh agent takes over, as after a kill, and has nothing left to do after that.
  void check_finishes() {
    decision = after();
    write(whole(audit()), kAll);
    kernel.set_connections(kWeb, real("10.0.0.2", 8080), {});
    for (int round = 0; round < 2; ++round) write(whole(audit()), kAll);
    EXPECT_THAT(whole(audit()), IsEmpty());
    EXPECT_EQ(kernel.resets(), 0U);
    EXPECT_EQ(kernel.find(kOld), nullptr);
    EXPECT_EQ(weight(kWeb, "10.0.0.2"), -1);
    EXPECT_EQ(weight(kNewOutside, "10.0.0.7"), 1);
  }

  FakeKernel kernel;
  Reconciliation decision{NodeConfig{.name = "here"}, 60s};
  std::vector<ipvs::Step> steps;
};

TEST_F(ACutPlan, AfterTheRulesHasTouchedNoServer) {
  cut_after(is_a<ipvs::InstallRules>());
  EXPECT_TRUE(seen().rules_intact());
  EXPECT_EQ(weight(kOld, "10.0.0.9"), 1);
  EXPECT_EQ(kernel.find(kNew), nullptr);
  check_safe();
  check_finishes();
}

TEST_F(ACutPlan, AfterTheClaimsKnowsWhatIsToComeAndWhoMayUseIt) {
  cut_after(adds({ipvs::SetName::kServiceAddresses, ipvs::SetName::kRestrictedPorts,
                  ipvs::SetName::kMasqueradePorts}));
  EXPECT_TRUE(seen().has(claim(kNew)));
  EXPECT_TRUE(seen().has(element(ipvs::SetName::kRestrictedPorts, kNewOutside)));
  EXPECT_EQ(kernel.find(kNew), nullptr);
  check_safe();
  check_finishes();
}

TEST_F(ACutPlan, AfterFillingHasServersThatNoPacketReachesYet) {
  cut_after(is_a<ipvs::AddRealServer>());
  EXPECT_EQ(weight(kNew, "10.0.0.7"), 1);
  EXPECT_EQ(weight(kWeb, "10.0.0.3"), 1);
  EXPECT_EQ(weight(kWeb, "10.0.0.2"), 1) << "nothing is lowered before";
  EXPECT_FALSE(seen().is_bound(kNew.address));
  EXPECT_FALSE(seen().has(element(ipvs::SetName::kServicePorts, kNew)));
  check_safe();
  check_finishes();
}

TEST_F(ACutPlan, AfterAnnouncingServesTheNewAndStillTheOld) {
  cut_after(is_a<ipvs::BindAddress>());
  EXPECT_TRUE(seen().is_bound(kNew.address));
  EXPECT_TRUE(seen().has(element(ipvs::SetName::kServicePorts, kNew)));
  EXPECT_EQ(weight(kOld, "10.0.0.9"), 1);
  check_safe();
  check_finishes();
}

TEST_F(ACutPlan, AfterLoweringKeepsTheConnectionsOfWhoLeaves) {
  cut_after(is_a<ipvs::EditRealServer, ipvs::DeleteRealServer>());
  EXPECT_EQ(weight(kWeb, "10.0.0.2"), 0);
  EXPECT_EQ(weight(kDns, "10.0.0.5"), -1) << "UDP does not drain";
  EXPECT_EQ(kernel.flows().size(), 1U) << "forgotten only once nobody answers there";
  check_safe();
  check_finishes();
}

TEST_F(ACutPlan, AfterForgettingLeavesNoFlowToWhoIsGone) {
  cut_after(is_a<ipvs::ForgetFlows>());
  EXPECT_THAT(kernel.flows(), IsEmpty());
  EXPECT_EQ(weight(kOld, "10.0.0.9"), 1);
  check_safe();
  check_finishes();
}

TEST_F(ACutPlan, AfterSilencingRefusesWhatIsStillThere) {
  const auto silences = [](const ipvs::Step& step) {
    const auto* removed = std::get_if<ipvs::DeleteElement>(&step);
    return removed && removed->element.set == ipvs::SetName::kServicePorts;
  };
  cut_after(silences);
  EXPECT_FALSE(seen().has(element(ipvs::SetName::kServicePorts, kOld)));
  EXPECT_EQ(weight(kOld, "10.0.0.9"), 1);
  check_safe();
  check_finishes();
}

TEST_F(ACutPlan, AfterDeletingServersStillKnowsTheirAddress) {
  cut_after(is_a<ipvs::DeleteVirtualServer>());
  EXPECT_EQ(kernel.find(kOld), nullptr);
  EXPECT_TRUE(seen().is_bound(kOld.address));
  EXPECT_TRUE(seen().has(claim(kOld)));
  check_safe();
  check_finishes();
}

TEST_F(ACutPlan, AfterUnbindingStillHasItsClaim) {
  cut_after(is_a<ipvs::UnbindAddress>());
  EXPECT_FALSE(seen().is_bound(kOld.address));
  EXPECT_TRUE(seen().has(claim(kOld)));
  check_safe();
  check_finishes();
}

TEST_F(ACutPlan, IsSafeAfterEveryStep) {
  const auto count = steps.size();
  ASSERT_GT(count, 15U);
  for (std::size_t i = 0; i < count; ++i) {
    SCOPED_TRACE(ipvs::to_string(steps[i]));
    write({steps[i]}, 1);
    check_safe();
  }
  check_finishes();
}

}  // namespace
}  // namespace reconcile::test
