"""A newcomer's first minutes: the README's first command, a plain install, and the built wheel."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import urllib.parse
import venv
from pathlib import Path

import pytest

REPO = Path(__file__).parent.parent.parent
BIN = "Scripts" if sys.platform == "win32" else "bin"


def checkout(target: Path) -> Path:
    """What a clone of this tree would hold, uncommitted changes included."""
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=REPO,
                           capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        source = REPO / name
        if source.is_file():
            copy = target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
            copy.chmod(source.stat().st_mode)
    return target


def first_command(readme: str) -> str:
    """The first fenced block of the README."""
    found = re.search(r"```(?:sh|bash)\n(.*?)```", (REPO / readme).read_text(encoding="utf-8"), re.DOTALL)
    assert found, f"{readme} starts with a command"
    return found[1].strip()


def environment(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "VIRTUAL_ENV", "PYTHONPATH"))}
    return {**kept, "HOME": str(home), "SITEPUB_HOME": str(home / "sitepub"),
            "PIP_CONSTRAINT": str(REPO / "tests" / "constraints.txt"), "NO_COLOR": "1"}


@pytest.mark.skipif(sys.platform == "win32", reason="the README's command is for a POSIX shell")
def test_the_first_command_of_the_readme_ends_with_a_page_that_opens(tmp_path: Path) -> None:
    clone = checkout(tmp_path / "sitepub")
    home = tmp_path / "home"
    home.mkdir()
    environ = environment(home)
    try:
        run = subprocess.run(["bash", "-c", first_command("README.md")], cwd=clone, env=environ, text=True,
                             capture_output=True, timeout=600)
        assert run.returncode == 0, run.stdout + run.stderr
        url = re.search(r"http://\S+\.localhost:\d+", run.stdout)
        assert url, run.stdout
        parts = urllib.parse.urlsplit(url[0])
        connection = http.client.HTTPConnection("127.0.0.1", parts.port or 0, timeout=30)
        connection.request("GET", "/", headers={"Host": parts.netloc})
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.read() == (clone / "my-site/src/index.html").read_bytes()
        connection.close()
    finally:
        stop = subprocess.run([str(clone / ".venv" / BIN / "sitepub"), "local", "stop"], env=environ, cwd=clone,
                              capture_output=True, text=True, timeout=60)
    assert stop.returncode == 0, stop.stderr


def test_both_readmes_start_with_the_same_commands() -> None:
    assert first_command("README.md") == first_command("README.zh-CN.md")


def test_the_built_wheel_holds_everything_the_program_needs(tmp_path: Path) -> None:
    clone = checkout(tmp_path / "sitepub")
    wheels = tmp_path / "wheels"
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(wheels),
                    str(clone)], check=True, timeout=300)
    place = tmp_path / "venv"
    venv.create(place, with_pip=True)
    home = tmp_path / "home"
    home.mkdir()
    environ = environment(home)
    subprocess.run([str(place / BIN / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check",
                    *map(str, wheels.glob("*.whl"))], check=True, timeout=600, env=environ)
    program = str(place / BIN / "sitepub")
    listed = subprocess.run([program, "init", "--list", "--json"], cwd=tmp_path, env=environ, text=True,
                            capture_output=True, check=True).stdout
    assert {t["name"] for t in json.loads(listed)["templates"]} == {
        "website-starter", "hexo-starter", "react-starter", "vue-starter"}
    for template in ("website-starter", "hexo-starter", "react-starter", "vue-starter"):
        subprocess.run([program, "init", template, "--quiet"], cwd=tmp_path, env=environ, check=True)
        originals = {p.name for p in (clone / "starters" / template).iterdir()} - {"gitignore"}
        assert originals <= {p.name for p in (tmp_path / template).iterdir()}
        assert (tmp_path / template / ".gitignore").is_file()
