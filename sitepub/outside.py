"""Causes outside of sitepub: the computer, the installation, the terminal. They are no bugs, and each has a way out."""

from __future__ import annotations

import errno
from pathlib import Path

from sitepub.errors import NetworkError, SitepubError

_HINTS = {
    "ENOSPC": "The disk is full: make room and run again. Caches lie below the folder that `sitepub doctor` shows.",
    "EDQUOT": "Your share of the disk is used up: make room and run again.",
    "EROFS": "That folder cannot be written. SITEPUB_HOME names another place for caches, profiles and local data.",
    "EACCES": "You are not allowed to read or write there. SITEPUB_HOME names another place for caches and profiles.",
    "EPERM": "You are not allowed to change that. SITEPUB_HOME names another place for caches and profiles.",
    "EMFILE": "Too many files are open: raise the limit (`ulimit -n 4096`) and run again.",
    "ENFILE": "The computer has too many files open: end other programs and run again.",
    "ENOMEM": "There is not enough memory: end other programs, or raise the limit (`ulimit -v`), and run again.",
    "EAGAIN": "The computer takes no more processes or threads: end other programs, or raise `ulimit -u`.",
    "EIO": "The disk or the terminal failed. Check the disk, then run again.",
    "ENAMETOOLONG": "Use shorter names, or a folder nearer to the root.",
    "ELOOP": "Links lead in a circle there: remove one of them.",
    "ESTALE": "A network drive was mounted anew: enter the folder again and run again.",
    "ETXTBSY": "Another program uses that file: end it and run again.",
}
_CHOSEN = {
    "ENAMETOOLONG": "Choose a shorter name.", "ENOSPC": "The disk is full: make room and run again.",
    "EROFS": "That disk is read-only: choose a folder on another one.",
    "EACCES": "You may not write there: choose another folder, or change its permissions.",
    "EPERM": "You may not write there: choose another folder, or change its permissions.",
    "ENOENT": "No folder can be made there: choose another one.",
    "ENOTDIR": "A part of the path is a file: choose another folder.",
    "EILSEQ": "The disk does not take such a name: choose another one.",
    "EINVAL": "The disk does not take such a name: choose another one.",
}
_WHERE = "--debug shows where it happened."
_MEMORY = "There is not enough memory for this."
_REMOTE = ("urllib3", "requests", "qcloud_cos", "tencentcloud", "h11", "http", "ssl")
"""Packages whose errors say that an answer was not what it should be."""


def not_written(error: OSError) -> str:
    """What to do when a file cannot be written in a folder that the user has chosen."""
    name = errno.errorcode.get(error.errno or 0, "")
    return _CHOSEN.get(name) or _HINTS.get(name) or "Check the folder's permissions and the free space."


def from_system(error: OSError) -> SitepubError:
    """The computer said no: a folder that may not be written, a full disk."""
    if error.errno == errno.ENOENT and error.filename is None and _current_folder_is_gone():
        return SitepubError("The current folder is gone: it was deleted or moved.", code="System.ENOENT",
                            hint="Go to another one with cd.")
    words = error.strerror or str(error) or type(error).__name__
    where = f": {error.filename}" if error.filename else ""
    name = errno.errorcode.get(error.errno or 0, "OSError")
    return SitepubError(f"{words}{where}", code=f"System.{name}", hint=_HINTS.get(name, _WHERE))


def _current_folder_is_gone() -> bool:
    try:
        Path.cwd()
    except OSError:
        return True
    return False


def outside(error: Exception) -> SitepubError | None:
    """The error to show for a cause that is not in sitepub; ``None``: it is a bug."""
    if isinstance(error, MemoryError):
        return SitepubError(_MEMORY, code="System.ENOMEM", hint=_HINTS["ENOMEM"])
    if isinstance(error, ImportError):
        name = (error.name or str(error)).partition(".")[0]
        if name == "sitepub":
            return None
        return SitepubError(f"The installation is not complete: {name} is missing or has another version.",
                            code="Installation", hint="Install it anew: pip install --force-reinstall sitepub")
    words = " ".join(str(error).split())
    if isinstance(error, RuntimeError) and "start new thread" in words:
        return SitepubError("The computer takes no more threads.", code="System.EAGAIN", hint=_HINTS["EAGAIN"])
    if isinstance(error, UnicodeEncodeError):
        return SitepubError(f"{error.object[error.start:error.end]!a} cannot be written in {error.encoding}.",
                            code="System.Encoding", hint="Set a UTF-8 locale: LC_ALL=C.UTF-8, or PYTHONUTF8=1.")
    package = type(error).__module__.partition(".")[0]
    if package in _REMOTE:
        return NetworkError(f"The cloud's answer cannot be read ({type(error).__name__}).", code="BadAnswer",
                            hint="Something on the way may have cut or changed it. Run again; if it stays so, take"
                                 " another network.")
    if package == "sqlite3":
        return SitepubError(f"A database file is damaged or locked ({words[:100]}).", code="System.Database",
                            hint="For the data of the embedded cloud: sitepub local reset.")
    cause = error.__cause__ or error.__context__
    if isinstance(cause, MemoryError):
        return SitepubError(_MEMORY, code="System.ENOMEM", hint=_HINTS["ENOMEM"])
    return None
