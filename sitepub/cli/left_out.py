"""What a deploy does not publish or keeps for a while, and its warnings, in words and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sitepub.errors import Problem
from sitepub.site.keys import printable
from sitepub.site.rules.defaults import FOLLOW_LINKS
from sitepub.site.snapshot import LeftOut
from sitepub.terminal.messages import visible
from sitepub.terminal.moments import local_moment
from sitepub.terminal.sizes import counted

if TYPE_CHECKING:
    from sitepub.actions.checking.report import Report
    from sitepub.publish.states.manifest import Entry

_PATHS = 20
"""Paths left out by one rule that are named for people; programs get all."""


def left_out_lines(left_out: Sequence[LeftOut]) -> Iterator[str]:
    """What sitepub's own rules keep from being published: how much, what, and how to publish it."""
    rules: dict[tuple[str, str | None], list[str]] = {}
    for one in left_out:
        if one.option != FOLLOW_LINKS and one.option is not None:  # else a warning told of it
            rules.setdefault((one.what, one.option), []).append(one.path)
    count = sum(map(len, rules.values()))
    if not count:
        return
    yield f"  not published, by rules of sitepub's own: {counted(count, 'file or folder', 'files and folders')}"
    for (what, option), paths in rules.items():
        more = f" and {len(paths) - _PATHS:,} more" if len(paths) > _PATHS else ""
        yield f"    {', '.join(map(visible, map(printable, paths[:_PATHS])))}{more}  ({what}; publish it: {option})"


def left_out_objects(left_out: Sequence[LeftOut]) -> list[dict[str, object]]:
    return [{"path": printable(one.path), "reason": one.what, "option": one.option} for one in left_out]


def moment(seconds: int) -> str:
    """``2026-12-06 13:20`` on this computer's clock."""
    return local_moment(datetime.fromtimestamp(seconds, UTC).isoformat())


def retained_objects(retained: Mapping[str, Entry]) -> list[dict[str, Any]]:
    return [{"key": key, "bytes": entry.size, "until": datetime.fromtimestamp(entry.until, UTC).isoformat()}
            for key, entry in retained.items()]


def warning_list(warnings: tuple[Problem, ...]) -> list[str]:
    return [f"{problem.position}: {problem.message}" if problem.position else problem.message
            for problem in warnings]


def checks_object(report: Report | None) -> dict[str, object]:
    """What the checks found; nothing when nothing was checked."""
    if report is None:
        return {}
    from sitepub.cli.check_view import report_object

    return {"checks": report_object(report)}
