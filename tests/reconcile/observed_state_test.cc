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

TEST(ObservedState, PutsBackFirstWhatWasReadLast) {
  ObservedState state;
  state.replace(reading({"10.96.0.3", "10.96.0.1", "10.96.0.2"}));
  state.replace(reading({}));
  auto scope = ids({"10.96.0.1", "10.96.0.2", "10.96.0.3", "10.96.0.4"});
  state.put_vanished_first(scope);
  EXPECT_EQ(scope, ids({"10.96.0.2", "10.96.0.1", "10.96.0.3", "10.96.0.4"}));
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
