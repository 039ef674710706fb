"""The router in workerd, the runtime of another provider: what it fetches comes from a host of the embedded edge."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sitepub.domains.router.script import code

PACKAGE = "workerd@1.20261117.1"
_CONFIG = """using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "router", worker = (serviceWorkerScript = embed "router.js", compatibilityDate = "2025-01-01",
      bindings = [ %(bindings)s ], globalOutbound = "edge")),
    (name = "edge", external = (address = "127.0.0.1:%(outbound)d", http = ())),
  ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "router") ],
);
"""
_HOP = {"connection", "keep-alive", "transfer-encoding", "host"}


@contextlib.contextmanager
def in_workerd(program: str, folder: Path, variables: Mapping[str, str], edge: int, host: str) -> Iterator[int]:
    """Run the router; the port on which visitors come. ``host``: the one of the embedded edge, at port ``edge``, that
    is asked in place of the visitor's own."""
    with _forwarding(edge, host) as outbound:
        bindings = ", ".join(f"(name = {json.dumps(name)}, text = {json.dumps(value, ensure_ascii=False)})"
                             for name, value in variables.items())
        (folder / "router.js").write_text(code(), encoding="utf-8")
        (folder / "config.capnp").write_text(_CONFIG % {"bindings": bindings, "outbound": outbound}, encoding="utf-8")
        command = [program, "serve", "config.capnp", "--control-fd", "1"]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            assert said["event"] == "listen", said
            yield int(said["port"])
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


@contextlib.contextmanager
def _forwarding(edge: int, host: str) -> Iterator[int]:
    class Forward(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet

        def _forward(self) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", edge, timeout=60)
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in [("Host", host), *self.headers.items()]:
                if name.lower() not in _HOP or (name == "Host" and value == host):
                    connection.putheader(name, value)
            length = int(self.headers.get("Content-Length") or 0)
            connection.endheaders(self.rfile.read(length) if length else None)
            answer = connection.getresponse()
            body = answer.read()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP | {"content-length"}:
                    self.send_header(name, value)
            if answer.status != 304:
                self.send_header("Content-Length", answer.headers.get("Content-Length") or str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            connection.close()

        do_GET = do_HEAD = do_POST = do_OPTIONS = _forward  # noqa: N815 - the names that the base class looks for

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Forward)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


