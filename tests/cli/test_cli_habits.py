"""What people type because other programs know it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sitepub.cli.help_text import HELP
from tests.e2e.conftest import MakeSite, Sitepub, make_site
from tests.e2e.conftest import sitepub as program
from tests.terminal.screen import sitepub

__all__ = ["make_site", "program"]


@pytest.mark.parametrize(("words", "begins"), [
    (("help",), HELP), (("help", "deploy"), "Usage: sitepub deploy "), (("help", "local", "start"),
                                                                       "Usage: sitepub local start "),
    (("--cwd", "/", "help", "init"), "Usage: sitepub init "), (("help", "preview"), "Usage: sitepub "),
])
def test_help_is_a_word_too(words: tuple[str, ...], begins: str) -> None:
    code, screen = sitepub(*words)
    assert code == 0
    assert screen.printed.startswith(begins)


@pytest.mark.parametrize(("word", "meant"), [
    ("version", "--version"), ("Version", "--version"), ("publish", "deploy"), ("destroy", "remove"),
    ("depoly", "deploy"), ("help inf", "info")])
def test_the_nearest_command_is_proposed(word: str, meant: str) -> None:
    code, screen = sitepub(*word.split())
    assert code == 2
    assert f"Did you mean: sitepub {meant}?" in screen.noted


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_comes_in_json_too(shell: str) -> None:
    plain = sitepub("completion", shell)[1].printed
    code, screen = sitepub("completion", shell, "--json")
    told = json.loads(screen.printed)
    assert code == 0
    assert told["action"] == "completion" and told["shell"] == shell and told["script"].rstrip() == plain.rstrip()


def test_every_object_says_which_command_it_is_of(program: Sitepub, tmp_path: Path) -> None:
    for words in (("whoami", "--local"), ("doctor", "--local"), ("local", "status"), ("logout",)):
        told = program(*words, "--json", cwd=tmp_path).json
        assert told["action"] == " ".join(word for word in words if not word.startswith("-"))


def test_a_deploy_opens_the_site_when_it_is_asked_to(program: Sitepub, make_site: MakeSite, tmp_path: Path) -> None:
    site = make_site("opened", {"index.html": "1", "404.html": "2"})
    (tmp_path / "browser.py").write_text("import sys, pathlib\npathlib.Path(sys.argv[1]).write_text(sys.argv[2])\n")
    seen = tmp_path / "seen"
    opener = f"{sys.executable} {tmp_path / 'browser.py'} {seen} %s"
    for _ in range(2):  # the second has nothing to do
        done = program("deploy", "--local", "--open", cwd=site.folder, BROWSER=opener)
        assert done.code == 0 and seen.read_text() in done.out
        seen.unlink()
    assert program("deploy", "--local", cwd=site.folder, BROWSER=opener).code == 0 and not seen.exists()
