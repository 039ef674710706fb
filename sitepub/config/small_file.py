"""Reading a file from an untrusted source: an ordinary file of limited size, or an error that says so.

A name in a cloned repository may be a link to a device that never ends, to a named pipe without a writer,
or to a file larger than memory. Everything that is read as a whole is read here.
"""

from __future__ import annotations

import codecs
import errno
import os
import stat
from pathlib import Path

CONFIG_LIMIT = 256 * 1024
"""Bytes of a file that people write: settings, patterns, certificates."""
RULE_FILE_LIMIT = 1_000_000
"""Bytes of a `_headers` or `_redirects` file."""
PACKAGE_LIMIT = 16_000_000
"""Bytes of a file that tools write for a project, such as a package.json or a lock file."""

_KINDS = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"),
          (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"))
_READ = (os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
         | getattr(os, "O_NOCTTY", 0))
_PIECE = 1 << 16


def read_small(file: Path | str, limit: int = CONFIG_LIMIT) -> bytes:
    """The content of an ordinary file, or of one that a link leads to.

    Raises OSError with the reason in ``strerror``, as the system does for a file that is missing; also for
    what is no ordinary file, and for one with more than ``limit`` bytes.
    """
    name = os.fspath(file)
    _refuse(Path(name).stat(), name, limit)
    # What the name means may have changed by now. A pipe does not block an opening of this kind.
    descriptor = os.open(name, _READ)
    try:
        _refuse(os.fstat(descriptor), name, limit)
        pieces: list[bytes] = []
        size = 0
        while piece := os.read(descriptor, _PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise _too_large(name, limit)
    finally:
        os.close(descriptor)
    return b"".join(pieces)


def read_small_text(file: Path | str, limit: int = CONFIG_LIMIT) -> str:
    """The same as text: UTF-8, with or without a byte order mark, or UTF-16 with one, which is what ``>`` writes in
    PowerShell 5. Line breaks stay as they are. Raises OSError and UnicodeDecodeError."""
    data = read_small(file, limit)
    return data.decode("utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")


def _refuse(status: os.stat_result, name: str, limit: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = next((words for test, words in _KINDS if test(status.st_mode)), "no ordinary file")
        number = errno.EISDIR if stat.S_ISDIR(status.st_mode) else errno.EINVAL
        raise OSError(number, f"it is {kind}, not a file", name)
    if status.st_size > limit:
        raise _too_large(name, limit)
    if _of_the_system(status):
        raise OSError(errno.EINVAL, "it is a file of the system's (/proc), not one of yours", name)


def _too_large(name: str, limit: int) -> OSError:
    return OSError(errno.EFBIG, f"it is longer than {limit:,} bytes", name)


def _of_the_system(status: os.stat_result) -> bool:
    """Files of /proc look ordinary and empty; some wait when they are read, some show what other programs hold."""
    if status.st_size:
        return False
    try:
        return status.st_dev == Path("/proc/self").stat().st_dev
    except OSError:
        return False
