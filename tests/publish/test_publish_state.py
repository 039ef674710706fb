"""State, guards and releases."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from sitepub.errors import NotFound, Refused, SitepubError
from sitepub.publish.diff import diff
from sitepub.publish.guards import refuse_empty_site, refuse_mass_deletion
from sitepub.publish.plan import Plan
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.releases import ReleaseRecord, Releases, new_release_id
from sitepub.publish.states.state import VERSION, Created, Former, Journal, ReleaseInfo, State, StateStore, encode
from tests.publish.memory_cloud import MemoryCloud
from tests.publish.sites import plain, site_file, snapshot

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
    states.store.put(states.key, gzip.compress(b'{"version":2,"manifest":"elsewhere"}'), {})
    with pytest.raises(SitepubError, match="newer sitepub") as error:
        states.load()
    assert error.value.code == "StateTooNew"


def test_the_state_holds_no_more_than_its_fields_say() -> None:
    document = msgspec.json.decode(gzip.decompress(encode(STATE)))
    assert set(document) == {"version", "app", "stage", "name", "region", "bucket", "manifest", "pending",
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


def test_release_records_are_listed_newest_first_and_pruned() -> None:
    cloud = MemoryCloud()
    cloud.bucket("state-1").exists = True
    releases = Releases(cloud.store("state-1"), "shop/prod/site/")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    ids = [new_release_id(start + timedelta(hours=hour)) for hour in range(5)]
    for release in ids:
        releases.write(ReleaseRecord(version=1, info=ReleaseInfo(id=release, at="", by="me"), bucket="b",
                                     region="r", manifest=STATE.manifest))
    releases.store.put(releases.prefix + "notes.txt", b"", {})
    assert releases.ids() == ids[::-1]
    assert releases.read(ids[2]).manifest == STATE.manifest
    assert releases.prune(keep=2) == ids[2::-1]
    assert releases.ids() == [ids[4], ids[3]]
    with pytest.raises(NotFound, match="there is no release"):
        releases.read(ids[0])
