#!/usr/bin/env python3
"""The image in a real containerd on a node of the lab, as the DaemonSet would run it.

    PYTHONPATH=tests python3 -m e2e.image [--image build/image/kube-ipvs-amd64.tar]

Debian's containerd and runc, fetched and unpacked beside the system. The image is imported; the init
container runs, privileged; then the agent, with the capabilities, the read-only root, the seccomp
profile and the arguments of the manifests, in the node's network. Prints what each took, and what the
kernel says that the agent may do. Exit code 0: it serves, may do nothing else, and ends on SIGTERM.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from e2e.fixture import PORT, build_dir, running_lab
from lab import manifests, seccomp
from lab.client import Completed
from lab.cluster import Cluster
from lab.cluster_readings import parse_table, serving
from lab.control_plane_binaries import reason_to_do_without
from lab.settings import PROJECT

sys.path.insert(0, str(PROJECT / "scripts"))

from debian import Debian  # noqa: E402

NODE = "node1"
SOCKET = "/run/containerd/containerd.sock"
IMAGE = "docker.io/library/kube-ipvs:test"
AGENT, INIT = "kube-ipvs", "init"
CGROUPS = "/sys/fs/cgroup/default"  # of all containers: named after containerd's namespace for ctr
PATIENCE = 120.0
NET_ADMIN = 1 << 12  # linux/capability.h
# What ctr gives a container that asks for nothing (containerd, oci/spec.go).
DEFAULT_CAPABILITIES = (
    "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP",
    "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE")


class Containerd:
    """A containerd that runs in the node's namespaces."""

    def __init__(self, cluster: Cluster) -> None:
        debian = Debian("amd64")
        self._cluster = cluster
        self._programs = debian.unpacked("containerd") / "usr" / "bin"
        self._path = f"{self._programs}:{debian.unpacked('runc') / 'usr' / 'sbin'}:/usr/sbin:/usr/bin:/sbin:/bin"

    def start(self) -> None:
        self.on_node("sh", "-c", "mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup")
        self._cluster.lab.spawn(NODE, "containerd", [
            str(self._programs / "containerd"), "--address", SOCKET, "--root", "/run/containerd-root",
            "--state", "/run/containerd-state", "--log-level", "warn"], {"PATH": self._path})
        self._cluster.wait_for(lambda: self._cluster.run(NODE, *self._ctr("version"), timeout=60).code == 0,
                               PATIENCE, f"containerd to answer:\n{self._cluster.lab.log('containerd')}")

    def stop(self) -> None:
        self._cluster.lab.signal("containerd", signal.SIGTERM)
        self._cluster.lab.wait("containerd", 30)

    def task(self, name: str) -> tuple[int, str] | None:
        """Process and state of a container, if it has a process."""
        found = re.search(rf"^{name}\s+(\d+)\s+(\w+)", self.ctr("task", "list"), re.MULTILINE)
        return (int(found[1]), found[2]) if found else None

    def end(self, name: str) -> None:
        """As a kubelet ends a container: SIGTERM to its process, and by force if that is not enough, which
        is an error here. The other nodes' agents run in the same machine: never by the program's name."""
        self.try_ctr("task", "kill", "--signal", "SIGTERM", name)
        try:
            self._cluster.wait_for(lambda: self._has_ended(name), PATIENCE, f"container {name} to end on SIGTERM")
        finally:
            self.try_ctr("task", "delete", "--force", name)
            self.try_ctr("container", "delete", name)

    def _has_ended(self, name: str) -> bool:
        task = self.task(name)
        return task is None or task[1] == "STOPPED"

    def cpu_seconds(self) -> float:
        """Of all containers so far: the parent of their cgroups keeps what those that have ended used, the
        runtime's work inside of them, before it becomes their program, included."""
        used = re.search(r"^usage_usec (\d+)", self._cluster.run(NODE, "cat", f"{CGROUPS}/cpu.stat").out, re.MULTILINE)
        return int(used[1]) / 1e6 if used else 0.0

    def ctr(self, *words: str) -> str:
        return self.on_node(*self._ctr(*words))

    def try_ctr(self, *words: str) -> Completed:
        return self._cluster.run(NODE, *self._ctr(*words), timeout=300)

    def on_node(self, *argv: str) -> str:
        return self._cluster.output(NODE, *argv, timeout=300)

    def _ctr(self, *words: str) -> tuple[str, ...]:
        return ("env", f"PATH={self._path}", str(self._programs / "ctr"), "--address", SOCKET, *words)


