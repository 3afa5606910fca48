"""What an operator asks a node: health, metrics, and the subcommands, against a running agent."""

from __future__ import annotations

import json
import signal

from e2e.fixture import PORT, SOON, ClusterTest
from e2e.metrics_lint import lint
from lab.client import Completed
from lab.cluster import Pod

NAMESPACE = "operator"
CONFIGURATION = "/run/kube-ipvs/config.yaml"


class Operator(ClusterTest):
    pods: list[Pod]
    address: str
    node: str

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.node = cls.node_names()[0]
        cls.pods, cls.address = cls.make_served(NAMESPACE, 2)

    def test_health_is_green_and_says_so_in_kube_proxys_words(self) -> None:
        health = json.loads(self.fetch("http://127.0.0.1:10256/healthz"))
        self.assertTrue(health["healthy"])
        self.assertTrue(health["nodeEligible"])
        self.assertEqual(set(health["status"]), {"IPv4", "IPv6"})
        self.assertNotIn("nodeEligible", json.loads(self.fetch("http://127.0.0.1:10256/livez")))

    def test_metrics_name_the_mode_and_count(self) -> None:
        self.assertEqual(self.fetch("http://127.0.0.1:10249/proxyMode"), "ipvs")
        metrics = self.fetch("http://127.0.0.1:10249/metrics")
        self.assertIn('kubeproxy_sync_proxy_rules_duration_seconds_count{ip_family="IPv4"}', metrics)
        self.assertIn('kube_ipvs_virtual_servers{owner="ours"}', metrics)

    def test_metrics_pass_promtools_linter(self) -> None:
        metrics = self.fetch("http://127.0.0.1:10249/metrics")
        self.assertEqual(lint(metrics), [
            # kube-proxy's own name of a gauge.
            "kubeproxy_sync_proxy_rules_no_local_endpoints_total: "
            'non-counter metrics should not have "_total" suffix'])

    def test_metrics_tell_what_a_service_carries(self) -> None:
        for _ in range(5):
            self.fetch(f"http://{self.address}:{PORT}/")
        name = f'{{namespace="{NAMESPACE}",service="httpenv"'
        series = (f"kube_ipvs_service_connections_total{name}}} ",
                  f'kube_ipvs_service_packets_total{name},direction="in"}} ',
                  f'kube_ipvs_service_bytes_total{name},direction="out"}} ')

        def told() -> dict[str, float]:
            lines = self.fetch("http://127.0.0.1:10249/metrics").splitlines()
            return {each: float(line[len(each):]) for line in lines for each in series
                    if line.startswith(each)}

        self.cluster.wait_for(lambda: told().get(series[0], 0) >= 5, SOON,
                              "five connections in the Service's metrics")
        values = told()
        self.assertGreater(values[series[1]], 5, "more packets than connections")
        self.assertGreater(values[series[2]], values[series[1]], "more bytes than packets")

    def test_get_shows_the_service_and_its_endpoints(self) -> None:
        services = self.ask("get", "services", "-n", NAMESPACE)
        self.assertIn(f"{self.address}:{PORT}", services)
        self.assertIn("Programmed", services)
        endpoints = json.loads(self.ask("get", "endpoints", "-n", NAMESPACE, "-o", "json"))
        self.assertEqual({item["endpoint"] for item in endpoints["items"]
                          if item["serviceAddress"] == f"TCP {self.address}:{PORT}"},
                         {f"{pod.address4}:{PORT}" for pod in self.pods})

    def test_get_agent_says_that_the_kernel_holds_what_it_should(self) -> None:
        self.cluster.wait_for(lambda: "Synced" in self.ask("get", "agent"), SOON,
                              "the agent to be in sync")

    def test_explain_names_every_endpoint_and_the_way_of_a_packet(self) -> None:
        text = self.ask("explain", f"{NAMESPACE}/httpenv", "--from", self.pods[0].address4)
        for pod in self.pods:
            self.assertIn(f"{pod.address4}:{PORT}", text)
        self.assertIn("a packet from", text)

    def test_explain_of_no_service_fails_and_says_where_to_look(self) -> None:
        done = self.run_here("explain", f"{NAMESPACE}/nothing")
        self.assertEqual(done.code, 1)
        self.assertIn("there is no Service", done.err)

    def test_a_plan_at_rest_is_empty(self) -> None:
        self.cluster.wait_for(lambda: self.run_here("plan", "--detailed-exitcode").code == 0, SOON,
                              "a plan without changes")

    def test_a_plan_without_an_agent_reads_the_api_server_and_the_kernel(self) -> None:
        asked = ("plan", "--detailed-exitcode", "--kubeconfig", self.cluster.agents.kubeconfig,
                 "--node", self.node, "--config", CONFIGURATION)
        self.write_configuration(self.node, "{scheduler: rr}")
        self.cluster.wait_for(lambda: self.run_here(*asked).code == 0, SOON,
                              "a plan without changes")
        self.write_configuration(self.node, "{scheduler: wlc}")
        done = self.run_here(*asked)
        self.assertEqual(done.code, 2, done.err)
        self.assertIn(f"~ TCP {self.address}:{PORT} (wlc)  {NAMESPACE}/httpenv\n", done.out)
        self.assertIn("Nothing was changed.", done.out)
        self.assertIn(f"TCP  {self.address}:{PORT} rr",
                      self.cluster.output(self.node, "ipvsadm", "-Ln"))

    def test_a_plan_of_no_node_and_of_no_server_says_what_to_do(self) -> None:
        asked = ("plan", "--kubeconfig", self.cluster.agents.kubeconfig, "--node")
        done = self.run_here(*asked, "nobody")
        self.assertEqual(done.code, 1)
        self.assertIn("there is no Node nobody; name this one as 'kubectl get nodes' does", done.err)
        done = self.run_here("plan", "--kubeconfig", "/nowhere")
        self.assertEqual(done.code, 1)
        self.assertIn("/nowhere", done.err)

    def test_status_names_the_services(self) -> None:
        self.assertIn(f"{NAMESPACE}/httpenv", self.ask("status", "--names"))
        listing = json.loads(self.ask("status", "-o", "json"))
        self.assertEqual(listing["kind"], "KernelServerList")

    def test_check_finds_the_node_able_and_every_permission_given(self) -> None:
        checks = json.loads(self.ask("check", "-o", "json", *self.agent_flags()))["items"]
        verdicts = {check["id"]: check["verdict"] for check in checks}
        for able in ("LB001", "LB002", "LB004", "LB005", "LB011", "LB020", "LB025", "LB026", "LB028"):
            self.assertEqual(verdicts[able], "ok", checks)

    def test_events_name_what_a_service_does_not_get(self) -> None:
        for name, address in (("first", "203.0.113.77"), ("second", "203.0.113.77"),
                              ("captor", "10.96.200.1")):
            self.make_with_external_ip(name, address)
        self.assert_told("captor", "ExternalIPRefused", "inside the range of cluster IPs")
        self.cluster.wait_for(lambda: self.events_of("first") or self.events_of("second"), SOON,
                              "an event of who lost the address")
        # The older one has it; their uids decide if both are of the same second.
        winner, loser = (("first", "second") if self.events_of("second") else ("second", "first"))
        self.assert_told(loser, "ClaimLost", f"TCP 203.0.113.77:80 belongs to {NAMESPACE}/{winner}")
        self.assertEqual(self.events_of(winner), [])

    def assert_told(self, service: str, reason: str, words: str) -> None:
        self.cluster.wait_for(lambda: self.events_of(service), SOON, f"an event of {service}")
        events = self.events_of(service)
        self.assertEqual([event["reason"] for event in events], [reason],
                         "one, although every node decides the same")
        self.assertIn(words, events[0]["message"])

    def make_with_external_ip(self, name: str, address: str) -> None:
        self.cluster.kubectl("create", "service", "clusterip", name, "--tcp=80", "-n", NAMESPACE)
        self.cluster.kubectl("patch", "service", name, "-n", NAMESPACE, "-p",
                             json.dumps({"spec": {"externalIPs": [address]}}))

    def events_of(self, service: str) -> list[dict[str, str]]:
        listed = self.cluster.kubectl("get", "events", "-n", NAMESPACE, "-o", "json",
                                      "--field-selector", f"involvedObject.name={service}")
        return [event for event in json.loads(listed)["items"]
                if event["reportingComponent"] == "kube-ipvs"]

    def test_a_changed_configuration_is_taken_and_a_broken_one_is_not(self) -> None:
        node, agents = self.node_names()[2], self.cluster.agents
        options = agents.options
        self.addCleanup(agents.restart, node, signal.SIGTERM)
        self.addCleanup(setattr, agents, "options", options)
        self.write_configuration(node, "{scheduler: rr, syncPeriod: 5s}")
        agents.options = ("--config", CONFIGURATION)
        agents.restart(node, signal.SIGTERM)
        self.cluster.wait_for(lambda: "First sync" in agents.log(node), SOON, "the first sync")
        self.write_configuration(node, "{scheduler: wlc, syncPeriod: 5s}")
        self.wait_for_scheduler(node, "wlc")
        self.assertIn('setting="ipvs.scheduler" from="rr" to="wlc"', agents.log(node))
        self.write_configuration(node, "{scheduler: rr, syncPeriod: soon}")
        self.cluster.wait_for(
            lambda: "kube_ipvs_config_last_reload_successful 0\n" in
            self.cluster.output(node, "curl", "-sS", "http://127.0.0.1:10249/metrics"),
            SOON, "the broken configuration to be refused")
        self.assertIn("'soon' is no duration", agents.log(node))
        self.wait_for_scheduler(node, "wlc")

    def write_configuration(self, node: str, ipvs: str) -> None:
        done = self.cluster.lab.run(node, ["tee", CONFIGURATION], stdin=(
            "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
            f"clientConnection: {{kubeconfig: {self.cluster.agents.kubeconfig}}}\n"
            f"conntrack: {{maxPerCore: 0}}\nipvs: {ipvs}\n"))
        self.assertEqual(done.code, 0, done.err)

    def wait_for_scheduler(self, node: str, scheduler: str) -> None:
        line = f"TCP  {self.address}:{PORT} {scheduler}"
        self.cluster.wait_for(lambda: line in self.cluster.output(node, "ipvsadm", "-Ln"), SOON,
                              f"'{line}' on {node}")

    def test_check_without_the_privilege_says_what_is_missing(self) -> None:
        done = self.cluster.run(self.node, "setpriv", "--bounding-set", "-all", "--inh-caps", "-all",
                                "--reuid", "65534", "--clear-groups",
                                str(self.cluster.agents.program), "check")
        self.assertEqual(done.code, 3, done.out)
        self.assertRegex(done.out, r"(?m)^bad      LB001 ")
        self.assertIn("CAP_NET_ADMIN", done.out)

    def test_init_sets_what_its_flags_ask_for_and_is_then_content(self) -> None:
        # No agent here asks for this one, so none puts it back.
        setting = "net/netfilter/nf_conntrack_udp_timeout"
        before = self.cluster.output(self.node, "sysctl", "-n", setting).strip()
        self.addCleanup(self.cluster.output, self.node, "sysctl", "-w", f"{setting}={before}")
        init = ("init", "--conntrack-udp-timeout", "77s", *self.agent_flags())
        self.assertEqual(self.ask(*init, "--dry-run"), f"sysctl -w {setting}=77\n")
        self.ask(*init)
        self.assertEqual(self.cluster.output(self.node, "sysctl", "-n", setting).strip(), "77")
        self.assertEqual(self.ask(*init, "--dry-run"), "")

    def test_cleanup_lists_what_is_ours_and_refuses_while_the_agent_runs(self) -> None:
        listed = self.ask("cleanup", "--dry-run")
        self.assertIn(f"-D -t {self.address}:{PORT}", listed)
        done = self.run_here("cleanup", "--yes")
        self.assertEqual(done.code, 1)
        self.assertIn("the agent runs", done.err)

    def agent_flags(self) -> list[str]:
        # The table of connections has one size for the machine: a network namespace may not set it.
        return ["--kubeconfig", self.cluster.agents.kubeconfig,
                "--hostname-override", self.node, "--conntrack-max-per-core", "0"]

    def ask(self, *words: str) -> str:
        done = self.run_here(*words)
        self.assertEqual(done.code, 0, done.err)
        return done.out

    def run_here(self, *words: str) -> Completed:
        return self.kube_ipvs(self.node, *words)

    def fetch(self, url: str) -> str:
        return self.cluster.output(self.node, "curl", "-sS", url)
