"""The walls of the house: imports go down only, and the embedded cloud shares nothing with its clients."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "sitepub"
FLOORS = ["cli", "actions", "publish", "settings", "domains", "dev", "logs", "site", "leaks", "embedded", "tencent",
          "config", "watch", "terminal"]
"""From the top down; a room may import itself, the rooms after it, and the foundations."""
FOUNDATIONS = {"errors", "interrupts", "outside", "threads"}
"""Single files that every room stands on."""
HEAVY = {"pydantic", "qcloud_cos", "tencentcloud", "aiohttp", "rich", "requests", "cryptography", "segno"}
FILES = sorted(PACKAGE.rglob("*.py"))
MOST = {"actions": 34}
"""Folders that have more than 25 files and wait to be divided."""


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py") if len(parts) > 1 else ""


def imported(tree: ast.AST) -> list[str]:
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that this test can read them"
            names.append(node.module or "")
            if node.module == "sitepub":
                names += [f"sitepub.{alias.name}" for alias in node.names]
    return names


def rooms_imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {name.split(".")[1] for name in imported(tree) if name.startswith("sitepub.")}


def test_there_are_rooms_to_check() -> None:
    assert {room_of(path) for path in FILES} >= {"cli", "actions", "publish", "site", "tencent", "watch", "local"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down_only(path: Path) -> None:
    room = room_of(path)
    rooms = rooms_imported(path) - {"__version__"}
    if room == "local":
        assert rooms <= {"local"}, "the embedded cloud imports nothing of its clients"
        return
    assert "local" not in rooms, "clients of the embedded cloud talk HTTP to it"
    if room == "":
        assert rooms <= ({"cli", *FOUNDATIONS} if path.name == "__main__.py" else FOUNDATIONS)
        return
    allowed = {*FLOORS[FLOORS.index(room):], *FOUNDATIONS}
    assert rooms <= allowed, f"{room} may not import {sorted(rooms - allowed)}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_libraries_load_only_where_they_are_used(path: Path) -> None:
    if path.name != "__init__.py" and room_of(path) not in {"cli", "actions", "publish", "site"}:
        return
    top_level = ast.Module(body=[node for node in ast.parse(path.read_text(encoding="utf-8")).body
                                 if isinstance(node, ast.Import | ast.ImportFrom)], type_ignores=[])
    heavy = {name.split(".")[0] for name in imported(top_level)} & HEAVY
    assert not heavy, f"{path.name} imports {sorted(heavy)} when it is merely loaded"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_file_reads_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 450


@pytest.mark.parametrize("folder", sorted({path.parent for path in FILES}), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_folder_reads_at_a_glance(folder: Path) -> None:
    files = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert len(files) <= MOST.get(folder.relative_to(PACKAGE).as_posix(), 25)
