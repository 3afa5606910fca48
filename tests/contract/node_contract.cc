// The promises about kube-ipvs0, its addresses and our nftables table.
#include <algorithm>
#include <cerrno>

#include "tests/contract/kernel_contract.h"
#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)

const VirtualServerId kWeb = tcp("10.96.0.1", 443);

std::vector<Address> sorted(std::vector<Address> addresses) {
  std::sort(addresses.begin(), addresses.end());
  return addresses;
}

std::vector<SetElement> sorted(std::vector<SetElement> elements) {
  std::sort(elements.begin(), elements.end());
  return elements;
}

std::vector<SetElement> one_of_each() {
  return sorted({service_address("10.96.0.1"), service_address("fd00:10:96::1"), service_port(kWeb),
                 service_port(udp("10.96.0.1", 443)), service_port(sctp("fd00:10:96::1", 9)),
                 hairpin("10.244.1.2"), hairpin("fd00:10:244:1::2"),
                 in_set(SetName::kNodePorts, tcp("192.0.2.1", 30080)),
                 in_set(SetName::kMasqueradePorts, udp("fd00:50::1", 30080)),
                 cluster_address("10.96.0.1"), pod_range("10.244.0.0", 16),
                 pod_range("fd00:10:244::", 48), in_set(SetName::kInsidePorts, kWeb),
                 in_set(SetName::kRestrictedPorts, kWeb), source_range(kWeb, "192.0.2.0", 24),
                 source_range(tcp("fd00:10:96::1", 443), "2001:db8::", 33),
                 health_port("0.0.0.0", 31000), health_port("::", 31000)});
}

std::vector<Step> steps_to_add(const std::vector<SetElement>& elements) {
  std::vector<Step> steps;
  steps.reserve(elements.size());
  for (const SetElement& element : elements) steps.push_back(AddElement{element});
  return steps;
}

TEST_P(KernelContract, CreatesTheLinkOnce) {
  EXPECT_EQ(write_all({CreateLink{}, CreateLink{}}), (std::vector{0, EEXIST}));
  EXPECT_TRUE(observe().link_present);
}

TEST_P(KernelContract, BindsNoAddressWithoutTheLink) {
  EXPECT_EQ(write(BindAddress{ip("10.96.0.1")}), ENODEV);
}

TEST_P(KernelContract, BindsAndUnbindsAddressesOfBothFamilies) {
  EXPECT_EQ(write_all({CreateLink{}, BindAddress{ip("10.96.0.1")}, BindAddress{ip("10.96.0.10")},
                       BindAddress{ip("fd00:10:96::1")}}),
            (std::vector{0, 0, 0, 0}));
  EXPECT_EQ(sorted(observe().bound),
            (std::vector{ip("10.96.0.1"), ip("10.96.0.10"), ip("fd00:10:96::1")}));
  EXPECT_EQ(write_all({UnbindAddress{ip("10.96.0.1")}, UnbindAddress{ip("fd00:10:96::1")}}),
            (std::vector{0, 0}));
  EXPECT_EQ(observe().bound, std::vector{ip("10.96.0.10")});
}

TEST_P(KernelContract, RefusesAnAddressThatIsBound) {
  EXPECT_EQ(write_all({CreateLink{}, BindAddress{ip("10.96.0.1")}, BindAddress{ip("10.96.0.1")},
                       BindAddress{ip("fd00::1")}, BindAddress{ip("fd00::1")}}),
            (std::vector{0, 0, EEXIST, 0, EEXIST}));
}

TEST_P(KernelContract, RefusesToUnbindAnAddressThatIsNotBound) {
  EXPECT_EQ(write_all({CreateLink{}, UnbindAddress{ip("10.96.0.1")}, UnbindAddress{ip("fd00::1")}}),
            (std::vector{0, EADDRNOTAVAIL, EADDRNOTAVAIL}));
}

TEST_P(KernelContract, KnowsTheNodesOwnAddressesFromTheBoundOnes) {
  EXPECT_EQ(write_all({CreateLink{}, BindAddress{ip("10.96.0.1")}, BindAddress{ip("fd00::1")}}),
            (std::vector{0, 0, 0}));
  EXPECT_EQ(observe().node_addresses,
            (std::vector<NodeAddress>{{ip("127.0.0.1"), "lo"}, {ip("::1"), "lo"}}));
}

TEST_P(KernelContract, ForgetsNoFlowWithoutError) {
  EXPECT_EQ(write_all({ForgetFlows{.id = udp("10.96.0.10", 53), .keep = {}},
                       ForgetFlows{.id = udp("fd00::10", 53),
                                   .keep = {real_server("fd00:10:244:1::2", 53)}}}),
            (std::vector{0, 0}));
}

TEST_P(KernelContract, InstallsTheRulesAndAgainWithoutHarm) {
  EXPECT_EQ(write_all({InstallRules{}, InstallRules{}}), (std::vector{0, 0}));
  EXPECT_TRUE(observe().rules_intact);
  EXPECT_TRUE(observe().elements.empty());
}

TEST_P(KernelContract, RefusesElementsWithoutTheTable) {
  EXPECT_EQ(write_all({AddElement{service_address("10.96.0.1")},
                       DeleteElement{service_address("10.96.0.1")}}),
            (std::vector{ENOENT, ENOENT}));
}

