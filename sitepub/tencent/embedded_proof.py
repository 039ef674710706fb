"""Whether the server at the embedded cloud's port is ours, before anything is sent to it.

After a crash its port may belong to another program of another user, who would get files, private keys of
certificates, and the secret. So every new connection begins with a number of ours, and the server answers with
an HMAC of it that only the secret of ``cloud.json`` can make. The port is part of it: an answer that another program
fetched from the real one, on another port, does not count.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import json
import secrets
import socket

from sitepub.tencent.cloud import Embedded
from sitepub.tencent.network.http_answer import AnswerReader, BrokenAnswer

HEADER = "x-sitepub-secret"
"""What the addresses below ``/-/`` want to see."""


class NotOursError(ConnectionRefusedError):
    """Another program listens where the embedded cloud did."""


def check(sock: socket.socket, port: int, secret: str) -> None:
    """Let the server prove itself. Raises :class:`NotOursError`, OSError."""
    nonce = secrets.token_hex(16)
    sock.sendall(f"GET /-/health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nx-sitepub-nonce: {nonce}\r\n\r\n".encode())
    expected = hmac.new(secret.encode(), f"sitepub-local listens\n{port}\n{nonce}".encode(), hashlib.sha256).hexdigest()
    proof = ""
    with contextlib.suppress(BrokenAnswer, ValueError, AttributeError, RecursionError):
        answer, _ = AnswerReader(sock).read()
        proof = str(json.loads(answer.body).get("proof", ""))
    if not hmac.compare_digest(proof.encode(), expected.encode()):
        raise NotOursError("another program answers on the port of the embedded cloud")


class EmbeddedConnection(http.client.HTTPConnection):
    """A connection to the embedded cloud's own addresses, with the secret."""

    def __init__(self, embedded: Embedded, timeout: float) -> None:
        super().__init__(embedded.host, embedded.port, timeout=timeout)
        self._secret = embedded.secret

    def connect(self) -> None:
        super().connect()
        if not self._secret:
            return
        try:
            check(self.sock, self.port, self._secret)
        except BaseException:
            self.close()
            raise

    def ask(self, method: str, path: str, body: bytes | None = None) -> None:
        """Send a request. Raises OSError, HTTPException."""
        self.request(method, path, body, {HEADER: self._secret})
