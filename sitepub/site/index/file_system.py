"""Which file systems say of a file that it has changed, whatever was done to it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sitepub.watch.filesystems import type_of

_OWN_CLOCK = frozenset({
    "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "tmpfs", "ramfs", "rootfs", "overlay", "overlayfs",
    "bcachefs", "jfs", "reiserfs", "nilfs2", "ntfs3", "ecryptfs"})
"""Local ones of Linux with a time of change that programs cannot set, by the clock of this computer. Not those of other
computers: what others write shows late (nfs(5), "acregmin"), and their clock is another one."""
_NO_CHANGE_TIME = frozenset({
    "vfat", "msdos", "exfat", "fuse.exfat", "fuse.sshfs", "fuse.rclone", "fuse.curlftpfs", "fuse.davfs"})
"""The time of change is that of the content, which programs set as they like (Linux, fs/fat/misc.c: "keep ctime
identical to mtime"; SFTP and WebDAV have none)."""


def shows_every_change(folder: Path) -> bool:
    """Whether a file that is listed as it was has the content that it had. On other systems than Linux it is not known
    what a folder lies on, and taken to be so."""
    return not sys.platform.startswith("linux") or type_of(folder) in _OWN_CLOCK


def has_change_times(folder: Path) -> bool:
    """``False``: a file may be changed and get back all of its times."""
    return type_of(folder) not in _NO_CHANGE_TIME


def same_file_system(folder: Path) -> object:
    """What is another one when another file system lies at this place. Raises OSError."""
    if sys.platform == "win32":
        return None
    else:  # noqa: RET505 - so that the type checker sees each system's own
        return os.statvfs(folder).f_fsid
