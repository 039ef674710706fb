"""One unsigned request to an address, over the wire that uploads use: its certificates, proxies and limits."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from sitepub import __version__
from sitepub.errors import NetworkError
from sitepub.tencent.network import limits
from sitepub.tencent.network.connection import ConnectionLost, Connections, Route
from sitepub.tencent.network.http_answer import Answer
from sitepub.tencent.network.proxy import proxy_for
from sitepub.tencent.network.tls import tls_context


def route_to(address: str, *, direct: bool, secret: str = "", timeout: float = 30.0) -> Route:
    """How the host of a URL is reached. ``direct``: through no proxy (embedded cloud); ``secret``: it has to prove
    that it knows it."""
    url = urlsplit(address)
    host = url.hostname or ""
    if url.scheme == "https":
        return Route(host, host, url.port or 443, tls_context(), None if direct else proxy_for(host),
                     timeout=timeout)
    return Route(host, host, url.port or 80, None, None if direct else proxy_for(host, "http"), timeout=timeout,
                 secret=secret)


def ask(method: str, address: str, *, direct: bool, secret: str = "", timeout: float = 30.0,
        limit: int = limits.ANSWER, sink: Callable[[bytes], object] | None = None, body: bytes = b"",
        content_type: str = "") -> Answer:
    """The answer, whichever program gave it; no redirect is followed. ``sink`` takes the body piece by piece instead.

    Raises :class:`~sitepub.errors.NetworkError`, whose words hold the host only: an address may be signed.
    """
    url = urlsplit(address)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    head = (f"{method} {path} HTTP/1.1\r\nHost: {url.netloc.rpartition('@')[2]}\r\n"
            f"User-Agent: sitepub/{__version__}\r\nAccept-Encoding: identity\r\nConnection: close\r\n"
            + (f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n" if content_type else "") + "\r\n")
    connections = Connections(route_to(address, direct=direct, secret=secret, timeout=timeout), 0)
    try:
        return connections.exchange(head.encode("ascii", "ignore"), body, without_body=method == "HEAD", limit=limit,
                                    sink=sink)
    except ConnectionLost as lost:
        raise NetworkError(f"The connection to {url.hostname} failed: {lost}.",
                           hint="Check the network (and HTTPS_PROXY), then run again.") from lost
    finally:
        connections.close()
