"""What `init` says to run next works from where the user stands, however sitepub was started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sitepub.actions.next_commands import next_commands, started_program

pytestmark = pytest.mark.skipif(os.name == "nt", reason="paths and shells of POSIX")


def program(place: Path) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("#!/bin/sh\n", encoding="utf-8")
    place.chmod(0o755)
    return place


def test_the_program_of_path_is_called_by_its_name(tmp_path: Path) -> None:
    script = program(tmp_path / "bin/sitepub")
    assert started_program([str(script)], "/usr/bin/python3", {"PATH": str(script.parent)}) is None
    python = program(tmp_path / "bin/python")
    module = str(tmp_path / "lib/sitepub/__main__.py")
    assert started_program([module], str(python), {"PATH": str(script.parent)}) is None


def test_one_that_is_not_on_path_or_is_another_than_that_is_called_by_its_place(tmp_path: Path) -> None:
    script, other = program(tmp_path / "my venv/bin/sitepub"), program(tmp_path / "other/sitepub")
    for path in ("/nowhere", str(other.parent)):
        assert started_program([str(script)], "/usr/bin/python3", {"PATH": path}) == f"'{script}'"
    python = program(tmp_path / "venv/bin/python")
    module = str(tmp_path / "lib/sitepub/__main__.py")
    assert started_program([module], str(python), {"PATH": "/nowhere"}) == f"{python} -m sitepub"
    assert started_program([module], str(python), {"PATH": str(python.parent)}) == "python -m sitepub"
    assert started_program([module], str(python), {"PATH": str(other.parent)}) == f"{python} -m sitepub"


@pytest.mark.parametrize("argv", [[], [""], ["/usr/bin/pytest"], ["-c"]])
def test_what_is_no_program_of_sitepub_is_not_named(argv: list[str]) -> None:
    assert started_program(argv, "/usr/bin/python3", {"PATH": "/nowhere"}) is None


@pytest.mark.parametrize(("target", "started", "commands"), [
    ("/w", None, ("sitepub deploy --local",)),
    ("/w/a", None, ("cd a", "sitepub deploy --local")),
    ("/w/a b", "/w/.venv/bin/sitepub", ("cd 'a b'", "../.venv/bin/sitepub deploy --local")),
    ("/w", "/w/.venv/bin/sitepub", (".venv/bin/sitepub deploy --local",)),
    ("/w/-x", "python -m sitepub", ("cd ./-x", "python -m sitepub deploy --local")),
    ("/w/a", "'/w/my venv/bin/python' -m sitepub", ("cd a", "'../my venv/bin/python' -m sitepub deploy --local")),
    ("/w/a/b/c/d", "/opt/x/bin/sitepub", ("cd a/b/c/d", "/opt/x/bin/sitepub deploy --local")),
])
def test_the_commands_follow_one_another(target: str, started: str | None, commands: tuple[str, ...]) -> None:
    assert next_commands(Path(target), Path("/w"), None, started) == commands


@pytest.mark.parametrize("way", ["module", "script"])
def test_they_work_as_they_are_printed(way: str, tmp_path: Path) -> None:
    venv = tmp_path / "my venv/bin"
    venv.mkdir(parents=True)
    python = venv / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    script = venv / "sitepub"
    script.write_text(f"#!{sys.executable}\nimport sys\nfrom sitepub.__main__ import main\nsys.exit(main())\n")
    script.chmod(0o755)
    environ = {**os.environ, "PATH": "/usr/bin:/bin", "SITEPUB_HOME": str(tmp_path / "home")}
    start = ["my venv/bin/sitepub"] if way == "script" else [sys.executable, "-m", "sitepub"]
    said = subprocess.run([*start, "init", "website", "new site"], cwd=tmp_path, env=environ, capture_output=True,
                          text=True, check=True)
    commands = [line.strip() for line in said.stderr.partition("Now:")[2].strip().splitlines()]
    assert len(commands) == 2
    line = " && ".join(commands).replace("deploy --local", "schema")
    again = subprocess.run(["sh", "-c", line], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert again.returncode == 0, line + again.stderr
    assert '"website"' in again.stdout
