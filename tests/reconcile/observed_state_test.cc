#include "reconcile/observed_state.h"

#include <gmock/gmock.h>

#include "builders.h"

namespace reconcile::test {
namespace {

using testing::ElementsAre;

// A reading of virtual servers at port 80 of these addresses, in this order.
ipvs::Observation reading(const std::vector<std::string>& addresses) {
  ipvs::Observation read;
  for (const auto& address : addresses) {
    read.virtual_servers.push_back(
        {.id = tcp(address, 80), .settings = {}, .traffic = {}, .real_servers = {}});
  }
  return read;
}

std::vector<ipvs::VirtualServerId> ids(const std::vector<std::string>& addresses) {
  std::vector<ipvs::VirtualServerId> made;
  for (const auto& address : addresses) made.push_back(tcp(address, 80));
  return made;
}

ipvs::ObservedRealServer seen(const std::string& address, std::int32_t weight,
                              std::uint32_t connections) {
  return {.id = real(address, 8080),
          .settings = {.weight = weight},
          .connections = {.active = connections},
          .traffic = {}};
}

ipvs::Observation reading_of(std::vector<ipvs::ObservedRealServer> real_servers) {
  auto read = reading({"10.96.0.1"});
  read.virtual_servers.front().real_servers = std::move(real_servers);
  return read;
}

// Whatever was known before: the order in which the kernel names them, more, fewer, other settings.
TEST(ObservedState, IsWhatWasReadLast) {
  const std::vector<std::vector<ipvs::ObservedRealServer>> readings{
      {seen("10.0.0.2", 1, 3), seen("10.0.0.1", 1, 4)},
      {seen("10.0.0.2", 1, 5), seen("10.0.0.1", 1, 0)},
      {seen("10.0.0.1", 1, 6), seen("10.0.0.2", 1, 7)},
      {seen("10.0.0.3", 1, 1), seen("10.0.0.2", 1, 2), seen("10.0.0.1", 1, 3)},
      {seen("10.0.0.3", 0, 1), seen("10.0.0.2", 1, 2), seen("10.0.0.1", 1, 3)},
      {seen("10.0.0.4", 1, 1), seen("10.0.0.2", 1, 2), seen("10.0.0.1", 1, 3)},
      {seen("10.0.0.1", 1, 9)},
      {}};
  for (const auto& first : readings) {
    for (const auto& second : readings) {
      ObservedState state;
      state.replace(reading_of(first));
      state.replace(reading_of(second));
      const auto& known = state.virtual_server(tcp("10.96.0.1", 80))->real_servers;
      EXPECT_EQ(known.size(), second.size());
      for (const auto& read : second) {
        ASSERT_TRUE(known.contains(read.id));
        EXPECT_EQ(known.at(read.id).settings, read.settings);
        EXPECT_EQ(known.at(read.id).connections.active, read.connections.active);
      }
    }
  }
}

TEST(ObservedState, CountsAnewWhatWasReadAfterItWasChanged) {
  ObservedState state;
  state.replace(reading_of({seen("10.0.0.1", 1, 0)}));
  state.absorb(ipvs::EditRealServer{tcp("10.96.0.1", 80), real("10.0.0.1", 8080), {.weight = 0}});
  const auto is_idle = [&] {
    return state.virtual_server(tcp("10.96.0.1", 80))->real_servers.begin()->second.idle();
  };
  EXPECT_FALSE(is_idle());
  state.replace(reading_of({seen("10.0.0.1", 0, 0)}));
  EXPECT_TRUE(is_idle());
}

TEST(ObservedState, ForgetsWhatIsNotReadAnyMore) {
  ObservedState state;
  state.replace(reading({"10.96.0.3", "10.96.0.1", "10.96.0.2"}));
  state.replace(reading({"10.96.0.4", "10.96.0.2"}));
  EXPECT_EQ(state.foreign(), ids({"10.96.0.2", "10.96.0.4"}));
}

TEST(ObservedState, PutsBackFirstWhatWasReadLast) {
  ObservedState state;
  state.replace(reading({"10.96.0.3", "10.96.0.1", "10.96.0.2"}));
  state.replace(reading({}));
  auto scope = ids({"10.96.0.1", "10.96.0.2", "10.96.0.3", "10.96.0.4"});
  state.put_vanished_first(scope);
  EXPECT_EQ(scope, ids({"10.96.0.2", "10.96.0.1", "10.96.0.3", "10.96.0.4"}));
}

TEST(ObservedState, CountsWhatWasAddedSinceItWasRead) {
  ObservedState state;
  state.replace(reading({"10.96.0.1"}));
  EXPECT_EQ(state.unread(), 0U);
  state.absorb(ipvs::AddVirtualServer{tcp("10.96.0.2", 80), {}});
  state.absorb(ipvs::DeleteVirtualServer{tcp("10.96.0.1", 80)});
  state.absorb(ipvs::AddVirtualServer{tcp("10.96.0.3", 80), {}});
  EXPECT_EQ(state.unread(), 2U);
  state.replace(reading({"10.96.0.3", "10.96.0.2"}));
  EXPECT_EQ(state.unread(), 0U);
}

TEST(ObservedState, LeavesTheOrderWhereNothingVanished) {
  ObservedState state;
  state.replace(reading({"10.96.0.3", "10.96.0.1"}));
  state.replace(reading({"10.96.0.3", "10.96.0.1", "10.96.0.2"}));
  auto scope = ids({"10.96.0.1", "10.96.0.2", "10.96.0.3"});
  state.put_vanished_first(scope);
  EXPECT_EQ(scope, ids({"10.96.0.1", "10.96.0.2", "10.96.0.3"}));
}

TEST(ObservedState, DoesNotAskForWhatIsOutOfScope) {
  ObservedState state;
  state.replace(reading({"10.96.0.1", "10.96.0.2"}));
  state.replace(reading({}));
  auto scope = ids({"10.96.0.2"});
  state.put_vanished_first(scope);
  EXPECT_THAT(scope, ElementsAre(tcp("10.96.0.2", 80)));
}

}  // namespace
}  // namespace reconcile::test
