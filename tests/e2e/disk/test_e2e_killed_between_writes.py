"""Killed, or without room on the disk, at any change of a file on this computer: the index, the caches, what is known
of projects, the keys. Each file is the old or the new one afterwards, no half one is believed, and the next run works.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sitepub.tencent.account.profiles import read_profiles, save_profile
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.object_store import CosObjectStore
from tests.amount import AMOUNT
from tests.conftest import LocalCloud
from tests.e2e.conftest import MakeSite, Run, Site, Sitepub
from tests.program import starting
from tests.program.troubled import Trouble

pytest.importorskip("resource")  # POSIX

LATER = 100.0
"""Seconds that the clock is ahead: what was written just now is not remembered, since it may be changed again."""
LIMITS = (0, 1, 20, 100, 1000, 4096, 5000, 8192, 12_288, 20_000)
FEW = 2
"""Moments that the usual run tries, chosen anew when their number changes."""


@dataclass
class Computer:
    sitepub: Sitepub
    site: Site
    store: CosObjectStore
    root: Path
    number: int = 0

    def run(self, trouble: Trouble, *words: str) -> Run:
        environ = {**self.sitepub.environ, **trouble.environ}
        return Run(*starting.run("tests.program.troubled", words, cwd=self.site.folder, environ=environ, timeout=120))

    def change(self) -> None:
        """Another site, on a computer that knows nothing of it yet: it writes the most."""
        self.number += 1
        environ = {**self.sitepub.environ, "SITEPUB_HOME": str(self.root / str(self.number))}
        self.sitepub = replace(self.sitepub, environ=environ)
        self.site.write({"index.html": f"<h1>{self.number}</h1>", f"new/{self.number}.txt": "new",
                         f"assets/a{self.number % 2}.css": f"p{{order:{self.number}}}"})
        old = self.site.folder / f"src/new/{self.number - 2}.txt"
        old.unlink(missing_ok=True)

    def is_live(self) -> bool:
        found = {there.key: self.store.get(there.key).data for there in self.store.list()}
        return found == self.site.published()

    def next_run_works(self, before: object) -> None:
        again = self.sitepub("deploy", "--local", "--json", "--yes", cwd=self.site.folder)
        assert again.code == 0 and "Traceback" not in again.err, (before, again.err)
        assert self.is_live(), before
        if AMOUNT == "long":
            plan = self.sitepub("plan", "--local", "--json", cwd=self.site.folder)
            assert plan.json["status"] == "unchanged", before


@pytest.fixture
def computer(local_cloud: LocalCloud, sitepub: Sitepub, make_site: MakeSite, home: Path) -> Iterator[Computer]:
    site = make_site("killed-files", {"index.html": "<h1>0</h1>", "404.html": "none"}, releases={"keepAssets": 0})
    name = str(sitepub.deploy(site.folder)["bucket"])
    account = Cloud(Credentials(local_cloud.secret_id, local_cloud.secret_key), local_cloud.app_id, local_cloud.region,
                    local_cloud.address)
    store = CosObjectStore(account, name)
    yield Computer(sitepub, site, store, home)
    store.close()


def moments(computer: Computer) -> list[int]:
    """Changes of files that a deploy makes, by their number."""
    computer.change()
    done = computer.run(Trouble(clock=LATER, below=computer.root, log=True), "deploy", "--local", "--yes")
    number = done.err.count("change ")
    assert done.code == 0 and number > 5, done.err
    few = sorted(random.Random(number).sample(range(number), FEW))
    return list(range(number)) if AMOUNT == "long" else few


def test_killed_before_any_change_of_a_file_the_next_run_works(computer: Computer) -> None:
    for at in moments(computer):
        computer.change()
        done = computer.run(Trouble(clock=LATER, below=computer.root, kill_at=at), "deploy", "--local", "--yes")
        assert done.code == -signal.SIGKILL, (at, done.err)
        computer.next_run_works((at, done))


def test_killed_in_the_middle_of_writing_any_file_the_next_run_works(computer: Computer) -> None:
    ends = []
    for limit in LIMITS if AMOUNT == "long" else (1000,):
        computer.change()
        done = computer.run(Trouble(clock=LATER, limit=limit, killed_by_limit=True), "deploy", "--local", "--yes")
        ends.append(done.code)
        computer.next_run_works((limit, done))
    assert -signal.SIGXFSZ in ends, ends


def test_with_a_disk_that_gets_full_at_any_moment_the_deploy_itself_works(computer: Computer) -> None:
    at_any = moments(computer) if AMOUNT == "long" else [5]
    tries = [Trouble(clock=LATER, below=computer.root, fail_at=at) for at in at_any]
    tries += [Trouble(clock=LATER, limit=limit) for limit in (LIMITS if AMOUNT == "long" else ())]
    for trouble in tries:
        computer.change()
        done = computer.run(trouble, "deploy", "--local", "--yes", "--json")
        assert done.code == 0 and "Traceback" not in done.err, (trouble, done.err)
        assert computer.is_live(), trouble
        computer.next_run_works(trouble)


def test_the_file_of_keys_is_the_old_or_the_new_one(tmp_path: Path) -> None:
    """In forked processes: killed before each change, and in the middle of the write."""
    from tests.program.troubled.__main__ import begin

    environ = {"SITEPUB_HOME": str(tmp_path)}
    old, new = Credentials("AKIDold", "old-secret"), Credentials("AKIDnew", "new-secret" * 50)
    other = Credentials("AKIDother", "other-secret")
    path = save_profile("default", old, environ)
    save_profile("other", other, environ)
    before = path.read_bytes()
    tries = [Trouble(below=tmp_path, kill_at=at) for at in range(4)]
    tries += [Trouble(limit=limit, killed_by_limit=kills) for limit in (0, 50, 9000) for kills in (True, False)]
    ends = set()
    for trouble in tries:
        path.write_bytes(before)
        pid = os.fork()
        if not pid:
            try:
                begin(trouble)
                save_profile("default", new, environ)
            except BaseException:
                os._exit(1)
            os._exit(0)
        ends.add(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        found = read_profiles(environ).by_name
        assert found["other"].secret_key == "other-secret"
        assert found["default"].secret_key in ("old-secret", new.secret_key)
    assert ends >= {0, 1, -signal.SIGKILL, -signal.SIGXFSZ}
    assert path.stat().st_mode & 0o077 == 0
