"""Lets a phone in the same network see one website of the embedded cloud, and nothing else of this computer.

The embedded cloud itself listens on this computer alone. So a server of this run takes GET and HEAD from the network,
and passes them on to the website endpoint of one bucket.
"""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, urlsplit

from sitepub.errors import SitepubError
from sitepub.tencent.cloud import Embedded

_PATIENCE = 30
_BLOCK = 256 * 1024
_PASSED_ON = ("accept", "accept-encoding", "accept-language", "if-modified-since", "if-none-match", "if-range", "range",
              "user-agent")
_OF_THE_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding", "date", "server"})
_NOWHERE = "192.0.2.1"
"""An address of no computer (RFC 5737): to ask the system which of its own it would use. Nothing is sent."""


@contextmanager
def served_in_the_network(embedded: Embedded, host: str, key_prefix: str = "") -> Iterator[str]:
    """Answers the address for other devices, as long as the context lasts. ``host``: the website's name. Raises
    SitepubError where this computer is in no network."""
    address = own_address()

    class Handler(_Handler):
        target, name = embedded, host

    server = ThreadingHTTPServer((address, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="preview-lan", daemon=True)
    thread.start()
    try:
        yield f"http://{address}:{server.server_address[1]}/{quote(key_prefix)}"
    finally:
        server.shutdown()
        server.server_close()


def own_address() -> str:
    """The address of this computer in its network."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.connect((_NOWHERE, 9))
            address = str(asking.getsockname()[0])
    except OSError:
        address = ""
    if not address or address.startswith(("127.", "0.")):
        raise SitepubError("this computer is in no network that a phone could be in", code="NoNetwork",
                           hint="connect it to one, or leave out --lan")
    return address


class _Handler(BaseHTTPRequestHandler):
    target: Embedded
    name: str
    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE

    def do_GET(self) -> None:
        self._pass_on("GET")

    def do_HEAD(self) -> None:
        self._pass_on("HEAD")

    def _pass_on(self, method: str) -> None:
        connection = http.client.HTTPConnection(self.target.host, self.target.port, timeout=_PATIENCE)
        begun = False
        try:
            headers = {name: value for name in _PASSED_ON if (value := self.headers.get(name)) is not None}
            connection.request(method, self._path(), headers={**headers, "Host": self.name})
            answer = connection.getresponse()
            begun = True
            self._answer(method, answer)
        except (OSError, http.client.HTTPException, ValueError):
            self.close_connection = True
            if not begun:
                with suppress(OSError):
                    self.send_error(502, "the embedded cloud does not answer")
        finally:
            connection.close()

    def _path(self) -> str:
        return self.path if self.path.startswith("/") else urlsplit(self.path).path or "/"

    def _answer(self, method: str, answer: http.client.HTTPResponse) -> None:
        self.send_response_only(answer.status, answer.reason)
        sized = answer.getheader("Content-Length") is not None
        for name, value in answer.getheaders():
            if name.lower() == "location":
                value = self._here(value)
            if name.lower() not in _OF_THE_CONNECTION:
                self.send_header(name, value)
        if not sized:
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        while method == "GET" and (block := answer.read(_BLOCK)):
            self.wfile.write(block)

    def _here(self, location: str) -> str:
        """A redirect to the website's own name leads back to the address that the device knows."""
        parts = urlsplit(location)
        return parts._replace(scheme="", netloc="").geturl() if parts.netloc == self.name else location

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the terminal is the user's."""
