"""Damaged files and full disks: reported as errors with the file's name; nothing is deleted."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sitepub.local.base.errors import ServiceError

_FULL = "the disk is full"
_CODES = {
    sqlite3.SQLITE_FULL: (errno.ENOSPC, _FULL),
    sqlite3.SQLITE_READONLY: (errno.EROFS, "it may not be written"),
    sqlite3.SQLITE_PERM: (errno.EACCES, "it may not be written"),
    sqlite3.SQLITE_CANTOPEN: (errno.EACCES, "it cannot be opened"),
    sqlite3.SQLITE_IOERR: (errno.EIO, "the disk gives an error"),
    sqlite3.SQLITE_BUSY: (errno.EBUSY, "another program has it open"),
}
"""SQLite errors of the disk, not of the file's content (sqlite.org/rescode.html), by primary result code."""


class DamagedError(Exception):
    """A file of the data folder is not what this program wrote."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(f"{file} is damaged: {reason}")


@contextmanager
def opening(file: Path) -> Iterator[None]:
    """Around code that reads or opens a file of the data folder.

    Raises :class:`DamagedError`, or OSError for an error of the disk."""
    try:
        yield
    except DamagedError:
        raise
    except sqlite3.Error as error:
        found = of_disk(error)
        if found is not None and not file.is_dir():
            raise OSError(found.errno, found.strerror, str(file)) from error
        raise DamagedError(file, "it is a folder" if file.is_dir() else str(error)) from error
    except (IsADirectoryError, NotADirectoryError, FileExistsError) as error:
        raise DamagedError(file, "it is a folder" if file.is_dir() else "it is not a folder") from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        words = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise DamagedError(file, " ".join(words.split())[:200]) from error


def of_disk(error: BaseException) -> OSError | None:
    """The disk's error behind an exception; None when the cause is not the disk."""
    if isinstance(error, sqlite3.Error):
        number, words = _CODES.get((getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF, (0, ""))
        return OSError(number, words) if number else None
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OSError(errno.ENOSPC, _FULL)
    if isinstance(error, OSError) and error.errno in (errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO):
        return OSError(error.errno, error.strerror or "it cannot be used")
    return None


def service_error(error: BaseException, data: Path) -> ServiceError | None:
    """The answer to a request that failed on a damaged file or a full disk; ``None`` for every other error.

    400, not 500, because trying again does not help."""
    disk = of_disk(error)
    if disk is not None:
        return ServiceError("EmbeddedCloudDisk", f"The embedded cloud cannot use its folder {data}: {disk.strerror}.",
                            status=400)
    if isinstance(error, (DamagedError, sqlite3.DatabaseError)):
        words = str(error) if isinstance(error, DamagedError) else f"{data} is damaged: {error}"
        return ServiceError("EmbeddedCloudDamaged", f"{words}.", status=400)
    return None
