"""``sitepub dev`` on a terminal: the status line and the keys."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import select
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sitepub.actions.interrupt import SAME_PRESS
from tests.dev.dev_process import PATIENCE, Site, environment, until

if sys.platform == "win32":
    pytest.skip("needs a POSIX terminal", allow_module_level=True)

import fcntl
import pty
import struct
import termios

DEV = (sys.executable, "-m", "sitepub", "dev", "--local")


class Seat:
    """A person in front of ``sitepub dev --local``."""

    def __init__(self, site: Site, home: Path, *command: str, **environ: str) -> None:
        self.terminal, self.kept = pty.openpty()
        self.resize(190)
        # Kept open on this side too: a terminal that no process holds any more cannot be asked for its mode.
        self.pid = os.fork()
        if self.pid == 0:
            os.login_tty(self.kept)
            os.chdir(site.root)
            arguments = command or (*DEV,)
            ours = {**environment(site.cloud, home), "TERM": "xterm-256color", **environ}
            ours.pop("COLUMNS", None)
            os.execvpe(arguments[0], arguments, ours)
        self.shown = ""
        self.seen = 0

    def resize(self, columns: int) -> None:
        fcntl.ioctl(self.kept, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))

    def expect(self, text: str) -> None:
        """Wait until it is shown, after whatever was expected before."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.shown[self.seen:]:
            assert time.monotonic() < deadline, self.shown
            self.read()
        self.seen = self.shown.index(text, self.seen) + len(text)

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def read(self, seconds: float = 0.2) -> bool:
        """What is shown within this time; whether anything was."""
        if not select.select([self.terminal], [], [], seconds)[0]:
            return False
        self.shown += os.read(self.terminal, 65536).decode("utf-8", "replace")
        return True

    def end(self) -> int:
        """Its exit code, when it has ended."""
        deadline = time.monotonic() + PATIENCE
        while (ended := os.waitpid(self.pid, os.WNOHANG))[0] == 0:
            assert time.monotonic() < deadline, self.shown
            self.read()
        while self.read(0):
            pass
        return os.waitstatus_to_exitcode(ended[1])


@contextlib.contextmanager
def seated(site: Site, home: Path, *command: str, **environ: str) -> Iterator[Seat]:
    seat = Seat(site, home, *command, **environ)
    try:
        yield seat
    finally:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(seat.pid, signal.SIGKILL)
            os.waitpid(seat.pid, 0)
        os.close(seat.terminal)
        os.close(seat.kept)


