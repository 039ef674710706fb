"""Findings of the checks in words, for programs, and as annotations of CI."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from sitepub.actions.checking.report import Located, Report, words
from sitepub.ci.log_words import words_for
from sitepub.errors import Position, Problem
from sitepub.terminal.messages import visible
from sitepub.terminal.sizes import counted
from sitepub.terminal.terminal import Terminal

_PLACES = 3
"""Places of one finding that are shown to people; programs get all that are kept."""
_MOST = 50
"""Findings of one kind that are shown to people."""
_ANNOTATIONS = 50
"""GitHub shows ten of a kind for each step."""


def report_lines(terminal: Terminal, report: Report) -> Iterator[str]:
    """Kind by kind, each finding with its places, the source and what to do."""
    kinds = Counter(one.finding.kind for one in report.findings)
    shown: Counter[str] = Counter()
    for one in report.findings:
        kind = one.finding.kind
        shown[kind] += 1
        if shown[kind] == 1:
            yield terminal.style(f"{kind} ({kinds[kind]:,})", "bold")
        if shown[kind] == _MOST + 1:
            yield f"  … and {kinds[kind] - _MOST:,} more of this kind: --json lists all"
        if shown[kind] > _MOST:
            continue
        where = f"{one.places[0]}: " if one.places else ""
        yield f"  {terminal.style(visible(where), 'cyan')}{visible(words(one))}"
        for place in one.places[1:_PLACES]:
            yield f"    also {visible(str(place))}"
        if one.source is not None:
            yield f"    written in {visible(str(one.source))}"
        if one.finding.hint:
            yield f"    hint: {visible(one.finding.hint)}"
    yield summary(report)


def summary(report: Report) -> str:
    """What was checked, and how much was found."""
    read = f"{counted(report.pages, 'page')} and {counted(report.references, 'reference')} checked"
    if not report.findings:
        return f"{read}: nothing found"
    return f"{read}: {counted(len(report.findings), 'finding')}"


def report_object(report: Report) -> dict[str, object]:
    """What programs get."""
    kinds: dict[str, int] = {}
    for one in report.findings:
        kinds[one.finding.kind.value] = kinds.get(one.finding.kind.value, 0) + 1
    return {"pages": report.pages, "files": report.files, "references": report.references,
            "seconds": round(report.seconds, 3), "kinds": kinds,
            "findings": [_finding_object(one) for one in report.findings], "remarks": list(report.remarks)}


def _finding_object(one: Located) -> dict[str, object]:
    finding = one.finding
    places = [{**_place_object(position), "key": place.key, "written": place.written}
              for position, place in zip(one.places, finding.places, strict=False)]
    first = one.places[0] if one.places else None
    return {"kind": finding.kind.value, "target": finding.target, "message": finding.message,
            "hint": finding.hint or None, **_place_object(first), "count": finding.count, "places": places,
            "source": _place_object(one.source) if one.source is not None else None}


def _place_object(position: Position | None) -> dict[str, object]:
    if position is None:
        return {"file": None, "line": None, "column": None}
    return {"file": position.file, "line": position.line, "column": position.column}


def annotate(terminal: Terminal, report: Report, root: Path, environ: Mapping[str, str]) -> None:
    """Where GitHub Actions runs this: a warning at each place, in the source where it is known. On stderr: what is on
    stdout is for the next program."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return
    log = words_for("github", environ, root)
    for one in report.findings[:_ANNOTATIONS]:
        place = one.source or (one.places[0] if one.places else None)
        line = log.annotation("warning", Problem(words(one), place, one.finding.hint or None))
        if line is not None:
            terminal.err(line)
