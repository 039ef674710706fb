"""Requests to the bucket of a probe, just as they are written here: every answer comes back, also a refusal."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sitepub import __version__
from sitepub.errors import NetworkError
from sitepub.interrupts import pause
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cos.integrity import content_md5, md5_of
from sitepub.tencent.cos.request import target_of
from sitepub.tencent.cos.signature import Signer, is_signed
from sitepub.tencent.cos.wire import route_to
from sitepub.tencent.cos.xml import flat, parsed
from sitepub.tencent.network.connection import ConnectionLost, Connections, Route
from sitepub.tencent.network.http_answer import Answer
from sitepub.tencent.network.proxy import proxy_for
from sitepub.tencent.network.tls import tls_context

_TRIES = 3
_BUSY = frozenset({500, 502, 503, 504})
_ELEMENT = re.compile(r"<(\w+)>([^<]*)</")
_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,80})</Code>")


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer, by what cases compare."""

    status: int
    headers: Mapping[str, str]
    """Names lowercase."""
    body: bytes

    @property
    def code(self) -> str | None:
        """Of the error document; ``None`` without one."""
        found = _CODE.search(self.body[:4096])
        return found[1].decode() if found else None

    def header(self, name: str) -> str | None:
        return self.headers.get(name)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def values(self) -> Mapping[str, str]:
        """The elements of an XML document by name, of equal names the last; empty when it is none."""
        try:
            return flat(parsed(self.body))
        except (ValueError, SyntaxError):
            return {}

    def all(self, element: str) -> tuple[str, ...]:
        """The texts of all elements of that name that hold text only, in order."""
        return tuple(text for name, text in _ELEMENT.findall(self.text) if name == element)


class ProbeBucket:
    """A bucket that the probe made, and the account's other addresses. For one thread."""

    def __init__(self, cloud: Cloud, name: str) -> None:
        self.cloud = cloud
        self.name = name
        self.last_request_id = ""
        self.requests = 0
        self._signer = Signer(cloud.credentials)
        self._connections: dict[str, Connections] = {}

    def close(self) -> None:
        for connections in self._connections.values():
            connections.close()

    def ask(self, method: str, key: str = "", params: Mapping[str, str] | None = None,
            headers: Mapping[str, str] | None = None, body: bytes = b"", *, signed: bool = True,
            bucket: str | None = None, signer: Signer | None = None, at: float | None = None,
            until: float | None = None, accelerated: bool = False) -> Seen:
        """One request to the XML API. ``signer``, ``at`` and ``until`` (Unix seconds) make a wrong signature.

        Tried again after a lost connection and after 5xx; raises :class:`~sitepub.errors.NetworkError`."""
        cloud = replace(self.cloud, accelerate=accelerated)
        route = route_to(cloud, bucket or self.name)
        params = params or {}
        lines = [f"{method} {target_of(key, params)} HTTP/1.1", f"Host: {route.host}",
                 f"User-Agent: sitepub/{__version__}"]
        sent = dict(headers or {})
        token = self.cloud.credentials.token
        if token and signed:
            sent["x-cos-security-token"] = token
        lines += [f"{name}: {value}" for name, value in sent.items()]
        if body or method in ("PUT", "POST"):
            lines.append(f"Content-Length: {len(body)}")
        if signed:
            named = [("host", route.host), *((name.lower(), value) for name, value in sent.items()
                                             if is_signed(name.lower()))]
            authorization = (signer or self._signer).authorization(
                method, "/" + key, params, named, at if at is not None else time.time(), until)
            lines.append(f"Authorization: {authorization}")
        return self._exchange(route, lines, body, silent=method == "HEAD")

    def visit(self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Seen:
        """What the website endpoint answers to a visitor."""
        host, embedded = self.cloud.website_host(self.name), self.cloud.embedded
        if embedded is not None:
            route = Route(host, embedded.host, embedded.port, secret=embedded.secret)
        else:
            route = Route(host, host, 443, tls_context(), proxy_for(host))
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"User-Agent: sitepub/{__version__}",
                 *(f"{name}: {value}" for name, value in (headers or {}).items())]
        return self._exchange(route, lines, b"", silent=method == "HEAD")

    def _exchange(self, route: Route, lines: list[str], body: bytes, *, silent: bool) -> Seen:
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        connections = self._connections.setdefault(route.host, Connections(route, 1))
        for attempt in range(1, _TRIES + 1):
            self.requests += 1
            try:
                answer: Answer = connections.exchange(head, body, without_body=silent, fresh=attempt > 1)
            except ConnectionLost as lost:
                if attempt == _TRIES:
                    raise NetworkError(f"The connection to {route.host} failed: {lost}.",
                                       hint="Check the network (and HTTPS_PROXY), then run again.") from lost
            else:
                self.last_request_id = answer.headers.get("x-cos-request-id", "")
                if answer.status not in _BUSY or attempt == _TRIES:
                    return Seen(answer.status, answer.headers, answer.body)
            pause(attempt * 0.5)
        raise AssertionError("unreachable")

    # what many cases do

    def put(self, key: str, body: bytes, **headers: str) -> Seen:
        """PUT Object with Content-MD5. Header names as keywords: ``cache_control``, ``x_cos_acl``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("PUT", key, headers={"content-type": "text/plain", "content-md5": content_md5(md5_of(body)),
                                             **named}, body=body)

    def document(self, subresource: str, body: str) -> Seen:
        """PUT of a bucket's XML document, with its MD5."""
        data = body.encode()
        return self.ask("PUT", params={subresource: ""}, body=data, headers={
            "Content-Type": "application/xml", "Content-MD5": content_md5(hashlib.md5(data).hexdigest())})
