"""A run that is killed between the record of its release and the root has made no release, whatever comes next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from sitepub.errors import CloudError
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.publish.removal import prepare_removal, remove
from sitepub.publish.states.releases import Releases
from sitepub.publish.states.remote import Remote
from sitepub.site.snapshot import Snapshot
from tests.publish.memory_cloud import Killed, MemoryCloud, project, remote
from tests.publish.release.kept import PREFIX, STATE_BUCKET, state_of
from tests.publish.sites import plain

FIRST, SECOND, THIRD = plain(a="1", b="1"), plain(a="2", c="2"), plain(a="3")
RECORDS = f"{PREFIX}releases/"


def deploy(place: Remote, site: Snapshot) -> Outcome:
    return publish(place, site, prepare(place, site), PublishOptions(allow_delete=True, threads=1))


@contextmanager
def killed(cloud: MemoryCloud, at: int) -> Iterator[None]:
    """Behind its write number ``at``."""
    cloud.writes.clear()
    cloud.kill_at, cloud.kill_after = at, True
    with suppress(Killed):
        yield
    cloud.revive()


def with_an_unfinished_release() -> tuple[MemoryCloud, str]:
    """The second deploy was killed at the write that follows its record. Answers that release."""
    cloud = MemoryCloud()
    deploy(remote(cloud), FIRST)
    there = records_in(cloud)

    def dies(_what: str, _key: str) -> None:
        if records_in(cloud) != there:
            cloud._dead = True
            raise Killed

    cloud.fail = dies
    with pytest.raises(Killed):
        deploy(remote(cloud), SECOND)
    cloud.fail = lambda _what, _key: None
    cloud.revive()
    state = state_of(cloud)
    assert state is not None and state.pending is not None
    assert records_in(cloud) == {*there, f"{RECORDS}{state.pending.release}.json.gz"}
    return cloud, state.pending.release


def records_in(cloud: MemoryCloud) -> set[str]:
    return {key for key in cloud.bucket(STATE_BUCKET).objects if key.startswith(RECORDS)}


def check_releases(place: Remote, *, without: str) -> None:
    """Each that is there can be read with all it names."""
    state = place.states.load()
    assert state is not None and state.release is not None
    releases = Releases(place.states.store, place.states.prefix, place.states.shards)
    ids = releases.ids(state)
    assert without not in ids and state.release.id in ids
    assert all(list(found.manifest.items()) for one in ids if (found := releases.read(one, state)).kept)


def test_a_removal_that_is_killed_as_well_makes_no_release_of_it() -> None:
    at, ended = 0, False
    while not ended:
        cloud, release = with_an_unfinished_release()
        place = remote(cloud)
        removal = prepare_removal(place)
        assert removal is not None
        with killed(cloud, at):
            remove(place, removal)
            ended = True
        state = state_of(cloud)
        assert state is None or not state.keeps(release)
        deploy(remote(cloud), THIRD)
        check_releases(remote(cloud), without=release)
        at += 1
    assert at > 8


def test_a_second_removal_that_is_killed_makes_no_release_of_it_either() -> None:
    cloud, release = with_an_unfinished_release()
    for at in (3, 2):
        removal = prepare_removal(remote(cloud))
        assert removal is not None
        with killed(cloud, at):
            remove(remote(cloud), removal)
    assert state_of(cloud) is not None
    deploy(remote(cloud), THIRD)
    check_releases(remote(cloud), without=release)


@pytest.mark.parametrize("site", [FIRST, SECOND, THIRD])
def test_a_deploy_to_another_bucket_makes_no_release_of_it(site: Snapshot) -> None:
    cloud, release = with_an_unfinished_release()
    elsewhere = project(bucket_name="other")
    deploy(remote(cloud, elsewhere), site)
    check_releases(remote(cloud, elsewhere), without=release)


def test_a_release_whose_deletions_failed_keeps_its_record_when_the_site_comes_back_to_its_bucket() -> None:
    cloud = MemoryCloud()
    deploy(remote(cloud), FIRST)
    cloud.fail = lambda what, key: CloudError("internal error", code="InternalError", status=500) if (
        (what, key) == ("delete", "b.txt")) else None
    outcome = deploy(remote(cloud), SECOND)
    assert outcome.status is Status.PARTIAL and outcome.release_id is not None
    cloud.fail = lambda _what, _key: None
    deploy(remote(cloud, project(bucket_name="other")), FIRST)
    deploy(remote(cloud), THIRD)
    assert f"{RECORDS}{outcome.release_id}.json.gz" in records_in(cloud)
