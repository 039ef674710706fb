"""What many visits amount to, counted as they come by, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from sitepub.logs.audience import Visitors, agent_name, bot_name, is_bot, is_own
from sitepub.logs.visit import Visit, iso

NAMES = 20_000
"""Different pages (or referrers …) that are counted at once; beyond, the rarest are let go."""
HOURS = 24 * 366
_LONGEST_NAME = 500


class Top:
    """Counts names and keeps the frequent ones.

    When there are too many, half of them go, the rarest first. What went counts as ``slack``: a name that
    came back may really have been there so many times more (space saving, Metwally et al. 2005, in batches).
    """

    def __init__(self, room: int = NAMES) -> None:
        self._room = room
        self._counts: Counter[str] = Counter()
        self.slack = 0

    def add(self, name: str) -> None:
        self._counts[name[:_LONGEST_NAME]] += 1
        if len(self._counts) > self._room:
            ranked = self._counts.most_common()
            kept, gone = ranked[: self._room // 2], ranked[self._room // 2:]
            self.slack += gone[0][1]
            self._counts = Counter(dict(kept))

    def first(self, count: int) -> list[tuple[str, int]]:
        """The most frequent, in the order of counts and then names."""
        return sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))[:count]

    def __len__(self) -> int:
        return len(self._counts)


@dataclass(slots=True)
class Hour:
    visits: int = 0
    bytes: int = 0
    errors: int = 0
    """Answers with 4xx and 5xx."""


@dataclass(slots=True)
class Stats:
    """Feed it with :meth:`add`; read it at any time."""

    since: datetime | None = None
    """From when visits were asked for."""
    until: datetime | None = None
    visits: int = 0
    bytes: int = 0
    first: datetime | None = None
    last: datetime | None = None
    hits: int = 0
    misses: int = 0
    seconds: float = 0.0
    timed: int = 0
    """Visits whose time taken is known; ``seconds`` is their sum."""
    hours: dict[datetime, Hour] = field(default_factory=dict)
    """By the beginning of the hour, UTC. The last HOURS of them."""
    statuses: Counter[int] = field(default_factory=Counter)
    pages: Top = field(default_factory=Top)
    """Pages that were shown."""
    missing: Top = field(default_factory=Top)
    """What was asked for and is not there (404)."""
    referrers: Top = field(default_factory=Top)
    """Other sites that visitors came from."""
    page_views: int = 0
    """Pages that were shown to people, as far as a log shows."""
    visitors: Visitors = field(default_factory=Visitors)
    """Who saw them, day by day."""
    bot_requests: int = 0
    bots: Top = field(default_factory=Top)
    """By their names."""
    agents: Top = field(default_factory=Top)
    """Browsers and other programs of page views."""

    def add(self, visit: Visit) -> None:
        if is_own(visit):
            return
        self.visits += 1
        self.bytes += visit.bytes
        self.first = visit.time if self.first is None else min(self.first, visit.time)
        self.last = visit.time if self.last is None else max(self.last, visit.time)
        self.statuses[visit.status] += 1
        if visit.cache is not None:
            self.hits += visit.cache == "hit"
            self.misses += visit.cache == "miss"
        if visit.seconds is not None:
            self.timed += 1
            self.seconds += visit.seconds
        self._count_hour(visit)
        path = _name(visit.path)
        bot = is_bot(visit.agent)
        if bot:
            self.bot_requests += 1
            self.bots.add(bot_name(visit.agent))
        if visit.status == 404:
            self.missing.add(path)
        elif _is_page(visit) and not bot:
            self.page_views += 1
            self.visitors.add(visit.time.astimezone().date(), visit.client, visit.agent)
            if name := agent_name(visit.agent):
                self.agents.add(name)
            self.pages.add(path)
            # Of a page, not of its pictures: those come from the page itself.
            site = _other_site(visit)
            if site:
                self.referrers.add(site)

    def add_all(self, visits: Iterable[Visit]) -> Stats:
        for visit in visits:
            self.add(visit)
        return self

    @property
    def hit_rate(self) -> float | None:
        """Of the visits that the edge reported, those it could answer itself, 0 to 1."""
        known = self.hits + self.misses
        return self.hits / known if known else None

    @property
    def mean_seconds(self) -> float | None:
        return self.seconds / self.timed if self.timed else None

    def series(self, most: int = 24 * 31) -> list[tuple[datetime, Hour]]:
        """Every hour from the first to the last (or from ``since`` to ``until``), quiet ones too; at most
        the last so many."""
        begin, end = self.since or self.first, self.until or self.last
        if begin is None or end is None:
            return []
        hour, last = _hour(begin), _hour(end - timedelta(microseconds=1) if self.until else end)
        hour = max(hour, last - timedelta(hours=most - 1))
        found = []
        while hour <= last:
            found.append((hour, self.hours.get(hour, Hour())))
            hour += timedelta(hours=1)
        return found

    def _count_hour(self, visit: Visit) -> None:
        at = _hour(visit.time)
        hour = self.hours.get(at)
        if hour is None:
            if len(self.hours) >= HOURS:
                del self.hours[min(self.hours)]
            hour = self.hours[at] = Hour()
        hour.visits += 1
        hour.bytes += visit.bytes
        hour.errors += visit.status >= 400

    def as_object(self, count: int = 20) -> dict[str, Any]:
        """For programs."""

        def named(top: Top, name: str) -> list[dict[str, Any]]:
            return [{name: key, "visits": visits} for key, visits in top.first(count)]

        return {
            "since": iso(self.since) if self.since else None,
            "until": iso(self.until) if self.until else None,
            "visits": self.visits, "requests": self.visits, "page_views": self.page_views,
            "visitors": self.visitors.count, "bot_requests": self.bot_requests, "bytes": self.bytes,
            "first": iso(self.first) if self.first else None, "last": iso(self.last) if self.last else None,
            "hits": self.hits, "misses": self.misses, "hit_rate": self.hit_rate,
            "mean_seconds": self.mean_seconds,
            "hours": [{"hour": iso(at), "visits": hour.visits, "bytes": hour.bytes, "errors": hour.errors}
                      for at, hour in self.series(HOURS)],
            "statuses": {str(status): visits for status, visits in sorted(self.statuses.items())},
            "pages": named(self.pages, "path"), "missing": named(self.missing, "path"),
            "referrers": named(self.referrers, "site"), "bots": named(self.bots, "name"),
            "agents": named(self.agents, "name"),
            "approximate": not self.visitors.is_exact or any(
                top.slack for top in (self.pages, self.missing, self.referrers, self.bots, self.agents)),
        }


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _is_page(visit: Visit) -> bool:
    """A page that was shown to a visitor, as far as a log shows: no picture, no redirect, no error."""
    name = visit.path.rpartition("/")[2].lower()
    return (visit.method == "GET" and (200 <= visit.status < 300 or visit.status == 304)
            and ("." not in name or name.endswith((".html", ".htm", ".xhtml"))))


def _name(path: str) -> str:
    """One page has one name: ``/a/`` for ``/a/index.html``; letters as people read them."""
    try:
        path = unquote(path, errors="strict")
    except UnicodeDecodeError:
        pass
    return path.removesuffix("index.html") if path.endswith("/index.html") else path


def _other_site(visit: Visit) -> str:
    """Host of the referer, when it is another site's; empty otherwise."""
    try:
        site = (urlsplit(visit.referer).hostname or "").lower()
    except ValueError:
        return ""
    return site if site and site != visit.host.partition(":")[0].lower() else ""
