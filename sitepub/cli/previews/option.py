"""``--preview`` and ``--expires``: the project becomes one of its previews."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from sitepub.cli.options import Run
from sitepub.config.project import Project
from sitepub.terminal.messages import visible

_OF_BRANCH = "\0"
"""``--preview`` without a name. No argument of a program can be this; ``--preview ""`` is a name that is missing."""


def preview_options() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Passed on as ``preview`` and ``expires``, for :func:`in_preview`."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        function = click.option("--expires", metavar="TIME", callback=_seconds,
                                help="How long the preview is kept after its last deploy: 12h, 7d; at most 30d."
                                )(function)
        return click.option("--preview", metavar="[NAME]", is_flag=False, flag_value=_OF_BRANCH,
                            help="Work on a preview beside the live site. Without NAME it is that of the git"
                                 " branch.")(function)

    return add


def in_preview(run: Run, project: Project, preview: str | None, expires: int | None) -> Project:
    """The project that the command works on. Raises UsageError."""
    if preview is None:
        if expires is not None:
            raise click.UsageError("--expires belongs to --preview")
        return project
    from sitepub.publish.previews.names import chosen, preview_of

    if preview == _OF_BRANCH:
        preview = ""
    found = chosen(project, preview, run.environ, expires)
    if preview and found.name != preview.strip().lower():
        run.terminal.note(f"The preview {visible(preview)} is called {found.name}: its name becomes part of an"
                          " address, so letters are a to z.")
    return preview_of(project, found)


def _seconds(_context: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    from pydantic_core import PydanticCustomError

    from sitepub.config.models.preview import expiry

    try:
        return expiry(value)
    except PydanticCustomError as error:
        said = error.context["said"] if error.context else "is not a time"
        raise click.BadParameter(f"{value!r}: {said}") from None
