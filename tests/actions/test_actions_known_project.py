"""A deploy of a project that is known reads no serverless.yml, and every change of what it was read from is seen."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

import sitepub
from sitepub.actions.deploying import known_project, quick
from sitepub.actions.deploying.known_project import Given, known, remember
from sitepub.actions.deploying.quick import deploy_unchanged
from sitepub.config.load import load_project
from sitepub.errors import CloudError
from sitepub.publish.outcome import Unchanged
from sitepub.site.index.label import label
from tests.publish.memory_cloud import MemoryCloud
from tests.publish.unchanged.computer import Computer, Quiet, in_memory

CONFIG = """\
component: website
name: shop
inputs:
  src: ./site
  bucketName: ${env:BUCKET, 'shop'}
  env: {API: '${env:API_${stage}, none}'}
"""


@dataclass
class Place:
    """A project in a folder of its own, and the options that it is deployed with."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.root / "work" / "shop"

    @property
    def given(self) -> Given:
        return Given(self.folder, **self.options)

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def load(self) -> Any:
        options = {key: value for key, value in self.options.items() if key in ("stage", "inputs")}
        return load_project(self.folder / "serverless.yml", environ=self.environ, **options)

    def remember(self) -> bool:
        """Whether it is known then."""
        remember(self.given, self.load(), self.environ)
        return self.known

    @property
    def known(self) -> bool:
        return known(self.given, self.environ) is not None


@pytest.fixture
def place(tmp_path: Path) -> Place:
    found = Place(tmp_path / "deep", {"SITEPUB_HOME": str(tmp_path / "deep" / "home"), "API_dev": "one"})
    found.write("serverless.yml", CONFIG)
    found.write("site/index.html", "<p>here</p>")
    found.write("site/error.html", "<p>not here</p>")
    return found


def changed(**changes: Any) -> Callable[[Place], object]:
    return lambda place: place.options.update(changes)


def environment(**changes: str) -> Callable[[Place], object]:
    return lambda place: place.environ.update(changes)


def written(name: str, text: str = "A=1\n") -> Callable[[Place], object]:
    return lambda place: place.write(name, text)


SEEN: dict[str, Callable[[Place], object]] = {
    "serverless.yml": written("serverless.yml", CONFIG.replace("./site", "site")),
    "a comment in it": written("serverless.yml", f"{CONFIG}# other\n"),
    "it is gone": lambda place: (place.folder / "serverless.yml").unlink(),
    "another file that is passed over": written("serverless.json", "{}"),
    ".env": written(".env"),
    ".env of the stage": written(".env.dev"),
    "serverless.yml above": written("../serverless.yml", "app: other\n"),
    "serverless.json above": written("../serverless.json", "{}"),
    ".env above": written("../.env"),
    ".env two folders above": written("../../.env"),
    ".env of the stage above": written("../../.env.dev"),
    "a variable that is used": environment(BUCKET="other"),
    "a variable whose name another one makes": environment(API_dev="two"),
    "a variable is not set any more": lambda place: place.environ.pop("API_dev"),
    "another stage": changed(stage="prod"),
    "inputs": changed(inputs=("region=ap-beijing",)),
    "yes, which takes an unknown region": changed(yes=True),
    "the embedded cloud": changed(local=True),
    "another profile": changed(profile="work"),
    "a pipe where .env was none": lambda place: os.mkfifo(place.folder / ".env"),
}


@pytest.mark.parametrize("what", SEEN)
def test_whatever_it_was_read_from_is_seen_to_change(place: Place, what: str) -> None:
    assert place.remember()
    if "pipe" in what and not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    SEEN[what](place)
    assert not place.known


@pytest.mark.parametrize("what", ["serverless.yml", "another file that is passed over", ".env", ".env of the stage",
                                  "it is gone"])
def test_what_is_edited_while_it_is_deployed_is_not_remembered(place: Place, what: str) -> None:
    project = place.load()
    SEEN[what](place)
    remember(place.given, project, place.environ)
    assert not place.known


def test_what_has_no_say_ends_nothing(place: Place) -> None:
    assert place.remember()
    place.environ.update(OTHER="1", PWD="/elsewhere", _="/usr/bin/python", API_prod="x")
    place.write(".env.prod", "A=1\n")
    place.write("../../../.env", "A=1\n")
    place.write("package.json", "{}")
    os.utime(place.folder / "serverless.yml", (1, 1))
    assert place.known


def test_another_version_reads_it_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.remember()
    monkeypatch.setattr(sitepub, "__version__", "99")
    assert not place.known


GIT = {
    "the branch in a name": CONFIG.replace("'shop'}", "'shop'}-${git:branch, 'none'}"),
    "the branch that gives the stage": f"{CONFIG}stages: {{main: prod, '*': dev}}\nstage: dev\n",
    "the commit, which an escape hides": CONFIG.replace("'${env:API_${stage}, none}'", '"${\\x67it:commit, no}"'),
}
MORE = {
    **GIT,
    "a hook": CONFIG.replace("src: ./site", "src: {src: ., hook: 'true', dist: site}"),
    "replace": f"{CONFIG}  replace: true\n",
    "publish": f"{CONFIG}  publish: true\n",
    "a protected stage": f"{CONFIG}protect: [dev]\n",
    "a warning": f"{CONFIG}  https: auto\n",
}


