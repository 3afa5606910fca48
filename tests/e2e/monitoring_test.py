"""Dashboard, rules and ServiceMonitor speak of what the running agent says.

Every expression against a real Prometheus: `PYTHONPATH=tests python3 -m e2e.prometheus`.
"""

from __future__ import annotations

import re

from e2e.fixture import ClusterTest
from e2e.monitoring_files import (MONITORING, PROMETHEUS_OWN, RUNBOOKS, alerts, dashboard, exposed,
                                  labels_of, load_all, metrics_of, queries, scrape_labels)
from lab import manifests

NODE = "node1"


class Monitoring(ClusterTest):
    metrics: str

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.metrics = cls.cluster.output(NODE, "curl", "-sS", "http://127.0.0.1:10249/metrics")

    def test_every_metric_that_is_asked_for_exists_in_the_running_agent(self) -> None:
        known = exposed(self.metrics) | PROMETHEUS_OWN
        asked = list(queries())
        self.assertGreater(len(asked), 20)
        for query in asked:
            names = metrics_of(query.expression)
            self.assertTrue(names, query)
            self.assertLessEqual(names, known, f"{query.where} asks for what no agent says")

    def test_every_metric_of_our_own_is_asked_for_or_left_out_with_a_reason(self) -> None:
        unwatched = {
            "kube_ipvs_audits_total", "kube_ipvs_brakes_total",
            "kube_ipvs_list_seconds", "kube_ipvs_list_decode_seconds", "kube_ipvs_watches_total",
            "kube_ipvs_watch_events_total", "kube_ipvs_watch_open_seconds", "kube_ipvs_build_info",
            "kube_ipvs_watch_connections_total",
        }  # for whoever looks into a trouble that the others have shown
        asked = set().union(*(metrics_of(query.expression) for query in queries()))
        asked = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
        families = set(re.findall(r"^# TYPE (kube_ipvs_\S+)", self.metrics, re.MULTILINE))
        self.assertEqual(families - asked - unwatched, set())

    def test_every_label_that_is_asked_for_exists(self) -> None:
        known = set(re.findall(r'[{,](\w+)="', self.metrics)) | scrape_labels() | {"le"}
        # Of families that have no sample until something happens.
        known |= {"operation", "what", "field"}
        for query in queries():
            self.assertLessEqual(labels_of(query.expression), known, query.where)

    def test_every_alert_has_a_runbook_and_every_runbook_an_alert(self) -> None:
        sections = re.findall(r"^## (\S+)$", RUNBOOKS.read_text(), re.MULTILINE)
        self.assertEqual(sections, [alert["alert"] for alert in alerts()])
        for alert in alerts():
            self.assertIn(alert["labels"]["severity"], ("critical", "warning", "info"))
            self.assertIn("summary", alert["annotations"])

    def test_the_service_monitor_finds_the_daemonsets_pods(self) -> None:
        service, monitor = load_all("service-monitor.yaml")
        daemonset, = manifests.objects(
            manifests.rendered(self.cluster.endpoints.kubectl, manifests.BASE), "DaemonSet")
        template = daemonset["spec"]["template"]
        self.assertLessEqual(service["spec"]["selector"].items(), template["metadata"]["labels"].items())
        self.assertLessEqual(monitor["spec"]["selector"]["matchLabels"].items(),
                             service["metadata"]["labels"].items())
        ports = {port["name"]: port["containerPort"] for container in template["spec"]["containers"]
                 for port in container["ports"]}
        for endpoint, port in zip(monitor["spec"]["endpoints"], service["spec"]["ports"], strict=True):
            self.assertEqual(endpoint["port"], port["name"])
            self.assertEqual(ports[port["targetPort"]], port["port"])
        # The dashboard and the rules say job="kube-ipvs": it is the value of the Service's label.
        self.assertEqual(service["metadata"]["labels"][monitor["spec"]["jobLabel"]], "kube-ipvs")

    def test_the_folder_can_be_rendered_and_holds_the_dashboard(self) -> None:
        text = manifests.rendered(self.cluster.endpoints.kubectl, MONITORING)
        kept, = manifests.objects(text, "ConfigMap")
        self.assertEqual(kept["data"]["dashboard.json"], (MONITORING / "dashboard.json").read_text())
        identities = [panel["id"] for panel in dashboard()["panels"]]
        self.assertEqual(len(identities), len(set(identities)))
