"""The README's commands, in their order, in a fresh clone: what it says is what happens."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.dev.dev_process import until
from tests.packaging.clone import BIN, blocks, checkout, environment, every_day, first_command

WEBSITE = re.compile(r"http://\S+\.localhost:\d+")
PAGE = "src/index.html"


@dataclass
class Newcomer:
    """Somebody in a clone of the repository, with a home of their own."""

    clone: Path
    environ: Mapping[str, str]
    url: str = ""

    @property
    def site(self) -> Path:
        return self.clone / "my-site"

    def types(self, command: str, cwd: Path) -> str:
        """Run a command to its end; what it printed."""
        run = subprocess.run(["bash", "-c", command], cwd=cwd, env=self.environ, text=True,
                             stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
        assert run.returncode == 0, f"{command}: {run.stdout}{run.stderr}"
        return run.stdout

    def asks_for(self, path: str = "/") -> http.client.HTTPResponse:
        """As a browser asks for it: names below localhost are this computer."""
        parts = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection("127.0.0.1", parts.port or 0, timeout=30)
        connection.request("GET", path, headers={"Host": parts.netloc})
        return connection.getresponse()

    def sees(self) -> bytes:
        with self.asks_for() as answer:
            return answer.read() if answer.status == 200 else b""


@pytest.mark.skipif(sys.platform == "win32", reason="the README's command is for a POSIX shell")
def test_the_commands_of_the_readme_in_their_order(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    clone = checkout(tmp_path / "sitepub")
    environ = environment(home)
    # Who goes on has the program on PATH, as "Getting started" says.
    environ["PATH"] = os.pathsep.join([str(clone / ".venv" / BIN), environ["PATH"]])
    newcomer = Newcomer(clone, environ)
    stop = f".venv/{BIN}/sitepub local stop"
    try:
        found = WEBSITE.search(newcomer.types(first_command("README.md"), clone))
        assert found, "it ends with the address of the website"
        newcomer.url = found[0]
        assert newcomer.sees() == (newcomer.site / PAGE).read_bytes()
        for command in every_day("README.md"):
            follow(newcomer, command)
        with newcomer.asks_for() as answer:
            assert answer.status == 404, "the last command took it down"
    finally:
        ended = subprocess.run(stop.split(), env=environ, cwd=clone, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr


def follow(newcomer: Newcomer, command: str) -> None:
    """Do what a line of "Every day" says, with the embedded cloud for the real one."""
    program, name, *_ = command.split()
    assert program == "sitepub"
    if command == "sitepub init":
        project = newcomer.clone.parent / "existing"
        project.mkdir()
        (project / "index.html").write_text("<h1>Mine</h1>", encoding="utf-8")
        newcomer.types(command, project)
        newcomer.types("sitepub deploy --local", project)
    elif name == "init":
        newcomer.types(command, newcomer.clone.parent)
        assert (newcomer.clone.parent / command.split()[-1] / "serverless.yml").is_file()
    elif name == "login":
        pass  # it asks for the key of a real account; the embedded cloud needs none
    elif name == "dev":
        saves_and_sees(newcomer, command)
    else:
        options = ("" if "--local" in command else " --local") + (" --yes" if name == "remove" else "")
        newcomer.types(command + options, newcomer.site)


def saves_and_sees(newcomer: Newcomer, command: str) -> None:
    """Until a saved page is live and the browser hears of it; then Ctrl-C."""
    page = newcomer.site / PAGE
    # A shell passes a signal of the test on to nobody, so it becomes the program.
    dev = subprocess.Popen(["bash", "-c", f"exec {command}"], cwd=newcomer.site, env=newcomer.environ,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        # Live reload is on once pages get its script.
        until(lambda: b"/-/live/script.js" in newcomer.sees(), "live reload in the page")
        with newcomer.asks_for("/-/live/events") as events:
            assert (events.status, events.getheader("Content-Type")) == (200, "text/event-stream")
            page.write_text(page.read_text("utf-8").replace("</body>", "<p>Saved just now</p></body>"), "utf-8")
            heard = iter(events.readline, b"")
            assert any(line == b"event: published\n" for line in heard), "the browser is told to load the page again"
        assert b"Saved just now" in newcomer.sees()
        dev.send_signal(signal.SIGINT)
        assert dev.stderr is not None
        said = dev.stderr.read()
        assert dev.wait(30) == 130, said
    finally:
        dev.kill()
        dev.communicate()


def test_the_readmes_give_the_same_commands() -> None:
    assert blocks("README.md") == blocks("README.zh-CN.md")
