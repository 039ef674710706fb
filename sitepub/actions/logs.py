"""The visits of a project: those that were, and those that happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sitepub.actions.connect import connect
from sitepub.config.project import Project
from sitepub.errors import Problem, SitepubError
from sitepub.logs.choose import Kind, open_source
from sitepub.logs.embedded import where_embedded
from sitepub.logs.filters import Filter
from sitepub.logs.source import Source
from sitepub.logs.stats import Stats
from sitepub.logs.visit import Visit


@dataclass(frozen=True, slots=True)
class Asked:
    """Which visits, and where from."""

    local: bool = False
    profile: str | None = None
    kind: Kind | None = None
    """``None``: by what the project has."""
    wanted: Filter = field(default_factory=Filter)


@contextmanager
def opened(project: Project, asked: Asked, environ: Mapping[str, str], *, note: Callable[[str], None],
           warn: Callable[[Problem], None]) -> Iterator[Source]:
    """The source of a project's visits, until the block ends.

    Raises :class:`~sitepub.errors.SitepubError` with code NoLogs when nothing writes visits down."""
    cloud = connect(project, local=asked.local, profile=asked.profile, environ=environ, warn=warn)
    source = open_source(project, cloud, kind=asked.kind, note=note,
                         where=where_embedded(environ) if asked.local else None)
    try:
        yield source
    finally:
        source.close()


def visits(source: Source, wanted: Filter, since: datetime) -> Iterator[Visit]:
    """The wanted ones since then that the source knows now."""
    return filter(wanted.matches, source.read(since))


def count(source: Source, wanted: Filter, since: datetime) -> Stats:
    """What they amount to."""
    stats = Stats(since=since, until=datetime.now(UTC))
    return stats.add_all(visits(source, wanted, since))


def write_report(stats: Stats, file: Path, *, title: str, source: Source) -> None:
    """Write the page with plots; a file that is there is replaced at once or not at all.

    Raises :class:`~sitepub.errors.SitepubError` when it cannot be written."""
    import os
    import tempfile

    from sitepub.logs.report import report

    text = report(stats, title=title, source=source.name, made=datetime.now(UTC))
    try:
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".sitepub-logs-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
                out.write(text)
            # mkstemp makes it for the user alone; a page is for whoever may see the folder.
            Path(temporary).chmod(0o644)
            Path(temporary).replace(file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SitepubError(f"{file} cannot be written: {error.strerror or error}", code="CannotWrite") from error
