"""Runs beside an agent and prints what it knows, as one line of JSON, whenever that changes.

    python3 state_reporter.py CONTROL_SOCKET
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
import threading

_PAUSE = 0.05


class _Control(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("agent", timeout=5)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask(path: str, what: str) -> list[dict[str, str]]:
    control = _Control(path)
    control.request("GET", f"/get/{what}?namespace=&output=json")
    items: list[dict[str, str]] = json.loads(control.getresponse().read())["items"]
    control.close()
    return items


def known(path: str) -> dict[str, list[str]]:
    """"shop/web TCP 10.96.0.7:80" -> the endpoints that new connections go to."""
    state: dict[str, list[str]] = {
        f"{item['namespace']}/{item['name']} {item['protocol']} {item['address']}": []
        for item in ask(path, "services")}
    for item in ask(path, "endpoints"):
        if item["weight"] != "0":
            address = f"{item['namespace']}/{item['name']} {item['serviceAddress']}"
            state.setdefault(address, []).append(item["endpoint"])
    return {address: sorted(endpoints) for address, endpoints in state.items()}


def main(path: str) -> None:
    told = None
    pause = threading.Event()
    while True:
        try:
            state = known(path)
        except (OSError, http.client.HTTPException):
            state = None  # the agent is being started
        if state is not None and state != told:
            print(json.dumps(state), flush=True)
            told = state
        pause.wait(_PAUSE)


if __name__ == "__main__":
    main(sys.argv[1])