def container(cluster: Cluster, name: str) -> manifests.Object:
    """Of the rendered base: the agent's or init's."""
    text = manifests.rendered(cluster.endpoints.kubectl, manifests.BASE)
    daemonset, = manifests.objects(text, "DaemonSet")
    pod = daemonset["spec"]["template"]["spec"]
    found, = (each for each in [*pod["containers"], *pod["initContainers"]] if each["name"] == name)
    return dict(found)


def confinement(context: manifests.Object) -> list[str]:
    """ctr's options for a container's securityContext, the seccomp profile ours."""
    assert context["capabilities"]["drop"] == ["ALL"], context
    options = [f"--cap-drop=CAP_{name}" for name in DEFAULT_CAPABILITIES]
    options += [f"--cap-add=CAP_{name}" for name in context["capabilities"]["add"]]
    options += ["--seccomp", "--seccomp-profile", str(seccomp.PROFILE)]
    return options + (["--read-only"] if context["readOnlyRootFilesystem"] else [])


def mounts(folder: Path) -> list[str]:
    """The configuration where the manifests have it, and the folder of the control socket."""
    return [f"--mount=type=bind,src={folder},dst=/var/lib/kube-ipvs,options=rbind:ro",
            "--mount=type=bind,src=/run/kube-ipvs,dst=/run/kube-ipvs,options=rbind:rw"]


def write_configuration(cluster: Cluster) -> Path:
    """The manifests' ConfigMap, with a kubeconfig in place of a pod's mounted account."""
    kubectl = cluster.endpoints.kubectl
    config = next(item for item in manifests.objects(manifests.rendered(kubectl, manifests.BASE), "ConfigMap"))
    folder = cluster.lab.share / "image-config"
    folder.mkdir(exist_ok=True)
    text = config["data"]["config.conf"] + "conntrack: {maxPerCore: 0}\nclientConnection:\n" \
        "  kubeconfig: /var/lib/kube-ipvs/kubeconfig.conf\n"
    (folder / "config.conf").write_text(text)
    (folder / "kubeconfig.conf").write_text(Path(cluster.endpoints.agent_kubeconfig).read_text())
    return folder


