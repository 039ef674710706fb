"""Who may have written a file that lies above a project."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path


def project_root(folder: Path) -> Path:
    """The root of the git repository that the folder lies in; without one, the folder itself. A ``.git`` that
    another user has put into a shared folder makes no repository of it."""
    try:
        owner = folder.stat().st_uid
        for place in (folder, *folder.parents):
            git = place / ".git"
            if os.path.lexists(git):
                status = place.stat()
                mine = {status.st_uid, git.lstat().st_uid} == {owner} and not status.st_mode & stat.S_IWOTH
                return place if mine or sys.platform == "win32" else folder
    except OSError:
        pass
    return folder


def written_by_others(file: Path, project: Path) -> str | None:
    """Why another user than the owner of the project may have written this file, as half a sentence; ``None`` when
    no other user can have: file and folder belong to the owner, and no other user may write to either."""
    try:
        if sys.platform == "win32":
            # Rights are not told by stat there. What lies in the user's own folder is theirs.
            inside = file.resolve().is_relative_to(Path.home().resolve())
            return None if inside else "it is outside of your own folder"
        owner = project.stat().st_uid
        real = file.resolve()
        for place in dict.fromkeys((file.parent, real.parent, real)):
            status = place.stat()
            what = "it" if place == real else f"its folder {place}"
            if status.st_uid != owner and not (place != real and status.st_uid == 0):
                return f"{what} belongs to another user than the project"
            if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return f"others may write to {what} (chmod go-w)"
    except (OSError, RuntimeError):
        return "who owns it cannot be found out"
    return None
