"""dev compares only what has changed since its last publish: the plan is the one of the whole site."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.publish.states.dev_overlay import OverlayStates
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.state import State
from sitepub.site.many.files import ChangedFiles, differing
from sitepub.site.snapshot import SiteFile, Snapshot
from tests.amount import times
from tests.publish.memory_cloud import MemoryCloud, remote
from tests.publish.sites import as_published, live, sites


def over(base: Snapshot, site: Snapshot) -> Snapshot:
    """The site as changes of another one."""
    changes: dict[str, SiteFile | None] = {key: file for key, file in site.files.items()
                                           if base.files.get(key) is not file}
    changes |= {key: None for key in base.files if key not in site.files}
    return Snapshot(ChangedFiles(base.files, changes))


@settings(max_examples=times(60), deadline=None)
@given(st.lists(st.tuples(sites(), st.booleans()), min_size=1, max_size=5))
def test_what_changed_gives_the_plan_of_the_whole(history: list[tuple[Snapshot, bool]]) -> None:
    """In half of the steps another process has published something in between."""
    cloud = MemoryCloud()
    place = remote(cloud)
    states = OverlayStates(place.states.store, place.states.prefix)
    session: Remote = replace(place, states=states)
    base = history[0][0]
    settled: tuple[Snapshot, State | None] | None = None
    for site, disturbed in history:
        now = over(base, site)
        if disturbed and settled is not None:
            other = remote(cloud)
            publish(other, base, prepare(other, base), PublishOptions(allow_delete=True, threads=1))
        known = states.known
        since = settled[0] if settled is not None and settled[1] is known else None
        prepared = prepare(session, now, known=known, direct=True, since=since)
        whole = prepare(session, now, known=known, direct=True)
        assert prepared.plan.steps == whole.plan.steps
        assert prepared.plan.moved == whole.plan.moved
        assert prepared.plan.unchanged == whole.plan.unchanged
        assert prepared.plan.known == whole.plan.known
        assert prepared.settled == whole.settled
        publish(session, now, prepared, PublishOptions(allow_delete=True, threads=1, record=False))
        settled = (now, states.known)
        if not prepared.settled:  # where nothing was saved, dev asks nothing, and what others publish stands until then
            assert {key: live(cloud).get(key) for key in site.files} == as_published(site)


@given(sites(), sites(), sites())
def test_the_keys_that_differ_are_all_named(base: Snapshot, one: Snapshot, other: Snapshot) -> None:
    before, after = over(base, one).files, over(base, other).files
    found = differing(before, after)
    assert found is not None
    really = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    assert really <= found
    assert differing(before, over(other, base).files) is None


@given(sites(), sites())
def test_changed_files_are_the_files(base: Snapshot, site: Snapshot) -> None:
    files = over(base, site).files
    assert dict(files) == dict(files.items()) == dict(site.files)
    assert list(files) == sorted(site.files)
    assert [file.key for file in files.values()] == sorted(site.files)
    assert len(files) == len(site.files)
    assert all(key in files for key in site.files)
    assert not any(key in files for key in base.files if key not in site.files)
    assert isinstance(files, ChangedFiles)
    for start in ("", "p", "assets/", "plain1"):
        assert set(files.below(start)) == {key for key in site.files if key.startswith(start)}
