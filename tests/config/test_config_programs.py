"""Programs of the system are found where the system keeps them, and see no keys."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sitepub.config.programs import find_program, on_absolute_path, quiet_environment


def program(folder: Path, name: str = "git") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize("trap", [".", "", "bin", "./bin", "node_modules/.bin", "../project/bin"])
def test_folders_that_depend_on_where_one_stands_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trap: str,
) -> None:
    project = tmp_path / "project"
    program(project / trap)
    right = program(tmp_path / "usr")
    monkeypatch.chdir(project)
    environ = {"PATH": os.pathsep.join([trap, str(tmp_path / "usr")])}
    assert find_program("git", environ) == str(right)
    assert on_absolute_path(environ)["PATH"] == str(tmp_path / "usr")


def test_folders_of_the_project_and_links_to_them_are_passed_over(tmp_path: Path) -> None:
    project = tmp_path / "project"
    program(project / "bin")
    (tmp_path / "link").symlink_to(project / "bin")
    environ = {"PATH": os.pathsep.join([str(project / "bin"), str(tmp_path / "link")])}
    assert find_program("git", environ, not_below=project) is None
    assert find_program("git", environ) == str(project / "bin" / "git")


def test_a_file_that_cannot_be_run_and_a_folder_are_no_programs(tmp_path: Path) -> None:
    (tmp_path / "a" / "git").mkdir(parents=True)
    program(tmp_path / "b").chmod(0o644)
    right = program(tmp_path / "c")
    path = os.pathsep.join(str(tmp_path / name) for name in "abc")
    assert find_program("git", {"PATH": path}) == str(right)


def test_a_program_sees_few_variables() -> None:
    environ = {"PATH": "/usr/bin:.", "HOME": "/home/me", "TENCENTCLOUD_SECRET_KEY": "x", "MY_KEY": "y",
               "LD_PRELOAD": "z", "GIT_SSH_COMMAND": "w", "NODE_OPTIONS": "v"}
    assert quiet_environment(environ) == {"PATH": "/usr/bin", "HOME": "/home/me", "LC_ALL": "C", "LANGUAGE": "C"}
