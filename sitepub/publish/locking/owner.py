"""Who is running: for the lock and for the releases, in words for teammates and in marks for programs."""

from __future__ import annotations

import functools
import getpass
import hashlib
import os
import socket
import subprocess
import sys
import uuid
from pathlib import Path


def who() -> str:
    """``user@host``."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = "unknown"
    return f"{user}@{socket.gethostname()}"


@functools.cache
def process_space() -> str:
    """Names the space in which process ids mean something: this machine since its last boot and, on
    Linux, this pid namespace (containers on one machine may share all the rest). "" when unknown."""
    marks = [_text("/etc/machine-id"), _text("/proc/sys/kernel/random/boot_id")]
    try:
        marks.append(os.readlink("/proc/self/ns/pid"))  # noqa: PTH115 - not a path: "pid:[4026531836]"
    except OSError:
        if sys.platform == "linux":
            return ""
    if not any(marks):
        if sys.platform == "win32":
            # There is no harmless way to ask os.kill whether a process lives; the lease has to run out.
            return ""
        marks = [hex(uuid.getnode()), socket.gethostname()]
    return hashlib.sha256("\n".join(marks).encode()).hexdigest()[:16]


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def started_at(pid: int) -> str:
    """When a process began, in the system's own words (only to be compared); "" when it does not run or
    unknown. A pid that was given out again has another start."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _started_by_ps(pid) if sys.platform == "darwin" else ""
    fields = stat.rpartition(")")[2].split()
    # proc(5): state is field 3, the number of threads field 20, starttime field 22. A zombie does not write any more;
    # but after a kill the first thread can be one while others still end what they have begun.
    return "" if fields[0] == "X" or (fields[0] == "Z" and fields[17] in ("0", "1")) else fields[19]


def _started_by_ps(pid: int) -> str:
    try:
        answer = subprocess.run(["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True,
                                timeout=5, check=False, env={"LC_ALL": "C", "TZ": "UTC"}, encoding="utf-8",
                                errors="replace")
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip()


def is_dead(space: str, pid: int, started: str) -> bool:
    """Whether a process is known not to run any more. When in doubt: no."""
    if not space or space != process_space() or not started or pid <= 0:
        return False
    if not started_at(os.getpid()):
        return False
    return started_at(pid) != started
