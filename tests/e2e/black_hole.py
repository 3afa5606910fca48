"""Packets between a node and the API server that vanish: nobody refuses, nobody answers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from lab.cluster import Cluster
from lab.topology import ROOT

_TABLE = "black-hole"


@contextlib.contextmanager
def black_hole(cluster: Cluster, address: str) -> Iterator[None]:
    """While it lasts the router forwards nothing between the node with this address and the API
    server, either way; the node's other traffic goes on."""
    port = cluster.endpoints.port
    cluster.output(ROOT, "nft", f"table inet {_TABLE} {{ chain forward {{ "
                   "type filter hook forward priority -10; "
                   f"ip saddr {address} tcp dport {port} drop; "
                   f"ip daddr {address} tcp sport {port} drop; }}; }}")
    try:
        yield
    finally:
        cluster.output(ROOT, "nft", "delete", "table", "inet", _TABLE)
