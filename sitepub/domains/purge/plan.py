"""What to take out of the edges' caches after a deploy: from object keys to addresses, within the quota. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote

from sitepub.config.bucket_settings import Website
from sitepub.config.project import Host
from sitepub.domains.edges.edge import PurgeKind, PurgeQuota
from sitepub.domains.host_names import ascii_name
from sitepub.errors import UsageError
from sitepub.site.hashed_names import in_immutable_folder, may_have_hash

EVERYTHING = "*"
"""In a list of keys: all of them."""
_AS_BROWSERS_DO = "/!$&'()*+,-.:;=@_~[]|"
"""What browsers leave as it is in a path (WHATWG URL, path percent-encode set)."""
_OF_A_COMPUTER = re.compile(r"[A-Za-z]:[/\\]")


@dataclass(frozen=True, slots=True)
class Paths:
    """What is stale, the same on every host."""

    pages: tuple[str, ...] = ()
    """Paths as visitors ask for them, percent-encoded, in order, each once."""
    everything: bool = False
    """Nothing is known to be fresh: purge all of it."""

    def __bool__(self) -> bool:
        return self.everything or bool(self.pages)


def keys_to_purge(new: Iterable[str], changed: Iterable[str], deleted: Iterable[str]) -> tuple[str, ...]:
    """The keys that an edge may hold an old answer for, in order.

    A name with a content hash is new or gone as a whole, and no visitor asked for it before (after): it stays
    out, unless the object behind it was changed all the same (new headers). A new page counts: its "not
    found" may be cached."""
    kept = {key for keys in (new, deleted) for key in keys if not _is_hashed(key)}
    return tuple(sorted(kept.union(changed)))


def _is_hashed(key: str) -> bool:
    folder, _, name = key.rpartition("/")
    return in_immutable_folder(folder) or may_have_hash(name)


def paths_of(keys: Collection[str], website: Website) -> Paths:
    """From object keys to the paths that show them. With ``*`` among them, or when the page that answers for
    every unknown path has changed (``disableErrorStatus``), that is everything."""
    if EVERYTHING in keys or (website.disable_error_status and _error_pages(website).intersection(keys)):
        return Paths(everything=True)
    return Paths(tuple(sorted({path for key in keys for path in page_paths(key, website)})))


def _error_pages(website: Website) -> set[str]:
    return {website.error, "404.html"} if website.error_is_default else {website.error}


def page_paths(key: str, website: Website) -> tuple[str, ...]:
    """Every path that answers with this object: ``a/index.html`` → ``/a/index.html``, ``/a/``, ``/a``; with
    ``ignoreHtmlExt`` also ``/a/index`` (COS API 436/14984)."""
    folder, _, name = key.rpartition("/")
    found = [key]
    if name == website.index.rpartition("/")[2]:
        found += [f"{folder}/", folder] if folder else [""]
    if website.ignore_html_ext and name.endswith(".html") and name != ".html":
        found.append(key.removesuffix(".html"))
    return tuple("/" + encoded(path) for path in found)


def encoded(path: str) -> str:
    """A path or key as a browser sends it."""
    return quote(path, safe=_AS_BROWSERS_DO)


@dataclass(frozen=True, slots=True)
class CachedHost:
    """A host behind an edge with a cache."""

    host: str
    schemes: tuple[str, ...] = ("https",)
    """"http", "https": both where the edge keeps an answer for each."""
    flush_type: str = "flush"
    extra: tuple[str, ...] = ()
    """Addresses that the project wants purged with every change (``refreshCdn.urls``)."""
    extra_folders: tuple[str, ...] = ()

    def addresses(self, paths: Iterable[str]) -> tuple[str, ...]:
        return tuple(f"{scheme}://{self.host}{path}" for path in paths for scheme in self.schemes)


