"""A plan of very many steps is packed. It is the plain one in every respect, and so is what is done with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sitepub.publish import apply, diff
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.many import steps
from sitepub.publish.many.written import Also, Written
from sitepub.publish.plan import Action, Plan, Reason
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.publish.retention import Retention
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.packed import packed_binary, packed_list, unpacked
from sitepub.publish.states.state import Journal
from sitepub.site.snapshot import Snapshot
from tests.amount import times
from tests.publish.memory_cloud import MemoryCloud, remote
from tests.publish.sites import BUCKET, as_published, live, sites

WEEK = Retention(1_000_000.0, 604_800)


def manifest(site: Snapshot) -> dict[str, Entry]:
    return {file.key: Entry.of(file) for file in site}


def both(site: Snapshot, known: Mapping[str, Entry], retention: Retention = WEEK) -> tuple[Plan, Plan]:
    """The plain plan and the packed one."""
    plain = diff.diff(site, known, retention=retention)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diff, "MANY", 0)
        packed = diff.diff(site, known, retention=retention)
    assert isinstance(plain.steps, tuple)
    assert isinstance(packed.steps, steps.PackedSteps) or not plain.steps
    return plain, packed


@settings(max_examples=times(120))
@given(sites(), sites(), st.booleans())
def test_a_packed_plan_is_the_plain_one(before: Snapshot, now: Snapshot, keeps: bool) -> None:
    plain, packed = both(now, manifest(before), WEEK if keeps else Retention(0.0))
    assert packed == plain
    assert tuple(packed.steps) == plain.steps
    assert [packed.steps[number] for number in range(-len(plain.steps), len(plain.steps))] == [*plain.steps] * 2
    assert list(packed.steps[1:3]) == list(plain.steps[1:3])
    for action in Action:
        assert list(packed.of(action)) == list(plain.of(action))
        assert packed.count(action) == plain.count(action) == len(plain.of(action))
    for reason in Reason:
        assert list(packed.because(reason)) == list(plain.because(reason))
    assert (packed.bytes_to_send, packed.dropped, packed.live) == (plain.bytes_to_send, plain.dropped, plain.live)
    assert list(Journal.of("r", "s", "me", packed.steps).steps) == list(Journal.of("r", "s", "me", plain.steps).steps)
    if isinstance(packed.steps, steps.PackedSteps):
        for number, step in enumerate(plain.steps):
            assert packed.steps.find(step.key) == number
        assert packed.steps.find("no such key") == -1
        for step, plain_step in zip(packed.steps, plain.steps, strict=True):
            assert step == plain_step and plain_step == step
            assert replace(step, guarded=True) == replace(plain_step, guarded=True)
        assert [row[0] for row, _ in packed.steps.by_key()] == sorted(step.key for step in plain.steps)
        assert list(packed.steps.guarded(lambda key: (key < "m", "e" if key < "c" else ""))) == [
            replace(step, guarded=step.key < "m", foreign_etag="e" if step.key < "c" else "") if step.new else step
            for step in plain.steps]
        assert list(packed.steps.only(lambda step: step.action is Action.UPLOAD)) == list(plain.uploads)


@settings(max_examples=times(40))
@given(sites(), st.data())
def test_what_was_written_of_a_packed_plan_is_what_was_said(site: Snapshot, data: st.DataObject) -> None:
    _, plan = both(site, {})
    assert isinstance(plan.steps, steps.PackedSteps)
    written, expected = Written(plan.steps), {}
    for number in data.draw(st.permutations(range(len(plan.steps)))):
        step = plan.steps[number]
        assert step.file is not None
        if data.draw(st.booleans()):
            entry = Entry.of(step.file, data.draw(st.sampled_from(["", "abc-5"])), adopted=data.draw(st.booleans()),
                             kept=data.draw(st.booleans()), written=data.draw(st.integers(0, 2**40)))
            written.wrote(number, entry)
            expected[step.key] = entry
    assert dict(written.items()) == dict(written) == expected
    assert list(written) == sorted(expected)
    assert len(written) == len(expected)
    over: dict[str, Entry | None] = {"a": None, **dict.fromkeys(list(expected)[:1])}
    also = Also(written, over)
    assert dict(also.items()) == {**expected, **over}
    assert list(also) == sorted({**expected, **over})
    assert len(also) == len({**expected, **over})


@pytest.fixture
def everything_is_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diff, "MANY", 0)
    monkeypatch.setattr(apply, "MANY", 0)


@pytest.mark.usefixtures("everything_is_many")
@settings(max_examples=times(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(sites(), min_size=1, max_size=3))
def test_deploys_of_packed_plans_end_with_the_site_and_its_state(history: list[Snapshot]) -> None:
    cloud = MemoryCloud()
    for site in history:
        place = remote(cloud)
        publish(place, site, prepare(place, site), PublishOptions(allow_delete=True, threads=3))
        assert {key: live(cloud).get(key) for key in site.files} == as_published(site)
        state = remote(cloud).states.load()
        assert state is not None and state.pending is None
        found = {key: (entry.md5, entry.size, entry.headers_hash) for key, entry in state.manifest.items()}
        assert found == {file.key: (file.md5, file.size, file.headers_hash) for file in site}
        assert {key: entry.etag for key, entry in state.manifest.items()} == {
            key: cloud.bucket(BUCKET).objects[key].etag for key in found}
        assert not prepare(remote(cloud), site).plan.steps


@given(st.lists(st.tuples(st.text(), st.integers(0, 2**60)), max_size=40))
def test_a_list_is_packed_without_being_made_as_a_whole(items: list[tuple[str, int]]) -> None:
    assert unpacked(packed_list(items), "") == unpacked(packed_binary(items), "")


@pytest.mark.parametrize("count", [0, 15, 16, 1000, 1001, 65_535, 65_536])
def test_a_packed_list_has_the_head_of_its_length(count: int) -> None:
    assert msgspec.msgpack.decode(unpacked(packed_list(range(count)), "")) == list(range(count))
