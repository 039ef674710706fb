"""A cloned repository runs no code but its hook, takes no keys, and does not hang the program."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.dev.dev_process import until
from tests.e2e.conftest import MakeSite, Sitepub
from tests.e2e.test_e2e_website import objects_in
from tests.publish.hostile_repository import Trap, make_hostile
from tests.publish.test_publish_git import git

KEYS = {"TENCENTCLOUD_SECRET_ID": "AKIDofATestThatIsNoKey0123456789",
        "TENCENTCLOUD_SECRET_KEY": "SecretKeyOfATest0123456789ab"}


def test_no_command_runs_what_a_repository_names(make_site: MakeSite, sitepub: Sitepub, tmp_path: Path) -> None:
    site = make_site("hostile-clone")
    folder = site.folder
    folder.joinpath("page.html").write_text("tracked")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "A clone")
    trap = Trap(tmp_path / "trap")
    make_hostile(folder, trap)
    assert {"core.fsmonitor", "filter.trap.process"} <= set(trap.runs_under(folder))
    trap.reset()
    path = os.pathsep.join([".", "bin", "", str(folder / "bin"), os.environ["PATH"]])
    extra = {**KEYS, "PATH": path}
    bucket = ""
    for words in ("plan --local", "deploy --local", "info --local --json", "logs --local"):
        run = sitepub(*words.split(), cwd=folder, **extra)
        assert run.code == 0, (words, run.err)
        assert trap.sprung() == [], words
        bucket = run.json["bucket"] if "info" in words else bucket
    dev = sitepub.start("dev", "--local", cwd=folder, **extra)
    try:
        site.write({"new.html": "new"})
        until(lambda: "new.html" in objects_in(sitepub.cloud, bucket), "a publish")
    finally:
        dev.send_signal(signal.SIGINT)
        dev.communicate(timeout=60)
    assert trap.sprung() == []
    for words in ("init website-starter new", "init", "remove --local --yes"):
        run = sitepub(*words.split(), cwd=folder, **extra)
        assert trap.sprung() == [], (words, run.err)
        assert run.code == 0 or words == "init", (words, run.err)  # it is set up already


def test_no_module_of_a_repository_is_imported(make_site: MakeSite, sitepub: Sitepub, tmp_path: Path) -> None:
    """``python -m`` would take them from the current folder before its own."""
    site = make_site("hostile-modules")
    sprung = tmp_path / "sprung"
    for name in ("yaml", "click", "msgspec", "rich", "pydantic", "typing_extensions", "configparser", "platformdirs",
                 "http", "email", "gzip", "secrets", "sitecustomize", "usercustomize", "aiohttp", "qcloud_cos"):
        (site.folder / f"{name}.py").write_text(f"open({str(sprung)!r}, 'a').write('{name} ')\nraise SystemExit(9)\n")
    for words in ("plan --local", "deploy --local", "info --local", "schema", "local status", "remove --local --yes"):
        run = sitepub(*words.split(), cwd=site.folder)
        assert run.code == 0, (words, run.err)
        assert not sprung.exists(), (words, sprung.read_text())


def test_a_release_says_which_commit_it_was_built_from(make_site: MakeSite, sitepub: Sitepub) -> None:
    site = make_site("committed")
    git(site.folder, "init", "-q")
    git(site.folder, "add", ".")
    git(site.folder, "commit", "-qm", "The subject")
    head = git(site.folder, "rev-parse", "HEAD")
    sitepub.deploy(site.folder)
    assert f"commit {head[:12]}\n" in sitepub("info", "--local", cwd=site.folder).out
    site.folder.joinpath("src/index.html").write_text("changed")
    sitepub.deploy(site.folder)
    assert f"commit {head[:12]}+\n" in sitepub("info", "--local", cwd=site.folder).out
