"""Two computers whose clocks are hours or a day apart, and the cloud's is right: real processes. No living lock is
taken, nothing is deleted before its time by the cloud's clock, and both end in the same site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sitepub.publish.locking.lock import Lock
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.object_store import CosObjectStore
from tests.amount import AMOUNT
from tests.conftest import LocalCloud
from tests.e2e.conftest import MakeSite, Run, Site, Sitepub, Visitor
from tests.program import starting
from tests.program.troubled import Trouble

pytest.importorskip("resource")  # POSIX
HOUR, DAY = 3600.0, 86400.0
PAIRS = [(DAY, -HOUR)] if AMOUNT != "long" else [
    (one, other) for one in (-DAY, -HOUR, 0.0, HOUR, DAY) for other in (-DAY, -HOUR, HOUR, DAY) if one != other]


@dataclass(frozen=True)
class Computer:
    """With a home of its own."""

    sitepub: Sitepub
    home: Path
    clock: float

    def __call__(self, site: Site, *words: str) -> Run:
        environ = {**self.sitepub.environ, "SITEPUB_HOME": str(self.home), **Trouble(clock=self.clock).environ}
        return Run(*starting.run("tests.program.troubled", words, cwd=site.folder, environ=environ, timeout=120))


@pytest.fixture
def state(local_cloud: LocalCloud) -> Iterator[CosObjectStore]:
    account = Cloud(Credentials(local_cloud.secret_id, local_cloud.secret_key), local_cloud.app_id, local_cloud.region,
                    local_cloud.address)
    store = CosObjectStore(account, f"sitepub-state-{local_cloud.region}-{local_cloud.app_id}")
    yield store
    store.close()


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_computers_whose_clocks_are_apart(one: float, other: float, sitepub: Sitepub, make_site: MakeSite,
                                              visitor: Visitor, state: CosObjectStore, tmp_path: Path) -> None:
    site = make_site(f"clocks{one:.0f}x{other:.0f}".replace("-", "m"), {
        "index.html": "<h1>1</h1>", "404.html": "none", "old.css": "p{}"})
    first = Computer(sitepub, tmp_path / "one", one)
    second = Computer(sitepub, tmp_path / "other", other)

    def done(run: Run) -> Run:
        assert run.code == 0 and "Traceback" not in run.err, run.err
        return run

    url = str(done(first(site, "deploy", "--local", "--yes", "--json")).json["url"])
    # What the site drops stays for a week, by the cloud's clock: for neither computer it is over.
    (site.folder / "src/old.css").unlink()
    site.write({"index.html": "<h1>2</h1>"})
    done(second(site, "deploy", "--local", "--yes"))
    site.write({"index.html": "<h1>3</h1>"})
    done(first(site, "deploy", "--local", "--yes"))
    assert visitor.get(url, "/old.css").body == b"p{}" and visitor.get(url).body == b"<h1>3</h1>"
    # The newest release is the last one, whatever was on the clock of its computer.
    releases = done(second(site, "releases", "--local", "--json")).json["releases"]
    assert [release["id"] for release in releases] == sorted((release["id"] for release in releases), reverse=True)
    assert releases[0]["live"] and len(releases) == 3
    # A way back on the other computer, and what it keeps is all there.
    done(second(site, "rollback", releases[-1]["id"], "--local", "--yes"))
    assert visitor.get(url).body == b"<h1>1</h1>"
    # A living lock of the one is a living lock for the other.
    prefix = next(there.key.removesuffix("state.json.gz") for there in state.list(f"{site.name}/")
                  if there.key.endswith("state.json.gz"))
    held = Lock(state, prefix)
    with held:
        site.write({"index.html": "<h1>4</h1>"})
        for computer in (first, second) if AMOUNT == "long" else (second,):
            run = computer(site, "deploy", "--local", "--yes")
            assert run.code == 5 and "is deploying this site" in run.err, run.err
            run = computer(site, "remove", "--local", "--yes")
            assert run.code == 5 and "is deploying this site" in run.err, run.err
    assert visitor.get(url).body == b"<h1>1</h1>"
    if AMOUNT != "long":
        done(second(site, "remove", "--local", "--yes"))
        assert visitor.get(url).status == 404
        return
    # A preview of the one, that the other does not take for expired.
    preview = done(first(site, "deploy", "--local", "--yes", "--json", "--preview", "new")).json["url"]
    site.write({"index.html": "<h1>5</h1>"})
    done(second(site, "deploy", "--local", "--yes"))
    done(second(site, "previews", "prune", "--local", "--yes"))
    assert visitor.get(str(preview)).body == b"<h1>4</h1>", "a week is not over"
    doctor = second(site, "doctor", "--local")
    assert ("slow" if other < 0 else "fast") in doctor.out and "Set this computer's clock" in doctor.out
    done(second(site, "previews", "remove", "new", "--local", "--yes"))
    done(first(site, "remove", "--local", "--yes"))
    assert visitor.get(url).status == 404
