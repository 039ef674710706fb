"""What the blocks of `_headers` come to: headers stored with files, and headers that the edges add (pure).

COS stores six headers with a file (436/7749); all others need an edge. Blocks that match the same address add up, as
on Cloudflare Pages and Netlify: lists are joined, of anything else the later block counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sitepub.config.project import Host
from sitepub.config.site_rules import EdgeHeader
from sitepub.errors import Problem
from sitepub.site.address_rules.addresses import Address, below
from sitepub.site.address_rules.edge_paths import CDN_HEADERS, cdn_match, header_obstacle
from sitepub.site.address_rules.headers_file import HeaderBlock, HeaderLine
from sitepub.site.stored_headers import canonical_name

LISTS = frozenset({
    "access-control-allow-headers", "access-control-allow-methods", "access-control-expose-headers", "accept-ch",
    "cache-tag", "content-language", "content-security-policy", "content-security-policy-report-only", "link",
    "permissions-policy", "server-timing", "timing-allow-origin", "x-robots-tag",
})
"""Headers whose values of several blocks are joined (Cloudflare's rule). Of others browsers would read nonsense:
there the later block counts (Netlify's rule)."""
_DOWNLOAD_RULES = 2
"""Rules of the CDN that every host has, so that pages are shown."""
EDGES = ("cdn", "edgeone")


@dataclass(frozen=True, slots=True)
class Recommended:
    """A header of ``securityHeaders: recommended``."""

    name: str
    value: str
    https: bool = False
    """Only for hosts that are served over HTTPS."""


RECOMMENDED = (
    Recommended("X-Content-Type-Options", "nosniff"),
    Recommended("X-Frame-Options", "SAMEORIGIN"),
    Recommended("Referrer-Policy", "strict-origin-when-cross-origin"),
    Recommended("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    Recommended("Strict-Transport-Security", "max-age=31536000", https=True),
)
"""What is right for every site of pages. No Content-Security-Policy: that depends on the pages."""


@dataclass(frozen=True, slots=True)
class StoredHeaders:
    """Headers of the files at some addresses, with their names in canonical case."""

    address: Address
    headers: tuple[tuple[str, HeaderLine], ...]
    block: HeaderBlock


@dataclass(frozen=True, slots=True)
class Compiled:
    """Of one file."""

    stored: tuple[StoredHeaders, ...] = ()
    edge: tuple[EdgeHeader, ...] = ()
    refused: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def joined(name: str, before: str | None, value: str) -> str:
    """The value of a header that two blocks set."""
    if before is None or name.lower() not in LISTS or value in [part.strip() for part in before.split(",")]:
        return value if before is None or name.lower() not in LISTS else before
    return f"{before}, {value}"


def configurable(hosts: Iterable[Host]) -> list[Host]:
    """The hosts whose edge sitepub can give rules."""
    return [host for host in hosts if host.edge in EDGES and not host.only_refresh]


def compile_headers(blocks: Sequence[HeaderBlock], hosts: Sequence[Host], *, recommended: bool,
                    prefix: str = "") -> Compiled:
    """``recommended``: the usual security headers too, under those of the blocks. ``prefix``: that of the object keys,
    which is in every address."""
    edges = configurable(hosts)
    names = {host.host for host in hosts}
    stored: list[StoredHeaders] = []
    refused: list[Problem] = []
    warnings: list[Problem] = []
    wanted: list[tuple[Address, HeaderLine]] = []
    for block in blocks:
        if block.address.host and block.address.host not in names:
            warnings.append(Problem(f"the block has no effect: {block.address.host} is not a host of this site",
                                    block.position, "hosts: in serverless.yml names them" if not names else
                                    f"its hosts are {', '.join(sorted(names))}"))
            continue
        kept: list[tuple[str, HeaderLine]] = []
        for line in block.headers:
            name = canonical_name(line.name)
            if name is not None:
                if block.address.host and len(names) > 1:
                    refused.append(Problem(
                        f"{name} is kept with the file, which all hosts of the site serve: it cannot be for"
                        f" {block.address.host} alone", line.position, "write the address without the host"))
                else:
                    kept.append((name, line))
            elif line.value is None or not (why := _obstacle(line, below(block.address, prefix), edges)):
                wanted.append((below(block.address, prefix), line))
            else:
                refused.append(Problem(f"{line.name} {why[0]}", line.position, why[1]))
        if kept:
            stored.append(StoredHeaders(Address(block.address.path, "", block.address.names), tuple(kept), block))
    made = [*(_recommended(edges, prefix) if recommended else ()), *_edge_headers(wanted, refused)]
    refused += _too_many(made, edges, blocks)
    if made and (bare := [host.host for host in hosts if host not in edges]):
        lines = [line for _address, line in wanted if line.value is not None]
        warnings.append(Problem(
            f"{', '.join(bare[:3])} {'gets' if len(bare) == 1 else 'get'} only the headers that COS keeps with a file:"
            " no edge of sitepub's is in front of it", lines[0].position if lines else None,
            "`edge: edgeone` or `edge: cdn` can add the others"))
    if recommended and not edges:
        warnings.append(Problem("securityHeaders has no effect: no host of the site has an edge that could add them",
                                None, "COS itself keeps no such headers; give a host `edge: edgeone` or `edge: cdn`"))
    return Compiled(tuple(stored), tuple(made) if edges else (), tuple(refused), tuple(warnings))


def _obstacle(line: HeaderLine, address: Address, edges: Sequence[Host]) -> tuple[str, str | None] | None:
    """Why no layer can set a header that COS does not store, and what to do."""
    name = line.name
    if why := header_obstacle(name, line.value or ""):
        return f"cannot be set: COS does not keep it with a file, and {why}", None
    reached = [host for host in edges if address.host in ("", host.host)]
    if not reached:
        cors = name.lower().startswith("access-control-")
        hint = "COS answers these itself: set `cors` in serverless.yml, or " if cors else "Take it out, or "
        where = f"{address.host} has no edge" if address.host else "no host of the site has an edge"
        return (f"cannot be set: COS does not keep it with a file, and {where} that could add it",
                f"{hint}give a host `edge: edgeone` or `edge: cdn`; `unsupportedRules: warn` goes on without it")
    on_cdn = next((host for host in reached if host.edge == "cdn"), None)
    if on_cdn is not None and cdn_match(address) is None:
        return (f"cannot be set at `{address.path}` by the CDN, which serves {on_cdn.host}: it matches everything,"
                " folders, suffixes and whole addresses", "as in /*, /assets/*, /*.js, /page.html; or use"
                " `edge: edgeone`")
    return None


def _recommended(edges: Sequence[Host], prefix: str) -> list[EdgeHeader]:
    path = f"/{prefix}*"
    found = [EdgeHeader(path, "set", one.name, one.value) for one in RECOMMENDED if not one.https]
    secure = [host for host in edges if host.https is not None and host.https.get("switch") != "off"]
    return found + [EdgeHeader(path, "set", one.name, one.value, host.host)
                    for one in RECOMMENDED if one.https for host in secure]


def _edge_headers(wanted: Sequence[tuple[Address, HeaderLine]], refused: list[Problem]) -> list[EdgeHeader]:
    """In an order in which the last rule that matches decides, which is what both edges do."""
    found: list[EdgeHeader] = []
    for number, (address, line) in enumerate(wanted):
        value: str | None = None
        for other, before in wanted[:number]:
            if before.name.lower() != line.name.lower() or not other.overlaps(address):
                continue
            if other.contains(address):
                value = before.value and joined(line.name, value, before.value)
            elif not address.contains(other):
                refused.append(Problem(
                    f"{line.name} is set at `{address}` and at `{other}` (line {before.position.line}), and an address"
                    " may be both: edges take one of them and cannot join them", line.position,
                    "write the addresses so that one holds the other, or give both the same header once"))
        value = line.value and joined(line.name, None if line.fresh else value, line.value)
        made = EdgeHeader(address.path, "set" if value else "del", line.name, value or "", address.host)
        found.append(made)
        # A narrow block before a wide one: at the narrow address the wide one's header comes last.
        for other, before in wanted[:number]:
            if before.name.lower() == line.name.lower() and address.contains(other) and not other.contains(address):
                both = line.value and joined(line.name, None if line.fresh else before.value, line.value)
                if both != line.value:
                    found.append(EdgeHeader(other.path, "set" if both else "del", made.name, both or "", other.host))
    return found


def _too_many(made: Sequence[EdgeHeader], edges: Sequence[Host], blocks: Sequence[HeaderBlock]) -> list[Problem]:
    problems = []
    for host in edges:
        if host.edge != "cdn":
            continue
        theirs = (host.settings.get("responseHeader") or {}).get("headerRules") or ()
        count = sum(one.host in ("", host.host) for one in made) + len(theirs) + _DOWNLOAD_RULES
        if count > CDN_HEADERS:
            problems.append(Problem(
                f"{host.host} would have {count} rules for response headers, and the CDN takes {CDN_HEADERS}",
                blocks[-1].position if blocks else None, "leave some out, or use `edge: edgeone`"))
    return problems
