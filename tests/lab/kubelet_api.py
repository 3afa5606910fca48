"""A small client of the Kubernetes API for the pods' stand-in: JSON over HTTP, and watches."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

Object = dict[str, Any]

MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
_PATIENCE = 15.0
_WATCH_SECONDS = 45


class ApiError(Exception):
    """The API server answered with an error status."""

    def __init__(self, method: str, path: str, status: int, message: str) -> None:
        super().__init__(f"{method} {path}: {status} {message}")
        self.status = status


class Api:
    """One API server. Thread-safe: each thread keeps its own connection."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._port = port
        self._tls = tls
        self._local = threading.local()

    def get(self, path: str) -> Object:
        return self._request("GET", path)

    def post(self, path: str, body: Object) -> Object:
        return self._request("POST", path, body)

    def put(self, path: str, body: Object) -> Object:
        return self._request("PUT", path, body)

    def patch(self, path: str, body: Object, kind: str = STRATEGIC_PATCH) -> Object:
        return self._request("PATCH", path, body, kind)

    def delete(self, path: str, body: Object | None = None) -> Object:
        return self._request("DELETE", path, body)

    def follow(self, path: str, stopped: Callable[[], bool]) -> Iterator[tuple[str, Object]]:
        """Lists, then watches: ("LISTED", list) at the start and after each gap, then the events.

        Ends when `stopped()` is true; looks at every event, and at least once in a watch's time.
        """
        while not stopped():
            try:
                listed = self.get(path)
                yield "LISTED", listed
                yield from self._watch(path, listed["metadata"]["resourceVersion"], stopped)
            except (ApiError, OSError, http.client.HTTPException, json.JSONDecodeError):
                self._forget_connection()
                threading.Event().wait(0.2)

    def _watch(self, path: str, version: str,
               stopped: Callable[[], bool]) -> Iterator[tuple[str, Object]]:
        query = urllib.parse.urlencode(
            {"watch": 1, "resourceVersion": version, "timeoutSeconds": _WATCH_SECONDS})
        connection = self._connect(timeout=_WATCH_SECONDS + _PATIENCE)
        connection.request("GET", f"{path}?{query}")
        with connection.getresponse() as answer:
            yield from _events(answer, stopped)
        connection.close()

    def _request(self, method: str, path: str, body: Object | None = None,
                 kind: str = "application/json") -> Object:
        payload = None if body is None else json.dumps(body)
        for attempt in (1, 2):
            try:
                connection = self._connection()
                connection.request(method, path, payload, {"Content-Type": kind})
                answer = connection.getresponse()
                text = answer.read()
                break
            except (OSError, http.client.HTTPException):
                # A kept connection may have been closed meanwhile; a fresh one tells the truth.
                self._forget_connection()
                if attempt == 2:
                    raise
        if answer.status >= 300:
            raise ApiError(method, path, answer.status, text.decode(errors="replace")[:300])
        body_of_answer: Object = json.loads(text)
        return body_of_answer

    def _connection(self) -> http.client.HTTPConnection:
        kept: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if kept is None:
            kept = self._local.connection = self._connect(_PATIENCE)
        return kept

    def _forget_connection(self) -> None:
        if getattr(self._local, "connection", None) is not None:
            self._local.connection.close()
            self._local.connection = None

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection("127.0.0.1", self._port, timeout=timeout)
        return http.client.HTTPSConnection("127.0.0.1", self._port, timeout=timeout,
                                           context=self._tls)


def _events(answer: http.client.HTTPResponse,
            stopped: Callable[[], bool]) -> Iterator[tuple[str, Object]]:
    """The events of one watch; returns at its end, raises where the stream breaks."""
    if answer.status != 200:
        raise ApiError("WATCH", "", answer.status, answer.read(300).decode(errors="replace"))
    unread = b""
    while not stopped():
        more = answer.read1(65536)
        if not more:
            return
        *lines, unread = (unread + more).split(b"\n")
        for line in lines:
            event = json.loads(line)
            if event["type"] == "ERROR":
                return
            yield event["type"], event["object"]
