"""One file of the site: what its references are seen from, and what is wrong with each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from sitepub.check.addresses import WEB, Address, fragment_names, is_of_this_computer, parse
from sitepub.check.answers import Answer, address_of
from sitepub.check.findings import PLACES, Kind, Place
from sitepub.check.reading.page import Page
from sitepub.check.reading.reference import Reference
from sitepub.check.site import PAGE_NAMES, Source
from sitepub.check.work.judged import Wanted
from sitepub.terminal.sizes import human_bytes

if TYPE_CHECKING:
    from sitepub.check.work.judge import Batch

KEPT = 100_000
"""Addresses whose verdict is kept."""
_BUCKET_HOST = re.compile(r"([a-z0-9-]{1,63})\.cos(?:-website)?\.[a-z0-9-]{2,40}\.(?:myqcloud\.com|tencentcos\.cn)")
_NAMES = {Kind.LINK: "the link", Kind.IMAGE: "the picture", Kind.SCRIPT: "the script", Kind.STYLE: "the stylesheet",
          Kind.FILE: "the file", Kind.CANONICAL: "the canonical address", Kind.SITEMAP: "the address in the sitemap",
          Kind.FEED: "the address in the feed"}
_NO_PAGES = (Kind.IMAGE, Kind.SCRIPT, Kind.STYLE)
_APP_EXTENSION = re.compile(r"\.(?!html?\Z)[A-Za-z0-9]{1,8}\Z")


class Document:
    """One file: what its references are seen from."""

    def __init__(self, batch: Batch, source: Source, page: Page | None) -> None:
        self.batch = batch
        self.site = batch.site
        self.source = source
        self.page = page
        website = self.site.website
        self.path = address_of(source.key, website) if page is not None else f"/{source.key}"
        self.base_path, self.base_host, self.base_scheme = self.path, "", ""
        if page is not None and page.base:
            base = parse(page.base, self.path)
            if base is not None and base.scheme in ("", *WEB):
                self.base_path, self.base_host, self.base_scheme = base.path, base.host, base.scheme
        self.is_error_page = page is not None and source.key == website.error
        self._alone = not (page is not None and page.base) and not self.is_error_page
        """What begins with a slash, or names an anchor, means the same as on every other page."""
        self._weight: dict[str, int] = {}

    def weigh(self, size: int) -> None:
        limit = self.site.page_limit
        total = size + sum(self._weight.values())
        if not limit or total <= limit:
            return
        largest = sorted(self._weight.items(), key=lambda one: (-one[1], one[0]))[:3]
        parts = ", ".join(f"{key} {human_bytes(weight)}" for key, weight in largest)
        self.batch.findings.add(
            Kind.SIZE, self.source.key,
            f"the page {self.source.key} has {human_bytes(total)} with what it loads, more than the"
            f" {human_bytes(limit)} of `checks.size.page`", f"the largest: {parts}" if parts else "",
            Place(self.source.key))

    def path_of(self, written: str) -> str:
        """"": it leads to another site, or nowhere."""
        address = parse(written, self.base_path, self.base_host, self.base_scheme)
        return address.path if address is not None and address.host in ("", *self.site.hosts) else ""

    def leads_somewhere(self, reference: Reference) -> bool:
        """In this site; what leads elsewhere does not."""
        address = parse(reference.written, self.base_path, self.base_host, self.base_scheme)
        path = self._own_path(address, reference) if address is not None and address.scheme in ("", *WEB) else None
        return path is not None and self._broken(reference, path, self.batch.judge.answer(path)) is None

    def take(self, reference: Reference) -> None:
        written = reference.written
        if reference.part and written.startswith("#"):
            self._own_part(reference)
            return
        if self._alone:
            good = self.batch.judge.good.get((reference.kind, written))
            if good is not None:
                if reference.role:
                    self._loads(reference, good)
                if reference.weighs:
                    self._weight.setdefault(good, self.site.keys.get(good, 0))
                return
            if written[:1] == "#" and self.page is not None and written[1:] in self.page.anchors:
                return
        address = parse(reference.written, self.base_path, self.base_host, self.base_scheme)
        if address is None:
            return
        if address.scheme and address.scheme not in WEB:
            self._other_scheme(reference, address)
            return
        path = self._own_path(address, reference)
        if reference.loaded and address.scheme == "http":
            self._mixed(reference, address)
        if path is None:
            self._elsewhere(reference, address)
            return
        if address.raw_path == "" and address.host == "" and (address.fragment is None
                                                              or reference.kind is not Kind.LINK):
            return  # the document itself, or a part of it
        if self.batch.judge.ignores(path, reference.written):
            return
        if self.is_error_page and reference.loaded and not address.host and not self.base_host:
            self._error_page(reference)
        self._own(reference, address, path)

    def _place(self, reference: Reference) -> Place:
        return Place(self.source.key, reference.written, reference.line, reference.column)

    def _add(self, kind: Kind, target: str, message: str, hint: str, reference: Reference) -> None:
        self.batch.findings.add(kind, target, message, hint, self._place(reference))

    # -- where it leads ---------------------------------------------------------------------------------------

    def _own_path(self, address: Address, reference: Reference) -> str | None:
        """``None``: it leads to another site."""
        host = address.host
        if not host or host in self.site.hosts:
            return address.path
        base = self.site.also.get(host)
        if base is None:
            return None
        if not (address.path + "/").startswith(base):
            return None
        if reference.loaded or reference.kind is Kind.LINK:
            return None  # in a browser it does lead there
        return "/" + self.site.prefix + address.path.removeprefix(base.rstrip("/")).lstrip("/")

    def _other_scheme(self, reference: Reference, address: Address) -> None:
        if address.scheme == "file" or (len(address.scheme) == 1 and address.path.startswith(("/", "\\"))):
            self._add(Kind.LOCAL, reference.written,
                      f"{_shown(reference.written)} is a file of the computer that built the site",
                      "name it by its address in the site", reference)

    def _mixed(self, reference: Reference, address: Address) -> None:
        page = self.page
        if not self.site.https or page is None or page.upgrades or is_of_this_computer(address.host):
            return
        if not address.host:
            return
        written = reference.written.strip()
        if self.batch.judge.ignores(written):
            return
        what = _NAMES[reference.kind]
        end = ("browsers ask for it by https, and show nothing where that fails" if reference.upgraded
               else "browsers refuse it")
        self._add(Kind.MIXED, written, f"{what} {_shown(written)} is loaded by plain http into a page of https: {end}",
                  "write https://, or an address without a host", reference)

    def _elsewhere(self, reference: Reference, address: Address) -> None:
        host, written = address.host, reference.written.strip()
        if self.batch.judge.ignores(written):
            return
        stage = self.site.stages.get(host)
        if stage is None and is_of_this_computer(host):
            if host.partition(":")[0] in self.site.hosts:
                return
            self._add(Kind.LOCAL, written, f"{_shown(written)} leads to the visitor's own computer",
                      "an address of the development server: write it without a host", reference)
            return
        bucket = _BUCKET_HOST.fullmatch(host.partition(":")[0]) if stage is None and self.site.account else None
        named_only = reference.kind in (Kind.CANONICAL, Kind.SITEMAP, Kind.FEED)
        if stage is not None and named_only and not self.site.has_hosts and "cos-website" not in host:
            return
        if stage is not None:
            self._add(Kind.STAGE, written, f"{_shown(written)} leads to the stage {stage}",
                      "write it without a host, or take the address from a variable of the stage", reference)
        elif bucket is not None and bucket[1].endswith(f"-{self.site.account}") and reference.kind in (
                Kind.LINK, Kind.CANONICAL, Kind.SITEMAP, Kind.FEED) and "cos-website" in host:
            self._add(Kind.STAGE, written, f"{_shown(written)} leads to another bucket's website, {bucket[1]}",
                      "an address of another stage? Write it without a host", reference)
        elif self.site.external and (reference.kind is not Kind.CANONICAL) and host not in self.site.also:
            scheme = address.scheme or "https"
            target = f"{scheme}:{written}" if written.startswith("//") else written.partition("#")[0]
            places = self.batch.external.setdefault(target, [])
            if len(places) < PLACES:
                places.append(self._place(reference))

    def _error_page(self, reference: Reference) -> None:
        written = reference.written.strip()
        if written.startswith(("/", "\\", "#")) or (self.page is not None and self.page.base.startswith(("/", "http"))):
            return
        name = self.source.key.rpartition("/")[2]
        self._add(Kind.ERROR_PAGE, written,
                  f"the error document loads {_shown(written)} by a relative address: shown at /a/b it is looked for at"
                  f" {_shown('/a/' + written.removeprefix('./'))}",
                  f"begin the addresses in {name} with a slash", reference)

    # -- in the site ------------------------------------------------------------------------------------------

    def _own(self, reference: Reference, address: Address, path: str) -> None:
        if self.is_error_page and reference.kind is Kind.CANONICAL:
            return  # it has no address of its own
        if reference.kind is Kind.LINK and address.fragment is not None and path == self.path and self.page is not None:
            self._anchor_here(reference, address)
            return
        answer = self.batch.judge.answer(path)
        broken = self._broken(reference, path, answer)
        if broken is not None:
            if self._foreign(path):
                return
            kind, message, hint = broken
            self._add(kind, path, message, hint, reference)
            return
        key = answer.key or ""
        if reference.weighs:
            self._weight.setdefault(key, self.site.keys.get(key, 0))
        if reference.role:
            self._loads(reference, key)
        if reference.part and address.fragment is not None and key.lower().endswith(".svg"):
            self._anchor_there(reference, address, key)
        elif reference.kind is Kind.LINK and address.fragment is not None and key in self.site.pages and not answer.app:
            if key == self.source.key:
                self._anchor_here(reference, address)
            else:
                self._anchor_there(reference, address, key)
        elif self._alone and reference.written[:1] == "/" and not address.host and len(self.batch.judge.good) < KEPT:
            self.batch.judge.good[reference.kind, reference.written] = key

    def _foreign(self, path: str) -> bool:
        """Outside of the site's own part of the bucket, and what lies there is not known."""
        prefix = self.site.prefix
        if not prefix or path[1:].startswith(prefix) or self.site.others_known:
            return False
        return f"{prefix}{path[1:]}" not in self.site.keys

    def _broken(self, reference: Reference, path: str, answer: Answer) -> tuple[Kind, str, str] | None:
        what, shown = _NAMES[reference.kind], _shown(path)
        if answer.circle:
            return Kind.REDIRECT, f"{what} {shown} is redirected in a circle", "correct `redirectRules`"
        resource = reference.kind in (*_NO_PAGES, Kind.FILE)
        by_app = answer.app and (resource or _APP_EXTENSION.search(path) is not None)
        if answer.key is not None and not by_app:
            if (reference.kind in _NO_PAGES and answer.key in self.site.pages and answer.key.endswith(PAGE_NAMES)):
                return reference.kind, f"{what} {shown} is a page: {answer.key}", ""
            return None
        near = self.batch.judge.answers.near(path)
        if near is not None:
            return Kind.CASE, f"{what} {shown} is not in the site: the file is called {near}", \
                "the disk of the computer that built it may take them for the same; the web does not"
        if by_app:
            return reference.kind, f"{what} {shown} is not in the site: visitors get {answer.key} in its place", \
                self._hint(path)
        if not path.endswith("/") and f"{path[1:]}/{self.site.website.index}" in self.site.keys:
            return Kind.SLASH, f"{what} {shown} leads to 404: the page is {shown}/", \
                "write the slash: the website endpoint does not redirect"
        return reference.kind, f"{what} {shown} leads to 404: {self._why(path)}", self._hint(path)

    def _why(self, path: str) -> str:
        if path.endswith("/") and self.batch.judge.answers.is_folder(path):
            return f"the folder has no {self.site.website.index}"
        return "there is no such file"

    def _hint(self, path: str) -> str:
        keys, prefix = self.site.keys, self.site.prefix
        if prefix and not path[1:].startswith(prefix):
            answer = self.batch.judge.answer(f"/{prefix}{path[1:]}")
            if answer.key is not None and not answer.app:
                return f"the site lies below /{prefix}: write {_shown(f'/{prefix}{path[1:]}')}"
        plain = re.sub("/{2,}", "/", path)
        if plain != path and self.batch.judge.answer(plain).key:
            return f"one slash is meant: {_shown(plain)}"
        if f"{path[1:]}.js" in keys:
            return f"the file is called {_shown(path)}.js: browsers add no ending"
        if not path.endswith("/") and f"{path[1:]}.html" in keys:
            return f"the page is {_shown(path)}.html; `ignoreHtmlExt: true` lets addresses leave out .html"
        again = unquote(path, errors="surrogateescape")
        if again != path and self.batch.judge.answer(again).key:
            return f"it is percent-encoded twice: {_shown(again)} is there"
        if any("\udc80" <= char <= "\udcff" for char in path):
            for name in ("gb18030", "big5", "shift_jis"):
                try:
                    other = path.encode("utf-8", "surrogateescape").decode(name)
                except UnicodeError:
                    continue
                if self.batch.judge.answer(other).key:
                    return f"its percent-encoding is {name}; the web takes UTF-8: {quote(other)}"
        return ""

    def _loads(self, reference: Reference, key: str) -> None:
        """It names files itself, and is read after the pages."""
        self.batch.loaded.setdefault(key, reference.role)

    # -- anchors ----------------------------------------------------------------------------------------------

    def _anchor_here(self, reference: Reference, address: Address) -> None:
        page = self.page
        names = fragment_names(address.fragment or "")
        if page is None or not names or any(name in page.anchors for name in names):
            return
        fragment = names[-1]
        target = f"{self.path}#{fragment}"
        self._add(Kind.ANCHOR, target, f"the page {_shown(self.path)} has no anchor {_shown('#' + fragment)}",
                  _other_case(fragment, page.anchors), reference)

    def _own_part(self, reference: Reference) -> None:
        names = fragment_names(reference.written[1:])
        if self.page is None or not names or any(name in self.page.anchors for name in names):
            return
        self._add(Kind.ANCHOR, f"{self.path}{reference.written}",
                  f"{_shown(self.path)} shows the element {_shown(reference.written)}, which it does not have",
                  _other_case(names[-1], self.page.anchors), reference)

    def _anchor_there(self, reference: Reference, address: Address, key: str) -> None:
        fragment = address.fragment or ""
        if not fragment_names(fragment):
            return
        wanted = self.batch.wanted.get((key, fragment))
        if wanted is None:
            wanted = self.batch.wanted[key, fragment] = Wanted(
                key, fragment, address_of(key, self.site.website), [])
        wanted.count += 1
        if len(wanted.places) < PLACES:
            wanted.places.append(self._place(reference))


def _other_case(fragment: str, anchors: Iterable[str]) -> str:
    near = next((one for one in anchors if one.casefold() == fragment.casefold()), None)
    return f"the anchor is called #{near}: upper and lower case count" if near is not None else ""


def _shown(address: str) -> str:
    return address.encode("utf-8", "replace").decode() if len(address) <= 300 else f"{address[:300]}…"
