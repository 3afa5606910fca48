#include "reconcile/service_tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "builders.h"
#include "recount.h"

namespace reconcile::test {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

ServiceState asking_for(const std::string& address, FrontendKind kind = FrontendKind::kClusterIp) {
  ServiceState state;
  state.virtual_servers = {{.id = tcp(address, 80), .settings = {}, .real_servers = {}}};
  state.virtual_servers.front().kind = kind;
  return state;
}

Claimant claimant(const std::string& name, int age = 0) {
  return {std::chrono::sys_seconds(std::chrono::seconds(age)), "uid-" + name, named(name)};
}

TEST(ServiceTally, CountsSlicesTogetherWhateverTheirNames) {
  ServiceTally tally;
  ServiceState state;
  state.complaints = {{"endpointslice a", "127.0.0.1", "a loopback address"},
                      {"endpointslice b", "127.0.0.1", "a loopback address"},
                      {"spec.externalIPs", "127.0.0.1", "a loopback address"}};
  tally.add(state);
  EXPECT_THAT(tally.refusals(), UnorderedElementsAre(Pair("claim", 0), Pair("endpointslice", 2),
                                                     Pair("spec.externalIPs", 1)));
  tally.remove(state);
  EXPECT_THAT(tally.refusals(), UnorderedElementsAre(Pair("claim", 0), Pair("endpointslice", 0),
                                                     Pair("spec.externalIPs", 0)));
}

TEST(ServiceTally, CountsAClaimAsLostUntilTheWinnerGoes) {
  DesiredState state;
  std::ignore = state.update(claimant("a/newer", 2), asking_for("10.96.0.1"));
  EXPECT_THAT(state.tally().refusals(), UnorderedElementsAre(Pair("claim", 0)));
  std::ignore = state.update(claimant("a/older", 1), asking_for("10.96.0.1"));
  EXPECT_THAT(state.tally().refusals(), UnorderedElementsAre(Pair("claim", 1)));
  std::ignore = state.remove(named("a/older"));
  EXPECT_THAT(state.tally().refusals(), UnorderedElementsAre(Pair("claim", 0)));
}

TEST(ServiceTally, CountsNothingAsLostThatOneServiceNamesTwice) {
  DesiredState state;
  auto twice = asking_for("203.0.113.1", FrontendKind::kLoadBalancer);
  twice.virtual_servers.push_back(
      asking_for("203.0.113.1", FrontendKind::kExternalIp).virtual_servers.front());
  std::ignore = state.update(claimant("a/web"), twice);
  EXPECT_THAT(state.tally().refusals(), UnorderedElementsAre(Pair("claim", 0)));
}

// Services that want the same few addresses, with complaints, come, change, grow older and go.
class RandomServices {
 public:
  explicit RandomServices(unsigned seed) : random_(seed) {
    for (int i = 0; i < 6; ++i) names_.push_back(named("a/s" + std::to_string(i)));
  }

  void change() {
    const auto& name = names_[pick(names_.size())];
    if (pick(4) == 0) {
      std::ignore = state_.remove(name);
    } else {
      std::ignore =
          state_.update(claimant("a/" + name.name, static_cast<int>(pick(3))), any_state());
    }
  }

  void end() {
    for (const auto& name : names_) std::ignore = state_.remove(name);
  }

  [[nodiscard]] const ServiceTally& tally() const { return state_.tally(); }
  [[nodiscard]] Recount recounted() const { return recount(state_, names_); }

 private:
  std::size_t pick(std::size_t count) { return random_() % count; }

  ServiceState any_state() {
    ServiceState made;
    for (auto servers = pick(4); servers > 0; --servers) {
      const auto kind = pick(2) == 0 ? FrontendKind::kClusterIp : FrontendKind::kExternalIp;
      made.virtual_servers.push_back(
          asking_for("10.96.0." + std::to_string(pick(3)), kind).virtual_servers.front());
    }
    for (auto complaints = pick(3); complaints > 0; --complaints) {
      made.complaints.push_back(
          {pick(2) == 0 ? "spec.ports" : "endpointslice " + std::to_string(pick(9)), "", ""});
    }
    made.no_local.internal[pick(2)] = pick(2) == 0;
    made.no_local.external[pick(2)] = pick(2) == 0;
    return made;
  }

  std::mt19937 random_;
  std::vector<kube::NamespacedName> names_;
  DesiredState state_;
};

TEST(ServiceTally, EqualsARecountAfterEveryChange) {
  std::uint64_t most_lost = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    RandomServices services(seed);
    for (int change = 0; change < 300; ++change) {
      services.change();
      ASSERT_EQ(counted(services.tally()), services.recounted()) << "seed " << seed;
      most_lost = std::max(most_lost, services.tally().refusals().at("claim"));
    }
    services.end();
    EXPECT_EQ(counted(services.tally()), Recount{});
  }
  EXPECT_GT(most_lost, 3U) << "nobody contended for anything";
}

}  // namespace
}  // namespace reconcile::test
