"""Pages without content: the build came out empty, most often, and publishing it is not intended."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sitepub.errors import Problem, Refused
from sitepub.publish.guards import shown
from sitepub.publish.plan import Plan, Reason, Step
from sitepub.publish.prepare import Prepared
from sitepub.publish.states.manifest import Manifest
from sitepub.publish.states.remote import Remote
from sitepub.site.snapshot import SiteFile, Snapshot

_BLANK = re.compile(rb"(?:[\s\0\x1c-\x1f]|\xef\xbb\xbf|\xff\xfe|\xfe\xff|\xc2[\x85\xa0]|\xe3\x80\x80"
                    rb"|\xe2\x80[\x80-\x8f\xa8\xa9\xaf]|\xe2\x81[\x9f\xa0])*")
"""White space of Unicode in UTF-8, byte order marks, and what a crash may leave: zeros."""
_NOTHING = frozenset(hashlib.md5(blank, usedforsecurity=False).hexdigest()
                     for blank in (b"", b" ", b"\n", b"\r\n", b"\n\n", b"\r\n\r\n"))
"""MD5 of what a page without content mostly is."""
_MOST_BLANK = 1 << 20
"""Bytes. What comes after so much of nothing is not looked for."""
_NEW_BLANK = 4096
"""Bytes. New pages that are larger are not checked."""
_BEGINNING = 256


def empty_pages(remote: Remote, snapshot: Snapshot, prepared: Prepared) -> EmptyPages:
    """The pages that this deploy would put live without content."""
    index = remote.project.key_prefix + remote.project.website.index
    found = EmptyPages.of(prepared.plan, snapshot, prepared.base.manifest, index)
    return replace(found, built=remote.project.source.hook is not None)


@dataclass(frozen=True, slots=True)
class EmptyPages:
    """Pages that would go live with nothing or only white space in them."""

    emptied: tuple[Step, ...] = ()
    """Those that had content, and the index page also when it is new."""
    new: tuple[Step, ...] = ()
    most: bool = False
    """The new ones are several, and more than half of all pages."""
    built: bool = True
    """A hook has made them."""

    @classmethod
    def of(cls, plan: Plan, snapshot: Snapshot, live: Manifest, index: str) -> EmptyPages:
        """``live``: what is remembered of the bucket. ``index``: the key of the site's first page. Reads the
        beginning of pages that change, and of new ones that are small."""
        emptied, new = [], []
        for step in plan.steps:
            file = step.file
            if file is None or step.reason is Reason.ADOPTED or not (_is_page(file) or step.key == index):
                continue
            old = live.get(step.key)
            if old is not None and (old.md5, old.size) == (file.md5, file.size):
                continue
            if step.reason is Reason.RENAMED and step.key != index:
                continue  # it is live under its old name as it is
            had_content = step.foreign_etag not in _NOTHING if old is None and step.foreign_etag else (
                old is not None and old.size > 0 and old.md5 not in _NOTHING)
            if had_content or step.key == index:
                if is_blank(file):
                    emptied.append(step)
            elif file.size <= _NEW_BLANK and is_blank(file):
                new.append(step)
        most = len(new) > 1 and 2 * len(new) > sum(map(_is_page, snapshot))
        return cls(tuple(emptied), tuple(new), most)

    def refuse(self, *, allowed: bool = False) -> None:
        """Raises Refused when the build seems to have come out empty; ``--allow-empty`` says that it is meant."""
        steps = (*self.emptied, *(self.new if self.most else ()))
        if allowed or not steps:
            return
        if len(steps) == 1 and steps[0].reason in (Reason.NEW, Reason.MISSING, Reason.RENAMED):
            words = f"the index page {steps[0].key} is empty"
        elif len(steps) == 1:
            words = f"the page {steps[0].key} had content and is empty now"
        elif self.emptied and not self.most:
            words = f"{len(steps)} pages had content and are empty now:\n{shown(steps)}"
        else:
            words = f"{len(steps)} pages are empty:\n{shown(steps)}"
        why = "check the build's output: a theme, a layout or a plugin may be missing" if self.built else \
            "save it with its content" if len(steps) == 1 else "save them with their content"
        raise Refused(words, code="EmptyPages", hint=f"{why}; to publish empty pages on purpose: --allow-empty")

    def warnings(self) -> Iterable[Problem]:
        """New pages that are empty and may be meant to be."""
        if self.new and not self.most:
            names = ", ".join(step.key for step in self.new[:3])
            more = f" and {len(self.new) - 3} more" if len(self.new) > 3 else ""
            yield Problem(f"new pages without content: {names}{more}" if len(self.new) > 1 else
                          f"the new page {names} is empty")


def is_blank(file: SiteFile) -> bool:
    """Is there nothing but white space in it? A file that cannot be read is not: the upload reports it."""
    if file.size == 0 or file.filled:
        return file.size == 0
    try:
        if file.data is not None:
            return _BLANK.fullmatch(file.data[:_MOST_BLANK]) is not None
        place = file.place
        if place is None:
            return False
        descriptor = os.open(place, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            beginning = os.read(descriptor, _BEGINNING)
            found = _BLANK.match(beginning)
            if found is None or found.end() < len(beginning) - 2:  # a character may be cut
                return False
            return _BLANK.fullmatch(beginning + os.read(descriptor, _MOST_BLANK)) is not None
        finally:
            os.close(descriptor)
    except OSError:
        return False


def _is_page(file: SiteFile) -> bool:
    return file.is_page or file.headers.get("Content-Type", "").startswith("application/xhtml+xml")
