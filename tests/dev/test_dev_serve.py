"""``--serve``: a preview on the embedded cloud beside the real one (here: another embedded cloud)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from sitepub.actions.connect import connect
from sitepub.actions.dev import open_loop
from sitepub.config.load import load_project
from sitepub.config.project import Project
from sitepub.dev.loop import Loop
from sitepub.dev.options import DevOptions
from sitepub.dev.purging import Purge
from sitepub.dev.view import Commands, Published
from sitepub.errors import Problem, SitepubError
from sitepub.logs.visit import Visit
from sitepub.publish.prepare import Prepared
from sitepub.publish.progress import Progress, Silent
from sitepub.settings.steps import SettingStep
from sitepub.tencent.cloud import Cloud, Credentials
from tests.conftest import LocalCloud, running_cloud
from tests.dev.dev_process import Site, until


@dataclass
class Notes:
    """A view that only takes notes."""

    reported: list[str] = field(default_factory=list)
    errors: list[SitepubError] = field(default_factory=list)
    done: list[Published] = field(default_factory=list)
    hook_columns: int | None = None

    def at(self, url: str) -> None:
        pass

    def start(self, commands: Commands) -> None:
        pass

    def ready(self, commands: Commands) -> None:
        pass

    def stop(self) -> None:
        pass

    def visit(self, visit: Visit) -> None:
        pass

    def hook_line(self, line: str) -> None:
        self.reported.append(line)

    def tool_line(self, line: str) -> None:
        self.reported.append(line)

    def warn(self, problem: Problem) -> None:
        self.reported.append(problem.message)

    def note(self, text: str) -> None:
        self.reported.append(text)

    def error(self, error: SitepubError) -> None:
        self.errors.append(error)

    def waiting(self, why: str) -> None:
        self.reported.append(f"waiting: {why}")

    def phase(self, text: str) -> None:
        pass

    def published(self, what: Published) -> None:
        self.done.append(what)

    def approve(self, prepared: Prepared) -> None:
        pass

    def transfer(self) -> AbstractContextManager[Progress]:
        return nullcontext(Silent())

    def setting(self, step: SettingStep) -> None:
        pass


def cloud_of(local: LocalCloud) -> Cloud:
    return Cloud(Credentials(local.secret_id, local.secret_key), local.app_id, "ap-guangzhou",
                 local.address)


@contextmanager
def with_preview(site: Site, environ: dict[str, str], purge: Purge | None = None) -> Iterator[tuple[Loop, Notes]]:
    """``dev --serve`` in a thread of this process."""
    notes = Notes()
    options = DevOptions(site.root / "serverless.yml", serve=True)
    project = load_project(options.config_file, environ=environ)
    loop = open_loop(project, options, notes, environ, purge=purge)
    thread = threading.Thread(target=loop.run, args=(threading.Event(),))
    thread.start()
    try:
        yield loop, notes
    finally:
        loop.quit()
        thread.join(30)
        assert not thread.is_alive()


def stand_in(monkeypatch: pytest.MonkeyPatch, real: LocalCloud) -> None:
    """Whoever asks for the real cloud gets this one."""
    def elsewhere(project: Project, *, local: bool, **rest: Any) -> Cloud:
        return connect(project, local=True, **rest) if local else cloud_of(real)

    monkeypatch.setattr("sitepub.actions.dev.connect", elsewhere)


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCloud]:
    """The cloud that stands for the real one."""
    with running_cloud(tmp_path / "real") as cloud:
        stand_in(monkeypatch, cloud)
        yield cloud


def environment(local_cloud: LocalCloud) -> dict[str, str]:
    return {**os.environ, "SITEPUB_LOCAL_DATA": str(local_cloud.data)}


def test_both_clouds_get_the_site_and_browsers_look_at_the_preview(
        site: Site, local_cloud: LocalCloud, real: LocalCloud, home: Path) -> None:
    del home
    there = replace(site, cloud=real)
    with with_preview(site, environment(local_cloud)) as (loop, notes):
        site.wait_until_equal()
        there.wait_until_equal()
        assert f":{local_cloud.port}" in loop.url
        site.write({"posts/00.html": "changed"})
        site.wait_until_equal()
        there.wait_until_equal()
        until(lambda: [one.target for one in notes.done] == ["preview", "site"] * 2, "four publishes")
        assert notes.errors == []


def test_the_preview_goes_on_while_the_real_cloud_is_out_of_reach(
        site: Site, local_cloud: LocalCloud, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del home
    with ExitStack() as stack:
        with running_cloud(tmp_path / "real") as cloud:
            stand_in(monkeypatch, cloud)
            there = replace(site, cloud=cloud)
            _, notes = stack.enter_context(with_preview(site, environment(local_cloud)))
            there.wait_until_equal()
        site.write({"posts/00.html": "saved meanwhile"})
        site.wait_until_equal()
        until(lambda: any(line.startswith("waiting") for line in notes.reported), "the waiting")
        stack.enter_context(running_cloud(tmp_path / "real", "--port", str(cloud.port)))
        there.wait_until_equal()
        assert sum(line.startswith("waiting") for line in notes.reported) == 1 and notes.errors == []


def test_what_has_changed_is_handed_to_the_purge_and_the_preview_is_not_purged(
        site: Site, local_cloud: LocalCloud, real: LocalCloud, home: Path) -> None:
    del home
    assert real.port != local_cloud.port
    purged: list[Sequence[str]] = []

    def purge(project: Project, keys: Sequence[str]) -> None:
        assert project.name == site.name
        purged.append(keys)
        raise SitepubError("the quota is used up")

    site.configure(hosts=[{"host": f"www.{site.name}.com", "onlyRefresh": True}])
    with with_preview(site, environment(local_cloud), purge) as (loop, notes):
        until(lambda: len(purged) == 1, "the first purge")
        site.write({"css/site.css": "h1{}"})
        until(lambda: len(purged) == 2, "the second purge")
        loop.publish_all()
        until(lambda: len(notes.done) == 6, "a third look")
    assert purged[1] == ["css/site.css"] and len(purged) == 2
    assert [error.message for error in notes.errors] == ["the quota is used up"] * 2
