"""Words that stop a reader whose first language is not English stay out of pages, messages and docstrings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.test_docs_pages import PAGES, REPO

WORDS = {
    r"tells?|told|telling": "shows, reports, says; distinguish; the caller",
    r"some(?:body|one)|no(?:body| one)|anybody": "another user, another run; no user, nothing",
    r"whom|whoever": "who; the caller; everyone who",
    r"brought about|bring about": "set up, applied",
    r"look(?:s|ed|ing)? at": "check, read",
    r"hears? of|heard of": "is notified, receives",
    r"wish(?:es|ed)?(?: for)?": "wants, options",
}
"""What is kept out, and what usually says the same."""
BANNED = re.compile(rf"\b(?:{'|'.join(WORDS)})\b", re.IGNORECASE)
TO_DO: set[str] = set()
"""Rooms that still have such words in messages or docstrings. None may be added."""
ROOMS = sorted(path.name for path in (REPO / "sitepub").iterdir()
               if path.suffix == ".py" or (path / "__init__.py").is_file())


def texts(file: Path) -> Iterator[tuple[int, str]]:
    """Docstrings and other texts of a module, with the lines where they begin."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def found(room: str) -> list[str]:
    place = REPO / "sitepub" / room
    return [f"{file.relative_to(REPO)}:{line + text[:match.start()].count(chr(10))}: {match.group()}"
            for file in ([place] if place.is_file() else sorted(place.rglob("*.py")))
            for line, text in texts(file) for match in BANNED.finditer(text)]


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in TO_DO])
def test_messages_and_docstrings_use_everyday_words(room: str) -> None:
    assert found(room) == []


def test_the_rooms_that_are_left_exist() -> None:
    assert set(ROOMS) >= TO_DO


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(REPO)))
def test_pages_use_everyday_words(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    assert [f"{number}: {line}" for number, line in enumerate(lines, 1) if BANNED.search(line)] == []
