"""From a project to its snapshot: run the hook, find the folder, scan it. Touches nothing remote."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sitepub.config.project import Project
from sitepub.errors import Problem
from sitepub.site.folder import publish_folder
from sitepub.site.hash_cache import hash_cache_file
from sitepub.site.scan import scan
from sitepub.site.snapshot import Snapshot

_TICK_NS = 50_000_000
"""Files are stamped with the time of the system's last tick, which may be some milliseconds back."""


def build(project: Project, *, run_the_hook: bool, environ: Mapping[str, str],
          output: Callable[[str], None], columns: int | None = None) -> Snapshot:
    """The site as it should stand in the bucket. ``output`` is given every line that the hook prints, ``columns``
    is the width that it has for them on a terminal.

    Raises :class:`~sitepub.errors.HookFailed`, :class:`~sitepub.errors.SiteError`,
    :class:`~sitepub.errors.Interrupted`.
    """
    began, idle = 0, True
    problems: list[Problem] = []
    if run_the_hook and project.source.hook is not None:
        from sitepub.site.build.env_for_build import env_for_build
        from sitepub.site.build.hook import run_hook

        began = time.time_ns()
        with env_for_build(project, problems.append):
            idle = run_hook(project, environ=environ, output=output, columns=columns)
    folder = publish_folder(project)
    snapshot = scan(project, folder, cache_file=hash_cache_file(folder, environ))
    if not idle and snapshot.newest_ns is not None and snapshot.newest_ns < began - _TICK_NS:
        problems.append(_left_over(project, folder, snapshot.newest_ns))
    return replace(snapshot, warnings=(*snapshot.warnings, *problems)) if problems else snapshot


def _left_over(project: Project, folder: Path, newest_ns: int) -> Problem:
    newest = datetime.fromtimestamp(newest_ns / 1e9).astimezone()
    shown = folder.relative_to(project.root) if folder.is_relative_to(project.root) else folder
    return Problem(
        f"the hook wrote nothing into {shown}: all files there are older than its start, the newest is from"
        f" {newest:%Y-%m-%d %H:%M:%S}", position=project.source.hook_position,
        hint="make src.dist the folder that the hook writes to; if nothing had to be built, all is well")
