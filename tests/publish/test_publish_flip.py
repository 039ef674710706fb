"""The flip: nothing that is live changes before everything is ready, and then in the order that keeps a site whole."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings

from sitepub.errors import AccessDenied, CloudError
from sitepub.publish.diff import diff
from sitepub.publish.flip import Keeping, Wave, Work, waves
from sitepub.publish.outcome import Status
from sitepub.publish.plan import Action
from sitepub.publish.states.manifest import Entry
from sitepub.site.snapshot import Snapshot
from tests.amount import times
from tests.publish.memory_cloud import Killed, MemoryCloud
from tests.publish.release.kept import STATE_BUCKET, check_all, deploy, kept_contents, place_of
from tests.publish.sites import BUCKET, as_published, live, plain, site_file, sites, snapshot


def entries(site: Snapshot, *, kept: bool = False) -> dict[str, Entry]:
    return {file.key: Entry.of(file, kept=kept) for file in site}


def page(key: str, text: str) -> Snapshot:
    return snapshot(site_file(key, text.encode(), "text/html"))


def joined(*parts: Snapshot) -> Snapshot:
    return snapshot(*(file for part in parts for file in part))


def names(wave: Wave) -> set[tuple[str, str]]:
    return {(job.work.value, job.step.key) for job in wave.jobs}


OLD = joined(page("index.html", "1"), page("old.html", "x"), snapshot(
    site_file("main.css", b"1", "text/css"), site_file("feed.xml", b"1", "application/rss+xml"),
    site_file("page-data.json", b"1", "application/json"), site_file("sw.js", b"1", "text/javascript")))
NEW = joined(page("index.html", "2"), page("new.html", "2b"), snapshot(
    site_file("main.css", b"2c", "text/css"), site_file("app.js", b"2d", "text/javascript"),
    site_file("img.a1b2c3d4.png", b"2e", "image/png"), site_file("feed.xml", b"2f", "application/rss+xml"),
    site_file("sitemap.xml", b"2g", "application/xml"), site_file("page-data.json", b"2h", "application/json"),
    site_file("about/page-data.json", b"2i", "application/json"), site_file("sw.js", b"2j", "text/javascript")))


def test_the_order_of_a_deploy() -> None:
    found = list(waves(diff(NEW, entries(OLD)), Keeping()))
    stay = {"index.html", "main.css", "feed.xml", "page-data.json", "sw.js"}
    assert names(found[0]) == ({("go live", "img.a1b2c3d4.png")} | {("stage", key) for key in stay}
                               | {("keep", "old.html"), ("keep", "main.css")}), "five files had the same content"
    assert [(names(wave), wave.changes_site) for wave in found[1:]] == [
        ({("go live", "app.js")}, False), ({("go live", "about/page-data.json")}, False),
        ({("go live", "new.html")}, False), ({("go live", "sitemap.xml")}, False),
        ({("go live", "main.css")}, True), ({("go live", "page-data.json")}, True),
        ({("go live", "index.html")}, True), ({("go live", "feed.xml"), ("go live", "sw.js")}, True)]


def test_a_new_service_worker_comes_last_all_the_same() -> None:
    found = list(waves(diff(joined(page("index.html", "2"), snapshot(site_file("sw.js", b"1"))),
                            entries(page("index.html", "1"))), Keeping()))
    assert [names(wave) for wave in found[1:]] == [{("go live", "index.html")}, {("go live", "sw.js")}]


@pytest.mark.parametrize(("was", "keeps"), [
    (entries(plain(a="1")), 1), (entries(plain(a="1"), kept=True), 0), ({"a.txt": Entry("", 1, "", "x-2")}, 0),
    ({"a.txt": Entry("d41d8cd98f00b204e9800998ecf8427e", 0, "h", "d41d8cd98f00b204e9800998ecf8427e")}, 0),
    ({"a.txt": Entry("0" * 32, 5 * 1024**3 + 1, "h", "x-2")}, 0)],
    ids=["there before", "kept already", "not known", "empty", "too large to copy"])
def test_what_is_replaced_or_deleted_is_kept_once(was: Mapping[str, Entry], keeps: int) -> None:
    for site in (plain(a="2"), plain(b="2")):
        jobs = [job for wave in waves(diff(site, was), Keeping()) for job in wave.jobs]
        assert sum(job.work is Work.KEEP for job in jobs) == keeps


def test_the_same_content_is_made_ready_once_and_not_at_all_when_it_is_there() -> None:
    plan = diff(plain(a="2", b="2", c="2"), entries(plain(a="1", b="1", c="1")))
    jobs = [job for wave in waves(plan, Keeping()) for job in wave.jobs]
    assert [job.work for job in jobs].count(Work.STAGE) == 1
    assert [job.work for job in jobs].count(Work.KEEP) == 1
    there = {(step.file.md5, step.file.size) for step in plan.steps if step.file is not None}
    jobs = [job for wave in waves(plan, Keeping(there)) for job in wave.jobs]
    assert Work.STAGE not in [job.work for job in jobs]


def test_what_moves_and_what_gets_other_headers_needs_no_kept_content() -> None:
    was, now = plain(old="1", same="2"), snapshot(site_file("new.txt", b"1"), site_file("same.txt", b"2", age=9))
    jobs = [job for wave in waves(diff(now, entries(was)), Keeping()) for job in wave.jobs]
    assert {(job.work, job.step.action, job.step.key) for job in jobs} == {
        (Work.GO_LIVE, Action.COPY, "new.txt"), (Work.GO_LIVE, Action.HEADERS, "same.txt")}


@settings(max_examples=times(25), suppress_health_check=[HealthCheck.too_slow])
@given(sites(), sites())
def test_nothing_that_is_live_changes_before_every_new_key_is_there_and_everything_is_ready(
        first: Snapshot, second: Snapshot) -> None:
    cloud = MemoryCloud()
    deploy(cloud, first)
    before, broken = live(cloud), []
    new = {key for key in second.files if key not in first.files and not key.endswith("sw.js")}

    def look() -> None:
        what, key = cloud.writes[-1]
        if key in first.files and what in ("put", "copy", "delete"):
            missing = new - live(cloud).keys()
            if missing:
                broken.append(f"{what} {key} before {missing}")
            if what == "put" and second.files[key].size:
                broken.append(f"{key} was uploaded to its place")
        elif {key: there for key, there in live(cloud).items() if key in before} != before and "content/" in key:
            broken.append(f"{key} was made ready after something had changed")

    cloud.look = look
    assert deploy(cloud, second).status in (Status.PUBLISHED, Status.UNCHANGED)
    assert live(cloud) == as_published(second) and not broken


def test_when_something_cannot_be_made_ready_the_site_stays_as_it_was() -> None:
    cloud = MemoryCloud()
    site = joined(page("index.html", "1"), snapshot(site_file("main.css", b"1", "text/css")))
    deploy(cloud, site)
    before = live(cloud)
    cloud.fail = lambda what, key: CloudError("no", status=500) if what == "put" and "/content/" in key else None
    changed = joined(page("index.html", "two"), snapshot(site_file("main.css", b"two!", "text/css")))
    assert deploy(cloud, changed).status is Status.PARTIAL
    assert live(cloud) == before
    cloud.fail = lambda _what, _key: None
    assert deploy(cloud, changed).status is Status.PUBLISHED
    assert live(cloud) == as_published(changed)


def test_what_a_killed_run_has_made_ready_is_not_sent_again() -> None:
    cloud = MemoryCloud()
    old, new = ({f"n{number}": f"{word} {number}" for number in range(10)} for word in ("old", "new"))
    deploy(cloud, plain(**old))

    def look() -> None:
        if cloud.writes[-1] == ("copy", "n3.txt"):
            cloud.kill_at = len(cloud.writes)

    cloud.look = look
    with pytest.raises(Killed):
        deploy(cloud, plain(**new))
    cloud.look = lambda: None
    cloud.revive()
    deploy(cloud, plain(**new))
    assert live(cloud) == as_published(plain(**new))
    assert not [key for what, key in cloud.writes if what == "put" and ("/content/" in key or key.endswith(".txt"))]


def test_content_that_vanished_after_it_was_made_ready_is_uploaded_to_its_place() -> None:
    cloud = MemoryCloud()
    deploy(cloud, plain(a="1", b="1b"))

    def look() -> None:
        if cloud.writes[-1][0] == "put" and "/content/" in cloud.writes[-1][1]:
            del cloud.bucket(STATE_BUCKET).objects[cloud.writes[-1][1]]

    cloud.look = look
    outcome = deploy(cloud, plain(a="2", b="2b"))
    assert outcome.status is Status.PUBLISHED and live(cloud) == as_published(plain(a="2", b="2b"))
    assert not any(entry.kept for entry in outcome.state.manifest.values()), "it is not kept"
    cloud.look = lambda: None
    deploy(cloud, plain(a="3", b="3b"))
    check_all(cloud)


def test_an_object_that_others_have_changed_cannot_be_kept_and_stops_nothing() -> None:
    cloud = MemoryCloud()
    deploy(cloud, plain(a="1", b="1b"))
    cloud.store(BUCKET).put("a.txt", b"vandals", {})
    cloud.store(BUCKET).delete(["b.txt"])
    assert deploy(cloud, plain(a="2", b="2b")).status is Status.PUBLISHED
    assert len(kept_contents(cloud)) == 1, "the new one; what was found to be gone goes straight to its place"


def test_dev_uploads_straight_to_the_place_and_keeps_what_the_last_release_had() -> None:
    from dataclasses import replace

    from sitepub.publish.deploying.options import PublishOptions
    from sitepub.publish.prepare import prepare
    from sitepub.publish.publish import publish
    from sitepub.publish.states.dev_overlay import OverlayStates

    cloud = MemoryCloud()
    deploy(cloud, plain(a="released", b="b"))
    place = place_of(cloud)
    place = replace(place, states=OverlayStates(place.states.store, place.states.prefix))
    for number in range(3):
        cloud.writes.clear()
        site = plain(a=f"saved {number}", b="b")
        publish(place, site, prepare(place, site), PublishOptions(record=False, threads=1))
        ready = [(what, key) for what, key in cloud.writes if "/content/" in key or key == "a.txt"]
        assert [what for what, _ in ready] == (["copy", "put"] if number == 0 else ["put"])
        check_all(cloud)


def test_a_deploy_over_a_slow_line_changes_the_site_in_a_moment() -> None:
    """Uploads take a while each; from the first change that a visitor sees to the last one it is copies only."""
    cloud = MemoryCloud()
    old, new = ({f"n{number}": f"{word} {number}" for number in range(50)} for word in ("old", "new"))
    deploy(cloud, plain(**old))
    kinds: list[str] = []
    lock = threading.Lock()

    def look() -> None:
        _, key = cloud.writes[-1]
        with lock:
            kinds.append("live" if key.endswith(".txt") else "ready" if "/content/" in key else "state")

    cloud.look = look
    deploy(cloud, plain(**new))
    first, last = kinds.index("live"), len(kinds) - kinds[::-1].index("live")
    assert set(kinds[first:last]) == {"live"} and last - first == 50


def test_a_key_that_may_not_copy_between_the_buckets_deploys_all_the_same() -> None:
    cloud = MemoryCloud()
    deploy(cloud, plain(a="1", b="1b"))
    cloud.fail = lambda what, _: AccessDenied("no", status=403) if what == "copy" else None
    assert deploy(cloud, plain(a="2", b="2b")).status is Status.PUBLISHED
    assert live(cloud) == as_published(plain(a="2", b="2b"))


def test_a_key_that_may_not_list_the_state_bucket_finishes_what_a_killed_run_has_begun() -> None:
    cloud = MemoryCloud()
    deploy(cloud, plain(a="1"))

    def look() -> None:
        if cloud.writes[-1] == ("copy", "a.txt"):
            cloud.kill_at = len(cloud.writes)

    cloud.look = look
    with pytest.raises(Killed):
        deploy(cloud, plain(a="2"))
    cloud.look = lambda: None
    cloud.revive()
    cloud.refuse_read = lambda what, key: (
        AccessDenied("no", status=403) if what == "list" and key.startswith("shop/") else None)
    assert deploy(cloud, plain(a="2", b="2")).status is Status.PUBLISHED
    assert live(cloud) == as_published(plain(a="2", b="2"))
    cloud.writes.clear()
    assert deploy(cloud, plain(a="2", b="2")).status is Status.UNCHANGED and cloud.writes == []
