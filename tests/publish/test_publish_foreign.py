"""Objects that others put into the bucket stay theirs, also when their content is that of the site."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sitepub.errors import AccessDenied, CloudError
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.diff import CHANGED
from sitepub.publish.looking import look_at
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.plan import Action, Reason
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.publish.removal import prepare_removal, remove
from sitepub.publish.states.dev_overlay import OverlayStates
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.state import Journal, JournalStep
from sitepub.site.snapshot import SiteFile, Snapshot
from tests.amount import times
from tests.publish.memory_cloud import MULTIPART_FROM, Killed, MemoryCloud, project, remote
from tests.publish.sites import BUCKET, live, site_file, sites, snapshot

pytestmark = pytest.mark.usefixtures("one_after_another")

INDEX = site_file("index.html", b"<h1>hello</h1>", "text/html")
OTHER = site_file("other.txt", b"other")
LARGE = site_file("z.html", b"l" * (2 * MULTIPART_FROM), "text/html")
Z = [site_file("z.html", b"their own page", "text/html"), site_file("z.html", b"", "text/html"), LARGE]
THEIRS = {"X-Owner": "somebody else"}


def deploy(place: Remote, site: Snapshot, *, verify: bool = False, force: bool = False) -> Outcome:
    prepared = prepare(place, site, verify=verify, force=force)
    return publish(place, site, prepared, PublishOptions(allow_delete=True, threads=1))


def put(cloud: MemoryCloud, *files: SiteFile) -> None:
    cloud.bucket(BUCKET).exists = True
    for file in files:
        cloud.store(BUCKET).put(file.key, file.data or b"", THEIRS)


def no_fault(_what: str, _key: str) -> Exception | None:
    return None


@pytest.mark.parametrize("z", Z, ids=["small", "empty", "large"])
@pytest.mark.parametrize("place_of", [lambda cloud: remote(cloud), lambda cloud: in_session(remote(cloud))],
                         ids=["deploy", "dev"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_write_of_a_deploy_that_meets_a_foreign_object_it_stays(
        z: SiteFile, place_of: Callable[[MemoryCloud], Remote], after: bool) -> None:
    kill = 0
    while True:
        cloud = MemoryCloud()
        put(cloud)
        deploy(place_of(cloud), snapshot(INDEX))
        put(cloud, z)
        cloud.writes.clear()
        cloud.kill_at, cloud.kill_after = kill, after
        try:
            deploy(place_of(cloud), snapshot(INDEX, OTHER, z))
        except Killed:
            cloud.revive()
            deploy(place_of(cloud), snapshot(INDEX))
            assert live(cloud)["z.html"][0] == z.data, f"killed at write {kill}"
            assert "other.txt" not in live(cloud), f"killed at write {kill}"
            assert deploy(place_of(cloud), snapshot(INDEX)).status is Status.UNCHANGED
            kill += 1
        else:
            break
    assert kill >= 5


def in_session(place: Remote) -> Remote:
    return replace(place, states=OverlayStates(place.states.store, place.states.prefix))


@pytest.mark.parametrize("broken", ["z.html", "other.txt", "index.html"])
@pytest.mark.parametrize("z", Z, ids=["small", "empty", "large"])
def test_after_a_partial_end_it_stays_too(broken: str, z: SiteFile) -> None:
    cloud = MemoryCloud()
    put(cloud)
    deploy(remote(cloud), snapshot(INDEX))
    put(cloud, z)
    cloud.fail = lambda what, key: (CloudError("broken", status=500)
                                    if key == broken and what in ("put", "copy") else None)
    site = snapshot(site_file("index.html", b"new", "text/html"), OTHER, z)
    assert deploy(remote(cloud), site).status is Status.PARTIAL
    cloud.fail = no_fault
    deploy(remote(cloud), snapshot(INDEX))
    assert live(cloud)["z.html"][0] == z.data
    assert "other.txt" not in live(cloud)


@settings(max_examples=times(20), suppress_health_check=[HealthCheck.too_slow])
@given(sites(), sites(), st.data(), st.booleans(), st.booleans())
def test_a_bucket_full_of_objects_equal_to_the_sites_keeps_them_all_through_kills_and_partial_ends(
        first: Snapshot, second: Snapshot, data: st.DataObject, after: bool, force: bool) -> None:
    """The foreign objects are drawn from the sites themselves, and come before the first deploy or after it."""
    theirs = data.draw(st.lists(st.sampled_from([*first, *second]), unique_by=lambda file: file.key))
    late = {file.key for file in theirs if data.draw(st.booleans()) and file.key not in first.files}
    broken = data.draw(st.sampled_from(sorted(second.files)))
    partial = data.draw(st.booleans())
    kill = 0
    while True:
        cloud = MemoryCloud()
        put(cloud, *(file for file in theirs if file.key not in late))
        deploy(remote(cloud), first, verify=True)
        put(cloud, *(file for file in theirs if file.key in late))
        cloud.writes.clear()
        if partial:
            cloud.fail = lambda what, key: (CloudError("broken", status=500)
                                            if key == broken and what in ("put", "copy") else None)
        else:
            cloud.kill_at, cloud.kill_after = kill, after
        try:
            deploy(remote(cloud), second, force=force)
        except Killed:
            cloud.revive()
            over = False
        else:
            over = True
        cloud.fail, cloud.kill_at = no_fault, None
        deploy(remote(cloud), snapshot(site_file("last.txt", b"the last one")))
        removal = prepare_removal(remote(cloud))
        assert removal is not None
        remove(remote(cloud), removal)
        objects = cloud.bucket(BUCKET).objects
        for file in theirs:
            published = {one.files[file.key].data for one in (first, second) if file.key in one.files}
            # What came in parts has an opaque ETag: nobody sees that it is the same, and a yes makes it the site's.
            if published <= {file.data} and (file.size < MULTIPART_FROM or file.key in late):
                assert file.key in objects and objects[file.key].data == file.data, (file.key, kill)
        assert set(objects) <= {file.key for file in theirs}
        if over:
            return
        kill += 1


def test_a_forced_upload_in_parts_of_an_adopted_object_leaves_it_adopted() -> None:
    """Its ETag is another one afterwards, so nothing but the journal tells."""
    cloud = MemoryCloud()
    place = remote(cloud)
    z = site_file("z.html", b"their own page", "text/html")
    put(cloud, z)
    deploy(place, snapshot(INDEX, z))
    state = place.states.load()
    assert state is not None and state.manifest["z.html"].adopted
    steps = (JournalStep(Action.UPLOAD, z.key, z.md5, z.size, z.headers_hash, z.md5, adopted=True),)
    opaque = "0" * 32 + "-2"
    there = cloud.bucket(BUCKET).objects["z.html"]
    cloud.bucket(BUCKET).objects["z.html"] = type(there)(there.data, there.headers, opaque, there.written)
    place.states.save(msgspec.structs.replace(state, manifest={"index.html": state.manifest["index.html"]},
                              pending=Journal("r", "now", "me", steps)))
    deploy(place, snapshot(INDEX))
    assert "z.html" in live(cloud)


def test_a_journal_that_did_not_look_leaves_the_doubt_and_the_object() -> None:
    """As versions of before wrote it."""
    cloud = MemoryCloud()
    place = remote(cloud)
    deploy(place, snapshot(INDEX))
    state = place.states.load()
    assert state is not None
    put(cloud, OTHER)
    steps = (JournalStep(Action.UPLOAD, OTHER.key, OTHER.md5, OTHER.size, OTHER.headers_hash, guarded=True),)
    place.states.save(msgspec.structs.replace(state, pending=Journal("r", "now", "me", steps)))
    deploy(place, snapshot(INDEX))
    assert "other.txt" in live(cloud)


def test_keys_that_may_not_be_looked_at_are_in_doubt_too() -> None:
    cloud = MemoryCloud()
    deploy(remote(cloud), snapshot(INDEX))
    put(cloud, OTHER)
    cloud.refuse_read = lambda what, key: (AccessDenied("no", status=403)
                                           if (what, key) == ("head", "other.txt") else None)
    cloud.kill_at, cloud.kill_after = len(cloud.writes) + 1, True
    with pytest.raises(Killed):
        deploy(remote(cloud), snapshot(INDEX, OTHER))
    cloud.revive()
    deploy(remote(cloud), snapshot(INDEX))
    assert "other.txt" in live(cloud)


def test_what_failed_before_it_was_begun_is_not_taken_for_ours_when_somebody_uploads_it_by_hand() -> None:
    cloud = MemoryCloud()
    deploy(remote(cloud), snapshot(INDEX))
    page, asset = site_file("new.html", b"new", "text/html"), site_file("new.css", b"new css", "text/css")
    cloud.fail = lambda _what, key: CloudError("broken", status=500) if key == "new.css" else None
    assert deploy(remote(cloud), snapshot(INDEX, page, asset)).status is Status.PARTIAL
    cloud.fail = no_fault
    put(cloud, page)
    deploy(remote(cloud), snapshot(INDEX))
    assert "new.html" in live(cloud)


def test_what_comes_while_the_user_is_asked_is_not_written_over() -> None:
    """Made from a listing, so nobody looked since."""
    cloud = MemoryCloud()
    place = remote(cloud)
    put(cloud)
    site = snapshot(INDEX, OTHER)
    prepared = prepare(place, site)
    put(cloud, site_file("other.txt", b"theirs"))
    outcome = publish(place, site, prepared, PublishOptions(threads=1))
    assert outcome.status is Status.PARTIAL and live(cloud)["other.txt"][0] == b"theirs"
    assert [failure.step.key for failure in outcome.failures] == ["other.txt"]


@pytest.mark.parametrize("replacing", [False, True], ids=["dropped", "replace: true"])
def test_what_somebody_has_changed_since_is_not_deleted_although_nobody_listed_the_bucket(replacing: bool) -> None:
    cloud = MemoryCloud()
    place = remote(cloud, project(replace=replacing))
    put(cloud)
    deploy(place, snapshot(INDEX, OTHER))
    prepared = prepare(place, snapshot(INDEX))
    assert [step.key for step in prepared.plan.deletions] == ["other.txt"]
    put(cloud, site_file("other.txt", b"theirs"))
    outcome = publish(place, snapshot(INDEX), prepared, PublishOptions(threads=1))
    assert outcome.status is Status.PUBLISHED and live(cloud)["other.txt"][0] == b"theirs"
    assert outcome.prepared.plan.given_up == {"other.txt": CHANGED} and outcome.counts.deleted == 0
    assert "other.txt" not in outcome.state.manifest


def test_with_replace_what_others_have_put_over_an_object_of_others_stays() -> None:
    cloud = MemoryCloud()
    place = remote(cloud, project(replace=True))
    put(cloud, site_file("old.txt", b"old"))
    prepared = prepare(place, snapshot(INDEX))
    assert [step.reason for step in prepared.plan.deletions] == [Reason.REPLACED]
    put(cloud, site_file("old.txt", b"newer"))
    publish(place, snapshot(INDEX), prepared, PublishOptions(threads=1))
    assert live(cloud)["old.txt"][0] == b"newer"


def test_an_adopted_object_that_its_owner_has_changed_is_asked_about_again() -> None:
    cloud = MemoryCloud()
    place = remote(cloud)
    put(cloud, OTHER)
    deploy(place, snapshot(INDEX, OTHER))
    put(cloud, site_file("other.txt", b"theirs"))
    again = prepare(place, snapshot(INDEX, OTHER), verify=True)
    assert [step.key for step in again.plan.taken_over] == ["other.txt"]
    # Without a listing a change of headers meets it.
    aged = site_file("other.txt", b"other", age=9)
    outcome = deploy(place, snapshot(INDEX, aged))
    assert outcome.status is Status.PARTIAL and live(cloud)["other.txt"][0] == b"theirs"
    assert not prepare(place, snapshot(INDEX), verify=True).plan.deletions


def test_many_keys_are_looked_at_by_a_listing_and_few_one_by_one() -> None:
    cloud = MemoryCloud()
    put(cloud, *(site_file(f"a/{n}.txt", b"%d" % n) for n in range(400)), site_file("b", b"b"))
    found = look_at(cloud.store(BUCKET), [f"a/{n}.txt" for n in range(385, 405)], threading.Event())
    assert set(found.there) == {f"a/{n}.txt" for n in range(385, 400)}
    assert {what for what, _ in cloud.reads} == {"head"} and len(cloud.reads) == 20
    cloud.reads.clear()
    found = look_at(cloud.store(BUCKET), [f"a/{n}.txt" for n in range(2, 420)], threading.Event())
    assert len(found.there) == 398 and cloud.reads == [("list", "a/")]


def test_where_the_bucket_may_not_be_listed_many_keys_are_looked_at_one_by_one() -> None:
    cloud = MemoryCloud()
    put(cloud, OTHER)
    cloud.refuse_read = lambda what, _key: AccessDenied("no", status=403) if what == "list" else None
    found = look_at(cloud.store(BUCKET), ["other.txt", *(f"{n}" for n in range(400))], threading.Event())
    assert set(found.there) == {"other.txt"} and not found.unknown


def test_a_look_at_what_goes_that_fails_leaves_what_is_live_written_down() -> None:
    cloud = MemoryCloud()
    deploy(remote(cloud), snapshot(INDEX, OTHER))
    page = site_file("index.html", b"new", "text/html")
    cloud.refuse_read = lambda what, key: (CloudError("broken", status=500)
                                           if (what, key) == ("head", "other.txt") else None)
    with pytest.raises(CloudError):
        deploy(remote(cloud), snapshot(page))
    cloud.refuse_read = no_fault
    state = remote(cloud).states.load()
    assert state is not None and state.manifest["index.html"].md5 == page.md5
    deploy(remote(cloud), snapshot(page))
    assert set(live(cloud)) == {"index.html"}


def test_a_setting_that_fails_before_anything_is_uploaded_leaves_no_doubt_about_the_bucket() -> None:
    cloud = MemoryCloud()
    cloud.fail = lambda what, _key: CloudError("broken", status=500) if what == "put acl" else None
    with pytest.raises(CloudError):
        deploy(remote(cloud), snapshot(INDEX))
    cloud.fail = no_fault
    put(cloud, OTHER)
    assert deploy(remote(cloud), snapshot(INDEX, OTHER)).status is Status.PUBLISHED
    state = remote(cloud).states.load()
    assert state is not None and state.unsure is None and state.created is not None
    deploy(remote(cloud), snapshot(INDEX))
    assert set(live(cloud)) == {"index.html", "other.txt"}
