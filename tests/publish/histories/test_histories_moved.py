"""A site whose place has changed in serverless.yml: another bucket, app, stage, name or folder. Nothing of the old one
is deleted unasked, what stays is said, and ``remove`` takes down what is its own and no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sitepub.config.project import Project, Releases
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.prepare import Prepared, prepare
from sitepub.publish.publish import publish
from sitepub.publish.removal import prepare_removal, remove
from sitepub.site.snapshot import Snapshot
from tests.publish.memory_cloud import APP_ID, MemoryCloud, project, remote
from tests.publish.sites import plain

OLD, NEW = plain(same="1", changed="1", gone="1"), plain(same="1", changed="2", new="1")
CHANGES: dict[str, dict[str, object]] = {
    "bucket": {"bucket_name": "another"}, "app": {"app": "other-app"}, "stage": {"stage": "dev"},
    "name": {"name": "other-name"}, "app and bucket": {"app": "other-app", "bucket_name": "another"},
    "stage and bucket": {"stage": "dev", "bucket_name": "another"}, "folder of the bucket": {"key_prefix": "docs/"},
    "nothing but the files": {},
}
OF_OTHERS = b"of others"


def deploy(cloud: MemoryCloud, of: Project, site: Snapshot) -> tuple[Prepared, list[str]]:
    """The plan, and what was asked about."""
    asked: list[str] = []
    place = remote(cloud, of)
    prepared = prepare(place, site)
    asked += [step.key for step in prepared.plan.taken_over]
    publish(place, site, prepared, PublishOptions(allow_delete=True, threads=1, approve=lambda again: asked.extend(
        step.key for step in again.plan.taken_over)))
    return prepared, asked


def contents(cloud: MemoryCloud, bucket: str) -> dict[str, bytes]:
    return {key: there.data for key, there in cloud.bucket(bucket).objects.items()}


def take_down(cloud: MemoryCloud, of: Project) -> None:
    removal = prepare_removal(remote(cloud, of))
    if removal is not None:
        assert not remove(remote(cloud, of), removal).failures


@pytest.mark.parametrize("old_first", [True, False])
@pytest.mark.parametrize("name", CHANGES)
def test_a_site_that_moves_leaves_what_it_does_not_own_and_says_what_stays(name: str, *, old_first: bool) -> None:
    for keep in (0, 7 * 86400):
        cloud = MemoryCloud()
        cloud.says_times = True
        old = project(releases=Releases(number=2, keep_assets=keep))
        new = replace(old, **CHANGES[name])  # type: ignore[arg-type]
        site = NEW
        if new.key_prefix:
            site = Snapshot({f"docs/{key}": replace(file, key=f"docs/{key}") for key, file in NEW.files.items()})
        deploy(cloud, old, OLD)
        cloud.store(old.bucket(APP_ID)).put("notes.md", OF_OTHERS, {})
        before = contents(cloud, old.bucket(APP_ID))
        cloud.now += 100
        prepared, asked = deploy(cloud, new, site)
        after = contents(cloud, old.bucket(APP_ID))
        same_site = old.state_prefix == new.state_prefix
        moved = new.bucket(APP_ID) != old.bucket(APP_ID)
        if moved:
            assert after == before, "the old bucket is as it was"
            assert not same_site or any(old.bucket(APP_ID) in note for note in prepared.notes)
        elif not same_site:
            # Another site in the same bucket: nothing goes, and what is replaced was asked about.
            assert after.keys() >= before.keys()
            assert {key for key in before if after[key] != before[key]} == set(asked) == {"changed.txt"}
        assert after["notes.md"] == OF_OTHERS
        cloud.now += 100
        both = (old, new) if old_first else (new, old)
        for number, one in enumerate(both):
            other = both[1 - number]
            left = contents(cloud, other.bucket(APP_ID))
            state = remote(cloud, other).states.load() if other.state_prefix != one.state_prefix else None
            take_down(cloud, one)
            if state is not None:
                now = contents(cloud, other.bucket(APP_ID))
                owned = {key for key, entry in state.manifest.items() if not entry.adopted}
                assert {key: now.get(key) for key in owned} == {key: left[key] for key in owned}, "it is the other's"
            cloud.now += 100
        assert contents(cloud, old.bucket(APP_ID))["notes.md"] == OF_OTHERS
        if moved:
            assert not cloud.bucket(new.bucket(APP_ID)).exists, "it was made for the site, and is empty"
        # What both have written is neither's alone, and stays: each removal says so.
        assert contents(cloud, old.bucket(APP_ID)).keys() <= {"notes.md", "same.txt", "changed.txt"}
