"""A computer that cannot write: a home that is read-only, a disk that is full. Through the program itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeSite, Run, Sitepub, Visitor

resource = pytest.importorskip("resource")  # POSIX


def no_space(sitepub: Sitepub, folder: Path, *words: str) -> Run:
    """No file can grow: every write to one fails, as on a full disk, for root too."""
    done = subprocess.run(
        [sys.executable, "-c", "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0));"
         " sys.argv[0] = 'sitepub'; runpy.run_module('sitepub', run_name='__main__')", *words],
        cwd=folder, env=dict(sitepub.environ), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("how", ["read-only home", "full disk"])
def test_a_deploy_and_a_way_back_need_no_disk(
        how: str, sitepub: Sitepub, make_site: MakeSite, visitor: Visitor, tmp_path: Path) -> None:
    site = make_site(f"disk-{how[:4]}", {"index.html": "one", "404.html": "none"})
    url = sitepub.deploy(site.folder)["url"]
    site.write({"index.html": "two", "new.html": "new"})
    blocked = tmp_path / "file"
    blocked.write_text("no folder can be made below a file", encoding="utf-8")

    def run(*words: str) -> Run:
        if how == "full disk":
            return no_space(sitepub, site.folder, *words)
        return sitepub(*words, cwd=site.folder, SITEPUB_HOME=str(blocked / "x"), HOME=str(blocked),
                       XDG_CACHE_HOME=str(blocked))

    if how == "read-only home":
        # Which project this is was not written down here, and there is no git repository that says so: it asks.
        run("deploy", "--local")
        asked = run("rollback", "--local")
        assert asked.code == 5 and "--yes" in asked.err and visitor.get(url).body == b"two"
    for words, text in ((("deploy", "--local", "--yes"), b"two"), (("rollback", "--local", "--yes"), b"one"),
                        (("plan", "--local"), b"one"), (("releases", "--local"), b"one")):
        done = run(*words)
        assert done.code == 0 and "Traceback" not in done.err, (words, done.err)
        assert visitor.get(url).body == text


def test_the_first_deploy_of_a_computer_needs_no_disk(sitepub: Sitepub, make_site: MakeSite, visitor: Visitor) -> None:
    """What it would remember of the folder is not written, and it does not fail for that."""
    site = make_site("disk-first", {"index.html": "one", "404.html": "none"})
    done = no_space(sitepub, site.folder, "deploy", "--local", "--yes", "--json")
    assert done.code == 0, done.err
    assert visitor.get(done.json["url"]).body == b"one"
