"""Sizes: what is larger than `checks.size` allows, and which files are the largest."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nlargest

from sitepub.check.findings import Finding, Kind, Place
from sitepub.config.project import Checks
from sitepub.errors import ConfigError, Problem
from sitepub.site.globs import Glob, GlobError, globs
from sitepub.site.snapshot import SiteFile, Snapshot
from sitepub.terminal.sizes import human_bytes

LARGEST = 20


def largest(snapshot: Snapshot, count: int = LARGEST) -> list[SiteFile]:
    """The largest files, the largest first."""
    return nlargest(count, snapshot, key=lambda file: (file.size, file.key))


def too_large(checks: Checks, snapshot: Snapshot, prefix: str = "") -> Iterator[Finding]:
    """What the limits of files and of the whole do not allow; that of pages is checked where pages are read.

    ``prefix``: of all keys; patterns are seen from the web root. Raises :class:`~sitepub.errors.ConfigError` for a
    pattern that is none."""
    patterns = {pattern: (_globs(checks, pattern), limit) for pattern, limit in checks.files.items()}
    if patterns:
        for file in snapshot:
            path = file.key.removeprefix(prefix)
            for pattern, (lines, limit) in patterns.items():
                if file.size > limit and any(line.match(path) for line in lines):
                    yield Finding(Kind.SIZE, file.key,
                                  f"{file.key} has {human_bytes(file.size)}, more than the {human_bytes(limit)} of"
                                  f" `checks.size` for {pattern}", "", [Place(file.key)], 1)
    total = snapshot.total_bytes
    if checks.total is not None and total > checks.total:
        first = ", ".join(f"{file.key} {human_bytes(file.size)}" for file in largest(snapshot, 3))
        yield Finding(Kind.SIZE, "total", f"the site has {human_bytes(total)}, more than the"
                      f" {human_bytes(checks.total)} of `checks.size.total`",
                      f"the largest: {first}; `sitepub plan --largest` lists more", [], 1)


def _globs(checks: Checks, pattern: str) -> list[Glob]:
    try:
        return globs(pattern)
    except GlobError as error:
        raise ConfigError(Problem(f"`inputs.checks.size`: the pattern {pattern} is none: {error}",
                                  checks.places.get(pattern, checks.position))) from None
