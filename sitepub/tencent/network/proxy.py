"""The proxy between us and the cloud, from the environment or the system's settings."""

from __future__ import annotations

import base64
import urllib.parse
import urllib.request
from dataclasses import dataclass, field

from sitepub.errors import UsageError


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy. Connections to the cloud are tunnelled through it with CONNECT (RFC 9110 9.3.6)."""

    host: str
    port: int
    authorization: str | None = field(default=None, repr=False)
    """Value of Proxy-Authorization, when the proxy's URL holds a user."""


def parse_proxy(url: str, variable: str) -> Proxy:
    """Raises :class:`~sitepub.errors.UsageError` (which never shows the password) for what we cannot use."""
    parts = urllib.parse.urlsplit(url if "://" in url else f"http://{url}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host:
        raise UsageError(f"{variable} is not a proxy's address.",
                         hint="It should look like http://user:password@proxy.example.com:3128.")
    if parts.scheme != "http":
        raise UsageError(f"{variable} asks for a {parts.scheme}:// proxy, which sitepub does not speak.",
                         hint="Name an http:// proxy; what goes through it is encrypted all the same.")
    authorization = None
    if parts.username is not None:
        user = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(user.encode()).decode()
    return Proxy(host, port or 80, authorization)


def proxy_for(host: str, scheme: str = "https") -> Proxy | None:
    """The proxy for a host: HTTPS_PROXY / ALL_PROXY unless NO_PROXY names it, or the system's settings."""
    proxies = urllib.request.getproxies()
    for kind in (scheme, "all"):
        if url := proxies.get(kind):
            return None if urllib.request.proxy_bypass(host) else parse_proxy(url, f"{kind.upper()}_PROXY")
    return None
