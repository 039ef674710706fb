"""A proxy in front of the embedded cloud that answers in its place, as login pages, filters and gateways do."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import hmac
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from tests.conftest import LocalCloud
from tests.tencent.scripted_server import Raw, Received, answer, foreign, read_request, served

PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Welcome to the hotel</body></html>\n"
LOGIN = "https://login.hotel.example/portal?token=s3cr3t"


def cut(own: Raw) -> Raw:
    """The service's own answer, ended in the middle of its body, or of its headers when it has none."""
    head, blank, body = own.data.partition(b"\r\n\r\n")
    return Raw(head + blank + body[:len(body) // 2] if body else head[:20], close=True)


def page_under_own_headers(own: Raw) -> Raw:
    """A filter that puts its page into the service's answer and leaves the headers."""
    head = own.data.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    kept = [line for line in head if not line.lower().startswith(("content-length", "content-type", "transfer-"))]
    kept[0] = "HTTP/1.1 200 OK"
    return Raw("\r\n".join([*kept, f"Content-Length: {len(PAGE)}", "Content-Type: text/html", "", ""]).encode() + PAGE)


def always(raw: Raw) -> Callable[[Raw], Raw]:
    return lambda _: raw


ANSWERS: Mapping[str, Callable[[Raw], Raw]] = {
    "COS's own 301": always(answer(301, Location="http://elsewhere.example/")),
    "COS's own 307": always(answer(307, Location="http://elsewhere.example/")),
    "302 to a login page": always(foreign(302, Location=LOGIN)),
    "303 without a place": always(foreign(303)),
    "308 to a login page": always(foreign(308, PAGE, Location=LOGIN)),
    "200 with HTML": always(foreign(200, PAGE, Content_Type="text/html")),
    "200 with HTML as XML": always(foreign(200, PAGE, Content_Type="application/xml")),
    "200 with packed HTML": always(foreign(200, gzip.compress(PAGE), Content_Type="text/html",
                                           Content_Encoding="gzip")),
    "200 with packed HTML, not said": always(foreign(200, gzip.compress(PAGE), Content_Type="text/html")),
    "empty 200": always(foreign(200)),
    "204": always(foreign(204)),
    "206 with HTML": always(foreign(206, PAGE, Content_Type="text/html")),
    "own headers, 200 with HTML": page_under_own_headers,
    "cut": cut,
    "403 with HTML": always(foreign(403, PAGE, Content_Type="text/html")),
    "404 with HTML": always(foreign(404, PAGE, Content_Type="text/html")),
    "empty 404": always(foreign(404)),
    "404 with a stranger's error": always(foreign(404, b"<Error><Code>NoSuchBucket</Code></Error>")),
    "407": always(foreign(407, Proxy_Authenticate="Basic")),
    "410 with HTML": always(foreign(410, PAGE)),
    "451 with HTML": always(foreign(451, PAGE)),
    "511 with HTML": always(foreign(511, PAGE, Content_Type="text/html")),
    "502 with HTML": always(foreign(502, PAGE, Content_Type="text/html")),
    "JSON without Response": always(foreign(200, b'{"status":"ok"}', Content_Type="application/json")),
    "Response that is no object": always(foreign(200, b'{"Response":[]}', Content_Type="application/json")),
    "Response without RequestId": always(foreign(200, b'{"Response":{}}', Content_Type="application/json")),
    "RequestId that is a number": always(foreign(
        200, b'{"Response":{"RequestId":7,"TotalNumber":0,"Domains":[]}}', Content_Type="application/json")),
    "Error without a code": always(foreign(
        200, b'{"Response":{"RequestId":"r","Error":{"Message":"no"}}}', Content_Type="application/json")),
    "JSON without end": always(foreign(200, b"[" * 100_000, Content_Type="application/json")),
}
"""What comes instead, made from the service's own answer."""


def name_of(request: Received) -> str:
    """What is asked, in short: "PUT ?acl", "GET object", "cdn:AddCdnDomain"."""
    if action := request.headers.get("x-tc-action"):
        return f"api {action}"
    url = urlsplit(request.target)
    names = [name for name, _ in parse_qsl(url.query, keep_blank_values=True)]
    kind = "object" if url.path != "/" else "bucket"
    copied = " copy" if "x-cos-copy-source" in request.headers else ""
    options = ("prefix", "marker", "max-keys", "encoding-type")
    return f"{request.method} {kind}{copied}" + "".join(f" ?{name}" for name in sorted(names) if name not in options)


@dataclass
class Intercepting:
    """The proxy. ``replace`` says what comes instead of an answer; ``None``: the answer itself."""

    upstream: tuple[str, int]
    replace: Callable[[int, str], Callable[[Raw], Raw] | None] = lambda _number, _name: None
    names: list[str] = field(default_factory=list)
    """Of the requests so far."""
    port: int = 0
    folder: str = ""
    """The data folder that stands for the cloud's own."""
    secret: str = ""
    """The cloud's."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(sock,), daemon=True).start()

    def _one(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException), sock, sock.makefile("rb") as stream:
            while request := read_request(stream, 0):
                raw = self._answer(request)
                sock.sendall(raw.data)
                if raw.close:
                    sock.shutdown(socket.SHUT_RDWR)
                    return

    def _answer(self, request: Received) -> Raw:
        if request.target.startswith("/-/"):
            own = self._forward(request)
            if not self.folder or not request.target.startswith("/-/health"):
                return own
            # It says which data folder it serves, and proves that it listens: here for the proxy.
            told = json.loads(own.data.partition(b"\r\n\r\n")[2])
            if "data" in told:
                told["data"] = self.folder
            if "proof" in told:
                nonce = request.headers["x-sitepub-nonce"]
                words = f"sitepub-local listens\n{self.port}\n{nonce}".encode()
                told["proof"] = hmac.new(self.secret.encode(), words, hashlib.sha256).hexdigest()
            return foreign(int(own.data[9:12]), json.dumps(told).encode())
        name = name_of(request)
        with self._lock:
            self.names.append(name)
            number = len(self.names) - 1
            instead = self.replace(number, name)
        if instead is None:
            return self._forward(request)
        if instead is cut or instead is page_under_own_headers:
            return instead(self._forward(request))
        return instead(Raw())

    def _forward(self, request: Received) -> Raw:
        connection = http.client.HTTPConnection(*self.upstream, timeout=30)
        try:
            connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
            for header, value in request.headers.items():
                connection.putheader(header, value.encode())
            connection.endheaders(request.body or None)
            found = connection.getresponse()
            body = found.read()
            head = [f"HTTP/1.1 {found.status} {found.reason}"]
            head += [f"{header}: {value}" for header, value in found.getheaders()
                     if header.lower() not in ("content-length", "transfer-encoding", "connection")]
            length = found.headers.get("content-length", "0") if request.method == "HEAD" else str(len(body))
            return Raw("\r\n".join([*head, f"Content-Length: {length}", "", ""]).encode("latin-1") + body)
        finally:
            connection.close()


@contextlib.contextmanager
def intercepting(cloud: LocalCloud) -> Iterator[Intercepting]:
    proxy = Intercepting((cloud.host, cloud.port))
    with served(proxy.serve) as proxy.port:
        yield proxy


def once(answer: Callable[[Raw], Raw], at: int = 0) -> Callable[[int, str], Callable[[Raw], Raw] | None]:
    """The request with this number gets the answer, no other does."""
    return lambda number, _name: answer if number == at else None


def first_of(name: str, answer: Callable[[Raw], Raw]) -> Callable[[int, str], Callable[[Raw], Raw] | None]:
    """The first request of this name gets the answer."""
    left = [answer]
    return lambda _number, asked: left.pop() if asked == name and left else None


def for_ever(answer: Callable[[Raw], Raw], name: str = "") -> Callable[[int, str], Callable[[Raw], Raw] | None]:
    """Every request of this name ("": every one) gets the answer."""
    return lambda _number, asked: answer if name in ("", asked) else None


def folder_for(cloud: LocalCloud, proxy: Intercepting, place: Path) -> None:
    """Write a data folder that makes ``--local`` find the cloud at the proxy's address."""
    place.mkdir(parents=True, exist_ok=True)
    told = json.loads((cloud.data / "cloud.json").read_text(encoding="utf-8"))
    proxy.folder, proxy.secret = str(place), str(told.get("secret", ""))
    told["endpoint"] = f"http://127.0.0.1:{proxy.port}"
    (place / "cloud.json").write_text(json.dumps(told), encoding="utf-8")
    (place / "cloud.json").chmod(0o600)
