"""10.0.2.2 in a native lab: TCP to any port there reaches the host's 127.0.0.1.

The lab's router redirects such connections to one listening socket in its own namespace; this
process stands in the host's namespace and connects onward from there. The port is the one that
conntrack remembers (SO_ORIGINAL_DST). Nothing of the host's firewall or settings changes.
A machine needs none of this: QEMU's user network does the same.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

from lab.places import Place
from lab.settings import HOST_ADDRESS

SO_ORIGINAL_DST = 80
PORT = 7001

RULES = f"""
table ip lab {{
  chain prerouting {{
    type nat hook prerouting priority dstnat
    ip daddr {HOST_ADDRESS} ip protocol tcp redirect to :{PORT}
  }}
  chain output {{
    type nat hook output priority -100
    ip daddr {HOST_ADDRESS} ip protocol tcp redirect to :{PORT}
  }}
}}
"""


def start(router: Place) -> None:
    """Listens in `router` and serves for ever on threads. RULES must be in force there."""
    listener = router.call(lambda: socket.create_server(("0.0.0.0", PORT), backlog=128))
    threading.Thread(target=_accept, args=(listener,), daemon=True).start()


def _accept(listener: socket.socket) -> None:
    while True:
        inner, _ = listener.accept()
        threading.Thread(target=_serve, args=(inner,), daemon=True).start()


def _serve(inner: socket.socket) -> None:
    with inner:
        raw = inner.getsockopt(socket.SOL_IP, SO_ORIGINAL_DST, 16)
        port = struct.unpack_from("!H", raw, 2)[0]
        try:
            outer = socket.create_connection(("127.0.0.1", port), timeout=10)
        except OSError:
            # A reset, as the host's own closed port would give it.
            inner.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        outer.settimeout(None)
        with outer:
            back = threading.Thread(target=_copy, args=(outer, inner), daemon=True)
            back.start()
            _copy(inner, outer)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
