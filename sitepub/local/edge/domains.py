"""Hosts of the CDN, EdgeOne and buckets, as the edge serves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sitepub.local.edge.served_functions import ServedFunctions


@dataclass(frozen=True, slots=True)
class EdgeOrigin:
    """Where misses are fetched."""

    hosts: tuple[str, ...]
    """As configured: `bucket-125.cos-website.region.myqcloud.com`, a host, an address; perhaps `:port`."""
    host_header: str
    """Host of the request to the origin."""
    protocol: str
    """`http`, `https`, or `follow` (that of the visitor)."""


@dataclass(frozen=True, slots=True)
class PathMatch:
    """Which paths a rule is for."""

    kind: str
    """`all`, `file` (suffixes without a dot), `directory`, `path`, `index`, `contentType`; `condition`: `values` are
    conditions of EdgeOne that must all hold."""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CacheRule:
    """How long answers are kept; of the rules that match, the last one counts."""

    match: PathMatch
    mode: str
    """`cache` (for `seconds`), `none`, or `origin` (the origin's Cache-Control decides)."""
    seconds: int = 0
    compare_max_age: bool = False
    """The smaller of `seconds` and the origin's max-age."""
    ignore_cache_control: bool = False
    """Also store what the origin marks no-store, no-cache or private."""
    ignore_set_cookie: bool = False
    revalidate: bool = False
    """For `none`: ask the origin every time whether it changed."""
    heuristic: bool = False
    """For `origin` without Cache-Control: store for a heuristic time."""
    heuristic_seconds: int = 0
    """0: not set by the user."""


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """A response header that is `set`, `add`ed or `del`eted."""

    match: PathMatch
    mode: str
    name: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class MaxAgeRule:
    """A Cache-Control max-age for browsers. `seconds` None: as the origin says."""

    match: PathMatch
    seconds: int | None


@dataclass(frozen=True, slots=True)
class CompressionRule:
    match: PathMatch
    algorithms: tuple[str, ...]
    """`gzip`, `brotli`."""
    minimum: int = 0
    """Bytes."""
    maximum: int = 30 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Hsts:
    seconds: int
    include_subdomains: bool


@dataclass(frozen=True, slots=True)
class Redirect:
    """Every visit over the other protocol is redirected."""

    to: str
    """`https` or `http`."""
    status: int


@dataclass(frozen=True, slots=True)
class PathRedirect:
    """Visits of some paths are redirected; of those that match, the last one counts."""

    match: PathMatch
    status: int
    scheme: str
    """`http`, `https`, or "": that of the visit."""
    host: str
    """"": that of the visit."""
    pattern: str
    """Matches the whole path; with groups for `$1` … in `path`."""
    path: str
    """With `$1` …; "": as it is."""
    keeps_query: bool = True


@dataclass(frozen=True, slots=True)
class EdgeDomain:
    """One host as the edge serves it now."""

    host: str
    product: str
    """`cdn`, `edgeone`, or `cos` (a bucket's custom domain: passed through, nothing is stored)."""
    owner: str
    """App id."""
    status: str
    """`online`, `processing`, `offline` …"""
    cname: str
    area: str
    origin: EdgeOrigin
    served: bool
    """Visitors get answers. An offline or a new, not yet online host has none; one whose settings are being
    changed is served with those it had before."""
    https: bool = False
    certificate: str = field(default="", repr=False)
    """PEM, the host's own first, then the chain."""
    private_key: str = field(default="", repr=False)
    http2: bool = False
    tls_versions: tuple[str, ...] = ("TLSv1.2", "TLSv1.3")
    hsts: Hsts | None = None
    redirect: Redirect | None = None
    path_redirects: tuple[PathRedirect, ...] = ()
    cache_rules: tuple[CacheRule, ...] = ()
    status_cache: Mapping[str, int] = field(default_factory=dict)
    """Seconds that answers with these statuses (`404`, `5xx`) are kept."""
    full_url_cache: bool = True
    """The query is part of the cache key."""
    ignore_case: bool = False
    response_headers: tuple[HeaderRule, ...] = ()
    max_age_rules: tuple[MaxAgeRule, ...] = ()
    compression: tuple[CompressionRule, ...] = ()
    follow_redirect: bool = False
    """Redirects of the origin are followed instead of passed on."""
    functions: ServedFunctions | None = None
    """The edge functions of its zone; ``None``: no rule starts one."""
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The whole configuration, in the API's own names."""
