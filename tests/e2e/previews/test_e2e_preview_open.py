"""``preview open``: a preview of the real cloud (here: another embedded one) is shown here, byte by byte."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sitepub.actions.connect import connect
from sitepub.actions.previews import lan, opening
from sitepub.actions.previews.lan import own_address, served_in_the_network
from sitepub.actions.previews.opening import show_here
from sitepub.config.load import load_project
from sitepub.config.project import Project
from sitepub.errors import NotFound, SitepubError
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.object_store import CosObjectStore
from sitepub.tencent.cos.store import Fetched
from tests.conftest import LocalCloud, running_cloud
from tests.e2e.conftest import MakeSite, Site, Sitepub, Visitor, make_sitepub
from tests.e2e.previews.conftest import in_process

FILES: Mapping[str, str | bytes] = {
    "index.html": "<h1>shown</h1>", "docs/index.html": "<h1>docs</h1>", "404.html": "<h1>not here</h1>",
    "a b/ü.txt": "ü", "empty.txt": "", "same.txt": "<h1>docs</h1>", "data.bin": bytes(range(256)) * 40,
    "robots.txt": "Allow: /\n"}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("real") / "data") as cloud:
        yield cloud


class Counted:
    """Implements :class:`sitepub.actions.previews.opening.View`."""

    @contextlib.contextmanager
    def fetching(self) -> Iterator[Counted]:
        yield self

    def planned(self, steps: int, total_bytes: int) -> None: ...

    def started(self, name: str) -> None: ...

    def sent(self, name: str, count: int) -> None: ...

    def finished(self, name: str) -> None: ...


@pytest.fixture
def show(real: LocalCloud, local_cloud: LocalCloud, home: Path, monkeypatch: pytest.MonkeyPatch) -> Show:
    def either(project: Project, *, local: bool, profile: str | None, environ: Mapping[str, str]) -> Cloud:
        if local:
            return connect(project, local=True, profile=profile, environ=environ)
        return Cloud(Credentials(real.secret_id, real.secret_key), real.app_id, project.region, real.address)

    monkeypatch.setattr(opening, "connect", either)
    return Show({**make_sitepub(local_cloud, home).environ})


class Show:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def __call__(self, site: Site, name: str = "new") -> opening.Shown:
        project = load_project(site.folder / "serverless.yml", environ=self.environ)
        return show_here(project, name, local=False, profile=None, environ=self.environ, view=Counted())


def test_a_preview_is_shown_as_it_was_deployed(
    real: LocalCloud, local_cloud: LocalCloud, home: Path, make_site: MakeSite, show: Show, visitor: Visitor
) -> None:
    site = make_site("pv-open", FILES, redirectRules=[
        {"condition": {"keyPrefixEquals": "old/"}, "redirect": {"replaceKeyPrefixWith": "docs/"}}])
    on_real = in_process(real, home)
    deployed = on_real.deploy(site.folder, "--preview", "new")
    shown = show(site)
    assert shown.fetched == len(FILES) - 1, "an empty file need not be fetched"
    there = Visitor(real)
    for path in ("/", "/docs/", "/a%20b/%C3%BC.txt", "/empty.txt", "/same.txt", "/data.bin", "/robots.txt",
                 "/nothing"):
        one, other = there.get(deployed["url"], path), visitor.get(shown.url, path)
        assert (one.status, one.body) == (other.status, other.body), path
        assert one.headers.get("content-type") == other.headers.get("content-type"), path
    moved = visitor.get(shown.url, "/old/index.html")
    assert moved.status == 302 and urlsplit(moved.headers["location"]).path == "/docs/index.html"
    assert show(site).fetched == 0, "what is there already is not fetched again"
    site.write({"index.html": "<h1>again</h1>"})
    (site.folder / "src" / "same.txt").unlink()
    on_real.deploy(site.folder, "--preview", "new")
    assert show(site).fetched == 1
    assert visitor.get(shown.url).body == b"<h1>again</h1>"

    program = in_process(local_cloud, home)
    [copy] = program("previews", "--local", "--json", cwd=site.folder).json["previews"]
    assert copy["name"] == "new", "it is listed and removed here like a preview"
    opened = program("preview", "open", "new", "--local", "--json", cwd=site.folder)
    assert opened.code == 0 and opened.json["url"] == shown.url
    assert program("previews", "remove", "new", "--local", "--yes", cwd=site.folder).code == 0
    assert visitor.get(shown.url).status == 404
    with pytest.raises(NotFound, match="no preview other"):
        show(site, "other")


def test_what_another_program_has_changed_is_not_shown(
    real: LocalCloud, home: Path, make_site: MakeSite, show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site("pv-changed", {"index.html": "<h1>mine</h1>", "404.html": "no"})
    bucket = in_process(real, home).deploy(site.folder, "--preview", "new")["bucket"]
    store = CosObjectStore(Cloud(Credentials(real.secret_id, real.secret_key), real.app_id, real.region, real.address),
                           bucket)
    store.put("index.html", b"theirs", {})
    store.close()
    with pytest.raises(SitepubError, match="another program has changed it"):
        show(site)
    failing_first(monkeypatch, "index.html", "robots.txt")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(SitepubError, match="another program has changed it"):
        show(site)
    assert not list(tmp_path.glob("sitepub-preview-*"))


def failing_first(monkeypatch: pytest.MonkeyPatch, failing: str, late: str) -> None:
    """The answer for ``late`` comes when the other one has failed, and the folder for both is about to be deleted."""
    asked, deleting, arrived = threading.Event(), threading.Event(), threading.Event()
    get, rmdir = CosObjectStore.get, os.rmdir

    def getting(store: CosObjectStore, key: str) -> Fetched:
        found = get(store, key)
        if key == failing:
            assert asked.wait(60)
        elif key == late:
            asked.set()
            assert deleting.wait(60)
        return found

    def removing(path: str, *, dir_fd: int | None = None) -> None:
        if Path(path).name.startswith("sitepub-preview-"):
            deleting.set()
            assert arrived.wait(60)
        rmdir(path, dir_fd=dir_fd)

    monkeypatch.setattr(CosObjectStore, "get", getting)
    monkeypatch.setattr(os, "rmdir", removing)
    monkeypatch.setattr(Counted, "sent", lambda _view, name, _count: arrived.set() if name == late else None)


def test_other_devices_see_the_website_and_nothing_else(
    local_cloud: LocalCloud, sitepub: Sitepub, make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site("pv-lan", {"index.html": "<h1>lan</h1>", "404.html": "no", "big.bin": b"x" * 700_000})
    report = sitepub.deploy(site.folder, "--preview", "new")
    monkeypatch.setattr(lan, "own_address", lambda: "127.0.0.1")
    name = urlsplit(report["url"]).netloc
    with served_in_the_network(local_cloud.address, name) as url:
        host = urlsplit(url).netloc

        def ask(method: str, path: str, **headers: str) -> tuple[int, bytes]:
            connection = http.client.HTTPConnection(host, timeout=30)
            try:
                connection.request(method, path, headers=headers)
                answer = connection.getresponse()
                return answer.status, answer.read()
            finally:
                connection.close()

        assert ask("GET", "/") == (200, b"<h1>lan</h1>")
        assert ask("HEAD", "/") == (200, b"")
        assert ask("GET", "/big.bin") == (200, b"x" * 700_000)
        assert ask("GET", "/big.bin", Range="bytes=0-9") == (206, b"x" * 10)
        assert ask("GET", "/nothing")[0] == 404
        for path in ("/-/health", "/-/visits", "/?acl", "/?location"):
            assert b"secret" not in ask("GET", path, **local_cloud.allowed, Host="127.0.0.1")[1]
        assert ask("GET", "/-/health", Host=f"127.0.0.1:{local_cloud.port}")[0] == 404
        for method in ("PUT", "POST", "DELETE", "OPTIONS"):
            assert ask(method, "/index.html")[0] == 501
        gone = replace(local_cloud.address, port=1)
        with served_in_the_network(gone, name) as other:
            host = urlsplit(other).netloc
            assert ask("GET", "/")[0] == 502


def test_a_computer_without_a_network_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nowhere:
        def __init__(self, *_: object) -> None:
            raise OSError

    monkeypatch.setattr(socket, "socket", Nowhere)
    with pytest.raises(SitepubError, match="in no network"):
        own_address()
