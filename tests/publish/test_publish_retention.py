"""Files that a site has dropped stay live for pages that are open, and go with the first deploy after their time."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from sitepub.errors import Refused
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.guards import refuse_mass_deletion
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.plan import Action, Reason
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.publish.retention import Retention
from sitepub.publish.states import shards
from sitepub.publish.states.dev_overlay import OverlayStates
from sitepub.site.snapshot import Snapshot
from tests.amount import times
from tests.publish.memory_cloud import Killed, MemoryCloud
from tests.publish.release.kept import check_all, check_releases, go_back, place_of, state_of
from tests.publish.release.kept import deploy as deploy_with
from tests.publish.sites import BUCKET, as_published, live, plain, site_file, sites, snapshot

DAY = 86400
WEEK = 7 * DAY


def deploy(cloud: MemoryCloud, site: Snapshot, seconds: int = WEEK) -> Outcome:
    return deploy_with(cloud, site, keep_assets=seconds)


def app(version: int, *, page: str = "index.html") -> Snapshot:
    chunk = f"chunk.{version:04d}a1b2.js"
    return snapshot(site_file(page, f"<needs {chunk}>".encode(), "text/html"),
                    site_file(chunk, f"chunk {version}".encode(), "text/javascript"))


@pytest.fixture
def cloud() -> MemoryCloud:
    return MemoryCloud()


def test_a_dropped_asset_stays_for_its_time_and_goes_with_the_first_deploy_after_it(cloud: MemoryCloud) -> None:
    deploy(cloud, app(1))
    outcome = deploy(cloud, app(2))
    assert outcome.status is Status.PUBLISHED and outcome.counts.deleted == 0
    assert set(outcome.prepared.plan.retained) == {"chunk.0001a1b2.js"}
    assert set(live(cloud)) == {"index.html", "chunk.0001a1b2.js", "chunk.0002a1b2.js"}
    state = state_of(cloud)
    assert state is not None and set(state.manifest) == {"index.html", "chunk.0002a1b2.js"}
    assert all(abs(entry.until - cloud.now - WEEK) <= 2 for entry in state.retained.values())
    cloud.now += WEEK - DAY
    cloud.reads.clear()
    cloud.writes.clear()
    assert deploy(cloud, app(2)).status is Status.UNCHANGED
    assert cloud.writes == [] and len(cloud.reads) == 1
    cloud.now += 2 * DAY
    outcome = deploy(cloud, app(2))
    assert [(step.action, step.key, step.reason) for step in outcome.prepared.plan.steps] == [
        (Action.DELETE, "chunk.0001a1b2.js", Reason.EXPIRED)]
    assert live(cloud) == as_published(app(2))
    assert deploy(cloud, app(2)).status is Status.UNCHANGED
    check_releases(cloud)


@pytest.mark.parametrize(("key", "content_type", "stays"), [
    ("app.0a1b2c3d.js", "text/javascript", True), ("site.css", "text/css", True), ("logo.png", "image/png", True),
    ("font.woff2", "font/woff2", True), ("page-data.json", "application/json", True), ("a.txt", "text/plain", True),
    ("data.json", "application/json", True), ("about.html", "text/html", False), ("a.htm", "text/html", False),
    ("about", "text/html", False), ("feed.xml", "application/rss+xml", False), ("sitemap.xml", "text/xml", False),
    ("sw.js", "text/javascript", False), ("robots.txt", "text/plain", False), ("search.json", "text/json", False)])
def test_pages_and_what_speaks_of_pages_go_at_once(
        cloud: MemoryCloud, key: str, content_type: str, stays: bool) -> None:
    rest = plain(rest="1")
    deploy(cloud, snapshot(*rest, site_file(key, b"x", content_type)))
    deploy(cloud, rest)
    assert (key in live(cloud)) is stays


def test_an_asset_that_is_in_the_site_again_is_a_file_of_the_site_again(cloud: MemoryCloud) -> None:
    for version in (1, 2):
        deploy(cloud, app(version))
    cloud.writes.clear()
    outcome = deploy(cloud, app(1))
    assert outcome.status is Status.PUBLISHED
    assert not [key for what, key in cloud.writes if key == "chunk.0001a1b2.js"], "it is there"
    state = state_of(cloud)
    assert state is not None and set(state.retained) == {"chunk.0002a1b2.js"}
    cloud.now += 2 * WEEK
    deploy(cloud, app(1))
    assert live(cloud) == as_published(app(1))


def test_one_that_is_in_the_site_again_with_another_content_is_replaced(cloud: MemoryCloud) -> None:
    deploy(cloud, plain(a="1", rest="1"))
    deploy(cloud, plain(rest="1"))
    outcome = deploy(cloud, plain(a="2", rest="1"))
    assert [step.reason for step in outcome.prepared.plan.steps] == [Reason.CONTENT]
    assert live(cloud) == as_published(plain(a="2", rest="1"))


def test_zero_deletes_at_once_also_what_was_dropped_before(cloud: MemoryCloud) -> None:
    deploy(cloud, app(1))
    deploy(cloud, app(2))
    outcome = deploy(cloud, app(2), 0)
    assert outcome.counts.deleted == 1 and live(cloud) == as_published(app(2))
    deploy(cloud, app(3), 0)
    assert live(cloud) == as_published(app(3))


def test_what_others_have_put_over_a_kept_asset_stays(cloud: MemoryCloud) -> None:
    deploy(cloud, app(1))
    deploy(cloud, app(2))
    cloud.store(BUCKET).put("chunk.0001a1b2.js", b"theirs", {})
    cloud.now += 2 * WEEK
    deploy(cloud, app(2))
    assert live(cloud)["chunk.0001a1b2.js"][0] == b"theirs"
    state = state_of(cloud)
    assert state is not None and not state.retained


def test_an_object_that_was_there_before_sitepub_is_given_up_and_not_kept_for_a_while(cloud: MemoryCloud) -> None:
    cloud.bucket(BUCKET).exists = True
    cloud.store(BUCKET).put("a.txt", b"1", {"X": "theirs"})
    deploy(cloud, plain(a="1", rest="1"))
    outcome = deploy(cloud, plain(rest="1"))
    assert not outcome.prepared.plan.retained and "a.txt" in live(cloud)
    cloud.now += 2 * WEEK
    deploy(cloud, plain(rest="2"))
    assert "a.txt" in live(cloud)


def test_the_guard_against_a_site_that_shrinks_counts_what_would_be_kept_too(cloud: MemoryCloud) -> None:
    many = plain(**{f"n{number}": f"{number}" for number in range(60)})
    deploy(cloud, many)
    few = plain(n0="0")
    prepared = prepare(place_of(cloud, keep_assets=WEEK), few)
    assert not prepared.plan.deletions and len(prepared.plan.retained) == 59
    with pytest.raises(Refused, match="would delete 59 of 60 live files"):
        refuse_mass_deletion(prepared.plan)
    deploy(cloud, few)
    cloud.now += 2 * WEEK
    place = place_of(cloud, keep_assets=WEEK)
    prepared = prepare(place, few)
    assert len(prepared.plan.deletions) == 59
    refuse_mass_deletion(prepared.plan)  # that was said and agreed to


def test_dev_deletes_what_it_drops_and_leaves_what_a_release_has_dropped(cloud: MemoryCloud) -> None:
    deploy(cloud, app(1))
    deploy(cloud, app(2))
    place = place_of(cloud, keep_assets=WEEK)
    place = replace(place, states=OverlayStates(place.states.store, place.states.prefix))
    for version in (3, 4):
        cloud.now += WEEK
        prepared = prepare(place, app(version), known=place.states.known, direct=True)  # type: ignore[attr-defined]
        publish(place, app(version), prepared, PublishOptions(record=False, threads=1))
    assert set(live(cloud)) == {"index.html", "chunk.0001a1b2.js", "chunk.0004a1b2.js"}
    check_all(cloud)


def test_a_tab_that_stays_open_across_twenty_deploys_misses_nothing(cloud: MemoryCloud) -> None:
    """Deploys, failed ones and a way back; the pages of each moment, and later all that they name."""
    opened: list[set[str]] = []
    first = deploy(cloud, app(0)).release
    assert first is not None
    for version in range(1, 21):
        opened.append({key for key in live(cloud) if key.endswith(".js")})
        cloud.now += DAY / 4
        if version % 7 == 0:
            go_back(cloud, first.id, keep_assets=WEEK)
        else:
            deploy(cloud, app(version))
        for named in opened:
            assert named <= live(cloud).keys()
    cloud.now += 2 * WEEK
    deploy(cloud, app(99))
    cloud.now += 2 * WEEK
    deploy(cloud, app(99))
    assert live(cloud) == as_published(app(99))


def test_the_first_one_to_go_is_known_without_reading_any(cloud: MemoryCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "_BORDER", 2**32 // 4)
    for version in range(12):
        deploy(cloud, app(version))
        cloud.now += 60
    state = state_of(cloud)
    assert state is not None and state.due == min(entry.until for entry in state.retained.values())
    cloud.now += WEEK - 6 * 60
    deploy(cloud, app(11))
    state = state_of(cloud)
    assert state is not None and state.due == min(entry.until for entry in state.retained.values())
    assert 3 <= len(state.retained) <= 7


@pytest.mark.parametrize(("retention", "until", "over"), [
    (Retention(100.0, 10), 100, True), (Retention(100.0, 10), 101, False), (Retention(100.0, 0), 10**9, True),
    (Retention(100.0, 0, leaves=True), 1, False), (Retention(100.0, 10, leaves=True), 1, False)])
def test_when_the_time_is_over(retention: Retention, until: int, over: bool) -> None:
    assert retention.is_over(until) is over


@settings(max_examples=times(6), suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(sites(), min_size=3, max_size=3), st.booleans(), st.integers(0, 2))
def test_killed_at_any_write_with_assets_that_stay_the_next_run_ends_as_an_undisturbed_one(
        history: list[Snapshot], after: bool, later: int) -> None:
    kill = 0
    while True:
        cloud = MemoryCloud()
        for site in history[:2]:
            deploy(cloud, site)
        cloud.revive()
        cloud.now += later * WEEK
        cloud.look = lambda cloud=cloud: check_all(cloud)  # type: ignore[misc]
        with cloud.killed_at(kill, after=after) as attempt:
            deploy(cloud, history[2])
        note(f"killed at write {kill}")
        last = history[2 - kill % 2]
        assert deploy(cloud, last).status in (Status.PUBLISHED, Status.UNCHANGED)
        state = state_of(cloud)
        assert state is not None
        there = live(cloud)
        assert {key: there[key] for key in last.files} == as_published(last)
        assert there.keys() - last.files.keys() == state.retained.keys()
        assert deploy(cloud, last).status is Status.UNCHANGED
        cloud.now += 3 * WEEK
        deploy(cloud, last)
        assert live(cloud) == as_published(last)
        check_releases(cloud)
        if attempt.ended:
            return
        kill += 1


def test_what_a_page_names_that_could_not_be_deleted_stays_from_the_day_it_goes(cloud: MemoryCloud) -> None:
    """The page was live for a week after the run that had let it go was killed."""
    deploy(cloud, snapshot(*app(1), *app(2, page="old.html")))
    cloud.revive()
    cloud.fail = lambda what, key: _dies(cloud) if (what, key) == ("delete", "old.html") else None
    with pytest.raises(Killed):
        deploy(cloud, app(1))
    cloud.fail = lambda _what, _key: None
    cloud.revive()
    cloud.now += WEEK + DAY
    assert "old.html" in live(cloud)
    deploy(cloud, app(1))
    assert set(live(cloud)) == {"index.html", "chunk.0001a1b2.js", "chunk.0002a1b2.js"}
    cloud.now += WEEK - DAY
    deploy(cloud, app(3))
    assert "chunk.0002a1b2.js" in live(cloud)
    cloud.now += 2 * DAY
    deploy(cloud, app(3))
    assert "chunk.0002a1b2.js" not in live(cloud)


def _dies(cloud: MemoryCloud) -> None:
    cloud._dead = True
    raise Killed


def test_what_a_killed_run_took_back_keeps_what_it_names_when_it_is_dropped_again() -> None:
    """The old style sheet gets another week; so does the picture that it names, although its own week is over."""
    page = site_file("p0.html", b"", "text/html")
    old = [site_file("assets/a0.d41d8cd9.css", b"", "text/css"),
           site_file("main.css", b"<needs assets/a0.d41d8cd9.css>", "text/css")]
    new = [site_file("assets/a0.356a9c24.css", b"content 1 ", "text/css"),
           site_file("main.css", b"<needs assets/a0.356a9c24.css>", "text/css")]
    for kill in range(12):
        cloud = MemoryCloud()
        deploy(cloud, snapshot(*old, page))
        deploy(cloud, snapshot(page))
        cloud.revive()
        cloud.now += WEEK
        cloud.look = lambda cloud=cloud: check_all(cloud)  # type: ignore[misc]
        cloud.kill_at = kill
        with suppress(Killed):
            deploy(cloud, snapshot(*new, page))
        cloud.revive()
        assert deploy(cloud, snapshot(page)).status in (Status.PUBLISHED, Status.UNCHANGED)
        check_all(cloud)
        cloud.now += 2 * WEEK
        deploy(cloud, snapshot(page))
        assert live(cloud).keys() == {"p0.html"}
