"""A project is recognised in whatever folder sitepub works, by every name of it, and no other one is taken for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from sitepub.actions.deploying.known_project import Given, known, remember
from sitepub.cli.options import CWD_KEY, take_common
from sitepub.config.load import load_project
from sitepub.site.hash_cache import HashCache, Known
from sitepub.site.many.stamp import Stamp
from sitepub.terminal.terminal import Terminal
from tests.publish.memory_cloud import MemoryCloud
from tests.publish.unchanged.computer import Computer, in_memory

CONFIG = """\
component: website
name: shop
app: shop
inputs:
  src:
    src: ./site
    exclude: ['nothing/**']
  bucketName: shop
  headers:
    - {files: '*.css', set: {Cache-Control: no-store}}
  tags:
    - {key: of, value: shop}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Computer]:
    """Was deployed from its own folder."""
    folder = tmp_path / "work" / "shop"
    make(folder, "one")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(folder)
    computer = Computer(MemoryCloud(), tmp_path / "home", load_project(Path("serverless.yml"), environ={}))
    with in_memory(computer.cloud, seconds_later=10):
        computer.deploy()
        yield computer


def make(folder: Path, text: str) -> None:
    for path, content in (("serverless.yml", CONFIG), ("site/index.html", f"<p>{text}</p>"), ("site/a/b.css", text),
                          ("site/c/d.html", text)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")


def linked(link: Path, to: Path) -> None:
    link.unlink(missing_ok=True)
    try:
        link.symlink_to(to, target_is_directory=True)
    except OSError:
        pytest.skip("no symbolic links here")


def deployed_as(computer: Computer, folder: str, stage: str | None = None) -> bool:
    """Whether the project is recognised by this name of its folder."""
    computer.project = load_project(Path(folder) / "serverless.yml", environ={}, stage=stage)
    return computer.recognised()


SAME: dict[str, tuple[str, str]] = {
    "its own folder": ("work/shop", "."),
    "from the folder above": ("work", "shop"),
    "with a slash at its end": ("work", "shop/"),
    "with more of them": ("work", ".//shop/./"),
    "in full from elsewhere": ("elsewhere", "{root}/work/shop"),
    "up and down": ("elsewhere", "../work/shop"),
    "out of it and back": ("work/shop", "../../work/shop"),
    "from the folder that is published": ("work/shop/site", ".."),
    "by a link": ("elsewhere", "{root}/link"),
    "from where a link leads": ("link", "."),
    "by a link to a folder above": ("elsewhere", "../links/shop"),
    "by a link to a link": ("", "again"),
}


@pytest.mark.parametrize("how", SAME)
def test_a_project_is_the_same_by_every_name(shop: Computer, tmp_path: Path, how: str,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    if "link" in how:
        linked(tmp_path / "link", tmp_path / "work" / "shop")
        linked(tmp_path / "links", tmp_path / "work")
        linked(tmp_path / "again", tmp_path / "link")
    here, folder = SAME[how]
    monkeypatch.chdir(tmp_path / here)
    monkeypatch.setenv("PWD", str(tmp_path / here))
    assert deployed_as(shop, folder.format(root=tmp_path))
    assert len(shop.shown) == 2, "the pattern that matches nothing, and no error document"


def test_a_stage_may_be_named(shop: Computer) -> None:
    assert deployed_as(shop, ".", stage="dev")


def test_places_in_warnings_are_named_from_the_current_folder(shop: Computer, tmp_path: Path,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    from sitepub.publish.unchanged.local_index import open_local
    from tests.publish.unchanged.computer import ACCOUNT

    for here, file in (("work/shop", "serverless.yml"), ("work", str(Path("shop") / "serverless.yml")),
                       ("elsewhere", str(tmp_path / "work" / "shop" / "serverless.yml"))):
        monkeypatch.chdir(tmp_path / here)
        local = open_local(shop.project, ACCOUNT, shop.folder, shop.environ)
        assert local is not None and local.index is not None and local.same
        (note,) = local.index.facts.notes
        assert note.position is not None
        assert (note.position.file, note.position.line) == (file, 5)
        local.close()


def copied(shop: Computer, root: Path) -> str:
    del shop
    shutil.copytree(root / "work" / "shop", root / "copy", copy_function=shutil.copy2)
    return str(root / "copy")


def link_led_elsewhere(shop: Computer, root: Path) -> str:
    linked(root / "current", root / "work" / "shop")
    assert deployed_as(shop, str(root / "current"))
    make(root / "next", "two")
    linked(root / "current", root / "next")
    return str(root / "current")


def another_in_its_place(shop: Computer, root: Path) -> str:
    del shop
    shutil.copytree(root / "work" / "shop", root / "copy", copy_function=shutil.copy2)
    (root / "copy" / "site" / "index.html").write_text("<p>two</p>", encoding="utf-8")
    os.utime(root / "copy" / "site" / "index.html", ns=(0, (root / "work/shop/site/index.html").stat().st_mtime_ns))
    (root / "work" / "shop").rename(root / "old")
    (root / "copy").rename(root / "work" / "shop")
    return str(root / "work" / "shop")


def web_root_led_elsewhere(shop: Computer, root: Path) -> str:
    folder = root / "work" / "shop"
    (folder / "site").rename(folder / "one")
    linked(folder / "site", folder / "one")
    deployed_as(shop, str(folder))
    assert deployed_as(shop, str(folder))
    shutil.copytree(folder / "one", folder / "two", copy_function=shutil.copy2)
    (folder / "two" / "index.html").write_text("<p>two</p>", encoding="utf-8")
    linked(folder / "site", folder / "two")
    return str(folder)


def another_ignore_file(shop: Computer, root: Path) -> str:
    """The folder that is published is the same one; the project that it is reached by has other patterns."""
    del shop
    make(root / "other", "x")
    shutil.rmtree(root / "other" / "site")
    linked(root / "other" / "site", root / "work" / "shop" / "site")
    (root / "other" / ".sitepubignore").write_text("c/\n", encoding="utf-8")
    return str(root / "other")


OTHER: dict[str, Callable[[Computer, Path], str]] = {
    "a copy with all its times": copied,
    "a link that leads to another one now": link_led_elsewhere,
    "another one of the same name in its place": another_in_its_place,
    "a web root that is a link and leads elsewhere now": web_root_led_elsewhere,
    "another project with the same web root": another_ignore_file,
}


@pytest.mark.parametrize("what", OTHER)
def test_another_project_is_not_taken_for_it(shop: Computer, tmp_path: Path, what: str) -> None:
    folder = OTHER[what](shop, tmp_path)
    assert not deployed_as(shop, folder)
    assert shop.live() == shop.wanted()


def test_names_that_differ_by_case_are_two_where_the_system_says_so(shop: Computer, tmp_path: Path) -> None:
    other = tmp_path / "work" / "SHOP"
    if other.exists():
        assert other.samefile(tmp_path / "work" / "shop")
    else:
        make(other, "two")
        assert not deployed_as(shop, str(other))
    deployed_as(shop, str(other))
    assert shop.live() == shop.wanted()


def test_hashes_are_known_by_every_name(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    linked(tmp_path / "link", tmp_path / "site")
    cache = HashCache(tmp_path / "hashes", tmp_path / "site")
    cache.learn("a", Stamp(1, 2, 3, 4), bytes(16), "", "")
    cache.save()
    again = HashCache(tmp_path / "hashes", tmp_path / "link")
    assert isinstance(again.find("a", Stamp(1, 2, 3, 4)), Known)
    again.known.close()


def work_folder(*words: str) -> Path:
    """The folder that these --cwd options come to."""
    context = click.Context(click.Command("x"), obj=Terminal(environ={}))
    for word in words:
        take_common(context, {"cwd": word})
    found = context.meta[CWD_KEY]
    assert isinstance(found, Path)
    return found


def test_the_folder_to_work_in_is_the_one_that_the_system_opens(tmp_path: Path,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    """`..` after a link leads out of the folder that the link leads to, and not to another project."""
    make(tmp_path / "a", "wrong")
    make(tmp_path / "b", "right")
    (tmp_path / "b" / "below").mkdir()
    linked(tmp_path / "a" / "link", tmp_path / "b" / "below")
    monkeypatch.chdir(tmp_path / "a")
    assert work_folder("link/..").samefile(tmp_path / "b")
    assert load_project(work_folder("link/..") / "serverless.yml", environ={}).root.samefile(tmp_path / "b")
    assert work_folder("../b/./below/..", ".") == tmp_path / "b"
    assert work_folder("link") == tmp_path / "a" / "link", "as it was named"
    assert work_folder("link", "..").samefile(tmp_path / "b" if os.name != "nt" else tmp_path / "a")


def test_what_is_known_of_a_project_is_known_from_every_folder(shop: Computer, tmp_path: Path,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    remember(Given(tmp_path / "work" / "shop"), shop.project, shop.environ)
    for here, folder in (("work", "shop"), ("elsewhere", "../work/shop/"), ("work/shop", ".")):
        monkeypatch.chdir(tmp_path / here)
        assert known(Given(Path(folder)), shop.environ) is not None
    make(tmp_path / "elsewhere", "two")
    assert known(Given(tmp_path / "elsewhere"), shop.environ) is None
