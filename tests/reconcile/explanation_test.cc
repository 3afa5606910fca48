// What `explain`, `get` and `plan` say, over a decision made from small objects.
#include "reconcile/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconcile/decision_tables.h"
#include "reconcile/offline_decision.h"
#include "reconcile/plan_text.h"

namespace reconcile {
namespace {

using testing::HasSubstr;

// As `kubectl get services,endpointslices,nodes -A -o json` prints them.
constexpr const char* kCluster = R"({"apiVersion": "v1", "kind": "List", "items": [
{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "worker-1", "uid": "n1",
  "labels": {"topology.kubernetes.io/zone": "a"}},
  "spec": {"podCIDRs": ["10.244.1.0/24"]},
  "status": {"addresses": [{"type": "InternalIP", "address": "192.168.50.11"}]}},
{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "default", "uid": "s1",
  "creationTimestamp": "2026-01-01T00:00:00Z"},
  "spec": {"type": "ClusterIP", "clusterIP": "10.96.12.7", "clusterIPs": ["10.96.12.7"],
    "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]}},
{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "headless", "namespace": "default",
  "uid": "s2", "creationTimestamp": "2026-01-01T00:00:00Z"},
  "spec": {"type": "ClusterIP", "clusterIP": "None", "clusterIPs": ["None"],
    "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]}},
{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
  "metadata": {"name": "web-abc", "namespace": "default", "uid": "e1",
    "labels": {"kubernetes.io/service-name": "web"}},
  "addressType": "IPv4", "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
  "endpoints": [
    {"addresses": ["10.244.1.5"], "conditions": {"ready": true}, "nodeName": "worker-1",
     "targetRef": {"kind": "Pod", "name": "web-1"}},
    {"addresses": ["10.244.2.6"], "conditions": {"ready": false, "serving": false}}]}
]})";

Reconciliation decided(const std::string& table = "") {
  auto decision = offline_decision({.node = {}, .objects = {kCluster}, .table = table}, {});
  EXPECT_TRUE(decision) << decision.error();
  std::ignore = decision->decide({});
  return *std::move(decision);
}

Question question(const std::string& text) {
  const auto parsed = parse_question(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Question{});
}

TEST(Question, IsAServiceAndMaybeAPort) {
  EXPECT_EQ(question("default/web:http").port, "http");
  EXPECT_EQ(question("default/web").service.name, "web");
  for (const auto* text : {"", "web", "/web", "default/", "default/:80"}) {
    EXPECT_FALSE(parse_question(text)) << text;
  }
}

TEST(Explain, NamesForEachEndpointTheRuleAndTheFieldItCameFrom) {
  EXPECT_EQ(explain(decided(), question("default/web")),
            "default/web on node worker-1\n"
            "  TCP 10.96.12.7:80 (clusterIP, port http, scheduler rr): 1 real servers\n"
            "    10.244.1.5:8080          used  (EndpointSlice web-abc, endpoints[0].addresses)\n"
            "    10.244.2.6:8080          not used: not ready  (EndpointSlice web-abc, "
            "endpoints[1].conditions.ready)\n");
}

TEST(Explain, LooksAtOneEndpointAndAtAClientsPacket) {
  auto asked = question("default/web:80");
  asked.endpoint = boost::asio::ip::make_address("10.244.2.6");
  asked.from = boost::asio::ip::make_address("10.244.1.9");
  const auto text = explain(decided(), asked).value_or("");
  EXPECT_THAT(text, testing::Not(HasSubstr("10.244.1.5:8080          used")));
  EXPECT_THAT(text, HasSubstr("a packet from 10.244.1.9: to 10.244.1.5:8080\n"));
}

TEST(Explain, SaysWhyThereIsNothing) {
  EXPECT_THAT(explain(decided(), question("default/headless")).value_or(""),
              HasSubstr("it is headless"));
  EXPECT_FALSE(explain(decided(), question("default/none")));
}

