"""Names of modules and files, in pages about the code, in docstrings and in programs inside of tests, are there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.docs.test_docs_pages import REPO
from tests.selection import read_slow

PACKAGE = REPO / "sitepub"
PAGES = ("docs/architecture.md", "docs/reliability.md", "CONTRIBUTING.md", "tests/README.md")
"""The pages that speak of the code; in the others such a name is a file of the reader's."""
ROOTS = (PACKAGE, PACKAGE / "local")
"""Where a dotted name may begin in a page: what it says about the embedded cloud leaves out `local`."""
CONFIGURATION = (REPO / "docs/configuration.md").read_text(encoding="utf-8")
_PATH = re.compile(r"(?:sitepub|tests|docs|benchmarks)/[\w./-]*")
_FILE = re.compile(r"(?:[\w-]+/)*\w+\.py|(?:[\w-]+/)+")
_IMPORT = re.compile(r"\b(?:from|import) (sitepub[\w.]*)(?: import ([\w, ]+))?")
_DOTTED = re.compile(r"[a-z]\w*(?:\.\w+)+(?<!\.gz)(?<!\.js)(?<!\.json)(?<!\.html)")


def names_in(text: str) -> Iterator[str]:
    """What stands between backticks, without blocks of commands and pictures, and all paths that begin at the root."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    yield from re.findall(r"(?<!`)`{1,2}([^`\s]+)`{1,2}(?!`)", prose)
    yield from (found.rstrip(".") for found in re.findall(rf"(?<![\w/.-]){_PATH.pattern}", prose))


def docstrings(file: Path) -> str:
    return "\n".join(re.findall(r'"""(.*?)"""', file.read_text(encoding="utf-8"), re.DOTALL))


def is_key(name: str) -> bool:
    """`dev.command` is a key of serverless.yml."""
    section, _, key = name.partition(".")
    rows = re.search(rf"^## inputs\.{section}\n(.*?)(?=^## |\Z)", CONFIGURATION, re.DOTALL | re.MULTILINE)
    return rows is not None and f"| `{key}` |" in rows[1]


def modules(parts: list[str], root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Files that the first parts of a dotted name may mean, each with the parts that are left."""
    for count in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:count])
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file():
                yield file, parts[count:]


def defines(file: Path, names: list[str]) -> bool:
    source = file.read_text(encoding="utf-8")
    return all(re.search(rf"^\s*(?:(?:async )?def|class|from .* import .*)\s*\b{name}\b|^\s*(?:self\.)?{name}\s*[:=]",
                         source, re.MULTILINE) for name in names)


def missing(name: str, roots: Sequence[Path] = ROOTS) -> bool:
    """Whether it has the form of a name of ours, and nothing is called so."""
    if _PATH.fullmatch(name):
        return not (REPO / name).exists()
    if _FILE.fullmatch(name):
        return not any(any(tree.rglob(name)) for tree in (PACKAGE, REPO / "tests"))
    if not _DOTTED.fullmatch(name) or is_key(name):
        return False
    parts = name.removeprefix("sitepub.").split(".")
    found = [one for root in roots for one in modules(parts, root)]
    begins = any((root / parts[0]).is_dir() for root in ROOTS)
    return begins and not any(defines(file, rest) for file, rest in found)


@pytest.mark.parametrize("page", PAGES)
def test_modules_and_files_that_a_page_about_the_code_names_exist(page: str) -> None:
    assert [name for name in names_in((REPO / page).read_text(encoding="utf-8")) if missing(name)] == []


def test_modules_and_files_that_docstrings_name_exist() -> None:
    """They may leave out the folders that they stand in."""
    faults = []
    for file in sorted(PACKAGE.rglob("*.py")):
        roots = (*ROOTS, *(folder for folder in file.parents if PACKAGE in folder.parents))
        faults += [f"{file.relative_to(REPO)}: {name}" for name in names_in(docstrings(file))
                   if not name.endswith("/") and missing(name, roots)]
    assert faults == []


@pytest.mark.parametrize(("name", "expected"), [
    ("publish.plan.Plan", False), ("publish.states.state_store.StateStore.load", False), ("publish.plans", True),
    ("publish.plan.Plans", True), ("cos.access", False), ("cos.accesses.Access", True), ("sitepub.site.scan", False),
    ("sitepub.site.hook_process", True), ("dev.command", False), ("dev.commands", True), ("src.dist", False),
    ("example.com", False), ("sitepub/site/scan.py", False), ("sitepub/site/hook_process.py", True),
    ("tests/site/test_scan.py", False), ("tests/site/test_scam.py", True), ("dev/conftest.py", False),
    ("dev/contest.py", True), ("interrupts.py", False), ("interrupt_signals.py", True), ("hosts/", False),
    ("houses/", True)])
def test_names_that_are_missing_are_found(name: str, expected: bool) -> None:
    assert missing(name) is expected


def test_programs_in_texts_of_tests_import_what_exists() -> None:
    """A program that a test starts with `python -c` is a text: neither the linter nor the type checker reads it."""
    faults = []
    for file in sorted([*(REPO / "tests").rglob("*.py"), *(REPO / "benchmarks").rglob("*.py")]):
        if file.name == "test_walls.py":
            continue  # Writes modules of its own, to see the walls find them.
        for module, names in _IMPORT.findall(file.read_text(encoding="utf-8")):
            for name in names.split(",") or [""]:
                parts = [*module.split("."), *name.split(" as ")[0].split()]
                if not REPO.joinpath(*parts).is_dir() and not any(
                        defines(one, rest) for one, rest in modules(parts, REPO)):
                    faults.append(f"{file.relative_to(REPO)}: {'.'.join(parts)}")
    assert faults == []


def test_every_slow_test_that_is_listed_exists() -> None:
    """One that was renamed would no longer start first, nor be left out of a quick run."""
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (REPO / "tests").rglob("test_*.py"))
    assert [name for name in read_slow() if f"def {name}(" not in sources] == []
