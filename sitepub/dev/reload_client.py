"""Live reload: sends the embedded cloud what dev does, so that browsers reload, wait, and show mistakes."""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import threading
import time
from collections.abc import Sequence
from typing import Any

from sitepub.tencent.cloud import Embedded
from sitepub.tencent.embedded_proof import EmbeddedConnection

HEARTBEAT = 10.0
"""Seconds between two heartbeats; after half a minute without one, pages show that dev has ended."""
_TIMEOUT = 3.0


class ReloadClient:
    """The live reload of one bucket. Never raises: without a cloud no page needs the message. Its methods may be called
    from several threads."""

    def __init__(self, embedded: Embedded, bucket: str) -> None:
        self._embedded, self._bucket = embedded, bucket
        self._name = secrets.token_hex(8)
        self._connection: EmbeddedConnection | None = None
        self._lock = threading.Lock()
        self._last = 0.0
        self._failure = ""
        """The last message, when it was a failure. An embedded cloud that was started again has forgotten it."""

    def publishing(self) -> None:
        """Visitors wait from now on."""
        self._send("publishing")

    def published(self, changed: Sequence[str] | None) -> None:
        """``changed``: keys written or deleted; empty: nothing is new, but what failed is repaired."""
        self._failure = ""
        self._send("published", changed=None if changed is None else list(changed))

    def failed(self, message: str) -> None:
        """The message is shown over the page."""
        self._failure = message
        self._send("failed", message=message)

    def off(self) -> None:
        """The run ends: pages are served as visitors of the real cloud get them."""
        self._send("off")

    def alive(self) -> None:
        """Send a heartbeat, when the last message is old."""
        if time.monotonic() - self._last >= HEARTBEAT - 0.5:
            answer = self._send("alive")
            if self._failure and answer.get("failing") is False:
                self._send("failed", message=self._failure)

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _send(self, event: str, **values: object) -> dict[str, Any]:
        """The answer; empty when there is none."""
        body = json.dumps({"bucket": self._bucket, "publisher": self._name, "event": event, **values}).encode()
        with self._lock:
            self._last = time.monotonic()
            fresh = self._connection is None
            # A kept connection may have been closed meanwhile: once more on a new one.
            answer = self._post(body)
            if answer is None and not fresh:
                answer = self._post(body)
            return answer or {}

    def _post(self, body: bytes) -> dict[str, Any] | None:
        connection = self._connection or EmbeddedConnection(self._embedded, _TIMEOUT)
        self._connection = connection
        try:
            connection.ask("POST", "/-/live", body)
            answer = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError):
            with contextlib.suppress(OSError):
                connection.close()
            self._connection = None
            return None
        return answer if isinstance(answer, dict) else {}
