"""No encoding is left to the locale: neither of a file (ruff PLW1514, EncodingWarning) nor of a program's output."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "sitepub"
RUNS = {"run", "Popen", "check_output", "check_call", "call"}


def unnamed(tree: ast.AST) -> Iterator[int]:
    """Lines of calls that read a program's output as text, without saying in which encoding."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RUNS:
            names = {each.arg for each in node.keywords}
            if names & {"text", "universal_newlines", "errors"} and "encoding" not in names:
                yield node.lineno


@pytest.mark.parametrize(("source", "found"), [
    ("subprocess.run(['x'], text=True)", True), ("subprocess.Popen('x', universal_newlines=True)", True),
    ("subprocess.run(['x'], errors='replace')", True), ("subprocess.run(['x'], text=True, encoding='utf-8')", False),
    ("subprocess.run(['x'], capture_output=True)", False), ("self.run(lines, encoding='ascii', errors='x')", False),
])
def test_the_rule(source: str, found: bool) -> None:
    assert bool(list(unnamed(ast.parse(source)))) is found


def test_programs_are_read_in_an_encoding_that_is_named() -> None:
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 100
    faults = [f"{path}:{line}" for path in files for line in unnamed(ast.parse(path.read_text(encoding="utf-8")))]
    assert not faults