def cached_host(host: Host) -> CachedHost:
    """What the project says of a host's cache. A CDN does not keep http and https apart unless
    ``cacheKey.scheme`` says so (CDN API 228/30987, CacheKey.Scheme)."""
    https = host.https is not None and host.https.get("switch") != "off"
    apart = _switch(host.settings.get("cacheKey"), "scheme") == "on"
    schemes = ("https", "http") if apart else ("https",) if https else ("http",)
    refresh: Mapping[str, Any] = host.settings.get("refreshCdn") or {}
    flush_type = refresh.get("flushType")
    urls = [_address(str(url), host.host, schemes[0]) for url in refresh.get("urls") or ()]
    # The original purges the addresses as folders when flushType is given, else as they are.
    folders = [url for url in urls if flush_type and url.endswith("/")]
    return CachedHost(host.host, schemes, str(flush_type or "flush"),
                      tuple(url for url in urls if url not in folders), tuple(folders))


def _switch(settings: Any, name: str) -> Any:
    inner = settings.get(name) if isinstance(settings, Mapping) else None
    return inner.get("switch") if isinstance(inner, Mapping) else None


def _address(url: str, host: str, scheme: str) -> str:
    if "://" in url:
        return url
    if url.partition("/")[0] == host:
        return f"{scheme}://{url}"
    return f"{scheme}://{host}/{url.lstrip('/')}"


@dataclass(frozen=True, slots=True)
class PurgeBatch:
    """One call of an edge."""

    host: str
    kind: PurgeKind
    addresses: tuple[str, ...]
    flush_type: str = "flush"


@dataclass(frozen=True, slots=True)
class PurgePlan:
    """The calls, and the hosts that the quota leaves out."""

    batches: tuple[PurgeBatch, ...] = ()
    left: tuple[str, ...] = ()

    def of(self, host: str) -> tuple[PurgeBatch, ...]:
        return tuple(batch for batch in self.batches if batch.host == host)


def plan_purge(hosts: Sequence[CachedHost], paths: Paths, quota: PurgeQuota) -> PurgePlan:
    """What to purge from hosts that share one quota.

    Single addresses as long as they are within the quota, the hosts with the fewest first, so that as many as
    can be are done precisely. For each of the others one folder: the smallest that holds all the changed
    paths; then the root; then the whole host. Hosts for which not even that is left are in ``left``."""
    batches: list[PurgeBatch] = []
    left: list[str] = []
    need = {host.host: (*host.addresses(paths.pages), *host.extra) for host in hosts}
    for host in sorted(hosts, key=lambda each: len(set(need[each.host]))):
        for single, wide, whole in _ways(host, paths):
            if len(single) <= quota.urls and len(wide) <= quota.folders and whole <= quota.hosts:
                batches += _batches(host, PurgeKind.URLS, single, quota.urls_a_call)
                batches += _batches(host, PurgeKind.FOLDERS, wide, quota.folders_a_call)
                batches += _batches(host, PurgeKind.HOST, [host.host] * whole, 1)
                quota = replace(quota, urls=quota.urls - len(single), folders=quota.folders - len(wide),
                                hosts=quota.hosts - whole)
                break
        else:
            left.append(host.host)
    order = {host.host: number for number, host in enumerate(hosts)}
    return PurgePlan(tuple(sorted(batches, key=lambda batch: order[batch.host])),
                     tuple(sorted(left, key=order.__getitem__)))


def _ways(host: CachedHost, paths: Paths) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], int]]:
    """Addresses, folders and whole hosts (0 or 1) that take away what is stale: from the most precise way to the
    widest."""
    def way(single: Iterable[str], wide: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...], int]:
        folders = tuple(dict.fromkeys(wide))
        return tuple(one for one in dict.fromkeys(single) if not covered(one, folders)), folders, 0

    if not paths.everything:
        yield way([*host.addresses(paths.pages), *host.extra], host.extra_folders)
    if paths.pages and not paths.everything:
        yield way(host.extra, [*host.addresses([common_folder(paths.pages)]), *host.extra_folders])
    root = host.addresses(["/"])
    if paths or host.extra or host.extra_folders:
        yield way(host.extra, [*root, *host.extra_folders])
        elsewhere = [one for one in (*host.extra, *host.extra_folders) if not _is_of(one, host.host)]
        if not elsewhere and not host.host.startswith("*"):
            yield (), (), 1


def _is_of(address: str, host: str) -> bool:
    return address.partition("://")[2].partition("/")[0] == host


