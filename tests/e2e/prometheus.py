#!/usr/bin/env python3
"""Every query of manifests/monitoring, asked of a real Prometheus that scrapes the agents of the lab.

    PYTHONPATH=tests python3 -m e2e.prometheus

Debian's own Prometheus, fetched and unpacked beside the system, not installed. It runs on the host;
for each node stands a relay that asks the node's agent for /metrics in its place, as the agents
listen on their nodes' loopback addresses. Exit code 0: every expression is one, those that must have
an answer have one, no alert is firing on a healthy cluster, and each alert's own test passes.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import yaml

from e2e.fixture import shared_cluster
from e2e.monitoring_files import Query, queries, rule_groups
from lab.cluster import Cluster
from lab.control_plane import die_with_the_starter
from lab.control_plane_binaries import reason_to_do_without
from lab.settings import PROJECT
from lab.waiting import wait_for

sys.path.insert(0, str(PROJECT / "scripts"))

from debian import Debian  # noqa: E402

ALERT_TESTS = Path(__file__).with_name("alert_tests.yaml")
PATIENCE = 60.0
# Empty on a healthy cluster: alerts, and what counts troubles.
MAY_BE_EMPTY = ("alert ", "panel Drift repaired")


class Relay:
    """Answers Prometheus with what the agent of a node answers on its loopback address."""

    def __init__(self, cluster: Cluster, node: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = cluster.output(node, "curl", "-sS", "http://127.0.0.1:10249/metrics").encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_words: object) -> None:
                """Not a word."""

        self.node = node
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()


class Prometheus:
    """A running one. `get` asks its API."""

    def __init__(self, programs: Path, folder: Path, relays: Sequence[Relay]) -> None:
        (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": rule_groups()}))
        config = folder / "prometheus.yaml"
        config.write_text(yaml.safe_dump(_configuration(relays)))
        self._promtool = programs / "promtool"
        self.folder = folder
        self.check("check", "config", str(config))
        self._log = (folder / "log").open("wb")
        port = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
        self._url = f"http://127.0.0.1:{port.server_port}"
        port.server_close()
        self._process = subprocess.Popen(
            [programs / "prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address={self._url.removeprefix('http://')}"],
            cwd=folder, stdout=self._log, stderr=self._log, preexec_fn=die_with_the_starter)

    def check(self, *words: str) -> None:
        """A command of promtool that must succeed."""
        done = subprocess.run([self._promtool, *words], cwd=self.folder, text=True,
                              capture_output=True, check=False)
        print(done.stdout + done.stderr, end="")
        if done.returncode != 0:
            raise SystemExit(f"promtool {' '.join(words)} ended with {done.returncode}")

    def get(self, path: str, **words: str) -> Any:
        url = f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(words)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def answers(self, query: str) -> list[Any]:
        result: list[Any] = self.get("query", query=query)["result"]
        return result

    def has(self, query: str, count: int) -> bool:
        with contextlib.suppress(OSError):
            return len(self.answers(query)) >= count
        return False

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()


def _configuration(relays: Sequence[Relay]) -> dict[str, object]:
    targets = [{"targets": [relay.address], "labels": {"instance": relay.node}} for relay in relays]
    return {"global": {"scrape_interval": "2s", "evaluation_interval": "2s"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [{"job_name": "kube-ipvs", "static_configs": targets}]}


@contextlib.contextmanager
def running_prometheus(cluster: Cluster) -> Iterator[Prometheus]:
    """Has scraped every node at least twice."""
    programs = Debian("amd64").unpacked("prometheus") / "usr" / "bin"
    relays = [Relay(cluster, node.name) for node in cluster.nodes]
    with tempfile.TemporaryDirectory() as folder:
        prometheus = Prometheus(programs, Path(folder), relays)
        try:
            wait_for(lambda: prometheus.has("count_over_time(kube_ipvs_build_info[1m]) >= 2", len(relays)),
                     PATIENCE, "Prometheus to have every agent's metrics twice")
            yield prometheus
        finally:
            prometheus.stop()
            for relay in relays:
                relay.close()


def ask(prometheus: Prometheus, query: Query) -> bool:
    """Prints what came of a query; whether that is good."""
    found = len(prometheus.answers(query.expression))
    good = found > 0 or query.where.startswith(MAY_BE_EMPTY)
    print(f"{'ok' if good else 'FAIL':<5} {query.where}: {found} series")
    return good


def healthy_rules(prometheus: Prometheus) -> bool:
    """Every rule was evaluated without an error, and nothing is firing."""
    rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    for rule in rules:
        print(f"{'ok' if rule['health'] == 'ok' else 'FAIL':<5} rule {rule['name']}: "
              f"{rule['health']}, {rule['state']} {rule.get('lastError', '')}")
    return all(rule["health"] == "ok" and rule["state"] != "firing" for rule in rules)


def main() -> int:
    reason = reason_to_do_without()
    if reason:
        print(f"skip  {reason}")
        return 77
    cluster = shared_cluster()
    with running_prometheus(cluster) as prometheus:
        prometheus.check("test", "rules", _alert_tests(prometheus))
        asked = list(queries())
        good = sum([ask(prometheus, query) for query in asked])
        wait_for(lambda: all(rule["health"] != "unknown" for group in prometheus.get("rules")["groups"]
                             for rule in group["rules"]), PATIENCE, "every rule's first evaluation")
        rules_good = healthy_rules(prometheus)
    print(f"{good} of {len(asked)} queries answered as they should; rules "
          f"{'healthy' if rules_good else 'NOT healthy'}")
    return 0 if good == len(asked) and rules_good else 1


def _alert_tests(prometheus: Prometheus) -> str:
    """A copy beside the rules that it names."""
    copy = prometheus.folder / "alert_tests.yaml"
    copy.write_text(ALERT_TESTS.read_text())
    return str(copy)


if __name__ == "__main__":
    started = time.monotonic()
    code = main()
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(code)
