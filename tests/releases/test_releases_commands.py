"""The list of releases, their names, the stages of an app, and the lock, through the program itself."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.actions.releases.history import check_name, find, marked
from sitepub.errors import NotFound, Refused, UsageError
from sitepub.publish.locking.lock import Lock, read_lock
from sitepub.publish.states.state import ReleaseInfo, ReleaseMark, State
from sitepub.publish.states.state_store import StateStore
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.object_store import CosObjectStore
from tests.conftest import LocalCloud
from tests.e2e.conftest import MakeSite, Site, Sitepub, Visitor

IDS = ["20261129T120000Z-000001", "20261129T110000Z-000001", "20261128T110000Z-000001"]


def state(marks: tuple[ReleaseMark, ...] = (), live: str = IDS[0]) -> State:
    return State(version=2, app="a", stage="dev", name="s", region="ap-guangzhou", bucket="b-1250000000", marks=marks,
                 release=ReleaseInfo(id=live, at="2026-11-29T12:00:00+00:00", by="ann@pc"))


@pytest.mark.parametrize(("name", "id"), [
    (IDS[1], IDS[1]), ("live", IDS[0]), ("20261128", IDS[2]), ("20261128T11", IDS[2]), ("20261129T12", IDS[0]),
    ("stable", IDS[2]), ("20261129T110000Z-00000", IDS[1])])
def test_a_release_is_found_by_what_it_is_called(name: str, id: str) -> None:
    assert find(name, state((ReleaseMark(IDS[1], "stable", "", ""), ReleaseMark(IDS[2], "stable", "", ""))), IDS) == id


@pytest.mark.parametrize(("name", "error"), [
    ("20261129", UsageError), ("2026", NotFound), ("", NotFound), ("stabel", NotFound), ("20250101", NotFound),
    ("gone", NotFound), ("LIVE", NotFound)])
def test_what_means_no_release_or_several_is_an_error(name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        find(name, state((ReleaseMark("20200101T000000Z-000000", "gone", "", ""),)), IDS)


@given(st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(["stable", "v1", "v2"]), st.booleans()), max_size=12))
def test_a_name_means_the_release_that_got_it_last(history: list[tuple[str, str, bool]]) -> None:
    marks: tuple[ReleaseMark, ...] = ()
    model: dict[str, list[str]] = {}
    for release, name, remove in history:
        marks = marked(marks, release, name, remove=remove, at=datetime.now(UTC))
        those = model.setdefault(name, [])
        if release in those and (remove or those[-1] != release):
            those.remove(release)
        if not remove and (not those or those[-1] != release):
            those.append(release)
    for name, those in model.items():
        assert [mark.release for mark in marks if mark.name == name] == those
        if those:
            assert find(name, state(marks), IDS) == those[-1]


@pytest.fixture
def states(local_cloud: LocalCloud) -> Iterator[CosObjectStore]:
    """The state bucket."""
    account = Cloud(Credentials(local_cloud.secret_id, local_cloud.secret_key), local_cloud.app_id, local_cloud.region,
                    local_cloud.address)
    store = CosObjectStore(account, f"sitepub-state-{local_cloud.region}-{local_cloud.app_id}")
    yield store
    store.close()


def publish(sitepub: Sitepub, site: Site, text: str, *options: str) -> str:
    """Deploy another page; the id of the release."""
    site.write({"index.html": text})
    sitepub.deploy(site.folder, *options)
    return str(sitepub("releases", "--local", "--json", *options, cwd=site.folder).json["releases"][0]["id"])


def test_releases_are_listed_and_named(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("rel-listed")
    ids = [publish(sitepub, site, f"page {number}") for number in range(3)]
    told = sitepub("releases", "--local", "--json", cwd=site.folder)
    assert [one["id"] for one in told.json["releases"]] == ids[::-1]
    assert [one["live"] for one in told.json["releases"]] == [True, False, False]
    assert told.json["releases"][0]["uploaded"] == 1 and told.json["total"] == 3
    marked = sitepub("mark", ids[1], "stable", "--local", "--json", cwd=site.folder)
    assert marked.code == 0 and marked.json["changed"] is True
    assert sitepub("mark", "stable", "stable", "--local", "--json", cwd=site.folder).json["changed"] is False
    shown = sitepub("releases", "--local", cwd=site.folder).out
    assert re.search(rf"{ids[1]}.*stable", shown) and re.search(rf"{ids[2]}.*live", shown)
    assert sitepub("mark", "live", "stable", "--local", "--json", cwd=site.folder).json["release"] == ids[2]
    taken = sitepub("mark", "stable", "stable", "--remove", "--local", "--json", cwd=site.folder)
    assert taken.json["release"] == ids[2]
    marks = {one["id"]: one["marks"] for one in sitepub("releases", "--local", "--json", cwd=site.folder
                                                        ).json["releases"]}
    assert marks == {ids[0]: [], ids[1]: ["stable"], ids[2]: []}
    publish(sitepub, site, "page 4")
    again = sitepub("releases", "--local", "--json", cwd=site.folder).json["releases"]
    assert {one["id"]: one["marks"] for one in again}[ids[1]] == ["stable"], "a deploy keeps the names"


@pytest.mark.parametrize("name", ["", "1st", "a b", "live", "-x", "stable!", "x" * 65, "名", "../x", "20261129"])
def test_what_cannot_be_a_name(name: str) -> None:
    with pytest.raises(UsageError):
        check_name(name)


def test_a_release_that_does_not_exist(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("rel-unknown")
    assert sitepub("releases", "--local", cwd=site.folder).code == 1
    publish(sitepub, site, "1")
    run = sitepub("mark", "20200101T000000Z-000000", "stable", "--local", cwd=site.folder)
    assert run.code == 1 and "there is no release" in run.err and "sitepub releases" in run.err


def test_one_damaged_record_does_not_hide_the_others(sitepub: Sitepub, make_site: MakeSite,
                                                     states: CosObjectStore) -> None:
    site = make_site("rel-damaged")
    ids = [publish(sitepub, site, f"page {number}") for number in range(2)]
    states.put(f"rel-damaged/dev/rel-damaged/releases/{ids[0]}.json.gz", b"no gzip", {})
    found = sitepub("releases", "--local", "--json", cwd=site.folder).json["releases"]
    assert found[0]["id"] == ids[1] and "problem" not in found[0]
    assert found[1]["id"] == ids[0] and "damaged" in found[1]["problem"]


def test_stages_of_all_regions(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("rel-staged")
    publish(sitepub, site, "dev")
    sitepub.deploy(site.folder, "--stage", "testing")
    site.configure(region="ap-beijing")
    sitepub.deploy(site.folder, "--stage", "prod")
    run = sitepub("stages", "--local", "--json", cwd=site.folder)
    stages = {one["stage"]: one for one in run.json["stages"]}
    assert sorted(stages) == ["dev", "prod", "testing"]
    assert stages["prod"]["region"] == "ap-beijing" and stages["dev"]["region"] == "ap-guangzhou"
    assert all(one["release"]["id"] and one["url"].startswith("http") and not one["unfinished"]
               for one in stages.values())
    shown = sitepub("stages", "--local", cwd=site.folder).out
    assert re.search(r"^testing +2\d{7}T", shown, re.MULTILINE)


def test_the_lock_of_a_living_run_is_taken_away_after_a_yes_only(sitepub: Sitepub, make_site: MakeSite,
                                                                 states: CosObjectStore) -> None:
    site = make_site("rel-alive")
    sitepub.deploy(site.folder)
    assert "is not locked" in sitepub("unlock", "--local", cwd=site.folder).out
    with pytest.raises(Refused, match="lost"), Lock(states, "rel-alive/dev/rel-alive/", lease=5) as lock:
        refused = sitepub("unlock", "--local", cwd=site.folder)
        assert refused.code == 5 and "may still be at work" in refused.err and "--yes" in refused.err
        lock.still_ours()
        taken = time.monotonic()
        done = sitepub("unlock", "--local", "--yes", "--json", cwd=site.folder)
        assert done.json["was_alive"] is True and "@" in done.json["holder"] and 0 < done.json["free_in"] <= 7
        lock.still_ours()
    site.write({"index.html": "after the lock was taken away"})
    early = sitepub("deploy", "--local", cwd=site.folder)
    if time.monotonic() - taken < done.json["free_in"]:
        assert early.code == 5 and "sitepub unlock" in early.err, "another run has it no sooner than was said"
    sitepub.deploy(site.folder, "--lock-timeout", "30")


@pytest.mark.parametrize("lease", [0.5, 1.0])
def test_a_lock_that_has_run_out_is_left_to_the_next_deploy(sitepub: Sitepub, make_site: MakeSite,
                                                            states: CosObjectStore, lease: float) -> None:
    site = make_site(f"rel-over-{lease:.0f}")
    sitepub.deploy(site.folder)
    prefix = f"{site.name}/dev/{site.name}/"
    lock = Lock(states, prefix, lease=lease, renewal=1000)
    lock.acquire()
    time.sleep(lease + 2)
    done = sitepub("unlock", "--local", cwd=site.folder)
    assert done.code == 0 and "has run out" in done.out
    assert read_lock(states, f"{prefix}lock") is not None, "it tells the next deploy what to be careful about"
    site.write({"index.html": "next"})
    sitepub.deploy(site.folder)
    lock.release()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_the_lock_of_a_dead_run_goes_without_a_question(sitepub: Sitepub, make_site: MakeSite,
                                                        states: CosObjectStore) -> None:
    site = make_site("rel-dead", {"index.html": "home", **{f"{number}.html": "x" * number for number in range(1, 400)}})
    process = caught_with_the_lock(sitepub, site, states, signal.SIGKILL)
    process.communicate(timeout=60)
    done = sitepub("unlock", "--local", "--json", cwd=site.folder)
    assert done.code == 0 and done.json["was_alive"] is False, done.err
    sitepub.deploy(site.folder)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGSTOP is POSIX")
def test_a_run_whose_lock_was_taken_away_writes_nothing_more(sitepub: Sitepub, make_site: MakeSite,
                                                             states: CosObjectStore, visitor: Visitor) -> None:
    site = make_site("rel-sleeper", {"index.html": "home", **{
        f"{number}.html": "old" * number for number in range(1, 400)}})
    process = caught_with_the_lock(sitepub, site, states, signal.SIGSTOP, SITEPUB_LEASE="6")
    try:
        assert sitepub("unlock", "--local", "--yes", cwd=site.folder).code == 0
        site.write({"late.html": "late"})  # what the first run publishes stays as it is: else it stops for that
        url = sitepub.deploy(site.folder, "--lock-timeout", "60")["url"]
    finally:
        process.send_signal(signal.SIGCONT)
    _out, err = process.communicate(timeout=120)
    assert process.returncode == 5, err
    assert visitor.get(url, "/late.html").body == b"late"
    assert all(visitor.get(url, f"/{number}.html").body.startswith(b"old") for number in range(1, 400, 7))
    plan = sitepub("plan", "--local", "--json", "--verify", cwd=site.folder)
    assert plan.json["status"] == "unchanged", plan.out + plan.err


def caught_with_the_lock(sitepub: Sitepub, site: Site, states: CosObjectStore, number: signal.Signals,
                         **environ: str) -> subprocess.Popen[str]:
    """A deploy that got the signal while it held the lock and had written its journal: one that was stopped before that
    may take the lock once more when it goes on, as if it had only begun then."""
    prefix = f"{site.name}/dev/{site.name}/"

    def at_work() -> bool:
        return read_lock(states, f"{prefix}lock") is not None and journal_is_there(states, prefix)

    for _ in range(10):
        process = sitepub.start("deploy", "--local", cwd=site.folder, **environ)
        while process.poll() is None:
            if at_work():
                process.send_signal(number)
                time.sleep(0.05)
                if at_work():
                    return process
                process.send_signal(signal.SIGCONT)
        process.communicate(timeout=60)
        for page in range(1, 400):
            site.write({f"{page}.html": f"old{time.monotonic()}"})
    raise AssertionError("no deploy was caught while it held the lock")


def journal_is_there(states: CosObjectStore, prefix: str) -> bool:
    state = StateStore(states, prefix).load()
    return state is not None and state.pending is not None
