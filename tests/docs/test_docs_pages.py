"""The documentation is what the program says of itself, and its links lead somewhere."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from sitepub.cli.reference import commands_page

REPO = Path(__file__).parent.parent.parent
PAGES = sorted([*REPO.glob("*.md"), *(REPO / "docs").glob("*.md"), *(REPO / "benchmarks").glob("*.md")])


def test_the_page_of_commands_is_not_stale() -> None:
    written = (REPO / "docs/commands.md").read_text(encoding="utf-8")
    assert written == commands_page(), "run: python -m sitepub.cli.reference > docs/commands.md"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(REPO)))
def test_links_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", prose):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readmes_name_only_commands_that_exist() -> None:
    from sitepub.cli.main import ALIASES, COMMANDS

    for page in PAGES:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            for name in re.findall(r"(?:^|\s)(?:\S*/)?sitepub ([a-z]+)", block):
                assert name in {*COMMANDS, *ALIASES}, f"{page.name}: sitepub {name}"


def test_nothing_names_a_registry_or_a_download_address() -> None:
    files = subprocess.run(["git", "ls-files", "-z"], cwd=REPO, capture_output=True, check=True).stdout
    hosts = re.compile("|".join(["files" + r"\.pythonhosted\.org", "registry" + r"\.npmjs\.org",
                                 "pypi" + r"\.org/simple", "registry" + r"\.npmmirror\.com"]))
    for name in filter(None, files.decode().split("\0")):
        path = REPO / name
        if path.is_file() and path.suffix not in {".png", ".ico", ".woff2", ".jpg"}:
            assert not hosts.search(path.read_text(encoding="utf-8", errors="replace")), name


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(REPO)))
def test_files_of_the_repository_that_a_page_names_exist(page: Path) -> None:
    named = re.findall(r"`((?:tests|benchmarks|sitepub)/[\w./-]+\.(?:py|json|txt))`", page.read_text(encoding="utf-8"))
    assert [name for name in named if not (REPO / name).exists()] == []
