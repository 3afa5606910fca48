// Traffic by Service: whatever the kernel's counters do, the sums grow, and few have a name.
#include "reconcile/service_traffic.h"

#include <gmock/gmock.h>

#include "tests/reconcile/builders.h"

namespace reconcile::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class AServiceTraffic : public testing::Test {
 protected:
  // The Service `name` at 10.96.0.`place`.
  void serve(const std::string& name, int place) {
    ServiceState state;
    state.virtual_servers.push_back({.id = at(place)});
    std::ignore = desired.update({.service = named(name)}, std::move(state));
  }

  static ipvs::VirtualServerId at(int place) { return tcp("10.96.0." + std::to_string(place), 80); }

  // The counters now: `packets` in at each place, and twice as many bytes.
  void read(const std::map<int, std::uint64_t>& packets) {
    std::vector<ipvs::ObservedVirtualServer> servers;
    for (const auto& [place, count] : packets) {
      servers.push_back(
          {.id = at(place),
           .settings = {},
           .traffic = {.connections = count, .packets_in = count, .bytes_in = 2 * count},
           .real_servers = {}});
    }
    traffic.observed(servers, desired);
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, totals] : traffic.named()) names.push_back(kube::to_string(name));
    return names;
  }
  std::uint64_t packets_of(const std::string& name) const {
    return traffic.named().at(named(name)).packets_in;
  }

  DesiredState desired;
  ServiceTraffic traffic{2};
};

TEST_F(AServiceTraffic, IsWhatTheKernelHasCounted) {
  serve("a/web", 1);
  read({{1, 10}});
  read({{1, 25}});
  const auto& totals = traffic.named().at(named("a/web"));
  EXPECT_EQ(totals.packets_in, 25U);
  EXPECT_EQ(totals.connections, 25U);
  EXPECT_EQ(totals.bytes_in, 50U);
  EXPECT_EQ(traffic.others(), ServiceTraffic::Totals{});
}

TEST_F(AServiceTraffic, SumsUpAllVirtualServersOfAService) {
  ServiceState state;
  for (const int place : {1, 2}) state.virtual_servers.push_back({.id = at(place)});
  std::ignore = desired.update({.service = named("a/web")}, std::move(state));
  read({{1, 10}, {2, 5}});
  EXPECT_EQ(packets_of("a/web"), 15U);
}

TEST_F(AServiceTraffic, GrowsOnWhenAVirtualServerIsMadeAnew) {
  serve("a/web", 1);
  read({{1, 100}});
  read({{1, 3}});
  EXPECT_EQ(packets_of("a/web"), 103U);
}

TEST_F(AServiceTraffic, NamesNobodyWhoCarriesNothingAndNobodysVirtualServers) {
  serve("a/web", 1);
  read({{1, 0}, {9, 1000}});
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_EQ(traffic.others(), ServiceTraffic::Totals{});
}

TEST_F(AServiceTraffic, NamesTheBusiestAndSumsUpTheOthers) {
  serve("a/one", 1);
  serve("a/two", 2);
  serve("a/three", 3);
  serve("a/four", 4);
  read({{1, 10}, {2, 1000}, {3, 20}, {4, 2000}});
  EXPECT_THAT(names(), ElementsAre("a/four", "a/two"));
  EXPECT_EQ(traffic.others().packets_in, 30U);
}

TEST_F(AServiceTraffic, KeepsANameUntilAnotherIsMuchBusier) {
  serve("a/one", 1);
  serve("a/two", 2);
  serve("a/three", 3);
  read({{1, 1000}, {2, 1000}});
  read({{1, 2000}, {2, 2000}, {3, 1900}});
  EXPECT_THAT(names(), ElementsAre("a/one", "a/two"));
  EXPECT_EQ(traffic.others().packets_in, 1900U);
  read({{1, 3000}, {2, 2000}, {3, 9000}});
  EXPECT_THAT(names(), ElementsAre("a/one", "a/three")) << "the quietest makes room";
  EXPECT_EQ(packets_of("a/three"), 7100U) << "counted since it is named";
  EXPECT_EQ(traffic.others().packets_in, 1900U) << "and the sum of the others never goes back";
}

TEST_F(AServiceTraffic, ForgetsAServiceThatIsGone) {
  serve("a/one", 1);
  read({{1, 1000}});
  std::ignore = desired.remove(named("a/one"));
  read({{1, 1000}});
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(AServiceTraffic, NamesNobodyWithALimitOfNone) {
  traffic = ServiceTraffic(0);
  serve("a/one", 1);
  read({{1, 1000}});
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_EQ(traffic.others().packets_in, 1000U);
}

}  // namespace
}  // namespace reconcile::test
