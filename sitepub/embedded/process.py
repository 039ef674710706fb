"""Processes and locks for :mod:`sitepub.embedded.cloud`, on POSIX and Windows: detach a server, find out, end it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NoReturn

from sitepub.errors import Refused

_TAIL = 20
"""Lines of the log that a failed start shows."""
_TAIL_BYTES = 64 * 1024


def command(data: Path, arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", "sitepub.local", "--data", str(data), *arguments]


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The server's environment: ours, without credentials, and able to import this very sitepub."""
    import sitepub

    clean = {name: value for name, value in environ.items()
             if not name.startswith(("TENCENT_", "TENCENTCLOUD_", "COS_SECRET"))}
    home = str(Path(sitepub.__file__).resolve().parent.parent)
    if not home.endswith(("site-packages", "dist-packages")):
        # Run from a checkout: the server starts in another folder and would not find the package.
        rest = clean.get("PYTHONPATH")
        clean["PYTHONPATH"] = os.pathsep.join([home, rest]) if rest else home
    clean["PYTHONUNBUFFERED"] = "1"
    clean["PYTHONUTF8"] = "1"  # it names the same files as this process, whatever the locale is
    clean.pop("PYTHONIOENCODING", None)
    return clean


def spawn(data: Path, arguments: list[str], *, log: Path, environ: Mapping[str, str]
          ) -> subprocess.Popen[bytes]:
    """Start the server so that it outlives us: its own session, no terminal, output to the log.

    It runs in its data folder: it must not keep the user's folder busy, nor import from there.
    """
    with open_log(log) as output:
        words = command(data, arguments)
        if sys.platform == "win32":
            flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
            return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=data,
                                    env=environment(environ), close_fds=True, creationflags=flags)
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=data,
                                env=environment(environ), close_fds=True, start_new_session=True)


def run_here(data: Path, arguments: list[str], *, environ: Mapping[str, str]) -> NoReturn:
    """Run the server in the foreground until it ends, and end with its exit code.

    On POSIX this process becomes the server, so signals and a supervisor meet it directly.
    """
    words = command(data, arguments)
    if sys.platform == "win32":
        process = subprocess.Popen(words, cwd=data, env=environment(environ))
        try:
            raise SystemExit(process.wait())
        finally:
            end_child(process)
    else:
        os.chdir(data)
        sys.stdout.flush()
        sys.stderr.flush()
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        os.execve(words[0], words, environment(environ))


def end_child(process: subprocess.Popen[bytes]) -> None:
    """End a process that we started, if it still runs."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def end(pid: int, *, patience: float) -> bool:
    """Ask a process to end (Windows: end it), wait, insist; whether it is gone."""
    for number, seconds in ((signal.SIGTERM, patience), (getattr(signal, "SIGKILL", signal.SIGTERM), 5.0)):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        except PermissionError:
            # Windows says so of a process that is just ending; elsewhere it is another user's.
            if os.name != "nt":
                return False
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not alive(pid):
                return True
            time.sleep(0.02)
    return False


def alive(pid: int) -> bool:
    """Whether the process runs. A zombie does not: until its parent waits for it, it stays in the table. But one that
    was killed counts as running until the last of its threads has ended: so long it holds its files and locks."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(0x00100000, False, pid)  # SYNCHRONIZE
        if not handle:
            return False
        try:
            return bool(kernel.WaitForSingleObject(handle, 0) == 0x102)  # WAIT_TIMEOUT: not ended
        finally:
            kernel.CloseHandle(handle)
    try:
        # When it is our own child (we started it a moment ago), this reaps it.
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return True
    fields = stat.rpartition(")")[2].split()  # from the third on, proc(5): its state, and as the 20th its threads
    return fields[:1] != ["Z"] or fields[17:18] not in ([], ["0"], ["1"])


def edition() -> str:
    """Which code a server that we start would run: ``sitepub.local.base.edition`` says the same of a running one."""
    import hashlib

    import sitepub

    here = Path(sitepub.__file__).parent / "local"
    lines = []
    for folder, folders, names in os.walk(here):
        folders[:] = [name for name in folders if name != "__pycache__"]
        below = Path(folder).relative_to(here)
        lines += [f"{(below / name).as_posix()} {Path(folder, name).stat().st_size}\n" for name in names]
    return f"{sitepub.__version__}+{hashlib.sha256(''.join(sorted(lines)).encode()).hexdigest()[:12]}"


def make_private(folder: Path) -> None:
    """Make a folder, and what is missing above it, for the user alone whatever the umask. Raises OSError."""
    if not folder.parent.exists():
        make_private(folder.parent)
    folder.mkdir(exist_ok=True, mode=0o700)


def read_own(file: Path) -> str:
    """The text of a small file that only the user (or the administrator) can have written.

    Raises OSError, ValueError."""
    with file.open("rb") as stream:
        state = os.fstat(stream.fileno())
        if sys.platform != "win32" and os.geteuid() != 0 and state.st_uid not in (0, os.geteuid()):
            raise PermissionError(f"{file} belongs to another user")
        return stream.read(64 * 1024).decode()


def open_log(log: Path) -> BinaryIO:
    """The log, empty, for the user alone also when it was there before."""
    log.touch(mode=0o600)
    if sys.platform != "win32":
        with suppress(OSError):
            log.chmod(0o600)
    return log.open("wb")


def holder(data: Path) -> int | None:
    """The process that holds a data folder, and so serves it; ``None`` when none does.

    Only a living process can hold the lock, and its file names the process (an older version: cloud.json)."""
    try:
        with (data / "lock").open("r+b") as stream:
            if _try_lock(stream):
                _unlock(stream)
                return None
            stream.seek(1)
            text = stream.read(20).decode("ascii", "replace").strip()
    except OSError:
        return None
    try:
        return int(text or json.loads(read_own(data / "cloud.json"))["pid"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def tail(log: Path) -> list[str]:
    """The last lines of a log."""
    try:
        if not log.is_file():
            return []
        with log.open("rb") as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - _TAIL_BYTES))
            text = stream.read(_TAIL_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return []
    return text.splitlines()[-_TAIL:]


@contextmanager
def file_lock(file: Path, *, patience: float) -> Iterator[None]:
    """Hold an exclusive lock on a file; the system lets go of it when the process dies.

    Raises Refused when another process holds it for longer than ``patience`` seconds.
    """
    with file.open("a+b") as held:
        deadline = time.monotonic() + patience
        while not _try_lock(held):
            if time.monotonic() > deadline:
                raise Refused("Another sitepub process is starting or stopping the embedded cloud.",
                              code="Locked", hint=f"If none is, delete {file}.")
            time.sleep(0.05)
        try:
            yield
        finally:
            _unlock(held)


def _try_lock(held: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            held.seek(0)
            msvcrt.locking(held.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _unlock(held: BinaryIO) -> None:
    if sys.platform == "win32":
        import msvcrt

        held.seek(0)
        msvcrt.locking(held.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        fcntl.flock(held, fcntl.LOCK_UN)
