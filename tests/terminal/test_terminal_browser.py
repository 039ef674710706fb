"""A browser is opened, or it is said why not: nothing takes the terminal away."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from sitepub.terminal.browser import open_browser

if sys.platform in ("win32", "darwin"):
    pytest.skip("the openers of Linux", allow_module_level=True)

URL = "http://site.localhost:7070/?a=1&b=$(touch%20x)"


def program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o700)
    return file


def test_without_a_display_it_says_so(tmp_path: Path) -> None:
    marker = tmp_path / "opened"
    program(tmp_path / "bin", "xdg-open", f"touch {marker}")
    path = str(tmp_path / "bin")
    assert open_browser(URL, {"PATH": path}) == "there is no display here"
    assert open_browser(URL, {"PATH": path, "SSH_CONNECTION": "1 2 3 4"}) == "there is no display here (ssh)"
    assert not marker.exists()


@pytest.mark.parametrize("display", ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"])
def test_the_systems_opener_gets_the_address_as_one_word(tmp_path: Path, display: str) -> None:
    told = tmp_path / "told"
    program(tmp_path / "bin", "xdg-open", f'echo "$#:$1" > {told}')
    assert open_browser(URL, {"PATH": f"{tmp_path / 'bin'}:/bin:/usr/bin", display: ":0"}) is None
    assert told.read_text() == f"1:{URL}\n"


def test_an_opener_that_finds_no_browser_is_told_and_the_next_one_is_tried(tmp_path: Path) -> None:
    program(tmp_path / "bin", "xdg-open", "exit 3")
    environ = {"PATH": str(tmp_path / "bin"), "DISPLAY": ":0"}
    assert open_browser(URL, environ) == "xdg-open found no browser"
    program(tmp_path / "bin", "x-www-browser", "exit 0")
    assert open_browser(URL, environ) is None
    assert open_browser(URL, {"PATH": str(tmp_path / "nothing"), "DISPLAY": ":0"}) == "no browser was found"


@pytest.mark.parametrize(("chosen", "why"), [
    ("w3m", "w3m would need this terminal"), ("/bin/lynx -accept_all_cookies", "/bin/lynx would need this terminal"),
    ("links:firefox", "links would need this terminal"), ("/no/browser", "/no/browser: No such file or directory"),
    ("'", "BROWSER is \"'\", which is not a command"), ("false", "false failed"), ("true", None), ("true %s &", None)])
def test_what_the_user_chose_is_taken_or_it_is_said_why_not(chosen: str, why: str | None) -> None:
    assert open_browser(URL, {"PATH": "/bin:/usr/bin", "BROWSER": chosen}) == why


def test_an_opener_that_becomes_the_browser_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sitepub.terminal.browser._PATIENCE", 0.3)
    mark = tmp_path / "pid"
    program(tmp_path / "bin", "xdg-open", f"echo $$ > {mark}.new; mv {mark}.new {mark}; exec sleep 600")
    began = time.monotonic()
    assert open_browser(URL, {"PATH": f"{tmp_path / 'bin'}:/bin:/usr/bin", "DISPLAY": ":0"}) is None
    assert time.monotonic() - began < 60
    while not mark.exists():
        time.sleep(0.01)
    os.kill(int(mark.read_text()), signal.SIGKILL)
