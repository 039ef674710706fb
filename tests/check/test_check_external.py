"""Addresses of other sites, asked of a server on this computer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sitepub.actions.checking.external import unreachable
from sitepub.check.findings import Place

ANSWERS = {"/ok": 200, "/gone": 404, "/really-gone": 410, "/secret": 403, "/login": 401, "/busy": 429, "/broken": 500,
           "/no-head": 405, "/head-lies": 404, "/moved": 301, "/moved-to-nothing": 302, "/circle": 307, "/robot": 999,
           "/%E4%BD%A0?a=%20": 200}
TARGETS = {"/moved": "/ok", "/moved-to-nothing": "/gone", "/circle": "/circle"}


class _Site(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self._answer(ANSWERS.get(self.path, 404))

    def do_GET(self) -> None:
        self._answer(200 if self.path in ("/no-head", "/head-lies") else ANSWERS.get(self.path, 404))

    def _answer(self, status: int) -> None:
        self.send_response(status)
        if self.path in TARGETS:
            self.send_header("Location", TARGETS[self.path])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_what_is_gone_is_found_and_what_only_refuses_programs_is_not(site: str, closed_port: int) -> None:
    closed = f"http://127.0.0.1:{closed_port}/"
    asked = [*(site + path for path in ANSWERS), f"{site}/你?a= ", closed, "http://nowhere.invalid/"]
    found = {one.target.removeprefix(site): one for one in unreachable({one: [Place("index.html")] for one in asked})}
    assert found.keys() == {"/gone", "/really-gone", "/moved-to-nothing", "/circle", closed, "http://nowhere.invalid/"}
    assert found["/gone"].message == f"{site}/gone answers 404"
    assert "again and again" in found["/circle"].message
    assert "does not answer" in found[closed].message
