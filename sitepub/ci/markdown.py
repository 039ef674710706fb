"""A run in Markdown: the comment at a request, and the summary of a job."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sitepub.config.repository.ci_run import CiRun
from sitepub.terminal.sizes import counted, human_bytes

_NAMED = 5
"""New files that are named."""
_LISTED = (100, 20, 0)
"""Changes and findings that are listed: fewer where the whole would be too long."""
_LONGEST_COMMENT = 60_000
"""Characters; GitHub takes 65,536."""
_CHANGES = {"plan": "Would change", "preview": "Preview changed"}
_LONGEST = 200
"""Characters of a name."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One command of sitepub that was run, and what it answered as ``--json``."""

    command: str
    code: int
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SiteRun:
    """What a run of CI did for one site."""

    folder: str
    """From the root of the run; "" for the only one."""
    app: str
    name: str
    stage: str | None
    ran: tuple[Ran, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences for people: why something was not done."""

    def last(self, command: str) -> Ran | None:
        return next((one for one in reversed(self.ran) if one.command == command), None)

    @property
    def code(self) -> int:
        return next((one.code for one in self.ran if one.code), 0)


def marker(site: SiteRun) -> str:
    """The first line of a comment, invisible: by it a later run finds its own."""
    return f"<!-- sitepub: {re.sub(r'[^A-Za-z0-9_/-]', '', f'{site.app}/{site.name}/{site.folder}')} -->"


def comment(site: SiteRun, run: CiRun) -> str:
    texts = ("\n".join([marker(site), *_lines(site, run, listed)]) + "\n" for listed in _LISTED)
    return next((text for text in texts if len(text) <= _LONGEST_COMMENT), "")[:_LONGEST_COMMENT]


def summary(sites: Sequence[SiteRun], run: CiRun) -> str:
    return "\n".join(line for site in sites for line in [*_lines(site, run, _LISTED[0]), ""])


def _lines(site: SiteRun, run: CiRun, listed: int) -> Iterator[str]:
    title = site.name + (f" ({site.folder})" if site.folder else "")
    yield f"### {text(title)}"
    yield ""
    rows = list(_rows(site, run))
    if rows:
        yield "| | |"
        yield "|---|---|"
        # Also in a code span a stroke ends the cell.
        yield from ("| {} | {} |".format(name, value.replace("|", "\\|")) for name, value in rows)
        yield ""
    yield from (f"{text(note)}  " for note in site.notes)
    for one in site.ran:
        yield from _details(one, listed)
    if run.commit or run.where:
        commit = code(run.commit[:10]) if run.commit else ""
        link = f"[run]({run.where})" if run.where else ""
        yield ""
        yield " · ".join(filter(None, [commit, link]))


def _rows(site: SiteRun, run: CiRun) -> Iterator[tuple[str, str]]:
    target = run.request.target if run.request is not None else None
    if site.stage is not None:
        yield "Stage", code(site.stage) + (f" (of {code(target)})" if target else "")
    for one in site.ran:
        result = one.result
        if (error := _error(result)) is not None:
            yield one.command.capitalize(), f"failed: {text(str(error.get('message', '')))}"
        if one.command == "check":
            yield "Check", _check_words(result)
            continue
        if isinstance(result.get("changes"), dict):
            yield _CHANGES.get(one.command, "Changed"), _changes(result)
        if one.command == "plan" and (new := _new_keys(result)):
            shown = ", ".join(code(key) for key in new[:_NAMED])
            yield "New", shown + (f" and {len(new) - _NAMED:,} more" if len(new) > _NAMED else "")
        if isinstance(result.get("files"), int) and one.command == "build":
            yield "Built", f"{counted(result['files'], 'file')}, {human_bytes(int(result.get('bytes', 0)))}"
        if one.command in ("deploy", "preview") and result.get("url"):
            yield "Preview" if one.command == "preview" else "Address", str(result["url"])
            for host in result.get("hosts") or ():
                if isinstance(host, dict) and host.get("url"):
                    yield "Host", str(host["url"])
        if one.command in ("deploy", "preview") and result.get("release"):
            yield "Release", code(str(result["release"]))


def _changes(result: Mapping[str, Any]) -> str:
    changes = result["changes"]
    words = [f"{counted(changes.get(key, 0), 'file')} {what}" for key, what in (
        ("uploaded", "uploaded"), ("copied", "copied on the server"), ("headers", "with new headers"),
        ("deleted", "deleted")) if changes.get(key)]
    if not words:
        words = ["nothing"]
    elif result.get("bytes"):
        words[0] += f" ({human_bytes(int(result['bytes']))})"
    settings = len(result.get("settings") or ())
    if settings:
        words.append(counted(settings, "bucket setting"))
    return f"{', '.join(words)}; {changes.get('unchanged', 0):,} unchanged"


def _new_keys(result: Mapping[str, Any]) -> list[str]:
    return [str(step.get("key")) for step in result.get("steps") or () if isinstance(step, dict)
            and step.get("reason") == "new"]


def _check_words(result: Mapping[str, Any]) -> str:
    kinds = result.get("kinds")
    if isinstance(kinds, dict) and kinds:
        return ", ".join(f"{number:,} × {text(str(kind))}" for kind, number in kinds.items())
    return "nothing found"


def _details(one: Ran, listed: int) -> Iterator[str]:
    """What is too long for the table, folded."""
    result = one.result
    title, kinds = _FOLDED.get(one.command, ("Warnings", {"warnings": text}))
    items = [(show, item) for key, show in kinds.items() for item in result.get(key) or ()]
    if items:
        lines = [f"- {show(item)}" for show, item in items[:listed]]
        more = [f"- and {len(items) - listed:,} more"] if len(items) > listed else []
        yield from ["", f"<details><summary>{title} ({len(items):,})</summary>", "", *lines, *more, "", "</details>"]


def _step(step: Mapping[str, Any]) -> str:
    what, key, why = (str(step.get(name)) for name in ("action", "key", "reason"))
    return f"{text(what)} {code(key)} ({text(why)})"


def _setting(step: Mapping[str, Any]) -> str:
    return text(str(step.get("summary")))


def _finding(finding: Mapping[str, Any]) -> str:
    place = ":".join(str(finding[key]) for key in ("file", "line") if finding.get(key))
    return f"{code(place) + ': ' if place else ''}{text(str(finding.get('message')))}"


_FOLDED: Mapping[str, tuple[str, Mapping[str, Callable[[Any], str]]]] = {
    "plan": ("All changes", {"steps": _step, "settings": _setting}), "check": ("Findings", {"findings": _finding})}


def _error(result: Mapping[str, Any]) -> Mapping[str, Any] | None:
    error = result.get("error")
    return error if isinstance(error, dict) else None


def code(value: str) -> str:
    """As a code span, whatever is in it: a name in a repository may be anything."""
    plain = re.sub(r"[\x00-\x1f\x7f]+", " ", value)[:_LONGEST]
    fence = "`" * (max((len(run) for run in re.findall(r"`+", plain)), default=0) + 1)
    space = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{space}{plain}{space}{fence}"


def text(value: str) -> str:
    """As plain text: nothing in it is markup, a mention or a link."""
    plain = re.sub(r"[\x00-\x1f\x7f]+", " ", value)[:2 * _LONGEST]
    escaped = re.sub(r"([\\`*_{}\[\]<>()#+!~])", r"\\\1", plain)
    return escaped.replace("@", "@\u200b").replace("://", ":\u200b//")
