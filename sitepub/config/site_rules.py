"""What the `_headers` and `_redirects` of a site come to, layer by layer. Values only; kept with the state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sitepub.config.bucket_settings import RedirectRule


@dataclass(frozen=True, slots=True)
class EdgeHeader:
    """A response header that an edge sets, adds or takes away."""

    path: str
    """Of the address, from the root of the host: may hold one ``*`` (anything) and ``:name`` (one part); decoded."""
    action: Literal["set", "add", "del"]
    name: str
    value: str = ""
    host: str = ""
    """The only host that is meant; "": all."""


@dataclass(frozen=True, slots=True)
class EdgeRedirect:
    """A redirect that an edge answers."""

    path: str
    """As in :class:`EdgeHeader`."""
    to: str
    """``/path`` on the same host or ``https://host/path``, with ``:splat`` and ``:name``; no query."""
    status: int
    host: str = ""


@dataclass(frozen=True, slots=True)
class HostRules:
    """The part of one host."""

    headers: tuple[EdgeHeader, ...] = ()
    redirects: tuple[EdgeRedirect, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.headers or self.redirects)


@dataclass(frozen=True, slots=True)
class SiteRules:
    """The part of the bucket's website, and that of the edges. What is stored with objects is in their headers."""

    redirects: tuple[RedirectRule, ...] = ()
    """Routing rules, after those of serverless.yml."""
    error: str = ""
    """The page for addresses that do not exist, from the root of the site; "": that of serverless.yml."""
    error_status: Literal[404, 200] = 404
    edge: HostRules = field(default_factory=HostRules)
    """Of all hosts that have an edge; each takes what is meant for it."""

    def __bool__(self) -> bool:
        return bool(self.redirects or self.error or self.edge)

    def of_host(self, host: str) -> HostRules:
        """What one host's edge has to do."""
        return HostRules(tuple(one for one in self.edge.headers if one.host in ("", host)),
                         tuple(one for one in self.edge.redirects if one.host in ("", host)))
