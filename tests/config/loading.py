"""Write a project into a folder and load it, or collect what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from sitepub.config.load import load_project
from sitepub.config.project import Project
from sitepub.errors import ConfigError, Problem


def load(folder: Path, text: str, *, name: str = "serverless.yml", stage: str | None = None,
         inputs: Sequence[str] = (), environ: Mapping[str, str] | None = None) -> Project:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return load_project(file, stage=stage, inputs=inputs, environ=environ or {})


def problems(folder: Path, text: str, *, name: str = "serverless.yml", stage: str | None = None,
             inputs: Sequence[str] = (), environ: Mapping[str, str] | None = None) -> list[Problem]:
    with pytest.raises(ConfigError) as raised:
        load(folder, text, name=name, stage=stage, inputs=inputs, environ=environ)
    return list(raised.value.problems)


def only(found: Sequence[Problem]) -> Problem:
    assert len(found) == 1, found
    return found[0]


def place(problem: Problem) -> tuple[int | None, int | None]:
    """Line and column."""
    assert problem.position is not None
    return problem.position.line, problem.position.column


def site(inputs: str = "", top: str = "") -> str:
    """A small site with these lines below ``inputs`` and at the top."""
    body = "".join(f"  {line}\n" for line in inputs.splitlines())
    return f"component: website\nname: site\n{top}{'' if top.endswith(chr(10)) or not top else chr(10)}" \
           f"inputs:\n  src: ./public\n{body}"