@pytest.mark.parametrize("what", MORE)
def test_what_needs_more_than_comparing_is_never_known(place: Place, what: str) -> None:
    place.write("serverless.yml", MORE[what])
    if what in GIT:
        subprocess.run(["git", "init", "-q", "-b", "main", str(place.folder)], check=True)
    assert place.load() is not None
    assert not place.remember()


def test_files_above_make_it_unknown(place: Place) -> None:
    place.write("../.env", "A=1\n")
    assert not place.remember()


def test_no_secret_is_kept(place: Place) -> None:
    place.write(".env", "TENCENT_SECRET_KEY=Zx81kfa02ndhUqwe77aaQQpl012345ab\nPASSWORD=correct-horse\n")
    place.write("serverless.yml", f"{CONFIG}  tags: [{{key: owner, value: '${{env:PASSWORD}}'}}]\n")
    assert place.remember()
    for file in (place.root / "home").rglob("*"):
        data = file.read_bytes() if file.is_file() else b""
        assert b"Zx81kfa02" not in data and b"correct-horse" not in data


def test_the_label_of_the_index_is_the_same_either_way(place: Place) -> None:
    place.write(".env", "TENCENT_SECRET_KEY=Zx81kfa02ndhUqwe77aaQQpl012345ab\n")
    assert place.remember()
    found, project = known(place.given, place.environ), place.load()
    assert found is not None
    folder = place.folder / "site"
    short = label(found.project(quick.dotenv_of(found)), folder, place.environ, ("x",), found.settings)
    assert short == label(project, folder, place.environ, ("x",)) is not None
    secret = {**place.environ, "TENCENT_SECRET_KEY": "another-secret-of-the-account-000"}
    assert short != label(found.project({}), folder, secret, ("x",), found.settings)


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x93abc", bytes(5000), msgspec.msgpack.encode({"digest": 1})])
def test_what_is_damaged_counts_as_nothing(place: Place, data: bytes) -> None:
    assert place.remember()
    known_project._place(place.given, place.environ).write_bytes(data)
    assert not place.known


@pytest.fixture
def live(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Computer]:
    """The project of the place, live and known."""
    cloud = MemoryCloud()
    with in_memory(cloud, seconds_later=10):
        computer = Computer(cloud, place.root / "home", place.load())
        monkeypatch.setattr(Computer, "environ", place.environ)
        computer.deploy()
        assert place.remember()
        yield computer


def short(place: Place) -> tuple[Any, Any, list[str]]:
    teller = Quiet()
    done, opened = deploy_unchanged(place.given, teller, place.environ, lambda project: teller.note(project.name))
    return done, opened, teller.warnings


def test_the_short_way_says_what_the_long_one_says(place: Place, live: Computer) -> None:
    (live.folder / "error.html").unlink()
    (live.folder / ".DS_Store").write_bytes(b"x")
    live.deploy()
    live.cloud.reads.clear()
    done, opened, said = short(place)
    assert live.cloud.reads == [("get", "shop/dev/shop/state.json.gz")]
    whole = live.deploy()
    assert isinstance(done.outcome, Unchanged) and opened is None
    assert (done.bucket, done.url, done.outcome, done.left_out, done.hosts) == (
        whole.bucket, whole.url, whole.outcome, whole.left_out, whole.hosts)
    assert said == live.shown != []
    assert [(getattr(done.project, name), getattr(whole.project, name)) for name in ("app", "stage", "name", "region")
            ] == [("shop",) * 2, ("dev",) * 2, ("shop",) * 2, ("ap-guangzhou",) * 2]


def test_a_changed_file_is_published_by_the_long_way_which_compares_nothing_again(
        place: Place, live: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write("site/index.html", "<p>other</p>")
    live.cloud.reads.clear()
    done, opened, _ = short(place)
    assert done is None and opened is not None and not opened.same
    assert live.cloud.reads == [], "nothing was asked"
    from sitepub.publish.unchanged import local_index

    monkeypatch.setattr(local_index, "compare", lambda *_: pytest.fail("compared again"))
    live.deploy(opened=opened)
    assert live.live() == live.wanted()


def test_what_another_computer_has_published_is_seen(place: Place, live: Computer) -> None:
    other = Computer(live.cloud, place.root / "other", live.project)
    (live.folder / "index.html").write_text("<p>theirs</p>", encoding="utf-8")
    other.deploy()
    (live.folder / "index.html").write_text("<p>here</p>", encoding="utf-8")
    done, opened, _ = short(place)
    assert done is None
    live.deploy(opened=opened)
    assert live.live() == live.wanted()


def test_an_index_of_other_settings_is_not_taken(place: Place, live: Computer) -> None:
    done, opened, _ = short(place)
    assert done is not None and opened is None
    place.write("site/index.html", "<p>other</p>")
    _, opened, _ = short(place)
    live.project = replace(live.project, env={"API": "two"})
    live.deploy(opened=opened)
    assert live.live() == live.wanted()


def test_what_the_cloud_answers_is_said(place: Place, live: Computer) -> None:
    live.cloud.refuse_read = lambda _what, _key: CloudError("busy", code="SlowDown")
    with pytest.raises(CloudError, match="busy"):
        short(place)