@contextmanager
def timed(what: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    print(f"{time.monotonic() - started:6.2f} s  {what}", flush=True)


def arguments(given: manifests.Object) -> list[str]:
    return ["/usr/bin/kube-ipvs", *(word.replace("$(NODE_NAME)", NODE) for word in given["args"])]


def run(cluster: Cluster, image: Path) -> bool:
    containerd = Containerd(cluster)
    init, agent = container(cluster, INIT), container(cluster, AGENT)
    folder = write_configuration(cluster)
    containerd.on_node("mkdir", "-p", "/run/kube-ipvs")
    with ExitStack() as at_the_end:
        cluster.agents.stop(NODE, signal.SIGTERM)
        at_the_end.callback(cluster.agents.start, NODE)
        with timed("containerd answers"):
            containerd.start()
        at_the_end.callback(containerd.stop)
        with timed(f"imported, {image.stat().st_size / 2**20:.1f} MiB"):
            containerd.ctr("images", "import", "--base-name", IMAGE.rsplit(":", 1)[0], str(image))
            containerd.ctr("images", "tag", "--force", imported(containerd), IMAGE)
        run_privileged(containerd, folder, ["/usr/bin/kube-ipvs", "version"],
                       "a container like init's that does nothing (version), from its start to its end")
        run_privileged(containerd, folder, arguments(init), "the init container, from its start to its end")
        at_the_end.callback(containerd.end, AGENT)
        with timed("the agent, from the start of its container to healthy"):
            containerd.ctr("run", "--detach", "--net-host", *confinement(agent["securityContext"]),
                           *mounts(folder), IMAGE, AGENT, *arguments(agent))
            cluster.wait_for(lambda: healthy(cluster), PATIENCE, "/healthz to be green")
        return may_do_nothing_else(containerd) and serves(cluster) and needs_execve(containerd, cluster)


def run_privileged(containerd: Containerd, folder: Path, program: list[str], what: str) -> None:
    """To its end. Prints its processor time too: of its time from start to end, most is the runtime's and,
    in an emulated lab on a busy machine, the emulator's."""
    before = containerd.cpu_seconds()
    with timed(what):
        containerd.ctr("run", "--rm", "--net-host", "--privileged", *mounts(folder), IMAGE, INIT, *program)
    used = containerd.cpu_seconds() - before
    assert used > 0, f"{CGROUPS}/cpu.stat knows nothing of the container"
    print(f"{used:6.2f} s  of processor time in it, the runtime's included", flush=True)


def imported(containerd: Containerd) -> str:
    return containerd.ctr("images", "list", "-q").split()[0]


def healthy(cluster: Cluster) -> bool:
    return cluster.run(NODE, "curl", "-fsS", "http://127.0.0.1:10256/healthz").code == 0


def may_do_nothing_else(containerd: Containerd) -> bool:
    """Prints what the kernel says of the agent's process."""
    task = containerd.task(AGENT)
    assert task
    status = dict(re.findall(r"^(\w+):\s+(.+)$", containerd.on_node("cat", f"/proc/{task[0]}/status"), re.MULTILINE))
    root = containerd.on_node("sh", "-c", f"awk '$5 == \"/\" {{print $6}}' /proc/{task[0]}/mountinfo").strip()
    facts = {"user": status["Uid"].split()[0], "no new privileges": status["NoNewPrivs"],
             "seccomp filters": status["Seccomp_filters"], "root": root.split(",")[0]}
    facts |= {name: status[name] for name in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb")}
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    return (all(int(status[name], 16) == NET_ADMIN for name in ("CapEff", "CapPrm", "CapBnd"))
            and status["NoNewPrivs"] == "1" and int(status["Seccomp_filters"]) >= 2 and facts["root"] == "ro")


def needs_execve(containerd: Containerd, cluster: Cluster) -> bool:
    """Why the profile allows it: without, the runtime cannot become the container's program."""
    profile = json.loads(seccomp.PROFILE.read_text())
    for rule in profile["syscalls"]:
        rule["names"] = [name for name in rule["names"] if name != "execve"]
    path = cluster.lab.share / "without-execve.json"
    path.write_text(json.dumps(profile))
    done = containerd.try_ctr("run", "--rm", "--seccomp", "--seccomp-profile", str(path), IMAGE, "no-execve",
                              "/usr/bin/kube-ipvs", "version")
    last = (done.err.strip().splitlines() or [""])[-1]
    print(f"under a profile without execve: {last[-120:]} ({done.code})")
    return done.code != 0 and "exec" in last


def serves(cluster: Cluster) -> bool:
    """A Service made now reaches its pods through the node whose agent came from the image."""
    kubectl = cluster.kubectl
    kubectl("create", "deployment", "from-image", "--image=httpenv", "--replicas=2")
    try:
        kubectl("expose", "deployment/from-image", "--port", str(PORT))
        address = cluster.cluster_ip("from-image")
        cluster.wait_for(lambda: cluster.ready_pods("app=from-image") == 2, PATIENCE, "two pods")
        wanted = {f"{pod.address4}:{PORT}" for pod in cluster.pods("app=from-image")}
        cluster.wait_for(lambda: serving(parse_table(cluster.output(NODE, "ipvsadm", "-Ln")).get(
            ("TCP", f"{address}:{PORT}"), {})) == wanted, PATIENCE, f"{address} to have {wanted}")
        answers = cluster.output(NODE, cluster.traffic, "sequence", f"http://{address}:{PORT}", "10").split()
        print(f"10 requests from the node: {len(set(answers))} pods answered")
        return len(answers) == 10 and len(set(answers)) == 2
    finally:
        kubectl("delete", "deployment/from-image", "service/from-image", "--ignore-not-found")


def main(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--image", type=Path, default=PROJECT / "build" / "image" / "kube-ipvs-amd64.tar")
    options = parser.parse_args(given)
    reason = reason_to_do_without()
    if reason:
        print(f"skip  {reason}")
        return 77
    if not options.image.exists():
        subprocess.run([PROJECT / "scripts" / "image"], check=True)
    cluster = Cluster.start(running_lab(), build_dir(), dns=False)
    try:
        good = run(cluster, options.image)
    finally:
        cluster.stop()
    print("the image runs as the manifests say" if good else "FAIL")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
