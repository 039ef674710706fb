"""The edge's cache: whole answers, by host and cache key; the least recently used are removed first.

An answer is found by the key that the host's rules made of a URL, and among those by the request headers
that the origin's ``Vary`` names. ``purge_*`` evict: afterwards nothing of it can be served.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

CAPACITY = 256 * 1024 * 1024
"""Bytes of all entries at most."""
MOST_ENTRY = 32 * 1024 * 1024
"""Bytes of the largest answer that is stored."""
_OVERHEAD = 1024
"""Bytes of an entry besides its body, roughly."""

Headers = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Entry:
    """An answer of the origin, as it came. Times are Unix seconds."""

    host: str
    path: str
    """Normalized (:func:`normal_path`), as the key has it."""
    query: str
    """As the key has it."""
    status: int
    headers: Headers
    body: bytes
    stored: float
    """When the origin last confirmed it."""
    expires: float
    vary: Mapping[str, str] = field(default_factory=dict)
    """Request header in lower case → its value, for what ``Vary`` names."""
    encoded: dict[str, bytes] = field(default_factory=dict)
    """The body compressed, by content coding."""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.host, self.path, self.query

    @property
    def size(self) -> int:
        packed = sum(len(body) for body in self.encoded.values())
        return _OVERHEAD + len(self.body) + packed + sum(len(n) + len(v) for n, v in self.headers)

    def header(self, name: str) -> str | None:
        """First header of that name, in lower case."""
        return next((value for given, value in self.headers if given.lower() == name), None)

    def fits(self, request: Mapping[str, str]) -> bool:
        """Whether a request with these (case-insensitive) headers may be answered with it."""
        return all(request.get(name, "") == value for name, value in self.vary.items())


class EdgeCache:
    """The cache of all hosts. Only the thread of the event loop may use it."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.size = 0
        self._variants: OrderedDict[tuple[str, str, str], list[Entry]] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(variants) for variants in self._variants.values())

    def find(self, key: tuple[str, str, str], request: Mapping[str, str]) -> Entry | None:
        """The entry that may answer, fresh or not."""
        for entry in self._variants.get(key, ()):
            if entry.fits(request):
                self._variants.move_to_end(key)
                return entry
        return None

    def put(self, entry: Entry) -> None:
        """Store an entry in place of the one with the same key and the same varying headers."""
        if entry.size > min(MOST_ENTRY, self.capacity):
            return
        variants = self._variants.setdefault(entry.key, [])
        for old in [old for old in variants if old.vary == entry.vary]:
            variants.remove(old)
            self.size -= old.size
        variants.append(entry)
        self.size += entry.size
        self._variants.move_to_end(entry.key)
        self._shrink()

    def remove(self, entry: Entry) -> None:
        """Remove an entry if it is still there."""
        variants = self._variants.get(entry.key, [])
        if any(one is entry for one in variants):
            variants[:] = [one for one in variants if one is not entry]
            self.size -= entry.size
            if not variants:
                del self._variants[entry.key]

    def add_encoding(self, entry: Entry, coding: str, body: bytes) -> None:
        """Store a compressed form of an entry; it is removed together with the entry."""
        if coding not in entry.encoded and any(one is entry for one in self._variants.get(entry.key, ())):
            entry.encoded[coding] = body
            self.size += len(body)
            self._shrink()

    def _shrink(self) -> None:
        while self.size > self.capacity:
            _, variants = self._variants.popitem(last=False)
            self.size -= sum(entry.size for entry in variants)

    # Purges. The scheme of a URL is ignored: answers over http and https share an entry.

    def purge_url(self, url: str, key_of: Callable[[str, str, str], tuple[str, str]]) -> int:
        """Evict one URL. ``key_of``: path and query of the cache key, by host, path and query of a URL; where the
        key leaves queries out, the URL is evicted whatever its query. Returns how many answers."""
        host, path, query = _taken_apart(url)
        key = key_of(host, path, query)
        return self._evict(self._of(host, lambda entry: (entry.path, entry.query) == key))

    def purge_prefix(self, prefix: str) -> int:
        """Evict everything whose URL begins with this one."""
        host, path, _ = _taken_apart(prefix)
        return self._evict(self._of(host, lambda entry: _below(entry.path, path)))

    def flush_prefix(self, prefix: str) -> int:
        """Mark everything below as stale; what did not change at the origin need not be sent again
        (FlushType ``flush`` of PurgePathCache)."""
        host, path, _ = _taken_apart(prefix)
        found = list(self._of(host, lambda entry: _below(entry.path, path)))
        for entry in found:
            entry.expires = 0.0
        return len(found)

    def purge_host(self, host: str) -> int:
        """Evict everything of one host."""
        return self._evict(self._of(_name(host), lambda _: True))

    def purge_all(self) -> int:
        """Evict everything of every host."""
        count = len(self)
        self._variants.clear()
        self.size = 0
        return count

    def _of(self, host: str, wanted: Callable[[Entry], bool]) -> Iterable[Entry]:
        for key, variants in self._variants.items():
            if key[0] == host:
                yield from (entry for entry in variants if wanted(entry))

    def _evict(self, entries: Iterable[Entry]) -> int:
        found = list(entries)
        for entry in found:
            self.remove(entry)
        return len(found)


def normal_path(path: str) -> str:
    """A raw path in one spelling: ``/%7Ea`` and ``/~a`` are the same."""
    if "%" not in path and path.isascii():
        return path
    return quote(unquote(path, errors="surrogateescape"), safe="/!$&'()*+,;=:@-._~", errors="surrogateescape")


def _taken_apart(url: str) -> tuple[str, str, str]:
    if "://" not in url:
        url = f"http://{url}"
    parts = urlsplit(url)
    return _name(parts.netloc), normal_path(parts.path or "/"), parts.query


def _name(host: str) -> str:
    return host.rpartition("://")[2].partition("/")[0].partition(":")[0].lower().rstrip(".")


def _below(kept: str, path: str) -> bool:
    # a key that ignores case is kept in lower case
    return kept.startswith((path, path.lower()))