def test_the_status_line_says_how_things_stand_and_the_keys_work(site: Site, home: Path, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser.sh"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o700)
    with seated(site, home, BROWSER=str(browser)) as seat:
        seat.expect("watching 43 files")
        seat.expect("q quit")
        site.write({"posts/00.html": "changed"})
        seat.expect("published")
        seat.expect("posts/00.html (1 uploaded) in")
        seat.expect("last publish")
        url = re.search(r"http://[\w.:-]+localhost:\d+", seat.shown)
        assert url is not None
        visit(url[0], "/posts/00.html")
        seat.expect("/posts/00.html")
        seat.type("l")
        seat.expect("visits are not shown any more")
        seat.type("l")
        seat.expect("visits from the embedded cloud")
        seat.type("r")
        seat.expect("everything is live: 43 files")
        seat.type("c")
        seat.expect("\x1b[2J")
        seat.type("o")
        until(opened.exists, "the browser")
        seat.type("\x1b[Az")  # an arrow and a key that means nothing
        site.write({"posts/01.html": "changed too"})
        (site.published / "posts/02.html").unlink()
        seat.expect("published\x1b[0m posts/01.html, \x1b[32mdeleted\x1b[0m posts/02.html (1 uploaded, 1 deleted) in")
        (site.published / "posts/03.html").unlink()
        seat.expect(" \x1b[32mdeleted\x1b[0m posts/03.html (1 deleted) in")
        seat.type("q")
        assert seat.end() == 0
        assert "dev has ended. The embedded cloud still runs, with the site at http://" in seat.shown
        assert opened.read_text().strip() == url[0]
        assert "43 uploaded" in seat.shown and "Publishing: 43 files" not in seat.shown, "reported once"


def test_a_site_that_moves_is_followed_by_its_address_and_its_visits(site: Site, home: Path) -> None:
    with seated(site, home) as seat:
        seat.expect("o opens the browser")
        seat.expect("q quit")
        site.configure(bucketName="moved")
        seat.expect("published")
        seat.expect("http://moved-")
        seat.expect("watching 43 files")
        url = re.search(r"http://moved-[\w.:-]+localhost:\d+", seat.shown)
        assert url is not None
        seat.expect(url[0])
        visit(url[0], "/only-there")
        seat.expect("/only-there")
        seat.type("q")
        assert seat.end() == 0


def test_what_a_failed_hook_printed_is_shown_once_and_the_failure_stays_on_the_status_line(
        site: Site, home: Path) -> None:
    with seated(site, home) as seat:
        seat.expect("q quit")
        site.configure(src={"src": "./", "hook": "echo oo''ps; exit 3", "dist": "./site"})
        seat.expect("oops")
        seat.expect("ended with status 3")
        seat.expect("failed, watching 43 files")
        seat.type("c")
        seat.expect("\x1b[2J")
        seat.expect("failed, watching 43 files")
        seat.type("q")
        assert seat.end() == 0
        assert seat.shown.count("oops") == 1


@pytest.mark.parametrize(("how", "status"), [
    ("q", 0), ("ctrl-d", 0), ("ctrl-c", 130), ("SIGTERM", 130), ("SIGHUP", 130)])
def test_the_terminal_is_put_back_as_it_was(site: Site, home: Path, how: str, status: int) -> None:
    with seated(site, home) as seat:
        before = termios.tcgetattr(seat.terminal)
        seat.expect("q quit")
        until(lambda: not termios.tcgetattr(seat.terminal)[3] & termios.ICANON, "single keys")
        if how.startswith("SIG"):
            os.kill(seat.pid, signal.Signals[how])
        else:
            seat.type({"ctrl-c": "\x03", "ctrl-d": "\x04", "q": "q"}[how])
        assert seat.end() == status
        assert termios.tcgetattr(seat.kept)[3] == before[3]
        assert seat.shown.count("dev has ended") == 1
        assert "Traceback" not in seat.shown and "error" not in seat.shown[seat.seen:]


def test_who_presses_ctrl_c_twice_does_not_wait_and_leaves_nothing_behind(site: Site, home: Path) -> None:
    site.configure(dev={"command": "trap '' INT TERM HUP; echo $$ > ../tool; while :; do sleep 1; done"})
    with seated(site, home) as seat:
        seat.expect("q quit")
        tool = int(until(lambda: (site.root / "tool").exists() and (site.root / "tool").read_text(), "the tool"))
        seat.type("\x03")
        time.sleep(SAME_PRESS + 0.1)  # two within a second count as one
        seat.type("\x03")
        assert seat.end() == 130
        until(lambda: not alive(tool), "the end of the tool")


def test_the_status_line_fits_a_terminal_of_another_size(site: Site, home: Path) -> None:
    with seated(site, home) as seat:
        seat.expect("q quit")
        seat.resize(40)
        seat.expect("\r\x1b[2K\x1b[2mwatching 43 files · o r l c q\x1b[0m")
        seat.resize(190)
        seat.expect("q quit")
        seat.type("q")
        assert seat.end() == 0


def test_in_the_background_it_works_on_and_leaves_the_terminal_to_others(site: Site, home: Path) -> None:
    with seated(site, home, "bash", "--norc", "-i", PS1="ready> ") as seat:
        seat.expect("ready> ")
        seat.type(shlex.join(DEV) + "\n")
        seat.expect("q quit")
        seat.type("\x1a")
        seat.expect("ready> ")
        seat.type("bg\n")
        seat.expect("q quit")  # awake, and the line is shown again
        site.write({"posts/00.html": "saved meanwhile"})
        seat.expect("posts/00.html (1 uploaded)")
        seat.type("jobs; echo qoq\n")
        seat.expect("Running")
        seat.expect("qoq\r\n")  # typed for the shell, and not taken for a key
        seat.expect("ready> ")
        seat.type("fg\n")
        seat.expect(shlex.join(DEV) + "\r\n")  # in front again; what it showed before that does not count
        seat.expect("q quit")
        seat.type("q")
        seat.expect("ready> ")
        seat.type("echo status $?\n")
        seat.expect("status 0")


def alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def visit(url: str, path: str) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port or 80, timeout=30)
    try:
        connection.request("GET", path, headers={"Host": parts.netloc})
        connection.getresponse().read()
    finally:
        connection.close()