TEST(PlanText, ShowsWhatIsAddedChangedAndTakenAway) {
  auto decision = offline_decision({.node = {},
                                    .objects = {kCluster},
                                    .table = "-A -t 10.96.12.7:80 -s wrr\n"
                                             "-a -t 10.96.12.7:80 -r 10.244.9.9:8080 -m -w 1\n"
                                             "-A -t 10.96.99.9:80 -s rr\n"},
                                   {});
  ASSERT_TRUE(decision) << decision.error();
  const auto plan = decision->decide({});
  const auto text = plan_text(plan, *decision);
  EXPECT_THAT(text, HasSubstr("~ TCP 10.96.12.7:80 (rr)  default/web\n"
                              "    + 10.244.1.5:8080  weight 1\n"
                              "    - 10.244.9.9:8080  drain: weight 0 until its connections end\n"
                              "- TCP 10.96.99.9:80\n"));
  EXPECT_THAT(text,
              HasSubstr("Plan: virtual servers 0 to add, 1 to change, 1 to delete; endpoints 1 "
                        "to add, 0 to change, 1 to drain, 0 to delete; "));
  EXPECT_EQ(plan_text(whole_plan(*decision, {}), *decision), text) << "and at any time later";
  EXPECT_THAT(plan_script(plan), HasSubstr("-E -t 10.96.12.7:80 -s rr\n"));
  EXPECT_THAT(plan_script(plan), HasSubstr("-D -t 10.96.99.9:80\n"));
}

TEST(PlanText, SaysThatThereIsNothingToDo) {
  EXPECT_EQ(plan_text({}, decided()), "No changes: the kernel holds what it should.\n");
}

TEST(OfflineDecision, SaysWhatIsWrongWithAFile) {
  const auto problem = [](OfflineInput input) { return offline_decision(input, {}).error(); };
  EXPECT_THAT(problem({.node = {}, .objects = {"nonsense"}, .table = ""}),
              HasSubstr("kubectl get services,endpointslices,nodes -A -o json"));
  EXPECT_THAT(problem({.node = {}, .objects = {}, .table = "-X"}), HasSubstr("line 1"));
}

TEST(DecisionTables, ShowServicesAndEndpointsLikeKubectl) {
  const auto decision = decided();
  EXPECT_EQ(to_text(*decision_table(decision, "services", "default", {}), TableOutput::kText),
            "NAMESPACE   NAME   KIND        PROTOCOL   ADDRESS         ENDPOINTS   STATE\n"
            "default     web    clusterIP   TCP        10.96.12.7:80   1           Missing\n");
  EXPECT_EQ(to_text(*decision_table(decision, "endpoints", "", {}), TableOutput::kText),
            "NAMESPACE   NAME   SERVICE ADDRESS     ENDPOINT          WEIGHT   ACTIVE   INACTIVE\n"
            "default     web    TCP 10.96.12.7:80   10.244.1.5:8080   <none>   <none>   <none>\n");
  EXPECT_FALSE(decision_table(decision, "pods", "", {}));
}

TEST(DecisionTables, ShowNoOtherNamespace) {
  EXPECT_TRUE(decision_table(decided(), "services", "kube-system", {})->rows.empty());
}

TEST(TextTable, IsJsonAndYamlToo) {
  const TextTable table{"Drain", {"NAME", "TIME LEFT"}, 1, {{"a\"b", "5s"}}};
  EXPECT_EQ(
      to_text(table, TableOutput::kJson),
      "{\n  \"apiVersion\": \"kube-ipvs.io/v1\",\n  \"kind\": \"DrainList\",\n  \"items\": [\n"
      "    {\"name\": \"a\\\"b\", \"timeLeft\": \"5s\"}\n  ]\n}\n");
  EXPECT_EQ(to_text(table, TableOutput::kYaml),
            "apiVersion: kube-ipvs.io/v1\nkind: DrainList\nitems:\n- name: \"a\\\"b\"\n"
            "  timeLeft: \"5s\"\n");
  EXPECT_EQ(to_text(table, TableOutput::kText, false), "a\"b\n");
  EXPECT_EQ(to_text(table, TableOutput::kWide), "NAME   TIME LEFT\na\"b    5s\n");
}

}  // namespace
}  // namespace reconcile
