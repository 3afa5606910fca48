// kube-proxy's configuration file, field by field, and `config check`'s report of it.
#include "reconcile/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconcile/config_field.h"
#include "reconcile/did_you_mean.h"
#include "tests/reconcile/kube_proxy.h"

namespace reconcile {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kHead =
    "apiVersion: kubeproxy.config.k8s.io/v1alpha1\n"
    "kind: KubeProxyConfiguration\n";

ConfigFile read(const std::string& fields) {
  auto file = read_config(kHead + fields);
  EXPECT_TRUE(file) << file.error();
  return file.value_or(ConfigFile());
}

// What kubeadm writes, shortened to a field of each kind.
constexpr const char* kKubeadm =
    "apiVersion: kubeproxy.config.k8s.io/v1alpha1\n"
    "bindAddress: 0.0.0.0\n"
    "bindAddressHardFail: false\n"
    "clientConnection:\n"
    "  acceptContentTypes: \"\"\n"
    "  burst: 0\n"
    "  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf\n"
    "  qps: 0\n"
    "clusterCIDR: 10.244.0.0/16,fd00:10:244::/56\n"
    "configSyncPeriod: 0s\n"
    "conntrack:\n"
    "  maxPerCore: null\n"
    "  tcpBeLiberal: false\n"
    "  tcpEstablishedTimeout: null\n"
    "detectLocal:\n"
    "  bridgeInterface: \"\"\n"
    "detectLocalMode: \"\"\n"
    "enableProfiling: false\n"
    "healthzBindAddress: \"\"\n"
    "hostnameOverride: \"\"\n"
    "ipvs:\n"
    "  excludeCIDRs: null\n"
    "  scheduler: \"\"\n"
    "  strictARP: true\n"
    "  syncPeriod: 0s\n"
    "kind: KubeProxyConfiguration\n"
    "mode: ipvs\n"
    "nodePortAddresses: null\n"
    "oomScoreAdj: null\n";

TEST(ConfigFile, TakesWhatKubeadmWritesWithItsEmptyValuesForDefaults) {
  const auto file = read_config(kKubeadm);
  ASSERT_TRUE(file) << file.error();
  EXPECT_FALSE(file->refused());
  EXPECT_EQ(file->config.kubeconfig, "/var/lib/kube-proxy/kubeconfig.conf");
  EXPECT_THAT(file->config.cluster_cidrs, ElementsAre("10.244.0.0/16", "fd00:10:244::/56"));
  EXPECT_TRUE(file->config.strict_arp);
  EXPECT_EQ(file->config.sync_period, 30s);
  EXPECT_EQ(file->config.scheduler, "rr");
  EXPECT_EQ(file->config.healthz_bind_address, "0.0.0.0:10256");
  EXPECT_EQ(file->config.conntrack.max_per_core, 32'768);
  EXPECT_EQ(file->config.oom_score_adj, -999);
}

TEST(ConfigFile, TakesKubeadmsConfigMapAsItIs) {
  std::string indented;
  std::istringstream lines(kKubeadm);
  for (std::string line; std::getline(lines, line);) indented += "    " + line + "\n";
  const auto file = read_config(
      "apiVersion: v1\n"
      "kind: ConfigMap\n"
      "metadata: {name: kube-proxy, namespace: kube-system}\n"
      "data:\n"
      "  config.conf: |-\n" +
      indented + "  kubeconfig.conf: \"apiVersion: v1\"\n");
  ASSERT_TRUE(file) << file.error();
  EXPECT_TRUE(file->config.strict_arp);
}

TEST(ConfigFile, KnowsEveryFieldOfTheRealKubeProxy) {
  // YAML is a superset of JSON; the recorded answer wraps the configuration into one more object.
  const auto answer = kube_proxy::recorded("configz.json");
  const auto begin = answer.find('{', 1);
  const auto file = read_config(answer.substr(begin, answer.rfind('}') - begin));
  ASSERT_TRUE(file) << file.error();
  for (const auto& finding : file->findings) {
    EXPECT_NE(finding.kind, FindingKind::kUnknown) << finding.path;
    EXPECT_NE(finding.kind, FindingKind::kRefused) << finding.path << ": " << finding.text;
  }
  EXPECT_EQ(file->config.node_name, "node-1");
  EXPECT_EQ(file->config.conntrack.max_per_core, 0);
}

TEST(ConfigFile, ReportsEachFieldAndWhatBecomesOfIt) {
  EXPECT_EQ(
      config_report(read("mode: nftables\n"
                         "ipvs:\n"
                         "  schedular: lc\n"
                         "  minSyncPeriod: 2s\n"
                         "  excludeCIDRs: [10.0.0.0/8, fd00::/8]\n"
                         "  udpTimeout: soon\n"
                         "featureGates: {AllowServiceExternalIPs: false}\n"
                         "grace: 5\n")),
      "refused    mode: nftables  # 'nftables' is not served by this program, which is a "
      "service proxy on IPVS only; set it to ipvs, or run kube-proxy\n"
      "unknown    ipvs.schedular: lc  # did you mean ipvs.scheduler?\n"
      "no effect  ipvs.minSyncPeriod: 2s  # every change is written by itself, at once\n"
      "honoured   ipvs.excludeCIDRs: 10.0.0.0/8,fd00::/8\n"
      "refused    ipvs.udpTimeout: soon  # 'soon' is no duration; write it like 30s, 1m30s or "
      "500ms\n"
      "honoured   featureGates: AllowServiceExternalIPs=false\n"
      "unknown    grace: 5  # kube-proxy has no such field\n"
      "2 honoured, 1 without effect, 2 refused, 2 unknown; all else has its default.\n");
}

TEST(ConfigFile, SaysWhyATextIsNone) {
  EXPECT_THAT(read_config("a: [").error(), HasSubstr("it is no YAML"));
  EXPECT_THAT(read_config("").error(), HasSubstr("it holds no kubeproxy.config.k8s.io/v1alpha1"));
  EXPECT_THAT(read_config("apiVersion: v1\nkind: Pod\n").error(),
              AllOf(HasSubstr("but v1 Pod"), HasSubstr("kubectl get configmap kube-proxy")));
}

TEST(ConfigFile, IsNotUnfoldedWithoutEnd) {
  std::string bomb = "a0: &a0 {x: 1}\n";
  for (int i = 1; i < 30; ++i) {
    const auto below = std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " {x: *a" + below + ", y: *a" +
            below + "}\n";
  }
  EXPECT_EQ(read(bomb + "logging: {options: {text: *a29}}\n").findings.size(), 32U);
}

TEST(ConfigFields, HaveOneNameEachAndAReasonWhereTheyHaveNoEffect) {
  std::set<std::string> names;
  for (const auto& field : config_fields()) {
    EXPECT_TRUE(names.insert(field_name(field)).second) << field_name(field);
    EXPECT_FALSE(field.text.empty()) << field_name(field);
    AgentConfig config;
    if (field.place == nullptr) continue;
    EXPECT_EQ(set_field(config, field, field_text(config, field)), std::nullopt)
        << field_name(field) << " must take its own default";
  }
}

TEST(DidYouMean, ForgivesAThirdOfTheLettersAndTheirCase) {
  const std::vector<std::string_view> known = {"ipvs.scheduler", "ipvs.strictARP"};
  EXPECT_EQ(did_you_mean("ipvs.shceduler", known), "ipvs.scheduler");
  EXPECT_EQ(did_you_mean("ipvs.strictarp", known), "ipvs.strictARP");
  EXPECT_THAT(did_you_mean("nodePorts", known), IsEmpty());
  EXPECT_THAT(did_you_mean(std::string(1'000'000, 'x'), known), IsEmpty());
}

}  // namespace
}  // namespace reconcile
