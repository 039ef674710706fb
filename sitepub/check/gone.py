"""Addresses that answered until now and will not any more, each with the redirect that would help."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sitepub.check.answers import Answers, address_of
from sitepub.check.findings import Finding, Kind
from sitepub.check.site import PAGE_NAMES
from sitepub.config.star_pattern import matches

_OTHERS = (".pdf", ".zip", ".epub", ".rss", ".atom", ".docx", ".xlsx", ".pptx", ".mp3", ".mp4", ".csv", ".ics")
"""What people link to, beside pages."""
_FEEDS = ("atom.xml", "feed.xml", "rss.xml", "rss2.xml", "index.xml", "feed.json", "sitemap.xml")
_DATE = re.compile(r"\d{1,4}")
_MOST_PAGES = 2000
"""Pages that are gone for which another one is looked for."""


@dataclass(frozen=True, slots=True)
class Was:
    """A file of the live release."""

    key: str
    md5: str


def is_linked(key: str) -> bool:
    """Visitors come to it by its address, and not by way of a page."""
    name = key.rpartition("/")[2].lower()
    return name.endswith((*PAGE_NAMES, *_OTHERS)) or name in _FEEDS


def gone(before: Iterable[Was], answers: Answers, own: Mapping[str, str], error: str,
         ignored: Collection[str] = ()) -> list[Finding]:
    """``before``: the files of the live release; ``answers``: of what will be there; ``own``: the keys of the new site
    with their MD5. ``error``: the key of the error document, which has no address of its own. ``ignored``: patterns of
    addresses that may go."""
    lost = [was for was in before if is_linked(was.key) and was.key != error
            and was.key not in own and not _answers(answers, was.key)]
    moved = _moved(lost[:_MOST_PAGES], own, answers)
    rules = _prefix_rules(moved, own)
    found = []
    for was in lost:
        address, new = address_of(was.key, answers.website), moved.get(was.key)
        if any(matches(pattern, address) for pattern in ignored):
            continue
        hint = ""
        if new is not None:
            prefix = next(((old, other) for old, other in rules if was.key.startswith(old)), None)
            rule = (f"keyPrefixEquals: {prefix[0]}}}, redirect: {{replaceKeyPrefixWith: {prefix[1]}}}}}" if prefix else
                    f"keyPrefixEquals: {address[1:] or was.key}}}, redirect: {{replaceKeyWith:"
                    f" {address_of(new, answers.website)[1:] or new}}}}}")
            there = address_of(new, answers.website)
            hint = (f"it may be {there} now: write `{address} {there} 301` into _redirects, or"
                    f" redirectRules: [{{condition: {{{rule}]")
        found.append(Finding(Kind.GONE, address, f"{address} is live and will answer 404", hint, [], 1))
    return found


def _answers(answers: Answers, key: str) -> bool:
    answer = answers.of(address_of(key, answers.website))
    return answer.key is not None and not answer.app


def _moved(lost: Collection[Was], own: Mapping[str, str], answers: Answers) -> dict[str, str]:
    """Old key → the new key that has taken its place, where one can be made out: the same content, or the same name
    in another folder."""
    if not lost:
        return {}
    by_content: dict[str, list[str]] = defaultdict(list)
    by_name: dict[str, list[str]] = defaultdict(list)
    wanted = {was.md5 for was in lost}
    for key, md5 in own.items():
        if not is_linked(key):
            continue
        if md5 in wanted:
            by_content[md5].append(key)
        by_name[_name(key, answers.website.index)].append(key)
    moved = {}
    for was in lost:
        same = by_content.get(was.md5, []) if was.md5 else []
        named = by_name.get(_name(was.key, answers.website.index), [])
        for candidates in (same, named):
            if len(candidates) == 1:
                moved[was.key] = candidates[0]
                break
    return moved


def _name(key: str, index: str) -> str:
    """What a page is called, whatever folder it lies in: ``hello`` of ``2024/01/hello/index.html``. Nothing for names
    that say nothing: dates and numbers."""
    parts = [part for part in key.split("/") if part and part != index]
    if not parts:
        return ""
    name = parts[-1].casefold()
    for end in PAGE_NAMES:
        name = name.removesuffix(end)
    return key if _DATE.fullmatch(name) or name == "index" else name


def _prefix_rules(moved: Mapping[str, str], own: Mapping[str, str]) -> list[tuple[str, str]]:
    """One rule for all pages of a folder that has another name now: (old prefix, new prefix)."""
    count: dict[tuple[str, str], int] = defaultdict(int)
    for old, new in moved.items():
        a, b = old.split("/"), new.split("/")
        same = 0
        while same < min(len(a), len(b)) - 1 and a[-1 - same] == b[-1 - same]:
            same += 1
        if 0 < same < len(a):
            count["/".join(a[:len(a) - same]) + "/", "/".join(b[:len(b) - same]) + ("/" if len(b) > same else "")] += 1
    return [pair for pair, number in sorted(count.items(), key=lambda one: -one[1])
            if number > 1 and not any(key.startswith(pair[0]) for key in own)]
