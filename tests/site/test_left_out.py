"""What sitepub's own rules leave out: never in silence, never a folder that has the name of a scrap file, and a pattern
of the user brings it back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from sitepub.config.project import Project
from sitepub.errors import SiteError
from sitepub.site.folder import publish_folder
from sitepub.site.rescan import KeptSnapshot
from sitepub.site.rules.defaults import default_rule
from sitepub.site.scan import scan
from sitepub.site.snapshot import Snapshot
from tests.site.sample import nobody, project, write

posix = pytest.mark.skipif(os.name == "nt", reason="names or links that Windows has not")

FOLDERS = ["旧文章~", "#go#", ".env tips", ".env", ".env.production", "Thumbs.db", "desktop.ini", ".DS_Store", "._x",
           ".#topic", ".a.swp", ".gitignore", ".editorconfig", ".eslintrc", "serverless.yml", ".sitepub-notes", "~",
           "#", "##", "a/.npmignore", "tags/.env.js", ".gitbook", ".git-tips", ".githubs", ".envoy", "x/node_modules"]
"""Names of posts, tags and topics, which become folders."""


def scanned(folder: Path, **source: Any) -> Snapshot:
    return scan(of(folder, **source), folder, environ={})


def of(folder: Path, **source: Any) -> Project:
    return project(folder, source={"folder": folder, **source})


def left_out(snapshot: Snapshot) -> dict[str, str | None]:
    return {one.path: one.option for one in snapshot.left_out}


@posix
def test_a_folder_with_the_name_of_a_scrap_file_is_a_page(tmp_path: Path) -> None:
    pages = {f"{name}/index.html" for name in FOLDERS}
    write(tmp_path, dict.fromkeys(pages | {"index.html"}, "x"))
    snapshot = scanned(tmp_path)
    assert set(snapshot.files) == pages | {"index.html"}
    assert not snapshot.left_out and not snapshot.warnings


@posix
def test_a_site_of_such_folders_alone_is_not_empty(tmp_path: Path) -> None:
    write(tmp_path, {"旧文章~/index.html": "x"})
    with pytest.raises(SiteError, match="index document"):
        publish_folder(of(tmp_path))


SECRET = [".env", ".env.local", "sub/.envrc", "serverless.yml"]
SCRAP = ["a.html~", "#b.html#", ".#c.html", ".d.html.swp", "._e.html", "Thumbs.db", "sub/desktop.ini", ".DS_Store",
         ".sitepub-schema.json", "sub/~", ".gitignore", "sub/.keep", ".editorconfig"]


@posix
def test_every_file_that_a_default_rule_leaves_out_is_named_and_can_be_brought_back(tmp_path: Path) -> None:
    write(tmp_path, dict.fromkeys([*SECRET, *SCRAP, "index.html", ".git/HEAD", "node_modules/a/b.js", ".vscode/x.json",
                                   "sub/.svn/entries"], "x"))
    folders: dict[str, str | None] = {".git/": "src.allowSecrets", "node_modules/": "src.include",
                                      ".vscode/": "src.include", "sub/.svn/": "src.allowSecrets"}
    expected = {**dict.fromkeys(SECRET, "src.allowSecrets"), **dict.fromkeys(SCRAP, "src.include"), **folders}
    snapshot = scanned(tmp_path)
    assert left_out(snapshot) == expected
    assert [one.path for one in snapshot.left_out] == sorted(expected)
    back = scanned(tmp_path, include=(*SCRAP, "node_modules/", ".vscode/"))
    assert set(back.files) == {*SCRAP, "index.html", "node_modules/a/b.js", ".vscode/x.json"}
    assert left_out(back) == dict.fromkeys([*SECRET, ".git/", "sub/.svn/"], "src.allowSecrets")
    everything = scanned(tmp_path, include=("*~", "*#", ".#*", ".*.swp", "._*", "Thumbs.db", "desktop.ini", "*_Store",
                                            ".sitepub*", ".gitignore", ".keep", ".editorconfig", "node_modules",
                                            "/.vscode/**"),
                         allow_secrets=(".env*", ".git/", "serverless.*", "sub/.svn/"))
    assert not everything.left_out
    assert len(everything.files) == len(SECRET) + len(SCRAP) + 5


def test_an_include_does_not_publish_secrets_and_allow_secrets_does_not_publish_scrap(tmp_path: Path) -> None:
    write(tmp_path, {"index.html": "", ".env": "", "a~": "", ".git/config": ""})
    assert set(scanned(tmp_path, include=(".env", ".git/")).files) == {"index.html"}
    assert set(scanned(tmp_path, allow_secrets=("a~",)).files) == {"index.html"}


def test_what_the_user_excludes_is_no_news_and_an_exclude_after_it_wins(tmp_path: Path) -> None:
    write(tmp_path, {"index.html": "", ".DS_Store": "", "node_modules/a.js": "", "b~": "", ".env": "",
                     ".sitepubignore": "*~\n.sitepubignore\n"})
    assert not left_out(scanned(tmp_path, exclude=(".DS_Store", "node_modules/", ".env")))


def test_one_file_of_a_folder_comes_back_without_the_rest(tmp_path: Path) -> None:
    write(tmp_path, dict.fromkeys(["index.html", "node_modules/a/dist/a.js", "node_modules/a/dist/a.map",
                                   "node_modules/b/index.html", ".github/pages/x.html", ".github/ci.yml"], ""))
    source: dict[str, Any] = {"include": ("node_modules/a/dist/*.js", "/.github/pages/", "*.html")}
    snapshot = scanned(tmp_path, **source)
    assert set(snapshot.files) == {"index.html", "node_modules/a/dist/a.js", ".github/pages/x.html"}
    assert set(left_out(snapshot)) == {"node_modules/", ".github/"}
    assert "node_modules/b/index.html" not in scanned(tmp_path, include=("*.html", "**/b/*.html")).files


def test_a_wildcard_for_everything_does_not_bring_scrap_back(tmp_path: Path) -> None:
    write(tmp_path, dict.fromkeys(["index.html", "a/x.js", "a/.DS_Store", "a/x.js~"], ""))
    for include in (("*",), ("a/",), ("a/**",), ("/a",), ("**",)):
        assert set(scanned(tmp_path, exclude=("*", "!index.html"), include=include).files) <= {"index.html", "a/x.js"}


@pytest.mark.parametrize("name", [".git", ".GIT", ".svn", ".hg", ".bzr"])
def test_a_history_is_left_out_as_a_folder_and_as_a_file(name: str) -> None:
    for folder in (True, False):
        rule = default_rule(name, folder=folder)
        assert rule is not None and rule.secret


@posix
def test_links_out_of_the_folder_are_followed_when_that_is_asked_for(tmp_path: Path) -> None:
    write(tmp_path, {"site/index.html": "1", "cache/page.html": "2", "cache/blog/a.html": "3", "cache/.git/config": "s",
                     "cache/blog/.env": "s", "store/deep.html": "4", "cache/keys/x.txt": "x"})
    site = tmp_path / "site"
    (site / "page.html").symlink_to("../cache/page.html")
    (site / "blog").symlink_to(tmp_path / "cache/blog")
    (tmp_path / "cache/blog/deep.html").symlink_to(tmp_path / "store/deep.html")
    (tmp_path / "cache/blog/loop").symlink_to(tmp_path / "cache/blog")
    (site / "everything").symlink_to("..")
    (site / "repository").symlink_to("../cache/.git")
    (site / "config.txt").symlink_to("../cache/.git/config")
    (site / "settings.txt").symlink_to("../cache/blog/.env")
    names = {"page.html", "blog", "everything", "repository", "config.txt", "settings.txt"}
    closed = scanned(site)
    assert left_out(closed) == dict.fromkeys(names, "src.followLinks")
    assert set(closed.files) == {"index.html"} and len(closed.warnings) == len(names)
    assert "src.followLinks" in (closed.warnings[0].hint or "")
    opened = scanned(site, follow_links=True)
    assert set(opened.files) == {"index.html", "page.html", "blog/a.html", "blog/deep.html"}
    skipped = dict.fromkeys(["everything", "repository", "config.txt", "settings.txt", "blog/loop"])
    assert left_out(opened) == {**skipped, "blog/.env": "src.allowSecrets"}
    assert len(opened.warnings) == 5


@posix
def test_links_to_credentials_and_to_the_configuration_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"site/index.html": "", "serverless.yml": "s", ".ssh/config": "s", ".aws/x": "s", "ok/a.txt": ""})
    site = tmp_path / "site"
    for name, target in (("a.txt", "serverless.yml"), ("b.txt", ".ssh/config"), ("c", ".aws"), ("d", "ok")):
        (site / name).symlink_to(tmp_path / target)
    made = project(tmp_path, source={"folder": site, "follow_links": True})
    found = scan(made, site, environ={})
    assert set(found.files) == {"index.html", "d/a.txt"}
    assert left_out(found) == dict.fromkeys(["a.txt", "b.txt", "c"])


@posix
def test_an_index_document_that_leads_out_of_the_folder_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, {"site/a.html": "", "out/index.html": ""})
    (tmp_path / "site/index.html").symlink_to("../out/index.html")
    with pytest.raises(SiteError, match="outside of the published folder") as caught:
        scanned(tmp_path / "site")
    assert "src.followLinks" in (caught.value.hint or "")
    assert set(scanned(tmp_path / "site", follow_links=True).files) == {"a.html", "index.html"}


@posix
@pytest.mark.parametrize("target", ["gone", ".sitepubignore", "index.html/x", "folder"])
def test_patterns_that_cannot_be_read_are_an_error_and_not_no_patterns(tmp_path: Path, target: str) -> None:
    write(tmp_path, {"index.html": "", "folder/x": "", "secret.txt": ""})
    (tmp_path / ".sitepubignore").symlink_to(target)
    with pytest.raises(SiteError) as caught:
        scanned(tmp_path)
    assert ".sitepubignore cannot be read" in caught.value.problems[0].message


@posix
def test_locks_of_emacs_are_no_broken_links_and_many_links_are_told_shortly(tmp_path: Path) -> None:
    write(tmp_path, {"site/index.html": "", "out/x": ""})
    (tmp_path / "site/.#index.html").symlink_to("me@host.1234:5678")
    assert not scanned(tmp_path / "site").warnings
    for number in range(300):
        (tmp_path / f"site/{number}.html").symlink_to("../out/x")
    found = scanned(tmp_path / "site")
    assert len(found.left_out) == 301 and len(found.warnings) == 21
    assert "280 more" in found.warnings[-1].message


@posix
def test_dev_keeps_account_of_what_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"site/index.html": "", "site/a~": "", "site/posts/b.html": "", "out": ""})
    site = tmp_path / "site"
    kept = KeptSnapshot(of(site), site, environ={})
    assert left_out(kept.snapshot()) == {"a~": "src.include"}
    (site / "a~").unlink()
    os.mkfifo(site / "posts/pipe")
    write(site, {"posts/c~": "", ".env": ""})
    kept.touch(site / name for name in ("a~", "posts", ".env"))
    assert kept.snapshot() == scanned(site)
    assert set(left_out(kept.snapshot())) == {"posts/c~", "posts/pipe", ".env"}
    (site / "posts/b.html").unlink()
    (site / "posts/b.html").symlink_to("../../out")
    kept.touch([site / "posts/b.html"])
    assert kept.snapshot().left_out == scanned(site).left_out
    assert left_out(kept.snapshot())["posts/b.html"] == "src.followLinks"


@posix
def test_dev_takes_no_file_for_deleted_that_it_may_not_look_for() -> None:
    with nobody() as folder:
        write(folder, {"index.html": "", "posts/b.html": "x"})
        kept = KeptSnapshot(of(folder), folder, environ={})
        kept.snapshot()
        (folder / "posts").chmod(0)
        try:
            kept.touch([folder / "posts/b.html"])
            with pytest.raises(SiteError, match="cannot be read"):
                kept.snapshot()
        finally:
            (folder / "posts").chmod(0o700)
        assert "posts/b.html" in kept.snapshot().files
