"""The kernel's own events of folders on Linux: inotify(7), through the C library."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from typing import NamedTuple

if sys.platform != "linux":
    raise ImportError("inotify is part of Linux")

MODIFY = 0x2
ATTRIB = 0x4
CLOSE_WRITE = 0x8
MOVED_FROM = 0x40
MOVED_TO = 0x80
CREATE = 0x100
DELETE = 0x200
DELETE_SELF = 0x400
MOVE_SELF = 0x800
OVERFLOW = 0x4000
"""The queue was full: events were lost."""
IGNORED = 0x8000
"""The watch has ended."""
IS_DIR = 0x40000000

_ONLYDIR = 0x01000000
_DONT_FOLLOW = 0x02000000
_EXCL_UNLINK = 0x04000000
"""Nothing of files that are written to after they were deleted."""
_WANTED = (MODIFY | ATTRIB | CLOSE_WRITE | MOVED_FROM | MOVED_TO | CREATE | DELETE | DELETE_SELF | MOVE_SELF
           | _ONLYDIR | _EXCL_UNLINK)
_HEAD = struct.Struct("iIII")
"""struct inotify_event: watch, mask, cookie, length of the name that follows."""
_ROOM = 256 * 1024
"""Bytes that are read at once: several thousand events."""


class Event(NamedTuple):
    watch: int
    """As :meth:`Inotify.add` gave it; -1 with ``OVERFLOW``."""
    mask: int
    name: str
    """Of what is in the folder; "" for the folder itself."""


class Inotify:
    """One queue of events. Every method raises OSError as the kernel gives it."""

    def __init__(self) -> None:
        self._c = ctypes.CDLL(None, use_errno=True)
        self._add = self._c.inotify_add_watch
        self._add.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32)
        self._fd = self._check(self._c.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK), "inotify")

    def fileno(self) -> int:
        """For poll(2)."""
        return self._fd

    def add(self, folder: str, *, follow: bool = False) -> int:
        """Report what happens in a folder from now on. The same folder, even under another name, has the same
        number. ``follow``: when it is a symbolic link, report what happens where it leads to."""
        mask = _WANTED if follow else _WANTED | _DONT_FOLLOW
        return self._check(self._add(self._fd, os.fsencode(folder), mask), folder)

    def remove(self, watch: int) -> None:
        """Numbers are not used again, so that late events cannot be taken for another folder's."""
        try:
            self._check(self._c.inotify_rm_watch(self._fd, watch), "")
        except OSError as error:
            if error.errno != errno.EINVAL:  # it has ended by itself
                raise

    def read(self) -> list[Event]:
        """What has happened, in order; empty when nothing has."""
        try:
            data = os.read(self._fd, _ROOM)
        except BlockingIOError:
            return []
        events = []
        at = 0
        while at < len(data):
            watch, mask, _cookie, length = _HEAD.unpack_from(data, at)
            at += _HEAD.size + length
            events.append(Event(watch, mask, os.fsdecode(data[at - length: at].rstrip(b"\0"))))
        return events

    def close(self) -> None:
        os.close(self._fd)

    def _check(self, result: int, about: str) -> int:
        if result < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), about)
        return result
