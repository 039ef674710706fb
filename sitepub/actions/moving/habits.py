"""What `init` adds to a project's own files, so that the commands which people know go on to publish."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sitepub.actions.moving.deploy_script import script_edits
from sitepub.actions.moving.hexo_deployer import hexo_edits
from sitepub.errors import Refused, SitepubError
from sitepub.outside import not_written


def habit_edits(folder: Path, *, hexo_deployer: bool, deploy_script: bool) -> dict[str, bytes]:
    """Path below the folder → new content; what is as it should be is left out. Raises what the two raise."""
    edits = hexo_edits(folder) if hexo_deployer else {}
    if deploy_script:
        edits |= script_edits(folder)
    for name in edits:
        link = next((part for part in (Path(name), *Path(name).parents[:-1]) if (folder / part).is_symlink()), None)
        if link is not None:
            raise Refused(f"{link.as_posix()} is a link, and sitepub does not change what it leads to.",
                          code="NotChanged", hint="Run it where the file itself lies.")
    return edits


def write_edits(folder: Path, edits: Mapping[str, bytes]) -> None:
    """Each file is replaced as a whole, with the permissions that it had."""
    for name, content in edits.items():
        place = folder / name
        try:
            place.parent.mkdir(exist_ok=True)
            mode = place.stat().st_mode & 0o777 if place.exists() else 0o644
            handle, temporary = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(content)
                Path(temporary).chmod(mode)
                Path(temporary).replace(place)
            except BaseException:
                with suppress(OSError):
                    Path(temporary).unlink()
                raise
        except OSError as error:
            raise SitepubError(f"Could not write {name}: {error.strerror or error}.", code="NotWritten",
                               hint=not_written(error)) from None
