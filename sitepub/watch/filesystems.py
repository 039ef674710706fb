"""Which file systems report changes, and which have to be polled."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

_REPORTING = frozenset({
    "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "tmpfs", "ramfs", "overlay", "overlayfs", "bcachefs",
    "jfs", "reiserfs", "vfat", "exfat", "ntfs", "ntfs3", "fuseblk", "rootfs", "aufs", "ecryptfs", "squashfs"})
"""File systems of this computer: whatever changes them goes through this kernel."""
_SILENT = re.compile(
    r"nfs4?|cifs|smb\d?|smbfs|9p|drvfs|vboxsf|prl_fs|virtiofs|afs|ceph|glusterfs|lustre|davfs2?|grpcfuse|osxfs"
    r"|vmhgfs|fuse\.(?!ext|ntfs|encfs|gocryptfs|overlay).*")
"""Other computers write to them too (a server, the host of a virtual machine, Windows below WSL), unreported."""


def type_of(path: Path, mounts: str | None = None) -> str | None:
    """The type of the file system that ``path`` lies on (Linux); ``None`` when it is not known.

    ``mounts``: the text of /proc/self/mountinfo (proc(5))."""
    if mounts is None:
        if not sys.platform.startswith("linux"):
            return None
        try:
            mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return None
    real = os.path.realpath(path)
    found: tuple[int, str] | None = None
    for line in mounts.splitlines():
        front, dash, back = line.partition(" - ")
        fields = front.split(" ")
        if not dash or len(fields) < 5:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4])
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        # Of several on one point the last one is on top.
        if inside and (found is None or len(point) >= found[0]):
            found = len(point), back.split(" ", 1)[0]
    return found[1] if found is not None else None


def silent(path: Path, mounts: str | None = None) -> str | None:
    """The type of a file system that does not report every change; ``None`` for any other."""
    kind = type_of(path, mounts)
    return kind if kind is not None and _SILENT.fullmatch(kind) else None


def uncertain(path: Path) -> bool:
    """Is it unknown whether this file system reports changes? Then a file is written to find out."""
    kind = type_of(path)
    return kind not in _REPORTING if kind is not None else not sys.platform.startswith(("darwin", "win32"))


def most_folders() -> int | None:
    """How many folders one program should watch at most: the kernel has a limit for each user (inotify(7)). ``None``:
    it is not known."""
    try:
        return int(Path("/proc/sys/fs/inotify/max_user_watches").read_text(encoding="ascii")) * 4 // 5
    except (OSError, ValueError):
        return None
