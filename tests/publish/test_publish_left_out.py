"""A page that is live and stands in the folder as something that is not published is never deleted."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sitepub.errors import SiteError
from sitepub.publish.diff import diff
from sitepub.publish.guards import refuse_loss
from sitepub.publish.states.manifest import Entry, Manifest
from sitepub.site.scan import scan
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cos.store import Listed
from tests.site.sample import project, write

PAGES = ["index.html", "a.html", "blog/x.html", "blog/sub/y.html", "é/z.html"]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links and pipes that Windows has not")


def _link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(here)


BECAME: dict[str, Callable[[Path], None]] = {
    "a link out of the folder": _link("/etc/hostname"),
    "a link to a folder outside": _link("/etc"),
    "a link to a device": _link("/dev/null"),
    "a link that leads nowhere": _link("nowhere"),
    "a link to itself": _link("itself"),
    "a link to a link that leads nowhere": _link("broken"),
    "a link to the root of the site": _link("."),
    "a link to something secret": _link(".env"),
    "a link to a history": _link(".git"),
    "a link below a file": _link("index.html/x"),
    "a pipe": os.mkfifo,
    "a socket": _socket,
}


def manifest_of(site: Snapshot) -> Manifest:
    return {file.key: Entry.of(file) for file in site}


def site_in(folder: Path) -> Path:
    write(folder, {**dict.fromkeys(PAGES, "x"), ".env": "S=1", ".git/HEAD": "x"})
    (folder / "broken").symlink_to("gone")
    return folder


def check(folder: Path, manifest: Manifest, **source: object) -> None:
    made = project(folder, source=source, key_prefix="p/")
    site = scan(made, folder, environ={})
    refuse_loss(diff(site, manifest), site)
    # Nothing of others goes either where the site is meant to replace everything.
    refuse_loss(diff(site, {}, listing={}, replace=True, prefix="p/"), site)


@pytest.mark.parametrize("name", ["a.html", "blog"])
@pytest.mark.parametrize("became", BECAME)
def test_what_stands_there_as_something_else_is_no_deletion(tmp_path: Path, became: str, name: str) -> None:
    folder = site_in(tmp_path / "site")
    manifest = manifest_of(scan(project(folder, key_prefix="p/"), folder, environ={}))
    check(folder, manifest)
    gone = folder / name
    gone.rename(tmp_path / "gone")
    check(folder, manifest)  # that is a deletion: nothing of this name is there
    BECAME[became](gone)
    if became == "a link to itself":
        gone.unlink()
        gone.symlink_to(gone.name)
    with pytest.raises(SiteError) as caught:
        check(folder, manifest)
    assert caught.value.code == "LiveButLeftOut"
    assert caught.value.message.startswith(f"{name} is ")
    assert "deleted from the website" in caught.value.message and "src.exclude" in (caught.value.hint or "")
    check(folder, manifest, exclude=(name,))
    check(folder, manifest, exclude=(f"{name}/",))


def test_every_loss_is_told_at_once_and_a_folder_once(tmp_path: Path) -> None:
    folder = site_in(tmp_path / "site")
    manifest = manifest_of(scan(project(folder, key_prefix="p/"), folder, environ={}))
    for name in ("a.html", "blog", "é"):
        (folder / name).rename(tmp_path / name)
        (folder / name).symlink_to(tmp_path / name)
    with pytest.raises(SiteError) as caught:
        check(folder, manifest)
    assert len(caught.value.problems) == 3
    assert "2 live files below it (p/blog/sub/y.html …)" in caught.value.problems[1].message
    assert "`src.followLinks` publishes it" in (caught.value.hint or "")
    followed = scan(project(folder, key_prefix="p/", source={"follow_links": True}), folder, environ={})
    assert set(followed.files) == {f"p/{page}" for page in PAGES}
    assert not diff(followed, manifest).deletions


@pytest.mark.parametrize(("name", "option"), [
    ("notes~", "include"), (".vscode/x.html", "include"), ("node_modules/a.js", "include"), (".env", "allow_secrets")])
def test_what_a_pattern_brought_back_stays_live_when_the_pattern_goes(tmp_path: Path, name: str, option: str) -> None:
    write(tmp_path, {"index.html": "x", name: "x"})
    asked = project(tmp_path, key_prefix="p/", source={option: (f"/{name}",)})
    manifest = manifest_of(scan(asked, tmp_path, environ={}))
    assert f"p/{name}" in manifest
    with pytest.raises(SiteError, match="deleted from the website"):
        check(tmp_path, manifest)
    check(tmp_path, manifest, exclude=(name.rpartition("/")[0] or name,))
    (tmp_path / name).unlink()
    check(tmp_path, manifest)  # that is a deletion, also in a folder of which the rest is left out


def test_what_others_put_below_such_a_name_is_not_replaced(tmp_path: Path) -> None:
    folder = site_in(tmp_path / "site")
    made = project(folder)
    site = scan(made, folder, environ={})
    there = {file.key: Listed(file.key, file.size, file.md5) for file in site}
    (folder / "a.html").rename(tmp_path / "a.html")
    (folder / "a.html").symlink_to("../a.html")
    now = scan(made, folder, environ={})
    plan = diff(now, {}, listing=there, replace=True)
    assert [step.key for step in plan.deletions] == ["a.html"]
    with pytest.raises(SiteError):
        refuse_loss(plan, now)
    refuse_loss(plan, replace(now, left_out=()))
