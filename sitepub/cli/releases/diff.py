"""``sitepub diff``: which files differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sitepub.cli.options import Run, command
from sitepub.config.project import Project

if TYPE_CHECKING:
    from sitepub.actions.releases.difference import Changed

_MARKS = {"added": ("+", "green"), "removed": ("-", "red"), "content": ("~", "yellow"), "headers": ("=", "cyan")}


@command(project=True)
@click.option("--patch", "-p", is_flag=True, help="Show what differs inside of text files.")
@click.argument("a", metavar="[A]", required=False)
@click.argument("b", metavar="[B]", required=False)
def diff(run: Run, patch: bool, a: str | None, b: str | None) -> int:
    """Show which files differ between two releases.

    Without A and B: the live site against the folder as it is (nothing is built). With A alone: that release against
    the live site. + is new, - is gone, ~ has another content, = has other headers.
    """
    from sitepub.cli.projects import each_project

    return each_project(run, "diff", lambda project: _diff(run, project, a, b, patch=patch))


def _diff(run: Run, project: Project, a: str | None, b: str | None, *, patch: bool) -> tuple[dict[str, object], int]:
    from sitepub.actions.releases.difference import differences
    from sitepub.terminal.messages import visible
    from sitepub.terminal.sizes import counted

    found = differences(project, a, b, patch=patch, local=run.local, profile=run.profile, environ=run.environ)
    terminal = run.terminal
    for one in found.changes:
        mark, color = _MARKS[one.kind]
        terminal.result(f"{terminal.style(mark, color)} {visible(one.key)}")
        for line in found.patches.get(one.key, "").split("\n") if one.key in found.patches else ():
            terminal.result(f"    {visible(line)}")
    terminal.note(f"{found.a} → {found.b}: {counted(len(found.changes), 'file differs', 'files differ')}")
    return {"status": "ok", "a": found.a, "b": found.b, "changes": [_object(one, found.patches) for one in
                                                                    found.changes]}, 0


def _object(one: Changed, patches: dict[str, str] | object) -> dict[str, object]:
    def side(entry: object) -> dict[str, object] | None:
        from sitepub.publish.states.manifest import Entry

        return {"md5": entry.md5, "bytes": entry.size} if isinstance(entry, Entry) else None

    shown = {"patch": patches[one.key]} if isinstance(patches, dict) and one.key in patches else {}
    return {"key": one.key, "change": one.kind, "before": side(one.before), "after": side(one.after), **shown}
