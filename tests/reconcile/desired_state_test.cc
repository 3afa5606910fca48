#include "reconcile/desired_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace reconcile::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Claimant claimant(const std::string& name, int age = 0) {
  return {std::chrono::sys_seconds(std::chrono::seconds(age)), "uid-" + name, named(name)};
}

ServiceState asking(const std::string& address, std::uint16_t port, const std::string& endpoint) {
  ServiceState state;
  state.addresses = {ip(address)};
  state.elements = {{.set = ipvs::SetName::kServiceAddresses, .address = ip(address)}};
  state.virtual_servers = {
      {.id = tcp(address, port), .settings = {}, .real_servers = {{real(endpoint, 1), {}}}}};
  return state;
}

TEST(DesiredState, NamesTheKeysOfAnUpdateAndNoOthers) {
  DesiredState state;
  std::ignore = state.update(claimant("a/other"), asking("10.96.0.9", 80, "10.0.0.9"));
  const auto scope = state.update(claimant("a/web"), asking("10.96.0.1", 80, "10.0.0.1"));
  EXPECT_THAT(scope.virtual_servers, ElementsAre(tcp("10.96.0.1", 80)));
  EXPECT_THAT(scope.addresses, ElementsAre(ip("10.96.0.1")));
}

TEST(DesiredState, HasAnEmptyScopeWhenNothingChanged) {
  DesiredState state;
  std::ignore = state.update(claimant("a/web"), asking("10.96.0.1", 80, "10.0.0.1"));
  EXPECT_TRUE(state.update(claimant("a/web"), asking("10.96.0.1", 80, "10.0.0.1")).empty());
}

TEST(DesiredState, NamesOnlyTheVirtualServerWhoseEndpointsChanged) {
  const auto two_ports = [](const std::string& endpoint) {
    auto asks = asking("10.96.0.1", 80, "10.0.0.1");
    const auto other = asking("10.96.0.1", 81, endpoint);
    asks.virtual_servers.push_back(other.virtual_servers.front());
    return asks;
  };
  DesiredState state;
  std::ignore = state.update(claimant("a/web"), two_ports("10.0.0.1"));
  const auto scope = state.update(claimant("a/web"), two_ports("10.0.0.2"));
  EXPECT_THAT(scope.virtual_servers, ElementsAre(tcp("10.96.0.1", 81)));
  EXPECT_THAT(scope.addresses, IsEmpty());
  EXPECT_THAT(scope.elements, IsEmpty());
  EXPECT_EQ(state.virtual_server(tcp("10.96.0.1", 81))->real_servers.front().first,
            real("10.0.0.2", 1));
}

TEST(DesiredState, NamesOldAndNewKeysWhenAnAddressChanges) {
  DesiredState state;
  std::ignore = state.update(claimant("a/web"), asking("10.96.0.1", 80, "10.0.0.1"));
  const auto scope = state.update(claimant("a/web"), asking("10.96.0.2", 80, "10.0.0.1"));
  EXPECT_THAT(scope.addresses, ElementsAre(ip("10.96.0.1"), ip("10.96.0.2")));
  EXPECT_FALSE(state.wants(ip("10.96.0.1")));
  EXPECT_TRUE(state.wants(ip("10.96.0.2")));
}

TEST(DesiredState, GivesAContestedAddressToTheOlderServiceWhateverTheOrder) {
  for (const bool older_first : {true, false}) {
    DesiredState state;
    const auto put_older = [&] {
      std::ignore = state.update(claimant("z/older", 1), asking("10.96.0.1", 80, "10.0.0.1"));
    };
    const auto put_newer = [&] {
      std::ignore = state.update(claimant("a/newer", 2), asking("10.96.0.1", 80, "10.0.0.2"));
    };
    if (older_first) put_older();
    put_newer();
    if (!older_first) put_older();
    EXPECT_EQ(state.virtual_server(tcp("10.96.0.1", 80))->real_servers.front().first,
              real("10.0.0.1", 1));
    EXPECT_THAT(state.losers(tcp("10.96.0.1", 80)), ElementsAre(named("a/newer")));
  }
}

TEST(DesiredState, PassesAContestedAddressOnWhenTheWinnerGoes) {
  DesiredState state;
  std::ignore = state.update(claimant("a/older", 1), asking("10.96.0.1", 80, "10.0.0.1"));
  std::ignore = state.update(claimant("a/newer", 2), asking("10.96.0.1", 80, "10.0.0.2"));
  const auto scope = state.remove(named("a/older"));
  EXPECT_THAT(scope.virtual_servers, ElementsAre(tcp("10.96.0.1", 80)));
  EXPECT_EQ(state.virtual_server(tcp("10.96.0.1", 80))->real_servers.front().first,
            real("10.0.0.2", 1));
  EXPECT_TRUE(state.wants(ip("10.96.0.1")));
  EXPECT_THAT(state.losers(tcp("10.96.0.1", 80)), IsEmpty());
}

TEST(DesiredState, KeepsASharedAddressUntilTheLastServiceLetsGo) {
  DesiredState state;
  std::ignore = state.update(claimant("a/one"), asking("10.96.0.1", 80, "10.0.0.1"));
  std::ignore = state.update(claimant("a/two"), asking("10.96.0.1", 81, "10.0.0.1"));
  std::ignore = state.remove(named("a/one"));
  EXPECT_TRUE(state.wants(ip("10.96.0.1")));
  std::ignore = state.remove(named("a/two"));
  EXPECT_FALSE(state.wants(ip("10.96.0.1")));
  EXPECT_TRUE(state.everything().empty());
}

TEST(DesiredState, SurvivesAServiceThatNamesAPortTwice) {
  DesiredState state;
  auto twice = asking("10.96.0.1", 80, "10.0.0.1");
  twice.virtual_servers.push_back(twice.virtual_servers.front());
  std::ignore = state.update(claimant("a/web"), twice);
  std::ignore = state.remove(named("a/web"));
  EXPECT_EQ(state.virtual_server(tcp("10.96.0.1", 80)), nullptr);
}

TEST(DesiredState, KnowsNothingOfAServiceItNeverSaw) {
  DesiredState state;
  EXPECT_TRUE(state.remove(named("a/none")).empty());
}

}  // namespace
}  // namespace reconcile::test
