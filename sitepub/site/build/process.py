"""A shell command in a process group of its own, and what it prints into: a pipe, or a terminal of its own.

POSIX: a session of its own, so that signals reach all of its children and none of ours. Windows: a process
group (CTRL_BREAK is the only event that can be sent to one) and ``taskkill /T`` for what does not go.

When a person looks on, the command gets a pseudo-terminal for its output, so that it prints in colours. Variables
such as ``FORCE_COLOR`` do that too, but for files as well: ``node -p 'Date.now()' > dist/built.txt`` would put
escape sequences into a published file. Windows has no such terminals: no colours there.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from sitepub import interrupts
from sitepub.site.build.lifeline import Lifeline

_BLOCK = 64 * 1024
_BLOCKS_AHEAD = 4


_RUNNING: set[HookProcess] = set()


def _kill_now() -> None:
    """Without waiting for any of them."""
    for process in list(_RUNNING):
        process.end_now()


def kill_all() -> None:
    """End all commands that still run with all that they started, now: for who will not wait any longer."""
    _kill_now()
    for process in list(_RUNNING):
        process.kill()


class HookProcess:
    """Raises OSError from the constructor when the shell cannot be started."""

    def __init__(self, command: str, folder: Path, environ: Mapping[str, str], columns: int | None = None) -> None:
        """``command`` may have several lines, see :func:`script`. ``columns``: give it a terminal of this width."""
        if sys.platform == "win32":
            self._process = subprocess.Popen(
                script(command, windows=True), shell=True, cwd=folder, env=dict(environ), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0,
                creationflags=subprocess.CREATE_NEW_PROCESS_GROUP)
            ours = None
        else:
            ours, theirs = _terminal(columns) if columns is not None else (None, subprocess.PIPE)
            try:
                self._process = subprocess.Popen(
                    script(command), shell=True, cwd=folder, stdin=subprocess.DEVNULL, stdout=theirs,
                    stderr=subprocess.STDOUT, bufsize=0, start_new_session=True,
                    env={**environ, **_NO_PAGER} if ours is not None else dict(environ))
            except BaseException:
                if ours is not None:
                    os.close(ours)
                raise
            finally:
                if ours is not None:
                    os.close(theirs)
        self.pid = self._process.pid
        self._lifeline: Lifeline | None = None
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                self._lifeline = Lifeline(self.pid)
        _RUNNING.add(self)
        interrupts.at_the_last_moment(_kill_now)
        pipe = self._process.stdout if ours is None else open(ours, "rb", buffering=0)  # noqa: PTH123, SIM115
        assert pipe is not None
        self._pipe = pipe
        self._blocks: queue.Queue[bytes] = queue.Queue(_BLOCKS_AHEAD)
        """Read ahead by a thread, because a pipe cannot be waited for with a time limit everywhere. When it
        is full, the hook waits until its output was shown."""
        self._closed = False
        self._given_up = threading.Event()
        self._reader = threading.Thread(target=self._read_pipe, name="hook output", daemon=True)
        self._reader.start()

    def _read_pipe(self) -> None:
        # After close() the thread ends at the next block. Until a background process prints one or goes away
        # the thread and the pipe stay, which costs nothing: closing a pipe under a reader is not safe. A terminal
        # whose other side is closed ends with an error (EIO) on Linux.
        with contextlib.suppress(OSError, ValueError):
            while not self._given_up.is_set():
                block = os.read(self._pipe.fileno(), _BLOCK)
                if not block:
                    break
                self._put(block)
        self._put(b"")
        self._pipe.close()

    def _put(self, block: bytes) -> None:
        while not self._given_up.is_set():
            with contextlib.suppress(queue.Full):
                self._blocks.put(block, timeout=0.2)
                return

    def read(self, seconds: float) -> bytes | None:
        """The next output; ``b""`` when the output is closed, ``None`` when nothing came in this time."""
        if self._closed:
            return b""
        try:
            block = self._blocks.get(timeout=seconds)
        except queue.Empty:
            return None
        self._closed = block == b""
        return block

    def status(self) -> int | None:
        """Exit status of the shell, negative for the signal that ended it, ``None`` while it runs."""
        return self._process.poll()

    def wait(self, seconds: float) -> None:
        """Wait for the shell, at most this long."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def group_alive(self) -> bool:
        """Does the shell or anything it started (and that did not leave its group) still run?"""
        if self._process.poll() is None:
            return True
        if sys.platform == "win32":
            return False
        try:
            os.killpg(self.pid, 0)
        except (ProcessLookupError, PermissionError):  # macOS answers EPERM when only zombies are left
            return False
        return _has_living_member(self.pid)

    def send(self, number: int) -> None:
        """Send a signal to the whole group. Windows: CTRL_BREAK for SIGINT, an end of the tree otherwise."""
        if sys.platform == "win32":
            if number == signal.SIGINT:
                with contextlib.suppress(OSError):
                    self._process.send_signal(signal.CTRL_BREAK_EVENT)
            else:
                self.kill()
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def end_now(self) -> None:
        """End the whole group, and do not wait until it has ended."""
        if sys.platform == "win32":
            # By its full path: Windows would look into the project's folder first.
            system = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32"
            with contextlib.suppress(OSError):
                subprocess.Popen([str(system / "taskkill.exe"), "/F", "/T", "/PID", str(self.pid)], cwd=system,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        else:
            self.send(signal.SIGKILL)

    def kill(self) -> None:
        """End the whole group, now."""
        if self.group_alive():
            self.end_now()
        self.wait(interrupts.left(5))

    def leave(self) -> None:
        """No more output is wanted; what the command left in the background does not outlive this process."""
        self._given_up.set()

    def close(self) -> None:
        """No more output is wanted. What the command left in the background lives on. May be called again."""
        self._given_up.set()
        _RUNNING.discard(self)
        lifeline, self._lifeline = self._lifeline, None
        if lifeline is not None:
            lifeline.cut()
        self._reader.join(0.5 if self._closed else 0)


_NO_PAGER = {"PAGER": "cat", "GIT_PAGER": "cat"}
"""On a terminal git and others show long output page by page, and wait for a key that cannot be pressed."""
_ROWS = 50


def _terminal(columns: int) -> tuple[int | None, int]:
    """Our side and the command's side of a new terminal that passes on bytes as they are. Where the system has none
    left: a pipe. It does not become the command's controlling terminal, so its end sends no signals."""
    if sys.platform == "win32":
        return None, subprocess.PIPE
    import fcntl
    import struct
    import termios

    try:
        ours, theirs = os.openpty()
    except OSError:
        return None, subprocess.PIPE
    with contextlib.suppress(termios.error, OSError):
        modes = termios.tcgetattr(theirs)
        modes[1] &= ~termios.OPOST
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(theirs, termios.TCSANOW, modes)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, columns, 0, 0))
    return ours, theirs