TEST_P(KernelContract, ReadsBackAnElementOfEverySet) {
  EXPECT_EQ(write(InstallRules{}), 0);
  EXPECT_EQ(write_all(steps_to_add(one_of_each())), std::vector<int>(one_of_each().size(), 0));
  EXPECT_EQ(sorted(observe().elements), one_of_each());
  EXPECT_TRUE(observe().rules_intact);
}

TEST_P(KernelContract, TakesAnElementTwice) {
  const Step step = AddElement{service_port(kWeb)};
  EXPECT_EQ(write_all({InstallRules{}, step, step}), (std::vector{0, 0, 0}));
  EXPECT_EQ(observe().elements.size(), 1U);
}

TEST_P(KernelContract, RefusesARangeInsideAnother) {
  EXPECT_EQ(write_all({InstallRules{}, AddElement{pod_range("10.0.0.0", 8)},
                       AddElement{pod_range("10.1.0.0", 16)}, AddElement{pod_range("fd00::", 8)}}),
            (std::vector{0, 0, ENOTEMPTY, 0}));
}

TEST_P(KernelContract, ReplacesARangeByOneInsideIt) {
  EXPECT_EQ(
      write_all({InstallRules{}, AddElement{pod_range("10.0.0.0", 8)},
                 DeleteElement{pod_range("10.0.0.0", 8)}, AddElement{pod_range("10.0.0.0", 16)}}),
      (std::vector{0, 0, 0, 0}));
  EXPECT_EQ(observe().elements, std::vector{pod_range("10.0.0.0", 16)});
}

TEST_P(KernelContract, BeginsWithTheKernelsTimeouts) {
  EXPECT_EQ(observe().timeouts, (Timeouts{.tcp = std::chrono::seconds(900),
                                          .tcp_fin = std::chrono::seconds(120),
                                          .udp = std::chrono::seconds(300)}));
}

TEST_P(KernelContract, SetsTheTimeoutsThatAreNamed) {
  EXPECT_EQ(
      write(SetTimeouts{{.tcp = std::chrono::seconds(86400), .udp = std::chrono::seconds(5)}}), 0);
  EXPECT_EQ(observe().timeouts, (Timeouts{.tcp = std::chrono::seconds(86400),
                                          .tcp_fin = std::chrono::seconds(120),
                                          .udp = std::chrono::seconds(5)}));
}

TEST_P(KernelContract, ReadsTheSysctlsItIsToldAndWritesThem) {
  EXPECT_EQ(observe().sysctls, (std::vector<SysctlReading>{{kSysctl, "0"}, {kNoSysctl, {}}}));
  EXPECT_EQ(write_all({WriteSysctl{kSysctl, "1"}, WriteSysctl{kNoSysctl, "1"}}),
            (std::vector{0, ENOENT}));
  EXPECT_EQ(observe().sysctls, (std::vector<SysctlReading>{{kSysctl, "1"}, {kNoSysctl, {}}}));
}

TEST_P(KernelContract, DeletesOnlyTheNamedElement) {
  EXPECT_EQ(write_all({InstallRules{}, AddElement{service_port(kWeb)},
                       AddElement{service_port(udp("10.96.0.1", 443))},
                       DeleteElement{service_port(kWeb)}}),
            (std::vector{0, 0, 0, 0}));
  EXPECT_EQ(observe().elements, std::vector{service_port(udp("10.96.0.1", 443))});
}

TEST_P(KernelContract, RefusesToDeleteAnElementThatIsNotThereAndGoesOn) {
  EXPECT_EQ(
      write_all({InstallRules{}, AddElement{service_address("10.96.0.1")},
                 DeleteElement{hairpin("10.244.1.2")}, AddElement{service_address("10.96.0.2")}}),
      (std::vector{0, 0, ENOENT, 0}));
  EXPECT_EQ(sorted(observe().elements),
            (std::vector{service_address("10.96.0.1"), service_address("10.96.0.2")}));
}

TEST_P(KernelContract, KeepsTheElementsWhenTheRulesAreInstalledAgain) {
  EXPECT_EQ(write_all({InstallRules{}, AddElement{hairpin("10.244.1.2")}, InstallRules{}}),
            (std::vector{0, 0, 0}));
  EXPECT_EQ(observe().elements, std::vector{hairpin("10.244.1.2")});
}

TEST_P(KernelContract, KeepsTheOrderAcrossAllKindsOfSteps) {
  EXPECT_EQ(
      write_all({add(kWeb), BindAddress{kWeb.address}, CreateLink{}, BindAddress{kWeb.address},
                 AddElement{service_port(kWeb)}, InstallRules{}, AddElement{service_port(kWeb)},
                 DeleteVirtualServer{kWeb}, UnbindAddress{kWeb.address}}),
      (std::vector{0, ENODEV, 0, 0, ENOENT, 0, 0, 0, 0}));
  const Observation seen = observe();
  EXPECT_TRUE(seen.virtual_servers.empty());
  EXPECT_TRUE(seen.bound.empty());
  EXPECT_EQ(seen.elements, std::vector{service_port(kWeb)});
}

}  // namespace