def _batches(host: CachedHost, kind: PurgeKind, addresses: Sequence[str], size: int) -> list[PurgeBatch]:
    return [PurgeBatch(host.host, kind, tuple(addresses[at:at + size]), host.flush_type)
            for at in range(0, len(addresses), max(size, 1))]


def common_folder(paths: Sequence[str]) -> str:
    """The deepest folder that holds all paths, with slashes at both ends."""
    bare = [path.partition("?")[0] for path in paths]
    first, last = min(bare), max(bare)
    same = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other),
                min(len(first), len(last)))
    return first[: first.rfind("/", 0, same) + 1] or "/"


def covered(address: str, folders: Iterable[str]) -> bool:
    """Whether purging one of the folders also purges this address."""
    return any(address.startswith(folder) for folder in folders)


@dataclass(frozen=True, slots=True)
class NamedPaths:
    """What is named on the command line: for one host, or for all of them (host "")."""

    pages: Mapping[str, tuple[str, ...]]
    """Host → paths as visitors ask for them; "" stands for every host."""
    folders: Mapping[str, tuple[str, ...]]


def named_paths(words: Sequence[str], hosts: Collection[str], website: Website, *, exact: bool = False
               ) -> NamedPaths:
    """``/a/``, ``a/index.html``, ``/a/?page=2``, ``/posts/*`` (the folder), ``https://host/a/`` as what they mean. A
    page stands for every path that shows it; with ``exact``, and with a query, for the one that is named.

    Raises :class:`~sitepub.errors.UsageError` for a host that the project does not have, and for what is no path."""
    pages: dict[str, list[str]] = {}
    folders: dict[str, list[str]] = {}
    for word in words:
        host, path, query = _taken_apart(word, hosts)
        stem = path.rstrip("*")
        if stem != path:
            if not stem.endswith("/") or "*" in stem or query:
                raise UsageError(f"{word}: a * stands for a whole folder, at the end: /posts/*")
            folders.setdefault(host, []).append(_keep_escapes(stem))
            continue
        key = path.lstrip("/") + (website.index.rpartition("/")[2] if path.endswith("/") else "")
        if query:
            pages.setdefault(host, []).append(f"{_keep_escapes(path)}?{_keep_escapes(query)}")
        elif "%" in key or exact:
            pages.setdefault(host, []).append(_keep_escapes(path))
        else:
            pages.setdefault(host, []).extend(page_paths(key, website))
    return NamedPaths({host: tuple(dict.fromkeys(found)) for host, found in pages.items()},
                   {host: tuple(dict.fromkeys(found)) for host, found in folders.items()})


def _taken_apart(word: str, hosts: Collection[str]) -> tuple[str, str, str]:
    """Host ("" for all), path from the root, and query. Raises UsageError."""
    if not word.strip():
        raise UsageError("an empty path: name a page such as /about/, or use --all")
    if _OF_A_COMPUTER.match(word):
        raise UsageError(f"{word} is a path of this computer",
                         hint="Write it as visitors ask for it: /about/. Git Bash rewrites what begins with a slash:"
                              " set MSYS_NO_PATHCONV=1, or leave the first slash out.")
    host, (path, _, query) = "", word.partition("?")
    if "://" in path:
        scheme, _, rest = word.partition("#")[0].partition("://")
        address, (path, _, query) = rest, rest.partition("?")
        host, _, path = path.partition("/")
        host = ascii_name(host.partition(":")[0]).removesuffix(".localhost")
        if scheme.lower() not in ("http", "https") or host not in hosts:
            raise UsageError(f"{scheme}://{address.partition('/')[0]} is not one of the project's hosts"
                             f" ({', '.join(hosts) or 'it has none'})")
    elif ascii_name(path.partition("/")[0]) in hosts:
        host, _, path = path.partition("/")
        host = ascii_name(host)
    path = "/" + path.lstrip("/")
    if "\\" in path or {".", ".."} & set(unquote(path).split("/")):
        raise UsageError(f"{word} is not a path that visitors ask for: it begins at the root of the site, with /"
                         " between names, and has no . or .. among them")
    return host, path, query


def _keep_escapes(path: str) -> str:
    """A path or query that may be encoded already."""
    return quote(path, safe=_AS_BROWSERS_DO + "%?")