def script(command: str, *, windows: bool = False) -> str:
    """The command as the shell gets it: of several lines, the first that fails is the last.

    POSIX: ``set -e``. cmd.exe runs nothing but the first line of what it is given, and knows no such option: there
    the lines are joined by ``&&``; those that begin with ``#``, ``::`` or ``rem`` are remarks, and ``^`` at the end
    of a line goes on in the next.
    """
    lines = [line.strip() for line in command.strip().splitlines() if line.strip()]
    if not windows:
        return f"set -e; {command}" if len(lines) > 1 else command
    joined: list[str] = []
    goes_on = False
    for line in lines:
        if not goes_on and (line.startswith(("#", "::")) or line.split()[0].lower() == "rem"):
            continue
        text = line[:-1].rstrip() if line.endswith("^") else line
        if goes_on:
            joined[-1] += f" {text}"
        else:
            joined.append(text)
        goes_on = line.endswith("^")
    return " && ".join(joined) or command


def _has_living_member(group: int) -> bool:
    """Linux: is any member of the process group more than a zombie? Where PID 1 reaps nothing, as in many
    containers, zombies keep a group for ever. Elsewhere the system's own answer has to do."""
    processes = Path("/proc")
    if not sys.platform.startswith("linux") or not (processes / "self/stat").exists():
        return True
    for entry in processes.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                # proc(5): pid (comm) state ppid pgrp …; comm may hold spaces and parentheses.
                fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
                if int(fields[2]) == group and fields[0] not in (b"Z", b"X"):
                    return True
    return False
