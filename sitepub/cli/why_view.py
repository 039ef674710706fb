"""Why so much changed, and which files are the largest, in words and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sitepub.site.snapshot import SiteFile
from sitepub.terminal.messages import visible
from sitepub.terminal.sizes import human_bytes
from sitepub.terminal.terminal import Terminal

if TYPE_CHECKING:
    from sitepub.actions.checking.why import Explained, Why

_SPACE = "spaces or line ends"


def why_lines(terminal: Terminal, why: Why) -> Iterator[str]:
    """What the pages have in common, one small difference of each kind, where it comes from, and what to do."""
    yield terminal.style(f"Why so much changed: {why.changed:,} of {why.pages:,} pages differ.", "bold")
    if not why.reasons:
        yield f"  The {why.compared} pages that were compared have nothing in common that differs."
    for one in why.reasons:
        yield from _reason_lines(terminal, why, one)


def _reason_lines(terminal: Terminal, why: Why, one: Explained) -> Iterator[str]:
    reason = one.reason
    alone = ", and nothing else" if reason.only == reason.pages else ""
    yield f"  {reason.cause}: in {reason.pages} of {why.compared} pages that were compared{alone}"
    yield f"    {visible(reason.key)}:{reason.line}"
    if reason.cause != _SPACE:
        yield f"      {terminal.style('-', 'red')} {visible(reason.before)}"
        yield f"      {terminal.style('+', 'green')} {visible(reason.after)}"
    if one.source is not None:
        yield f"    may be written in {visible(str(one.source))}"
    yield f"    hint: {one.advice}"


def why_object(why: Why) -> dict[str, object]:
    return {"changed": why.changed, "pages": why.pages, "compared": why.compared, "tool": why.tool or None,
            "reasons": [{
                "cause": one.reason.cause.name.lower(), "pages": one.reason.pages, "alone": one.reason.only,
                "key": one.reason.key, "line": one.reason.line, "before": one.reason.before,
                "after": one.reason.after, "advice": one.advice,
                "source": None if one.source is None else {
                    "file": one.source.file, "line": one.source.line, "column": one.source.column}}
                for one in why.reasons]}


def largest_lines(files: Sequence[SiteFile]) -> Iterator[str]:
    """The largest files, aligned."""
    yield "The largest files:"
    sizes = [human_bytes(file.size) for file in files]
    width = max(map(len, sizes), default=0)
    for size, file in zip(sizes, files, strict=True):
        yield f"  {size:>{width}}  {visible(file.key)}"


def largest_object(files: Sequence[SiteFile]) -> list[dict[str, object]]:
    return [{"key": file.key, "bytes": file.size} for file in files]
