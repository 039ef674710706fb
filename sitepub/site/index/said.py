"""Problems as an index keeps them: their files are named in full, since the next run may work in another folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from sitepub.config.document import shown_path
from sitepub.errors import Problem


def to_keep(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(_named(problem, os.path.normpath(Path(problem.position.file).absolute()))
                 if problem.position is not None and os.path.lexists(problem.position.file) else problem
                 for problem in problems)


def to_show(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Of :func:`to_keep`."""
    return tuple(_named(problem, shown_path(Path(problem.position.file)))
                 if problem.position is not None and Path(problem.position.file).is_absolute() else problem
                 for problem in problems)


def _named(problem: Problem, file: str) -> Problem:
    assert problem.position is not None
    return replace(problem, position=replace(problem.position, file=file))
