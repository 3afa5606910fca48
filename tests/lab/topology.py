"""The addresses and routes of the lab, as lines for `ip -batch`. Pure: runs nothing.

`root` is a router with a bridge; nodes and the outside client hang on it; pods hang on their
node by a veth pair, with a host route. Everything is IPv4 and IPv6. README.md has a picture.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

BRIDGE = "lab0"
CLIENT = "client"
ROOT = "root"
# The next hop of every pod. An address on the pod's own link, so that pods keep their way out
# on a node whose arp_ignore is 1, as IPVS nodes have it.
GATEWAY4 = "169.254.1.1"
GATEWAY6 = "fe80::1"


@dataclass(frozen=True)
class Pod:
    """A pod to be: `name` is its place, `node` the number of its node (from 1)."""

    name: str
    node: int
    address4: str
    address6: str

    @property
    def link(self) -> str:
        """The node's end of the pod's veth pair; a hash, for interface names end at 15 bytes."""
        return "pod" + hashlib.sha256(self.name.encode()).hexdigest()[:10]


@dataclass(frozen=True)
class Address:
    """One host's two addresses on the bridge."""

    v4: str
    v6: str


ROUTER = Address("192.168.50.1", "fd00:50::1")
OUTSIDE = Address("192.168.50.100", "fd00:50::100")


def node_name(number: int) -> str:
    return f"node{number}"


def node_address(number: int) -> Address:
    return Address(f"192.168.50.{10 + number}", f"fd00:50::{10 + number}")


def pod_range4(number: int) -> str:
    return f"10.244.{number}.0/24"


def pod_range6(number: int) -> str:
    return f"fd00:10:244:{number}::/64"


def default_pod_address(number: int, position: int) -> Address:
    """The address at `position` (from 1) in a node's pod range; .1 stays free, as CNIs do."""
    first4 = ipaddress.ip_network(pod_range4(number)).network_address
    first6 = ipaddress.ip_network(pod_range6(number)).network_address
    return Address(str(first4 + 1 + position), str(first6 + 1 + position))


def pod_range_routes(nodes: int, beside: int = 0) -> list[str]:
    """Routes to the pod ranges of all nodes, but for the node `beside` itself."""
    lines = []
    for number in range(1, nodes + 1):
        if number != beside:
            via = node_address(number)
            lines.append(f"route add {pod_range4(number)} via {via.v4}")
            lines.append(f"route add {pod_range6(number)} via {via.v6}")
    return lines


def root_links(places: Sequence[str]) -> list[str]:
    """The bridge, and one veth pair from it into each place."""
    lines = [
        "link set lo up",
        f"link add {BRIDGE} type bridge forward_delay 0 stp_state 0 mcast_snooping 0",
        f"link set {BRIDGE} up",
        f"addr add {ROUTER.v4}/24 dev {BRIDGE}",
        f"addr add {ROUTER.v6}/64 dev {BRIDGE} nodad",
    ]
    for place in places:
        lines.append(f"link add lab-{place} type veth peer name eth0 netns {place}")
        lines.append(f"link set lab-{place} master {BRIDGE} up")
    return lines


def host_on_bridge(address: Address) -> list[str]:
    """A node's or the client's own end: addresses, and the router as the way out."""
    return [
        "link set lo up",
        "link set eth0 up",
        f"addr add {address.v4}/24 dev eth0",
        f"addr add {address.v6}/64 dev eth0 nodad",
        f"route add default via {ROUTER.v4}",
        f"route add default via {ROUTER.v6}",
    ]


def node_side(pod: Pod, namespace: str) -> list[str]:
    """Run on the pod's node: the veth pair, the gateway address, the host routes.

    `namespace` is the pod's, as `ip` can name it there: a name or the id of a thread in it.
    """
    node = node_address(pod.node)
    return [
        f"link add {pod.link} type veth peer name eth0 netns {namespace}",
        f"link set {pod.link} up",
        # Link scope, and `src` on the routes: the node speaks to its pods with its own address.
        f"addr add {GATEWAY4}/32 dev {pod.link} scope link",
        f"addr add {GATEWAY6}/64 dev {pod.link} nodad",
        f"route add {pod.address4}/32 dev {pod.link} src {node.v4}",
        f"route add {pod.address6}/128 dev {pod.link} src {node.v6}",
    ]


def pod_side(pod: Pod) -> list[str]:
    """Run in the pod, after node_side."""
    return [
        "link set lo up",
        "link set eth0 up",
        f"addr add {pod.address4}/32 dev eth0",
        f"addr add {pod.address6}/128 dev eth0 nodad",
        f"route add default via {GATEWAY4} dev eth0 onlink",
        f"route add default via {GATEWAY6} dev eth0",
    ]
