"""From a project to its snapshot: run the hook, find the folder, read it. Touches nothing remote."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sitepub.config.project import Project
from sitepub.errors import Problem
from sitepub.site.folder import publish_folder
from sitepub.site.snapshot import Snapshot

if TYPE_CHECKING:
    from sitepub.site.scan import Watcher

_TICK_NS = 50_000_000
"""Files are stamped with the time of the system's last tick, which may be some milliseconds back."""


@dataclass(frozen=True, slots=True)
class Built:
    """The folder to publish, filled and not read yet."""

    folder: Path
    began: int
    """When the hook was started (ns)."""
    idle: bool
    """No hook was run, or one that is known to write nothing."""

    def left_over(self, project: Project, newest_ns: int | None) -> list[Problem]:
        """A warning when nothing in the folder is from this run of the hook. ``newest_ns``: when the file that was
        written last was written."""
        if self.idle or newest_ns is None or newest_ns >= self.began - _TICK_NS:
            return []
        return [_left_over(project, self.folder, newest_ns)]


def fill(project: Project, *, run_the_hook: bool, environ: Mapping[str, str], output: Callable[[str], None],
         columns: int | None = None, warn: Callable[[Problem], None]) -> Built:
    """Run the hook and find the folder. ``output`` is given every line that the hook prints, ``columns`` is the width
    that it has for them on a terminal.

    Raises :class:`~sitepub.errors.HookFailed`, :class:`~sitepub.errors.SiteError`,
    :class:`~sitepub.errors.Interrupted`.
    """
    began, idle = 0, True
    if run_the_hook and project.source.hook is not None:
        from sitepub.site.build.env_for_build import env_for_build
        from sitepub.site.build.hook import run_hook

        began = time.time_ns()
        with env_for_build(project, warn):
            idle = run_hook(project, environ=environ, output=output, columns=columns)
    return Built(publish_folder(project), began, idle)


def read(project: Project, built: Built, environ: Mapping[str, str], seen: Watcher | None = None) -> Snapshot:
    """The site as it should stand in the bucket. ``seen``: see ``site.scan``."""
    from sitepub.site.hash_cache import hash_cache_file
    from sitepub.site.scan import scan

    return scan(project, built.folder, cache_file=hash_cache_file(built.folder, environ), environ=environ, seen=seen)


def build(project: Project, *, run_the_hook: bool, environ: Mapping[str, str],
          output: Callable[[str], None], columns: int | None = None) -> Snapshot:
    """Both, the warnings of the hook among those of the snapshot."""
    problems: list[Problem] = []
    built = fill(project, run_the_hook=run_the_hook, environ=environ, output=output, columns=columns,
                 warn=problems.append)
    snapshot = read(project, built, environ)
    problems += built.left_over(project, snapshot.newest_ns)
    return replace(snapshot, warnings=(*snapshot.warnings, *problems)) if problems else snapshot


def _left_over(project: Project, folder: Path, newest_ns: int) -> Problem:
    newest = datetime.fromtimestamp(newest_ns / 1e9).astimezone()
    shown = folder.relative_to(project.root) if folder.is_relative_to(project.root) else folder
    return Problem(
        f"the hook wrote nothing into {shown}: all files there are older than its start, the newest is from"
        f" {newest:%Y-%m-%d %H:%M:%S}", position=project.source.hook_position,
        hint="make src.dist the folder that the hook writes to; if nothing had to be built, all is well")
