"""Two CI jobs of one commit at the same time, one of which is cancelled: GitHub Actions and GitLab send SIGTERM (or
SIGINT) and, after a while, SIGKILL. The other ends in the right site, and the lock is free afterwards."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.object_store import CosObjectStore
from tests.amount import AMOUNT
from tests.conftest import LocalCloud, running_cloud
from tests.e2e.conftest import MakeSite, Sitepub, Visitor, make_sitepub
from tests.program import starting

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGSTOP and SIGKILL are POSIX")
FILES = 60
MOMENTS = (1, 20, 40, FILES) if AMOUNT == "long" else (20,)
"""Objects that are there when the job is cancelled."""
HOW = ("SIGTERM", "SIGTERM, then SIGKILL", "SIGKILL") if AMOUNT == "long" else ("SIGTERM, then SIGKILL",)


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("cloud") / "data", "--latency", "20") as cloud:
        yield cloud


def keys(store: CosObjectStore) -> list[str]:
    return [there.key for there in store.list()]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("how", HOW)
def test_of_two_jobs_of_one_commit_one_is_cancelled(how: str, moment: int, slow: LocalCloud, make_site: MakeSite,
                                                    home: Path) -> None:
    sitepub: Sitepub = make_sitepub(slow, home)
    name = f"jobs-{how.lower().replace(', then ', '-')}-{moment}"
    site = make_site(name, {"index.html": "<h1>Hello</h1>", "404.html": "none"}, bucketName=name)
    site.write({f"f{number}.txt": f"{number}" for number in range(FILES)})
    account = Cloud(Credentials(slow.secret_id, slow.secret_key), slow.app_id, slow.region, slow.address)
    store = CosObjectStore(account, f"{name}-{slow.app_id}")
    state = CosObjectStore(account, f"sitepub-state-{slow.region}-{slow.app_id}")

    def start(who: str, *words: str) -> starting.Running:
        environ = {**sitepub.environ, "CI": "true", "SITEPUB_HOME": str(home / who)}
        return starting.start("sitepub", ["deploy", "--local", "--yes", *words], cwd=site.folder, environ=environ)

    job = start("job")
    other = None
    try:
        deadline = time.monotonic() + 60
        while True:
            assert job.poll() is None and time.monotonic() < deadline
            try:
                if len(keys(store)) >= moment:
                    break
            except Exception:  # the bucket is not there yet
                time.sleep(0.05)
        other = start("other", "--lock-timeout", "90")
        if how == "SIGTERM, then SIGKILL":
            job.send_signal(signal.SIGSTOP)  # a runner so busy that the program does not get to anything
        if "SIGTERM" in how:
            job.send_signal(signal.SIGTERM)
        if "SIGKILL" in how:
            job.kill()
        _, words = job.communicate(timeout=30)
        assert job.returncode in ((130, 0) if how == "SIGTERM" else (-signal.SIGKILL, 0)), words
        _, words = other.communicate(timeout=100)
        assert other.returncode == 0 and "Traceback" not in words, words
        assert set(keys(store)) == site.published().keys()
        assert not [key for key in keys(state) if key.startswith(f"{name}/") and key.endswith("/lock")], "it is free"
        plan = sitepub("plan", "--local", "--json", cwd=site.folder)
        assert plan.json["status"] == "unchanged", plan.err
        url = sitepub("info", "--local", "--json", cwd=site.folder).json["url"]
        assert Visitor(slow).get(url).body == b"<h1>Hello</h1>"
    finally:
        for process in (job, other):
            if process is not None and process.poll() is None:
                process.kill()
                process.communicate()
        store.close()
        state.close()
