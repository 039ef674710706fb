"""``env.js`` beside the sources while the hook runs.

The first form of the component wrote it there (``code.root``, then ``envPath``), and templates made for it load it in
their build. It is taken away after the hook; a file that was there before and is not such a one stays as it is.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from sitepub.config.project import Project
from sitepub.errors import Problem, SiteError
from sitepub.site.build.env_js import env_js

_OURS = b"window.env"
_HEAD = 64


@contextlib.contextmanager
def env_for_build(project: Project, warn: Callable[[Problem], None]) -> Iterator[None]:
    """Write it for the time of the hook. Raises :class:`~sitepub.errors.SiteError` when it cannot be written."""
    file = project.source.env_in_source
    if file is None or not project.env:
        yield
        return
    before = _before(file)
    if before is not None and not before.startswith(_OURS):
        warn(Problem(f"{_shown(project, file)} is not written for the build: a file of that name is there, and sitepub"
                     " did not make it", project.source.at("envPath"), "rename it, or set `envPath`"))
        yield
        return
    _write(project, file)
    try:
        yield
    finally:
        if before is None:
            with contextlib.suppress(OSError):
                file.unlink()


def _before(file: Path) -> bytes | None:
    """How the file begins that is there; ``None``: there is none. A link or a folder was not made by sitepub."""
    if file.is_symlink() or (file.exists() and not file.is_file()):
        return b""
    try:
        with file.open("rb") as stream:
            return stream.read(_HEAD)
    except FileNotFoundError:
        return None
    except OSError:
        return b""


def _write(project: Project, file: Path) -> None:
    """Replaces the file as a whole: a build that watches never sees half of it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".env.js.", dir=file.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(env_js(project.env))
            Path(temporary).chmod(0o644)
            Path(temporary).replace(file)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        raise SiteError(f"{_shown(project, file)} cannot be written: {error.strerror or error}",
                        position=project.source.position) from None


def _shown(project: Project, file: Path) -> str:
    return str(file.relative_to(project.root)) if file.is_relative_to(project.root) else str(file)
