"""Judges the references of one file after the other."""

from __future__ import annotations

from collections.abc import Iterable

from sitepub.check.answers import Answer, Answers
from sitepub.check.findings import Findings, Kind, Place
from sitepub.check.reading import css, feeds, html, svg
from sitepub.check.reading.page import Page
from sitepub.check.site import Site, Source
from sitepub.check.work.document import KEPT, Document
from sitepub.check.work.judged import Judged, Wanted, anchor_hash
from sitepub.config.star_pattern import matches

_CSS_LARGEST = 16 * 1024 * 1024


class Judge:
    """Made once in a process."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.answers = Answers(site.keys, site.website)
        self._answers: dict[str, Answer] = {}
        self.good: dict[tuple[Kind, str], str] = {}
        """References that lead somewhere from every page, with the key that is served."""

    def judge(self, sources: Iterable[Source]) -> Judged:
        batch = Batch(self)
        for source in sources:
            batch.take(source)
        return batch.judged()

    def answer(self, path: str) -> Answer:
        found = self._answers.get(path)
        if found is None:
            if len(self._answers) >= KEPT:
                self._answers.clear()
            found = self._answers[path] = self.answers.of(path)
        return found

    def ignores(self, *addresses: str) -> bool:
        return any(matches(pattern, one) for pattern in self.site.ignored for one in addresses)


class Batch:
    """A few files, judged one after the other."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.site = judge.site
        self.findings = Findings()
        self.wanted: dict[tuple[str, str], Wanted] = {}
        self.anchors: dict[str, bytes] = {}
        self.external: dict[str, list[Place]] = {}
        self.unread: list[str] = []
        self.loaded: dict[str, str] = {}
        self.renamed: list[str] = []
        self.read = self.references = 0

    def judged(self) -> Judged:
        skipped = self.site.skipped
        return Judged([one for one in self.findings.listed() if one.kind not in skipped],
                      [] if Kind.ANCHOR in skipped else list(self.wanted.values()), self.anchors, self.external,
                      self.unread, self.read, self.references, self.loaded, self.renamed)

    def take(self, source: Source) -> None:
        name = source.key.rpartition("/")[2].lower()
        if source.key in self.site.pages:
            self._page(source)
        elif name.endswith(".css"):
            self._stylesheet(source)
        elif name.endswith(".svg"):
            self._picture(source)
        elif name == "robots.txt":
            self._list(source, lambda data: feeds.in_robots(source.text(data)))
        elif name.endswith(".txt"):
            if name.startswith("sitemap"):
                self._list(source, lambda data: feeds.in_text_sitemap(source.text(data)))
        else:
            self._list(source, feeds.in_xml)

    # -- one file ---------------------------------------------------------------------------------------------

    def _page(self, source: Source) -> None:
        data = source.data(html.LARGEST)
        if data is None:
            self.unread.append(f"{source.key}: larger than {html.LARGEST // 2**20} MB, or gone")
            return
        utf8 = source.charset.lower() in ("utf-8", "utf8", "us-ascii", "ascii")
        try:
            page = html.read(data if utf8 else source.text(data))
        except html.TooDeepError:
            self.unread.append(f"{source.key}: its elements lie too deep in each other")
            return
        document = self._read(source, page)
        document.weigh(len(data))
        self.renamed += (document.path_of(address) for address in page.renamed)

    def _picture(self, source: Source) -> None:
        data = source.data(svg.LARGEST)
        page = svg.read(data) if data is not None else None
        if page is not None:
            self._read(source, page)

    def _read(self, source: Source, page: Page) -> Document:
        self.read += 1
        self.anchors[source.key] = b"".join(sorted(map(anchor_hash, page.anchors)))
        document = Document(self, source, page)
        for reference in page.references:
            document.take(reference)
        self.references += len(page.references)
        return document

    def _stylesheet(self, source: Source) -> None:
        data = source.data(_CSS_LARGEST)
        if data is None:
            return
        self.read += 1
        document = Document(self, source, None)
        for reference in css.references_in(source.text(data)):
            if reference.kind is Kind.STYLE and not set("./") & set(reference.written):
                continue  # `@import "tailwindcss"`: the name of a package, in a source that was published as it is
            document.take(reference)
            self.references += 1

    def _list(self, source: Source, read: object) -> None:
        data = source.data(feeds.LARGEST)
        if data is None:
            return
        self.read += 1
        document = Document(self, source, None)
        for reference in read(data):  # type: ignore[operator]
            document.take(reference)
            self.references += 1
