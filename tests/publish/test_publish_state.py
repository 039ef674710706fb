"""State, guards and releases."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from sitepub.errors import CloudError, NotFound, Refused, SitepubError
from sitepub.publish.diff import diff
from sitepub.publish.guards import refuse_empty_site, refuse_mass_deletion
from sitepub.publish.plan import Plan
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.releases import ReleaseRecord, Releases, new_release_id
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.state import VERSION, Created, Former, Journal, ReleaseInfo, ReleaseMark, State
from sitepub.publish.states.state_store import StateStore
from tests.publish.memory_cloud import MemoryCloud
from tests.publish.memory_store import MemoryStore
from tests.publish.sites import plain, site_file, snapshot
from tests.publish.state_forms import encode, overlay_1, packed_json, version_1

STATE = State(
    version=VERSION, app="shop", stage="prod", name="site", region="ap-guangzhou", bucket="b-1",
    manifest={"a": Entry("m", 1, "h", "e")},
    pending=Journal.of("r1", "2026-01-01T00:00:00+00:00", "me@here", diff(plain(a="1"), {}).steps),
    created=Created("b-1", "ap-guangzhou", "2026-01-01T00:00:00+00:00"), settings_hash="x",
    release=ReleaseInfo(id="r0", at="2026-01-01T00:00:00+00:00", by="me@here", commit="c", message="m",
                        files=1, bytes=2),
    former=(Former("old-1", "ap-guangzhou", {"b": Entry("m", 2, "h", "e")}),))


@pytest.fixture
def states() -> StateStore:
    cloud = MemoryCloud()
    cloud.bucket("state-1").exists = True
    return StateStore(cloud.store("state-1"), "shop/prod/site/")


def test_a_state_comes_back_as_it_was_saved(states: StateStore) -> None:
    assert states.load() is None
    states.save(STATE)
    assert states.load() == STATE
    states.delete()
    assert states.load() is None


def test_the_same_state_always_gives_the_same_bytes() -> None:
    assert encode(STATE) == encode(STATE)


def test_no_state_bucket_is_no_state() -> None:
    assert StateStore(MemoryCloud().store("missing-1"), "x/").load() is None


@pytest.mark.parametrize("damage", [
    b"", b"no gzip", gzip.compress(b"{"), gzip.compress(b"[]"), encode(STATE)[:-9],
    gzip.compress(b'{"version":1}'), gzip.compress(b'{"version":1,"app":3}')],
    ids=["empty", "no gzip", "cut JSON", "a list", "cut gzip", "no fields", "wrong type"])
def test_a_damaged_state_is_an_error_and_never_an_empty_one(states: StateStore, damage: bytes) -> None:
    states.store.put(states.key, damage, {})
    with pytest.raises(SitepubError, match="damaged") as error:
        states.load()
    assert error.value.code == "StateDamaged" and error.value.hint


def test_the_state_of_a_newer_sitepub_is_refused_whatever_it_holds(states: StateStore) -> None:
    states.store.put(states.key, gzip.compress(b'{"version":3,"reader":"7.1","manifest":"elsewhere"}'), {})
    with pytest.raises(SitepubError, match=r"newer sitepub .*: sitepub 7\.1 or newer reads it") as error:
        states.load()
    assert error.value.code == "StateTooNew"
    states.store.put(states.key, gzip.compress(b'{"version":3}'), {})
    with pytest.raises(SitepubError, match="newer sitepub"):
        states.load()


def test_the_first_form_finds_the_version_where_it_looks_for_it() -> None:
    """Its reader took gzip and JSON, and compared the member ``version`` with 1 before anything else."""
    document = json.loads(gzip.decompress(encode(STATE)))
    assert document["version"] == VERSION > 1 and document["reader"]


def test_the_state_holds_no_more_than_its_fields_say() -> None:
    document = msgspec.json.decode(gzip.decompress(encode(STATE)))
    assert set(document) == {"version", "reader", "app", "stage", "name", "region", "bucket", "changes", "pending",
                             "created", "settings_hash", "release", "former"}


def _plan(live: int, deleted: int) -> Plan:
    files = [site_file(f"f{number:03}", b"%d" % number) for number in range(live)]
    return diff(snapshot(*files[deleted:]), {file.key: Entry.of(file) for file in files})


@pytest.mark.parametrize(("live", "deleted"), [(25, 25), (50, 25), (52, 26), (1000, 500)])
def test_few_deletions_or_less_than_half_pass(live: int, deleted: int) -> None:
    refuse_mass_deletion(_plan(live, deleted))


@pytest.mark.parametrize(("live", "deleted"), [(26, 26), (51, 26), (1000, 501)])
def test_many_deletions_of_more_than_half_are_refused_with_the_list(live: int, deleted: int) -> None:
    with pytest.raises(Refused, match=f"delete {deleted} of {live} live files") as error:
        refuse_mass_deletion(_plan(live, deleted))
    assert "f019" in error.value.message and "f020" not in error.value.message
    assert f"{deleted - 20} more" in error.value.message
    refuse_mass_deletion(_plan(live, deleted), allowed=True)


def test_an_empty_site_is_refused() -> None:
    with pytest.raises(Refused, match="nothing to publish"):
        refuse_empty_site(snapshot())


def test_release_ids_sort_by_time_also_within_a_second_and_with_a_clock_that_goes_back() -> None:
    at = datetime(2026, 11, 20, 21, 30, 0, 500000, tzinfo=UTC)
    one = new_release_id(at)
    assert one == "20261120T213000Z-800000"
    assert new_release_id(at + timedelta(microseconds=1)) > one
    later = new_release_id(at - timedelta(hours=1), after=one)
    assert later > one and later.startswith("20261120T213001Z-")


def test_releases_are_listed_newest_first_and_name_the_shards_of_their_manifest(states: StateStore) -> None:
    saved = states.settled(STATE)
    releases = Releases(states.store, states.prefix, states.shards)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    ids = [new_release_id(start + timedelta(hours=hour)) for hour in range(5)]
    for release in ids:
        releases.write(ReleaseRecord.of(ReleaseInfo(id=release, at="", by="me"), bucket="b", region="r",
                                        shards=ShardedManifest.of(saved.manifest).refs))
    releases.store.put(releases.prefix + "notes.txt", b"", {})
    assert releases.ids() == ids[::-1]
    assert releases.read(ids[2], None).manifest == STATE.manifest
    kept = msgspec.structs.replace(STATE, oldest=ids[2], marks=(ReleaseMark(ids[0], "stable", "", "me"),))
    assert releases.read(ids[0], kept).kept, "it has a mark"
    assert [release.id for release in releases.latest(2, None)] == [ids[4], ids[3]]
    assert releases.read(ids[2], kept).kept and not releases.read(ids[1], kept).kept
    with pytest.raises(NotFound, match="there is no release"):
        releases.read("20250101T000000Z-000000", None)


def test_records_of_the_first_form_are_read_and_their_content_was_not_kept(states: StateStore) -> None:
    releases = Releases(states.store, states.prefix, states.shards)
    info = {"id": "20260101T000000Z-000000", "at": "2026-01-01T00:00:00+00:00", "by": "me@here"}
    states.store.put(releases.key(info["id"]), packed_json({
        "version": 1, "info": info, "bucket": "b", "region": "r", "manifest": {"a": ["m", 1, "h", "e", False]}}), {})
    found = releases.read(info["id"], msgspec.structs.replace(STATE, oldest=info["id"]))
    assert found.manifest == {"a": Entry("m", 1, "h", "e")} and not found.kept


def test_a_damaged_record_and_one_of_a_newer_sitepub_are_told_apart(states: StateStore) -> None:
    releases = Releases(states.store, states.prefix, states.shards)
    release = "20260101T000000Z-000000"
    states.store.put(releases.key(release), packed_json({"version": 2})[:-5], {})
    with pytest.raises(SitepubError, match="damaged") as error:
        releases.read(release, None)
    assert error.value.code == "ReleaseDamaged"
    states.store.put(releases.key(release), packed_json({"version": 9, "reader": "9.0"}), {})
    with pytest.raises(SitepubError, match=r"9\.0 or newer") as error:
        releases.read(release, None)
    assert error.value.code == "StateTooNew"


# -- shards in the bucket ------------------------------------------------------------------------------

LARGE = msgspec.structs.replace(STATE, pending=None, former=(), manifest={
    f"posts/{number:05}.html": Entry(f"{number:032x}", number, "h", f"{number:032x}") for number in range(5000)})


def names(states: StateStore, folder: str) -> set[str]:
    return {listed.key for listed in states.store.list(states.prefix + folder)}


def test_one_changed_file_is_one_shard_and_the_root(states: StateStore) -> None:
    assert isinstance(states.store, MemoryStore)
    saved = states.save(LARGE)
    cloud = states.store.cloud
    there = names(states, "shards/")
    assert len(there) == len(ShardedManifest.of(saved.manifest).refs) > 2
    other = StateStore(states.store, states.prefix)
    cloud.reads.clear()
    cloud.writes.clear()
    state = other.load()
    assert state is not None and len(state.manifest) == 5000
    assert [key for _, key in cloud.reads] == [states.key], "its size is known without a shard"
    manifest = ShardedManifest.of(state.manifest).changed({"posts/00007.html": Entry("x", 1, "h", "x")})
    after = other.save(msgspec.structs.replace(state, manifest=manifest))
    assert len([key for _, key in cloud.reads if "/shards/" in key]) == 1
    assert [key.split("/")[3] for _, key in cloud.writes] == ["shards", "state.json.gz"]
    assert len(names(states, "shards/") - there) == 1
    assert after.manifest["posts/00007.html"].md5 == "x" and len(after.manifest) == 5000
    assert StateStore(states.store, states.prefix).load() == after != saved


def test_killed_between_shards_and_root_the_state_before_holds(states: StateStore) -> None:
    assert isinstance(states.store, MemoryStore)
    saved = states.save(LARGE)
    cloud = states.store.cloud
    cloud.fail = lambda _, key: CloudError("no", status=500) if key == states.key else None
    with pytest.raises(CloudError):
        states.save(msgspec.structs.replace(LARGE, manifest=dict(list(LARGE.manifest.items())[:100])))
    assert StateStore(states.store, states.prefix).load() == saved


@pytest.mark.parametrize("damage", ["gone", "cut", "of another range", "not of this form"])
def test_a_shard_that_is_missing_or_damaged_is_an_error_and_never_an_empty_one(states: StateStore, damage: str) -> None:
    states.save(LARGE)
    first, second = sorted(names(states, "shards/"))[:2]
    data = {"cut": states.store.get(first).data[:-7], "of another range": states.store.get(second).data,
            "not of this form": gzip.compress(b"\x91\xc0"), "gone": b""}[damage]
    states.store.delete([first])
    if data:
        states.store.put(first, data, {})
    state = StateStore(states.store, states.prefix).load()
    assert state is not None
    with pytest.raises(SitepubError, match=first.rpartition("/")[2]) as error:
        dict(state.manifest)
    assert error.value.code == "StateDamaged" and error.value.hint


def test_the_steps_of_a_large_journal_lie_beside_the_root_until_it_is_over(states: StateStore) -> None:
    journal = Journal.of("r1", "", "me@here", diff(plain(**{f"n{number}": "1" for number in range(900)}), {}).steps)
    saved = states.save(msgspec.structs.replace(LARGE, pending=journal))
    assert len(names(states, "journal-")) == 1 and len(states.store.get(states.key).data) < 2000
    assert StateStore(states.store, states.prefix).load() == saved
    assert saved.pending == journal
    states.save(msgspec.structs.replace(saved, pending=None))
    assert names(states, "journal-") == set()


def test_while_a_run_goes_on_a_few_changes_lie_over_the_shards(states: StateStore) -> None:
    saved = states.save(LARGE)
    there = names(states, "shards/")
    manifest = ShardedManifest.of(saved.manifest).changed({"posts/00007.html": None, "new": Entry("x", 1, "h", "x")})
    running = states.save(msgspec.structs.replace(saved, manifest=manifest, pending=Journal("r1", "", "me")))
    assert names(states, "shards/") == there
    found = StateStore(states.store, states.prefix).load()
    assert found == running and len(found.manifest) == 5000 and "posts/00007.html" not in found.manifest
    over = states.save(msgspec.structs.replace(running, pending=None))
    assert not ShardedManifest.of(over.manifest).changes and dict(over.manifest) == dict(found.manifest)


# -- the form before -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [STATE, LARGE], ids=["small", "large"])
def test_a_state_of_the_first_form_is_read_and_turned_over_when_it_is_written(
        states: StateStore, state: State) -> None:
    states.store.put(states.key, version_1(state), {})
    states.store.put(states.prefix + "buckets.json", b"{}", {})
    found = states.load()
    assert found is not None and found.version == 1
    assert msgspec.structs.replace(found, version=VERSION) == state
    states.save(msgspec.structs.replace(found, pending=None))
    assert json.loads(gzip.decompress(states.store.get(states.key).data))["version"] == VERSION
    assert {key.split("/")[3] for key in names(states, "")} == {"state.json.gz", "shards"}
    assert StateStore(states.store, states.prefix).load() == msgspec.structs.replace(state, pending=None)


def test_an_overlay_of_the_first_form_is_read_and_goes_when_the_state_is_written(states: StateStore) -> None:
    over = msgspec.structs.replace(STATE, manifest={"b": Entry("n", 2, "h", "n")}, settings_hash="y")
    states.store.put(states.key, version_1(msgspec.structs.replace(STATE, pending=None), "0a"), {})
    with pytest.raises(SitepubError, match=r"overlay-0a.*missing"):
        states.load()
    states.store.put(states.prefix + "overlay-0a", overlay_1(over, ("a",)), {})
    found = states.load()
    assert found is not None and dict(found.manifest) == dict(over.manifest) and found.settings_hash == "y"
    states.save(msgspec.structs.replace(found, pending=None))
    assert names(states, "overlay-") == set()
