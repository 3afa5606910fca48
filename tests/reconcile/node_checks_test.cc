// What `kube-ipvs check` says of a node: one that is well, and each thing that can be wrong with
// it.
#include "reconcile/node_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <sstream>

#include "builders.h"
#include "tests/source_root.h"

namespace reconcile::test {
namespace {

using testing::Each;
using testing::Field;
using testing::HasSubstr;

NodeReading well() {
  NodeReading node;
  node.proc_version = "Linux version 7.2.1 (me@here) (gcc 14) #1 SMP Tue";
  node.scheduler_error = "";
  node.sysctls = {{"net/netfilter/nf_conntrack_count", "10"},
                  {"net/netfilter/nf_conntrack_max", "262144"},
                  {"net/ipv4/vs/conn_reuse_mode", "1"},
                  {"net/ipv4/conf/all/route_localnet", "0"}};
  node.api_servers = {ip("192.0.2.1")};
  node.service_addresses = {ip("10.96.0.1")};
  node.permissions = {{.what = "list services", .refusal = ""}};
  return node;
}

CheckResult result_of(const std::string& id, const NodeReading& node, CheckQuestion question = {}) {
  const auto results = judge(node, question);
  const auto found = std::ranges::find(results, id, &CheckResult::id);
  EXPECT_NE(found, results.end()) << id;
  return found == results.end() ? CheckResult{} : *found;
}

TEST(NodeChecks, AreAllGoodOnANodeThatIsWell) {
  EXPECT_THAT(judge(well(), {}), Each(Field(&CheckResult::verdict, Verdict::kGood)));
}

struct Fault {
  std::string id;
  std::function<void(NodeReading&)> befall;
  Verdict verdict;
  std::string why;
};

class NodeFaults : public testing::TestWithParam<Fault> {};

TEST_P(NodeFaults, AreNamedWithReasonAndRemedy) {
  auto node = well();
  GetParam().befall(node);
  const auto result = result_of(GetParam().id, node);
  EXPECT_EQ(result.verdict, GetParam().verdict);
  EXPECT_THAT(result.why, HasSubstr(GetParam().why));
  EXPECT_EQ(result.remedy.empty(), result.verdict == Verdict::kSkipped);
}

TEST_P(NodeFaults, ChangeNoOtherVerdict) {
  auto node = well();
  GetParam().befall(node);
  auto others = judge(node, {});
  std::erase_if(others, [](const auto& result) {
    return result.id == GetParam().id || result.verdict == Verdict::kSkipped;
  });
  EXPECT_THAT(others, Each(Field(&CheckResult::verdict, Verdict::kGood)));
}

INSTANTIATE_TEST_SUITE_P(
    Each, NodeFaults,
    testing::Values(
        Fault{"LB001", [](auto& node) { node.door_error = "cannot find IPVS"; }, Verdict::kBad,
              "cannot find IPVS"},
        Fault{"LB002", [](auto& node) { node.proc_version = "no Linux"; }, Verdict::kSkipped,
              "does not tell"},
        Fault{"LB003",
              [](auto& node) {
                node.proc_version = "Linux version 7.2.1 (a) #1 SMP Debian 6.1.182-1 (2026)";
              },
              Verdict::kWarning, "CVE-2026-74724"},
        Fault{"LB004", [](auto& node) { node.scheduler_error = "No such file"; }, Verdict::kBad,
              "No such file"},
        Fault{"LB004", [](auto& node) { node.scheduler_error.reset(); }, Verdict::kSkipped,
              "CAP_SYS_ADMIN"},
        Fault{"LB005", [](auto& node) { node.unset = {"sysctl -w net/ipv4/ip_forward=1"}; },
              Verdict::kWarning, "net/ipv4/ip_forward=1"},
        Fault{"LB006",
              [](auto& node) { node.sysctls["net/netfilter/nf_conntrack_count"] = "250000"; },
              Verdict::kWarning, "250000 of 262144"},
        Fault{"LB007", [](auto& node) { node.bridges = {"cni0"}; }, Verdict::kWarning,
              "cni0 (net/bridge/bridge-nf-call-iptables is not there)"},
        Fault{"LB007",
              [](auto& node) {
                node.bridges = {"cni0"};
                node.sysctls["net/bridge/bridge-nf-call-iptables"] = "0";
              },
              Verdict::kWarning, "is 0"},
        Fault{"LB008", [](auto& node) { node.sysctls["net/ipv4/vs/conn_reuse_mode"] = "0"; },
              Verdict::kWarning, "conn_reuse_mode"},
        Fault{"LB009", [](auto& node) { node.processes = {"kube-proxy"}; }, Verdict::kWarning,
              "kube-proxy runs"},
        Fault{"LB009", [](auto& node) { node.kube_proxy_leftovers = 3; }, Verdict::kWarning,
              "3 chains"},
        Fault{"LB010", [](auto& node) { node.processes = {"speaker"}; }, Verdict::kWarning,
              "MetalLB"},
        Fault{"LB011", [](auto& node) { node.api_servers = {ip("10.96.0.1")}; }, Verdict::kBad,
              "10.96.0.1 is a Service's address"},
        Fault{"LB011", [](auto& node) { node.access_error = "no kubeconfig"; }, Verdict::kSkipped,
              "no kubeconfig"},
        Fault{"LB012", [](auto& node) { node.sysctls["net/ipv4/conf/all/route_localnet"] = "1"; },
              Verdict::kWarning, "CVE-2020-8558"},
        Fault{"LB013", [](auto& node) { node.sync_daemons = 1; }, Verdict::kWarning,
              "a sync daemon"},
        Fault{"LB020",
              [](auto& node) {
                node.permissions = {{"list services", "403 Forbidden", "add to the ClusterRole"}};
              },
              Verdict::kBad, "403 Forbidden"},
        Fault{"LB020",
              [](auto& node) {
                node.permissions = {{.what = "create events",
                                     .refusal = "403 Forbidden",
                                     .remedy = "add to the ClusterRole",
                                     .optional = true}};
              },
              Verdict::kWarning, "403 Forbidden"}),
    [](const auto& fault) { return fault.param.id + "_" + std::to_string(fault.index); });

TEST(NodeChecks, ThatAKernelIsTooOldIsBad) {
  auto node = well();
  node.proc_version = "Linux version 5.4.300 (me@here) (gcc 9) #1 SMP Tue";
  EXPECT_EQ(result_of("LB002", node).verdict, Verdict::kBad);
}

TEST(NodeChecks, BeforeTheInstallationAKubeProxyIsWhatOneTakesOver) {
  auto node = well();
  node.processes = {"kube-proxy"};
  node.unset = {"sysctl -w net/ipv4/vs/conntrack=1"};
  EXPECT_EQ(result_of("LB009", node, {.before_install = true}).verdict, Verdict::kSkipped);
  EXPECT_EQ(result_of("LB005", node, {.before_install = true}).verdict, Verdict::kSkipped);
}

TEST(NodeChecks, BridgesWhoseTrafficNetfilterSeesAreFine) {
  auto node = well();
  node.bridges = {"cni0"};
  node.sysctls["net/bridge/bridge-nf-call-iptables"] = "1";
  EXPECT_EQ(result_of("LB007", node).verdict, Verdict::kGood);
}

TEST(NodeChecks, StrictArpIsWhatMetalLbNeeds) {
  auto node = well();
  node.processes = {"speaker"};
  EXPECT_EQ(result_of("LB010", node, {.strict_arp = true}).verdict, Verdict::kGood);
}

TEST(NodeChecks, AreALineEachAndASum) {
  auto node = well();
  node.door_error = "cannot find IPVS";
  const auto text = checks_text(judge(node, {}));
  EXPECT_THAT(text, HasSubstr("bad      LB001   IPVS and nftables can be used\n"
                              "                 cannot find IPVS\n"
                              "                 Run this as root"));
  EXPECT_THAT(text, HasSubstr("ok       LB002   the kernel is new enough\n"));
  EXPECT_THAT(text, HasSubstr("\n11 ok, 0 warnings, 1 bad, 2 skipped\n"));
}

TEST(NodeChecks, HaveASectionEachInTheCatalogue) {
  std::stringstream catalogue;
  catalogue << std::ifstream(source_root() / "manifests/checks.md").rdbuf();
  for (const auto& result : judge(well(), {})) {
    if (result.id >= "LB020") continue;  // one section for all permissions
    EXPECT_THAT(catalogue.str(), HasSubstr("## " + result.id + " "));
  }
  EXPECT_THAT(catalogue.str(), HasSubstr("## LB020"));
}

}  // namespace
}  // namespace reconcile::test
