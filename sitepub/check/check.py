"""The check of a site's files: references, sizes, rules. Nothing is asked of the network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sitepub.check.addresses import fragment_names
from sitepub.check.findings import PLACES, Finding, Findings, Kind, Place
from sitepub.check.reading import html
from sitepub.check.reading.positions import places_of
from sitepub.check.site import PAGE_NAMES, Site, Source
from sitepub.check.work.judged import Judged, Wanted, has_anchor
from sitepub.check.work.named import judged_named
from sitepub.check.work.workers import judged
from sitepub.site.snapshot import SiteFile, Snapshot

_READ = (*PAGE_NAMES, ".css", ".svg", ".xml", ".rss", ".atom", ".txt", ".rdf")


@dataclass(slots=True)
class Checked:
    """What a check found."""

    findings: list[Finding]
    pages: int = 0
    files: int = 0
    """That were read."""
    references: int = 0
    external: dict[str, list[Place]] = field(default_factory=dict)
    """Addresses of other hosts; collected only when they are wanted."""
    unread: tuple[str, ...] = ()


def sources_of(snapshot: Snapshot) -> list[Source]:
    """The files that are read, in the order of their keys."""
    return [Source(file.key, str(file.path), charset_of(file)) for file in sorted(snapshot, key=lambda one: one.key)
            if file.path is not None and (file.is_page or file.key.lower().endswith(_READ))]


def pages_of(snapshot: Snapshot) -> frozenset[str]:
    return frozenset(file.key for file in snapshot if file.is_page or file.key.lower().endswith(PAGE_NAMES))


def charset_of(file: SiteFile) -> str:
    _type, _, rest = file.headers.get("Content-Type", "").partition("charset=")
    return rest.split(";")[0].strip().strip('"') or "utf-8"


def check(site: Site, snapshot: Snapshot, *, processes: int | None = None) -> Checked:
    """Read every page, stylesheet, sitemap and feed, and judge where what they name leads."""
    findings, checked = Findings(), Checked([])
    anchors = _Anchors(findings)
    unread: list[str] = []
    sources = sources_of(snapshot)
    loaded = dict.fromkeys((file.key for file in snapshot if file.key.endswith(".webmanifest")), "manifest")
    renamed: set[str] = set()

    def take(part: Judged) -> None:
        findings.merge(part.findings)
        anchors.take(part)
        for address, places in part.external.items():
            checked.external.setdefault(address, places)
        unread.extend(part.unread)
        checked.files += part.read
        checked.references += part.references

    for part in judged(site, sources, processes):
        take(part)
        loaded.update(part.loaded)
        renamed.update(part.renamed)
    files = {key: Source(key, str(file.path), charset_of(file)) for key in snapshot.files
             if (file := snapshot.files[key]).path is not None}
    named = judged_named(site, files, loaded, renamed)
    if named is not None:
        take(named)
    checked.pages = sum(key in site.pages for key in anchors.there)
    checked.unread = tuple(unread)
    checked.findings = located(findings.listed(), files)
    return checked


class _Anchors:
    """The anchors of the pages that were read, and references to those of pages that were not read yet. What leads
    somewhere is forgotten at once."""

    def __init__(self, findings: Findings) -> None:
        self.there: dict[str, bytes] = {}
        self._findings = findings
        self._waiting: dict[str, dict[str, Wanted]] = {}

    def take(self, part: Judged) -> None:
        self.there.update(part.anchors)
        for key in part.anchors:
            for one in self._waiting.pop(key, {}).values():
                self._judge(one)
        for one in part.wanted:
            if one.key in self.there:
                self._judge(one)
                continue
            known = self._waiting.setdefault(one.key, {}).setdefault(one.fragment, one)
            if known is not one:
                known.count += one.count
                known.places += one.places[:max(0, PLACES - len(known.places))]

    def _judge(self, wanted: Wanted) -> None:
        names = fragment_names(wanted.fragment)
        if wanted.key.lower().endswith(".svg") and ("(" in wanted.fragment or "=" in wanted.fragment):
            return  # a view or a piece of the picture, and no element
        if any(has_anchor(self.there[wanted.key], name) for name in names):
            return
        target = f"{wanted.target}#{names[-1]}"
        message = f"{_what(wanted.key)} {wanted.target} has no anchor #{names[-1]}"
        self._findings.merge([Finding(Kind.ANCHOR, target, message, "", wanted.places, wanted.count)])


def _what(key: str) -> str:
    return "the picture" if key.lower().endswith(".svg") else "the page"


def located(findings: list[Finding], sources: Mapping[str, Source]) -> list[Finding]:
    """With line and column of each place that is kept. A page is read once for all of its places."""
    wanted: dict[str, dict[str, int]] = {}
    for finding in findings:
        for (key, written), times in Counter((place.key, place.written) for place in finding.places
                                             if not place.line and place.written).items():
            words = wanted.setdefault(key, {})
            words[written] = max(times, words.get(written, 0))
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for key, words in wanted.items():
        source = sources.get(key)
        data = source.data(html.LARGEST) if source is not None else None
        if source is None or data is None:
            continue
        text = source.text(data)
        for written, times in words.items():
            found[key, written] = places_of(text, written, times)
    for finding in findings:
        seen: Counter[tuple[str, str]] = Counter()
        for number, place in enumerate(finding.places):
            at = found.get((place.key, place.written)) if not place.line else None
            if at:
                again = seen[place.key, place.written]
                seen[place.key, place.written] += 1
                finding.places[number] = Place(place.key, place.written, *at[min(again, len(at) - 1)])
    return findings
