"""Going back to a release: exactly what was live then, by copies, whatever has happened since."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from sitepub.errors import SitepubError
from sitepub.publish.outcome import Status
from sitepub.publish.plan import Action
from sitepub.publish.states import shards
from sitepub.site.snapshot import Snapshot
from tests.amount import times
from tests.publish.memory_cloud import MULTIPART_FROM, Killed, MemoryCloud
from tests.publish.release.kept import (
    STATE_BUCKET,
    check_all,
    check_releases,
    deploy,
    go_back,
    kept_contents,
    kept_releases,
    place_of,
    release_of,
)
from tests.publish.sites import BUCKET, as_published, foreign_objects, live, plain, site_file, sites, snapshot

pytestmark = pytest.mark.usefixtures("one_after_another")


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(shards, "_BORDER", 2**32 // 2)
    yield


@settings(max_examples=times(12), suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(sites(), min_size=2, max_size=4), st.lists(st.integers(0, 3), min_size=1, max_size=4))
def test_after_going_back_the_bucket_equals_that_release(history: list[Snapshot], back: list[int]) -> None:
    cloud = MemoryCloud()
    released: list[tuple[str, Snapshot]] = []
    for site in history:
        outcome = deploy(cloud, site)
        if outcome.status is Status.PUBLISHED:
            assert outcome.release is not None
            released.append((outcome.release.id, site))
    cloud.look = lambda: check_all(cloud)
    for number in back:
        release, site = released[number % len(released)]
        cloud.writes.clear()
        before = live(cloud)
        outcome = go_back(cloud, release)
        there, wanted = live(cloud), as_published(site)
        assert there == wanted, [str(failure) for failure in outcome.failures]
        if before == live(cloud):
            assert outcome.status is Status.UNCHANGED and cloud.writes == []
        else:
            assert outcome.release is not None and outcome.release.of == release != outcome.release.id
            released.append((outcome.release.id, site))
        sent = {key for what, key in cloud.writes if what == "put" and not key.startswith("shop/")}
        assert not [key for key in sent if key in site.files and site.files[key].size], "nothing is uploaded"
        assert deploy(cloud, site).status is Status.UNCHANGED


@settings(max_examples=times(5), suppress_health_check=[HealthCheck.too_slow])
@given(sites(), sites(), sites(), st.booleans())
def test_killed_at_any_write_while_going_back_the_next_run_ends_as_an_undisturbed_one(
        first: Snapshot, second: Snapshot, third: Snapshot, after: bool) -> None:
    kill = 0
    while True:
        cloud = MemoryCloud()
        released = deploy(cloud, first).release
        deploy(cloud, second)
        assert released is not None
        cloud.revive()
        cloud.look = lambda cloud=cloud: check_all(cloud)  # type: ignore[misc]
        with cloud.killed_at(kill, after=after) as attempt:
            go_back(cloud, released.id)
        note(f"killed at write {kill}")
        wanted = (first, second, third)[kill % 3]
        if wanted is first:
            go_back(cloud, released.id)
        else:
            deploy(cloud, wanted)
        assert live(cloud) == as_published(wanted)
        assert deploy(cloud, wanted).status is Status.UNCHANGED
        check_releases(cloud)
        if attempt.ended:
            return
        kill += 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("drops", [False, True])
def test_new_headers_of_a_killed_run_do_not_hide_the_content_of_a_large_file(after: bool, drops: bool) -> None:
    """Its ETag says nothing about the content, and another one comes with new headers."""
    old, new = (snapshot(site_file("video.txt", b"x" * MULTIPART_FROM, age=age)) for age in (0, 1))
    for kill in range(8):
        cloud = MemoryCloud()
        released = deploy(cloud, old).release
        deploy(cloud, new)
        assert released is not None
        cloud.revive()
        cloud.kill_at, cloud.kill_after = kill, after
        with contextlib.suppress(Killed):
            go_back(cloud, released.id)
        cloud.revive()
        if drops:
            deploy(cloud, plain(other="1"))
            check_releases(cloud)
        go_back(cloud, released.id)
        assert live(cloud) == as_published(old)


@settings(max_examples=times(12), suppress_health_check=[HealthCheck.too_slow])
@given(sites(), sites(), foreign_objects)
def test_objects_of_others_are_not_touched_by_going_back(
        first: Snapshot, second: Snapshot, foreign: dict[str, str]) -> None:
    cloud = MemoryCloud()
    released = deploy(cloud, first).release
    deploy(cloud, second)
    foreign = {key: text for key, text in foreign.items() if key not in {**first.files, **second.files}}
    for key, text in foreign.items():
        cloud.store(BUCKET).put(key, text.encode(), {"X": "theirs"})
    assert released is not None
    go_back(cloud, released.id)
    assert live(cloud) == {**as_published(first),
                           **{key: (text.encode(), {"X": "theirs"}) for key, text in foreign.items()}}


def test_what_others_have_overwritten_or_deleted_is_said_before_anything_is_changed() -> None:
    cloud = MemoryCloud()
    released = deploy(cloud, plain(a="one", b="another one")).release
    assert released is not None
    cloud.store(BUCKET).put("a.txt", b"vandals", {})
    deploy(cloud, plain(a="two", b="another two"))
    cloud.writes.clear()
    with pytest.raises(SitepubError, match=r"1 file of this release is not kept:\n  a\.txt") as error:
        go_back(cloud, released.id)
    assert error.value.code == "ContentNotKept" and error.value.hint and cloud.writes == []


def test_content_that_was_live_under_several_keys_is_kept_from_one_that_still_has_it() -> None:
    cloud = MemoryCloud()
    released = deploy(cloud, plain(a="one", b="one", c="one")).release
    assert released is not None
    cloud.store(BUCKET).put("a.txt", b"vandals", {})
    cloud.store(BUCKET).delete(["b.txt"])
    deploy(cloud, plain(a="two"))
    go_back(cloud, released.id)
    assert live(cloud) == as_published(plain(a="one", b="one", c="one"))


def test_an_object_of_others_with_the_content_of_the_release_is_used_as_it_is() -> None:
    cloud = MemoryCloud()
    cloud.bucket(BUCKET).exists = True
    cloud.store(BUCKET).put("a.txt", b"same", {"X": "theirs"})
    released = deploy(cloud, plain(a="same", b="1")).release
    deploy(cloud, plain(b="2"))
    assert "a.txt" in live(cloud) and released is not None
    go_back(cloud, released.id)
    assert live(cloud) == as_published(plain(a="same", b="1"))
    deploy(cloud, plain(b="2"))
    assert "a.txt" in live(cloud), "it is still theirs"


def test_content_that_moved_to_another_key_is_found_there() -> None:
    cloud = MemoryCloud()
    released = deploy(cloud, plain(old="the same", b="1")).release
    outcome = deploy(cloud, plain(new="the same", b="1"))
    assert outcome.counts.copied == 1 and not kept_contents(cloud), "it is live, so nothing has to be kept"
    assert released is not None
    outcome = go_back(cloud, released.id)
    assert outcome.counts.copied == 1 and live(cloud) == as_published(plain(old="the same", b="1"))


def test_nothing_differs_one_request_for_the_release_and_one_for_the_state() -> None:
    cloud = MemoryCloud()
    released = deploy(cloud, plain(a="1")).release
    assert released is not None
    place = place_of(cloud)
    found = release_of(place, released.id)
    cloud.reads.clear()
    from sitepub.publish.prepare import prepare
    from sitepub.publish.release.going_back import site_of

    assert prepare(place, site_of(found), website=found.record.website).settled
    assert cloud.reads == [("get", place.states.key)]


def test_a_plan_to_go_back_says_what_is_copied_from_where() -> None:
    from sitepub.publish.prepare import prepare
    from sitepub.publish.release.going_back import site_of

    cloud = MemoryCloud()
    page = site_file("index.html", b"one", "text/html")
    released = deploy(cloud, snapshot(page, site_file("empty.txt", b""))).release
    deploy(cloud, snapshot(site_file("index.html", b"two", "text/html")))
    assert released is not None
    place = place_of(cloud)
    prepared = prepare(place, site_of(release_of(place, released.id)))
    steps = {step.key: step for step in prepared.plan.steps}
    assert steps["index.html"].action is Action.COPY and steps["index.html"].from_kept
    assert steps["index.html"].file == page.__class__(page.key, page.size, page.md5, page.headers, page.headers_hash)
    assert steps["empty.txt"].action is Action.UPLOAD and prepared.plan.bytes_to_send == 0


def test_the_requests_of_a_deploy_are_those_that_the_documentation_promises() -> None:
    """First deploy: one per file. Later: two per changed file, three once for what was there before."""
    cloud = MemoryCloud()

    def requests(site: Snapshot) -> int:
        cloud.writes.clear()
        deploy(cloud, site)
        return len([key for what, key in cloud.writes if what in ("put", "copy") and (
            key.endswith(".txt") or "/content/" in key)])

    names = [f"n{number}" for number in range(20)]
    assert requests(plain(**{name: f"{name} 1" for name in names})) == 20
    assert requests(plain(**{name: f"{name} 2" for name in names})) == 60
    assert requests(plain(**{name: f"{name} 3" for name in names})) == 40
    assert len([key for key in cloud.bucket(STATE_BUCKET).objects if "/content/" in key]) == 60
    assert [release.kept for release in kept_releases(cloud)] == [True] * 3


def test_website_settings_come_back_that_serverless_yml_does_not_mention_any_more() -> None:
    """An error document that was among the files, and one that was named then; not what others have set since."""
    from dataclasses import replace

    from sitepub.config.bucket_settings import Website
    from sitepub.publish.deploying.options import PublishOptions
    from sitepub.publish.prepare import prepare
    from sitepub.publish.publish import publish
    from tests.publish.memory_cloud import project, remote

    cloud = MemoryCloud()
    own = snapshot(site_file("index.html", b"1", "text/html"), site_file("404.html", b"none", "text/html"))
    bare = snapshot(site_file("index.html", b"2", "text/html"))
    settings_of = cloud.bucket(BUCKET).values

    def put(site: Snapshot, **website: object) -> str:
        place = remote(cloud, project(website=Website(**website)))  # type: ignore[arg-type]
        done = publish(place, site, prepare(place, site), PublishOptions(allow_delete=True, threads=1))
        assert done.release is not None
        return done.release.id

    first = put(own, error="404.html", error_is_default=False)
    with_suffix = put(bare, ignore_html_ext=True)
    plainly = put(bare)
    assert settings_of["website"].error != "404.html" and not settings_of["website"].auto_addressing
    go_back(cloud, first)
    assert settings_of["website"].error == "404.html"
    go_back(cloud, with_suffix)
    assert settings_of["website"].auto_addressing
    go_back(cloud, plainly)
    assert not settings_of["website"].auto_addressing
    settings_of["website"] = replace(settings_of["website"], original_status_enabled=False)
    go_back(cloud, first)
    assert settings_of["website"].error == "404.html" and not settings_of["website"].original_status_enabled


def test_a_release_whose_content_is_gone_gets_no_name() -> None:
    """It would be taken for one that is kept, and no sweep could end that looks for what it needs."""
    from sitepub.actions.releases.history import mark_in

    cloud = MemoryCloud()
    ids = [release.id for number in range(8) if (release := deploy(cloud, plain(a=f"{number}"), number=1).release)]
    with pytest.raises(SitepubError, match="not kept any more"):
        mark_in(place_of(cloud), ids[0], "stable", local=True)
    assert mark_in(place_of(cloud), ids[-1], "stable", local=True) == (ids[-1], True)


def test_a_removal_that_is_killed_names_nothing_that_is_gone() -> None:
    """The bucket stays, because of an object of others; the shards of the manifest are gone."""
    from sitepub.publish.removal import prepare_removal, remove

    kill = 0
    while True:
        cloud = MemoryCloud()
        deploy(cloud, plain(a="1", b="2"))
        cloud.store(BUCKET).put("theirs", b"theirs", {})
        cloud.revive()
        with cloud.killed_at(kill) as attempt:
            removal = prepare_removal(place_of(cloud))
            assert removal is not None
            remove(place_of(cloud), removal)
        if kill % 2 and not attempt.ended:
            deploy(cloud, plain(c="3"))
            assert set(live(cloud)) >= {"c.txt", "theirs"}
        again = prepare_removal(place_of(cloud))
        if again is not None:
            remove(place_of(cloud), again)
        assert set(live(cloud)) == {"theirs"}
        if attempt.ended:
            return
        kill += 1


def test_a_setting_that_a_killed_run_has_made_is_none_of_others() -> None:
    from sitepub.config.bucket_settings import Website
    from sitepub.publish.deploying.options import PublishOptions
    from sitepub.publish.prepare import prepare
    from sitepub.publish.publish import publish
    from tests.publish.memory_cloud import project, remote

    kill = 0
    while True:
        cloud = MemoryCloud()
        deploy(cloud, plain(a="1"))
        before = cloud.bucket(BUCKET).values["website"]
        cloud.revive()
        place = remote(cloud, project(website=Website(error="404.html", error_is_default=False)))
        with cloud.killed_at(kill, after=True) as attempt:
            publish(place, plain(a="2"), prepare(place, plain(a="2")), PublishOptions(threads=1))
        deploy(cloud, plain(a="3"))
        assert cloud.bucket(BUCKET).values["website"] == before
        if attempt.ended:
            return
        kill += 1
