"""Causes outside of sitepub are told as that, with a way out; bugs stay bugs."""

from __future__ import annotations

import errno
import http.client
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from sitepub.cli.boundary import guarded
from tests.cli.test_cli_boundary import raising
from tests.terminal.screen import Screen


def without_a_library() -> Exception:
    return ModuleNotFoundError("No module named 'msgspec'", name="msgspec")


@pytest.mark.parametrize(("error", "code", "word"), [
    (MemoryError(), "System.ENOMEM", "memory"),
    (OSError(errno.ENOMEM, "Cannot allocate memory"), "System.ENOMEM", "memory"),
    (OSError(errno.ENOSPC, "No space left on device", "/x"), "System.ENOSPC", "make room"),
    (OSError(errno.EDQUOT, "Disk quota exceeded", "/x"), "System.EDQUOT", "make room"),
    (OSError(errno.EROFS, "Read-only file system", "/x"), "System.EROFS", "SITEPUB_HOME"),
    (OSError(errno.EMFILE, "Too many open files"), "System.EMFILE", "ulimit"),
    (OSError(errno.EIO, "Input/output error"), "System.EIO", "disk"),
    (OSError(errno.ELOOP, "Too many levels of symbolic links", "/x"), "System.ELOOP", "circle"),
    (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "System.EAGAIN", "ulimit"),
    (RuntimeError("can't start new thread"), "System.EAGAIN", "ulimit"),
    (without_a_library(), "Installation", "pip"),
    (ImportError("cannot import name 'x' from 'pydantic'", name="pydantic"), "Installation", "pip"),
    (UnicodeEncodeError("ascii", "ä", 0, 1, "ordinal not in range"), "System.Encoding", "UTF-8"),
    (http.client.IncompleteRead(b""), "BadAnswer", "network"),
    (sqlite3.DatabaseError("file is not a database"), "System.Database", "sitepub local reset"),
])
def test_a_cause_outside_is_no_bug(error: Exception, code: str, word: str) -> None:
    screen = Screen()
    screen.wants_json = True
    assert guarded(screen, raising(error)) == 1
    found = screen.object["error"]
    assert found["code"] == code
    assert "bug" not in found["message"] and word in f"{found['message']} {found['hint']}"


@pytest.mark.parametrize("error", [KeyError("a"), TypeError("x"), RuntimeError("x"), AssertionError("x"),
                                   ImportError("cannot import name 'a'", name="sitepub.cli")])
def test_a_bug_is_still_one(error: Exception) -> None:
    screen = Screen()
    assert guarded(screen, raising(error)) == 1
    assert "This is a bug in sitepub" in screen.noted


@pytest.mark.skipif(sys.platform == "win32", reason="needs setrlimit")
def test_little_memory_is_told(tmp_path: Path) -> None:
    """A real process with a real limit."""
    code = ("from sitepub.cli.boundary import guarded\nfrom sitepub.terminal.terminal import Terminal\n"
            "import resource\nresource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))\n"
            "raise SystemExit(guarded(Terminal(), lambda: len(bytearray(1 << 30))))")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert run.returncode == 1
    assert "not enough memory" in run.stderr and "Traceback" not in run.stderr and "bug" not in run.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_under_stdout_is_told() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        run = subprocess.run([sys.executable, "-m", "sitepub", "schema"], stdout=full, stderr=subprocess.PIPE,
                             text=True, timeout=60, env={**os.environ, "PYTHONIOENCODING": "utf-8"})
    assert run.returncode == 1
    assert "Traceback" not in run.stderr and "bug" not in run.stderr and "No space left" in run.stderr
