"""The deploy around the engine: lock, journal, settings, rename, and the removal."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from sitepub.errors import AccessDenied, CloudError, Refused
from sitepub.publish.bucket_mates import mates_in
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.diff import CHANGED, THERE_BEFORE
from sitepub.publish.locking.lock import Lock
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.prepare import Prepared, prepare
from sitepub.publish.publish import publish
from sitepub.publish.removal import prepare_removal, remove
from sitepub.publish.removal_plan import NOT_OURS, RemovalOptions
from sitepub.publish.states.remote import MARKER, Remote, open_remote
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cloud import Cloud, Credentials
from tests.publish.memory_cloud import Killed, MemoryCloud, project, remote
from tests.publish.sites import BUCKET, live, plain, site_file, snapshot

STATE_BUCKET = "sitepub-state-ap-guangzhou-1250000000"
SITE = snapshot(site_file("index.html", b"1", "text/html"), site_file("a.css", b"2", "text/css"))


@pytest.fixture
def cloud() -> MemoryCloud:
    return MemoryCloud()


def deploy(place: Remote, site: Snapshot, **run: object) -> Outcome:
    return publish(place, site, prepare(place, site), PublishOptions(**run))  # type: ignore[arg-type]


def test_the_story_of_a_first_deploy_in_order(cloud: MemoryCloud) -> None:
    deploy(remote(cloud), SITE)
    release = next(key for what, key in cloud.writes if "releases/" in key)
    shard = next(key for what, key in cloud.writes if "shards/" in key)
    state = "shop/prod/site/state.json.gz"
    cloud.writes[9:11] = sorted(cloud.writes[9:11])  # side by side
    assert cloud.writes == [
        ("create bucket", STATE_BUCKET), ("put", MARKER), ("put", "shop/prod/site/lock"),
        ("put", state), ("create bucket", BUCKET), ("put acl", BUCKET), ("put", "a.css"),
        ("put", "index.html"), ("put website", BUCKET), *sorted([("put", shard), ("put", release)]), ("put", state),
        ("delete", "shop/prod/site/lock")]


def test_a_deploy_with_deletions_writes_the_manifest_down_before_it_deletes(cloud: MemoryCloud) -> None:
    deploy(remote(cloud), SITE)
    cloud.writes.clear()
    deploy(remote(cloud), snapshot(site_file("index.html", b"3", "text/html")))
    kinds = [(what, key.removeprefix("shop/prod/site/").partition("/")[0]) for what, key in cloud.writes]
    ready = [("copy", "content"), ("copy", "content"), ("put", "content")]
    assert sorted(kinds[1:5]) == [*ready, ("put", "state.json.gz")], (
        "beside the journal both old contents are kept, the new one is made ready")
    del kinds[1:5]
    assert sorted(kinds[4:6]) == [("put", "releases"), ("put", "shards")]
    del kinds[4:6]
    assert kinds == [("put", "lock"), ("copy", "index.html"), ("put", "state.json.gz"), ("delete", "a.css"),
                     ("put", "state.json.gz"), ("delete", "lock")]


def test_a_deploy_without_changes_reads_one_object_and_writes_nothing(cloud: MemoryCloud) -> None:
    deploy(remote(cloud), SITE)
    cloud.reads.clear()
    cloud.writes.clear()
    assert deploy(remote(cloud), SITE).status is Status.UNCHANGED
    assert cloud.reads == [("get", "shop/prod/site/state.json.gz")] and cloud.writes == []


def test_a_plan_that_somebody_overtook_is_made_again_and_asked_about_again(cloud: MemoryCloud) -> None:
    place = remote(cloud)
    deploy(place, SITE)
    mine = plain(mine="1")
    prepared = prepare(place, mine)
    deploy(remote(cloud), plain(theirs="2"))
    asked: list[Prepared] = []
    outcome = publish(place, mine, prepared, PublishOptions(approve=asked.append))
    assert [step.key for step in asked[0].plan.deletions] == ["theirs.txt"]
    assert outcome.prepared is asked[0] and set(live(cloud)) == {"mine.txt"}


def test_a_refusal_under_the_lock_changes_nothing_and_gives_the_lock_back(cloud: MemoryCloud) -> None:
    place = remote(cloud)
    prepared = prepare(place, SITE)
    deploy(remote(cloud), plain(theirs="2"))

    def refuse(_: Prepared) -> None:
        raise Refused("no")

    with pytest.raises(Refused):
        publish(place, SITE, prepared, PublishOptions(approve=refuse))
    assert set(live(cloud)) == {"theirs.txt"}
    assert "shop/prod/site/lock" not in cloud.bucket(STATE_BUCKET).objects


def test_when_the_lock_is_lost_the_state_of_the_other_is_not_overwritten(cloud: MemoryCloud) -> None:
    place = remote(cloud)

    def look() -> None:
        if cloud.writes[-1] == ("put", "index.html"):
            del cloud.bucket(STATE_BUCKET).objects["shop/prod/site/lock"]

    cloud.look = look
    with pytest.raises(Refused, match="lock of this site was lost"):
        deploy(place, SITE)
    state = place.states.load()
    assert state is not None and state.pending is not None
    assert not [key for _, key in cloud.writes if "releases/" in key], "nor is a release recorded"


def test_what_a_killed_run_uploaded_far_from_the_rest_of_the_site_is_found_again(cloud: MemoryCloud) -> None:
    near, far = site_file("a/index.html", b"1", "text/html"), site_file("z/far.css", b"2", "text/css")
    deploy(remote(cloud), snapshot(near))
    cloud.writes.clear()

    def look() -> None:
        if cloud.writes[-1] == ("put", "z/far.css"):
            cloud.kill_at = len(cloud.writes)

    cloud.look = look
    with pytest.raises(Killed):
        deploy(remote(cloud), snapshot(near, far))
    cloud.revive()
    cloud.look = lambda: None
    assert set(live(cloud)) == {"a/index.html", "z/far.css"}
    deploy(remote(cloud), snapshot(near))
    assert set(live(cloud)) == {"a/index.html"}


def test_in_a_bucket_that_the_site_moves_to_others_are_asked_about_before_anything_is_written(
        cloud: MemoryCloud) -> None:
    deploy(remote(cloud), SITE)
    cloud.bucket("other-1250000000").exists = True
    cloud.store("other-1250000000").put("index.html", b"theirs", {})
    prepared = prepare(remote(cloud, project(bucket_name="other")), SITE)
    assert [step.key for step in prepared.plan.taken_over] == ["index.html"]


def test_a_plan_that_is_made_again_under_the_lock_is_guarded_too(cloud: MemoryCloud) -> None:
    place = remote(cloud)
    prepared = prepare(place, SITE)
    deploy(remote(cloud), snapshot(*(site_file(f"f{n}.txt", b"%d" % n) for n in range(60))))
    with pytest.raises(Refused) as error:
        publish(place, SITE, prepared, PublishOptions())
    assert error.value.code == "MassDeletion" and len(live(cloud)) == 60


def test_a_website_setting_that_fails_leaves_what_was_uploaded_known(cloud: MemoryCloud) -> None:
    place = remote(cloud)
    cloud.fail = lambda what, _: CloudError("no", status=500) if what == "put website" else None
    with pytest.raises(CloudError):
        deploy(place, SITE)
    cloud.fail = lambda _what, _key: None
    again = prepare(place, SITE)
    assert not again.plan.steps and [step.kind for step in again.settings] == ["website"]
    assert publish(place, SITE, again).status is Status.PUBLISHED


def test_a_bucket_that_could_not_be_created_is_not_remembered_as_ours(cloud: MemoryCloud) -> None:
    place = remote(cloud)
    cloud.fail = lambda what, key: (CloudError("taken", code="BucketAlreadyExists", status=409)
                                    if (what, key) == ("create bucket", BUCKET) else None)
    with pytest.raises(CloudError):
        deploy(place, SITE)
    assert place.states.load() is None


def test_somebody_elses_bucket_is_refused_with_a_free_name(cloud: MemoryCloud) -> None:
    cloud.bucket(BUCKET).foreign = True
    with pytest.raises(Refused) as error:
        prepare(remote(cloud), SITE)
    assert error.value.hint and "bucketName: free" in error.value.hint


def test_the_state_cannot_lie_in_the_bucket_of_the_website() -> None:
    with pytest.raises(Exception, match="bucket of the website itself"):
        open_remote(project(state_bucket="site"), Cloud(Credentials("i", "k"), "1250000000", "ap-guangzhou"))


def test_an_existing_state_bucket_of_the_user_is_not_marked_as_ours(cloud: MemoryCloud) -> None:
    place = remote(cloud, project(state_bucket="mine"))
    cloud.bucket("mine-1250000000").exists = True
    deploy(place, SITE)
    assert MARKER not in cloud.bucket("mine-1250000000").objects
    removal = prepare_removal(place)
    assert removal is not None
    assert remove(place, removal).state_bucket_stays is not None
    assert cloud.bucket("mine-1250000000").exists and not cloud.bucket("mine-1250000000").objects


def test_a_site_that_moves_and_comes_back_orphans_nothing(cloud: MemoryCloud) -> None:
    first, second = remote(cloud), remote(cloud, project(bucket_name="other"))
    deploy(first, SITE)
    deploy(second, SITE)
    state = second.states.load()
    assert state is not None and [one.bucket for one in state.former] == [BUCKET]
    back = prepare(first, SITE)
    assert not back.plan.steps and not back.settings
    publish(first, SITE, back)
    state = first.states.load()
    assert state is not None and state.bucket == BUCKET
    assert [one.bucket for one in state.former] == ["other-1250000000"]
    removal = prepare_removal(first)
    assert removal is not None
    assert set(remove(first, removal).buckets) == {BUCKET, "other-1250000000", STATE_BUCKET}


# -- removal -------------------------------------------------------------------------------------------


def test_remove_tells_apart_what_is_ours_what_was_changed_and_what_is_foreign(cloud: MemoryCloud) -> None:
    place = remote(cloud)
    deploy(place, SITE)
    place.store.put("theirs", b"x", {})
    place.store.put("a.css", b"changed by hand", {})
    removal = prepare_removal(place)
    assert removal is not None
    bucket = removal.buckets[0]
    assert [step.key for step in bucket.plan.deletions] == ["index.html"]
    assert [(left.key, left.why) for left in bucket.left] == [("a.css", CHANGED), ("theirs", NOT_OURS)]
    assert bucket.bucket_stays and "2 objects" in bucket.bucket_stays
    remove(place, removal)
    assert set(live(cloud)) == {"a.css", "theirs"} and cloud.bucket(BUCKET).exists


def test_what_was_there_before_with_the_same_content_stays_unless_it_is_asked_for(cloud: MemoryCloud) -> None:
    cloud.bucket(BUCKET).exists = True
    place = remote(cloud)
    place.store.put("a.css", b"2", {"X": "theirs"})
    prepared = prepare(place, SITE)
    assert "1 file of the site was in the bucket before" in prepared.notes[0]
    publish(place, SITE, prepared)
    removal = prepare_removal(place)
    assert removal is not None
    assert [step.key for step in removal.buckets[0].plan.deletions] == ["index.html"]
    assert [(left.key, left.why) for left in removal.buckets[0].left] == [("a.css", THERE_BEFORE)]
    removal = prepare_removal(place, RemovalOptions(adopted=True))
    assert removal is not None and not removal.buckets[0].left and removal.buckets[0].adopted == 1
    deploy(remote(cloud), plain(other="1"))  # so that the removal is planned once more, under the lock
    deploy(remote(cloud), SITE)
    assert set(live(cloud)) == {"a.css", "index.html"}
    again = prepare_removal(place)
    assert again is not None
    remove(place, again)
    assert set(live(cloud)) == {"a.css"}


def test_what_the_user_said_of_the_removal_holds_when_it_is_planned_again(cloud: MemoryCloud) -> None:
    cloud.bucket(BUCKET).exists = True
    place = remote(cloud)
    place.store.put("a.css", b"2", {"X": "theirs"})
    deploy(place, SITE)
    removal = prepare_removal(place, RemovalOptions(adopted=True))
    assert removal is not None
    deploy(remote(cloud), snapshot(*SITE.files.values(), site_file("b.css", b"3", "text/css")))
    assert remove(place, removal).objects == 3 and not live(cloud)


# -- two sites in one bucket -------------------------------------------------------------------------------


def test_each_deploy_is_told_of_another_site_in_the_bucket_and_deletes_nothing_of_it(cloud: MemoryCloud) -> None:
    mine, theirs = remote(cloud), remote(cloud, project(stage="dev"))
    deploy(mine, plain(both="1", mine="1", gone="1"))
    assert prepare(theirs, plain(both="2", theirs="2", gone="2")).mates[0].site == "shop/prod/site"
    deploy(theirs, plain(both="2", theirs="2", gone="2"))
    # What is remembered here knows nothing of it.
    prepared = prepare(mine, plain(both="1", mine="3"))
    assert [(mate.site, sorted(mate.keys)) for mate in prepared.mates] == [
        ("shop/dev/site", ["both.txt", "gone.txt", "theirs.txt"])]
    publish(mine, plain(both="1", mine="3"), prepared)
    assert live(cloud)["gone.txt"][0] == b"2", "it is the other site's now"
    assert prepare(mine, plain(both="1", mine="3")).mates == (), "with nothing to do nobody looks"


def test_remove_leaves_what_another_site_has_in_the_bucket(cloud: MemoryCloud) -> None:
    mine, theirs = remote(cloud), remote(cloud, project(stage="dev"))
    deploy(mine, plain(both="1", mine="1"))
    deploy(theirs, plain(both="1", theirs="2"))
    removal = prepare_removal(mine, RemovalOptions(adopted=True))
    assert removal is not None
    bucket = removal.buckets[0]
    assert [step.key for step in bucket.plan.deletions] == ["mine.txt"]
    assert {(left.key, left.why) for left in bucket.left} == {
        (key, "it belongs to shop/dev/site (app/stage/name)") for key in ("both.txt", "theirs.txt")}
    assert bucket.bucket_stays == "shop/dev/site (app/stage/name) lives in it too"
    remove(mine, removal)
    assert set(live(cloud)) == {"both.txt", "theirs.txt"}
    assert prepare(theirs, plain(both="1", theirs="2"), verify=True).empty


def test_a_site_that_moved_away_or_was_killed_on_its_first_deploy_counts_too(cloud: MemoryCloud) -> None:
    mine = remote(cloud)
    deploy(mine, plain(mine="1"))
    moved = project(stage="dev")
    deploy(remote(cloud, moved), plain(old="1"))
    deploy(remote(cloud, replace(moved, bucket_name="elsewhere")), plain(old="1"))
    cloud.kill_at = len(cloud.writes) + 3
    with pytest.raises(Killed):
        deploy(remote(cloud, project(stage="killed")), plain(begun="1", more="1"))
    cloud.revive()
    assert {mate.site: set(mate.keys) for mate in mates_in(mine, BUCKET)} == {
        "shop/dev/site": {"old.txt"}, "shop/killed/site": {"begun.txt", "more.txt"}}


def test_a_state_that_nobody_understands_is_in_nobodys_way_but_one_that_cannot_be_read_stops_remove(
        cloud: MemoryCloud) -> None:
    place = remote(cloud)
    deploy(place, SITE)
    cloud.store(STATE_BUCKET).put("other/dev/site/state.json.gz", b"no gzip", {})
    assert mates_in(place, BUCKET) == ()
    deploy(remote(cloud, project(stage="dev")), plain(theirs="1"))
    removal = prepare_removal(place)
    assert removal is not None
    cloud.refuse_read = lambda what, key: (
        AccessDenied("no", status=403) if (what, key) == ("get", "shop/dev/site/state.json.gz") else None)
    with pytest.raises(AccessDenied):
        prepare_removal(place)
    assert prepare(place, plain(other="1")).mates == (), "a deploy goes on: it is told what can be known"


def test_a_bucket_that_was_there_before_stays(cloud: MemoryCloud) -> None:
    cloud.bucket(BUCKET).exists = True
    place = remote(cloud)
    deploy(place, SITE)
    removal = prepare_removal(place)
    assert removal is not None and removal.buckets[0].bucket_stays == "sitepub did not create it"
    removed = remove(place, removal)
    assert cloud.bucket(BUCKET).exists and removed.objects == 2


def test_keep_bucket_keeps_it(cloud: MemoryCloud) -> None:
    place = remote(cloud)
    deploy(place, SITE)
    removal = prepare_removal(place, RemovalOptions(keep_bucket=True))
    assert removal is not None
    removed = remove(place, removal)
    assert removed.buckets == (STATE_BUCKET,) and [left.bucket for left in removed.left] == [BUCKET]
    assert cloud.bucket(BUCKET).exists and not cloud.bucket(BUCKET).objects


def test_the_state_bucket_stays_while_another_site_uses_it(cloud: MemoryCloud) -> None:
    place, other = remote(cloud), remote(cloud, project(stage="dev", bucket_name="dev"))
    deploy(place, SITE)
    deploy(other, SITE)
    removal = prepare_removal(place)
    assert removal is not None
    assert remove(place, removal).state_bucket_stays == "other sites keep their state in it"
    assert {key.split("/")[1] for key in cloud.bucket(STATE_BUCKET).objects if key != MARKER} == {"dev"}
    removal = prepare_removal(other)
    assert removal is not None
    assert STATE_BUCKET in remove(other, removal).buckets


def test_a_failed_deletion_keeps_the_state_and_the_next_remove_does_the_rest(cloud: MemoryCloud) -> None:
    from sitepub.errors import PreconditionFailed

    place = remote(cloud)
    deploy(place, SITE)
    removal = prepare_removal(place)
    assert removal is not None
    cloud.fail = lambda what, key: PreconditionFailed("no") if (what, key) == ("delete", "a.css") else None
    removed = remove(place, removal)
    assert [failure.step.key for failure in removed.failures] == ["a.css"] and not removed.buckets
    cloud.fail = lambda _what, _key: None
    removal = prepare_removal(place)
    assert removal is not None
    assert set(remove(place, removal).buckets) == {BUCKET, STATE_BUCKET}


def test_the_lock_that_a_killed_run_left_does_not_keep_the_state_bucket(cloud: MemoryCloud) -> None:
    place = remote(cloud)
    deploy(place, SITE)
    cloud.store(STATE_BUCKET).put("other/dev/site/lock", b"{}", {})
    removal = prepare_removal(place)
    assert removal is not None
    assert STATE_BUCKET in remove(place, removal).buckets


def test_the_lock_of_a_site_that_is_being_deployed_for_the_first_time_keeps_the_state_bucket(
        cloud: MemoryCloud) -> None:
    place = remote(cloud)
    deploy(place, SITE)
    removal = prepare_removal(place)
    assert removal is not None
    with Lock(cloud.store(STATE_BUCKET), "other/dev/site/") as lock:
        assert remove(place, removal).state_bucket_stays == "other sites keep their state in it"
        lock.still_ours()


def test_a_bucket_of_the_states_name_that_holds_something_else_is_not_marked_as_ours(cloud: MemoryCloud) -> None:
    cloud.bucket(STATE_BUCKET).exists = True
    cloud.store(STATE_BUCKET).put("somebody's", b"x", {})
    deploy(remote(cloud), SITE)
    assert MARKER not in cloud.bucket(STATE_BUCKET).objects


def test_a_bucket_that_may_not_be_deleted_is_an_error_and_the_state_stays(cloud: MemoryCloud) -> None:
    place = remote(cloud)
    deploy(place, SITE)
    removal = prepare_removal(place)
    assert removal is not None
    cloud.fail = lambda what, key: (AccessDenied("no", status=403) if (what, key) == ("delete bucket", BUCKET)
                                    else None)
    with pytest.raises(AccessDenied):
        remove(place, removal)
    assert place.states.load() is not None


@pytest.mark.parametrize("after", [False, True])
def test_remove_killed_at_any_write_can_be_run_again_or_deployed_over(after: bool) -> None:
    for again in ("remove", "deploy"):
        for kill in range(20):
            cloud = MemoryCloud()
            place = remote(cloud)
            deploy(place, SITE)
            cloud.revive()
            removal = prepare_removal(place)
            assert removal is not None
            cloud.kill_at, cloud.kill_after = kill, after
            try:
                remove(place, removal)
            except Killed:
                cloud.revive()
            else:
                assert kill > 5
                break
            if again == "deploy":
                deploy(place, SITE)
                assert set(live(cloud)) == set(SITE.files)
                continue
            removal = prepare_removal(place)
            if removal is not None:
                remove(place, removal)
            assert not cloud.bucket(BUCKET).exists
            assert "shop/prod/site/state.json.gz" not in cloud.bucket(STATE_BUCKET).objects
        else:
            raise AssertionError("the removal never ended")


def test_a_prepared_deploy_knows_whether_it_makes_a_bucket(cloud: MemoryCloud) -> None:
    prepared = prepare(remote(cloud), SITE)
    assert prepared.new_bucket and not prepared.empty
    settled = replace(prepared, base=msgspec.structs.replace(prepared.base, app="x"))
    assert not settled.settled


def test_a_run_killed_before_its_last_write_still_becomes_a_release(cloud: MemoryCloud) -> None:
    place = remote(cloud)
    deploy(place, SITE)
    before = place.states.load()
    cloud.revive()
    changed = plain(other="1")

    def look() -> None:
        if cloud.writes[-1][1].startswith("shop/prod/site/releases/"):
            cloud.kill_at = len(cloud.writes)

    cloud.look = look
    with pytest.raises(Killed):
        deploy(place, changed)
    assert cloud.writes[-1][1].startswith("shop/prod/site/releases/")
    cloud.revive()
    cloud.look = lambda: None
    outcome = deploy(place, changed)
    assert outcome.status is Status.PUBLISHED and not outcome.counts.changed
    assert outcome.release and before and before.release and outcome.release.id > before.release.id


def test_ctrl_c_in_the_waiting_thread_stops_the_run_and_writes_down_what_was_done(
        cloud: MemoryCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    real = threading.Condition.wait
    main = threading.current_thread()
    pressed = threading.Event()

    def wait(self: threading.Condition, timeout: float | None = None) -> bool:
        if threading.current_thread() is main and timeout == 0.5 and not pressed.is_set():
            pressed.set()
            raise KeyboardInterrupt
        return real(self, timeout)

    place = remote(cloud)
    site = snapshot(*(site_file(f"f{number}.txt", b"%d" % number) for number in range(200)))
    prepared = prepare(place, site)
    monkeypatch.setattr(threading.Condition, "wait", wait)
    stop = threading.Event()
    outcome = publish(place, site, prepared, PublishOptions(stop=stop, threads=2))
    assert stop.is_set() and pressed.is_set()
    assert outcome.status is Status.INTERRUPTED
    assert set(outcome.state.manifest) == set(live(cloud))
