"""The pictures of the docs: small, shown, described; those of a terminal are what the program prints today."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.pictures.make import PICTURES, terminals

REPO = PICTURES.parents[1]
FILES = sorted(PICTURES.iterdir())
PAGES = [REPO / "README.md", REPO / "README.zh-CN.md", *sorted((REPO / "docs").glob("*.md"))]


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is needed")
def test_the_terminals_show_what_the_program_prints() -> None:
    for name, drawn in terminals().items():
        same = (PICTURES / name).read_text(encoding="utf-8") == drawn
        assert same, f"{name} is old: python -m tests.pictures.make"


def test_there_are_pictures_of_all_that_is_to_be_seen() -> None:
    assert {file.name for file in FILES} == {"terminal.svg", "releases.svg", "plan.webp", "visits.webp",
                                             "failed-build.webp"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_picture_is_small_and_shown_with_words(file: Path) -> None:
    assert 1_000 < file.stat().st_size < 150_000
    if file.suffix == ".svg":
        loaded = re.findall(r"(?:href|src|url)\W+(\w+:[^\s\"')]+)", file.read_text(encoding="utf-8"))
        assert not loaded, "it loads nothing"
    shown = [words for page in PAGES
             for words, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
             if target.endswith(f"pictures/{file.name}")]
    assert shown
    assert all(len(words) > 10 for words in shown), "the words are for those who do not see it"
