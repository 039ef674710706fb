"""Edition of the code: clients compare it with their own and restart a cloud of another edition."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from sitepub import __version__


def edition() -> str:
    """Version, and a digest of the names and sizes of the embedded cloud's own files.

    ``sitepub.embedded.process.edition`` makes the same of the installed files: the two share no code."""
    here = Path(__file__).parents[1]
    files = []
    for folder, folders, names in os.walk(here):
        folders[:] = [name for name in folders if name != "__pycache__"]
        files += [Path(folder) / name for name in names]
    listing = "".join(sorted(f"{file.relative_to(here).as_posix()} {file.stat().st_size}\n" for file in files))
    return f"{__version__}+{hashlib.sha256(listing.encode()).hexdigest()[:12]}"
