"""Whatever happens to a folder, to the embedded cloud, to other deploys and to dev itself: the bucket ends equal to the
folder, and a deploy afterwards has nothing to do."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.amount import times
from tests.conftest import LocalCloud, running_cloud
from tests.dev.conftest import PAGES
from tests.dev.dev_process import DevProcess, Site, environment, until
from tests.program import starting

SEEDS = range(times(3, quick=1))


class World:
    """One site, its own embedded cloud, one dev, and what may happen to them."""

    def __init__(self, site: Site, data: Path, home: Path, luck: random.Random, cloud: LocalCloud,
                 stack: contextlib.ExitStack) -> None:
        self.site, self.data, self.home, self.luck = site, data, home, luck
        self.number = 0
        self.site.cloud, self._stack = cloud, stack
        self.dev = self.start_dev()

    def start_dev(self) -> DevProcess:
        return DevProcess(self.site, environment(self.site.cloud, self.home), "--allow-delete", "--no-logs")

    def sitepub(self, *words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(words, *starting.run(
            "sitepub", [*words, "--local", "--json"], cwd=folder or self.site.root,
            environ=environment(self.site.cloud, self.home), timeout=300))

    def pause(self) -> None:
        time.sleep(self.luck.choice((0, 0, 0.01, 0.03, 0.06, 0.15, 0.3)))

    def some_file(self) -> Path:
        files = [path for path in self.site.published.rglob("*") if path.is_file()
                 and path.name not in ("index.html", "error.html")]
        return self.luck.choice(sorted(files)) if files else self.site.published / "index.html"

    # -- what may happen -----------------------------------------------------------------------------------

    def write(self) -> None:
        self.site.write({f"d{self.luck.randint(0, 3)}/{self.luck.randint(0, 9)}.html": f"{self.number}"})

    def delete(self) -> None:
        file = self.some_file()
        if file.name != "index.html":
            file.unlink()

    def rename_a_folder(self) -> None:
        folder = self.some_file().parent
        if folder != self.site.published:
            folder.rename(folder.with_name(f"folder-{self.number}"))

    def rename_by_case(self) -> None:
        file = self.some_file()
        if file.name != "index.html":
            file.rename(file.with_name(file.name.swapcase()))

    def replace_with_same_size_and_time(self) -> None:
        file = self.some_file()
        status, beside = file.stat(), file.with_name("beside.tmp")
        beside.write_bytes(self.luck.randbytes(status.st_size))
        os.utime(beside, ns=(status.st_atime_ns, status.st_mtime_ns))
        beside.replace(file)

    def storm(self) -> None:
        for number in range(self.luck.choice((50, 800, 2500))):
            path = self.site.published / f"storm/{number % 20}/{number % 90}.html"
            path.parent.mkdir(parents=True, exist_ok=True)
            if number % 7 == 3 and path.exists():
                path.unlink()
            else:
                path.write_text(f"{self.number} {number}")

    def exchange_the_folder(self) -> None:
        other = self.site.root / f"other-{self.number}"
        shutil.copytree(self.site.published, other)
        (other / f"of-{self.number}.html").write_text("x")
        self.site.published.rename(self.site.root / f"former-{self.number}")
        self.pause()
        other.rename(self.site.published)

    def grow(self) -> None:
        with (self.site.published / "growing.bin").open("ab") as stream:
            for _ in range(4):
                stream.write(self.luck.randbytes(150_000))
                stream.flush()
                self.pause()

    def mistake_and_repair(self) -> None:
        config = self.site.root / "serverless.yml"
        good = config.read_text()
        config.write_text(good.replace("bucketName", "bucketNam"))
        self.pause()
        config.write_text(good)

    def ignore_and_not(self) -> None:
        ignore = self.site.root / ".sitepubignore"
        ignore.write_text("d0/\nposts/1*\n")
        self.pause()
        ignore.unlink()

    def restart_the_cloud(self, *options: str) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.site.cloud.pid, self.luck.choice((signal.SIGTERM, signal.SIGKILL)))
        self.pause()
        self.write()
        self.pause()
        self._stack.close()
        self.site.cloud = self._stack.enter_context(running_cloud(self.data, *options))

    def bad_network(self) -> None:
        self.restart_the_cloud("--faults", self.luck.choice(("503=0.2", "reset=0.1", "500=0.2", "PUT:503=0.6")))
        self.write()
        time.sleep(0.5)
        self.restart_the_cloud()

    def deploy_of_another_user(self) -> None:
        other = self.site.root / "of-another-user"
        shutil.rmtree(other, ignore_errors=True)
        shutil.copytree(self.site.published, other / "site")
        shutil.copy(self.site.root / "serverless.yml", other)
        (other / "site/index.html").write_text(f"of another user {self.number}")
        (other / "site/theirs.html").write_text("x")
        clone_of_the_team(other)
        ended = self.sitepub("deploy", "--allow-delete", folder=other)
        assert ended.returncode == 0, ended.stdout
        self.write()

    def kill_dev(self) -> None:
        self.site.write({f"many/{number}.html": f"{self.number} {number}" for number in range(60)})
        self.pause()
        self.dev.process.kill()
        self.dev.process.wait()
        if self.luck.random() < 0.5:
            ended = self.sitepub("deploy", "--allow-delete")
            assert ended.returncode == 0 and self.site.settled(), ended.stdout
        self.dev = self.start_dev()
        until(lambda: self.dev.published, "its first publish")


def clone_of_the_team(folder: Path) -> None:
    """Somebody else of the team works in a clone of the same repository: to sitepub it is one project."""
    for words in (("init", "-q"), ("remote", "add", "origin", "https://git.example.com/team/site.git")):
        subprocess.run(["git", *words], cwd=folder, check=True)


HAPPENINGS: tuple[Callable[[World], None], ...] = (
    *(World.write,) * 5, World.delete, World.rename_a_folder, World.rename_by_case,
    World.replace_with_same_size_and_time, World.storm, World.exchange_the_folder, World.grow, World.mistake_and_repair,
    World.ignore_and_not, World.restart_the_cloud, World.bad_network, World.deploy_of_another_user, World.kill_dev)


@pytest.fixture(params=SEEDS)
def world(request: pytest.FixtureRequest, make_site: Callable[..., Site], tmp_path: Path, home: Path
          ) -> Iterator[World]:
    with contextlib.ExitStack() as stack:
        cloud = stack.enter_context(running_cloud(tmp_path / "own-cloud"))
        site = make_site(cloud)
        site.write(PAGES)
        clone_of_the_team(site.root)
        made = World(site, tmp_path / "own-cloud", home, random.Random(request.param), cloud, stack)
        try:
            until(lambda: made.dev.published, "the first publish")
            yield made
        finally:
            made.dev.process.kill()
            made.dev.process.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="folders that are watched cannot be renamed there")
def test_the_bucket_ends_equal_to_the_folder(world: World) -> None:
    happened = []
    for number in range(world.luck.randint(8, 20)):
        world.number = number
        what = world.luck.choice(HAPPENINGS)
        happened.append(what.__name__)
        what(world)
        world.pause()
    world.write()
    try:
        world.site.wait_until_equal()
    except AssertionError as error:
        raise AssertionError(f"{error} after {happened}:\n" + "\n".join(world.dev.lines[-20:])) from None
    events = world.dev.events
    assert {event["version"] for event in events} == {1} and {event["action"] for event in events} == {"dev"}
    assert {one["code"] for one in world.dev.failures} <= {"InvalidConfig", "MissingFolder"}, happened
    assert world.site.cloud.secret_key not in json.dumps(events) + "\n".join(world.dev.lines)
    assert world.dev.end() in (0, 130)
    plan = world.sitepub("plan")
    assert '"status": "unchanged"' in plan.stdout, (happened, plan.stdout)
