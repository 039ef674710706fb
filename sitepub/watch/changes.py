"""What watchers report: a change at a path. Also: the names whose changes mean nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Happened(StrEnum):
    WRITTEN = "written"
    """A file is there: new, changed, or moved here."""
    GONE = "gone"
    """A file or folder is not there any more."""
    FOLDER = "folder"
    """A folder is there: new, or moved here, with whatever is in it."""
    DOUBT = "doubt"
    """Something was missed at or below the path."""


@dataclass(frozen=True, slots=True)
class Change:
    path: Path
    """Absolute."""
    what: Happened


_TEMPORARY = re.compile(
    r"""4913                                   # vim: may files be made here?
    | \..*\.sw[a-px] | .*~ | \#.*\# | \.\#.*     # vim and emacs: swap, backup, autosave, lock
    | .*___jb_(?:tmp|old|bak)___                # JetBrains
    | \.goutputstream-\w+ | \..*\.kate-swp      # GNOME, KDE
    | sed\w{6}                                  # sed -i
    | .*\.(?:tmp|temp)(?:[.-]?[\w-]+)? | .*\.vsctmp | \.vscode-upload-.*
    | .*\.(?:crdownload|part|partial) | \.~lock\..*\#
    | \.sitepub.*                               # our own
    | \.DS_Store | Thumbs\.db | desktop\.ini | \._.*""",
    re.VERBOSE | re.DOTALL)


def is_temporary(name: str) -> bool:
    """The name of a file that editors and systems make for a moment: never a reason to build or publish.

    (A file of such a name that belongs to the site is published with the next change of another one.)"""
    return _TEMPORARY.fullmatch(name) is not None
