"""How much disk a run takes at most, and whether the folder has it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 4096
_RECORD = 1500
"""Bytes of an object besides its content: its row in the embedded cloud, and entries of index and state."""
_INLINE = 64 * 1024
"""Above that the embedded cloud keeps content in a file."""
_PROGRAMS = 600_000_000
"""Environments with the peers and the revision before."""


@dataclass(frozen=True)
class Need:
    bytes: int
    files: int

    def __str__(self) -> str:
        return f"{self.bytes / 1e9:.1f} GB and {self.files:,} files"


def need(files: int, size: int, buckets: int = 1) -> Need:
    """Of a site, and of ``buckets`` that hold it."""
    blocks = -(-size // _BLOCK) * _BLOCK
    kept = (blocks if size > _INLINE else size) + _RECORD
    return Need(files * (blocks + _BLOCK // 100 + 1 + buckets * kept) + _PROGRAMS,
                files + files // 100 + (files * buckets if size > _INLINE else 0) + 40_000)


def most(needs: Iterable[Need]) -> Need:
    """Of rows that are measured one after the other."""
    found = list(needs)
    return Need(max((one.bytes for one in found), default=0), max((one.files for one in found), default=0))


def check(folder: Path, wanted: Need) -> None:
    """Raises SystemExit when the folder has less."""
    free = shutil.disk_usage(folder).free
    if free < wanted.bytes:
        raise SystemExit(f"{folder} has {free / 1e9:.1f} GB free, and the run takes up to {wanted}. Name another "
                         "folder with --folder, or fewer --files.")
    if hasattr(os, "statvfs"):
        system = os.statvfs(folder)
        if system.f_files and system.f_favail < wanted.files:
            raise SystemExit(f"{folder} has room for {system.f_favail:,} more files, and the run takes up to {wanted}. "
                             "Name another folder with --folder, or fewer --files.")
