"""Promotion: after it a stage has byte by byte what another has, whatever happened before and wherever it is killed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from sitepub.config.bucket_settings import RedirectRule
from sitepub.config.project import Project, Releases
from sitepub.errors import SitepubError
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.publish.release.going_back import site_of
from sitepub.publish.release.promotion import Kept, LiveSite, site_from, website_from
from sitepub.publish.states import shards
from sitepub.publish.states.releases import Releases as Records
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.shards import ShardRef
from sitepub.publish.states.state import ReleaseInfo
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cos.website_config import WebsiteConfig
from tests.amount import times
from tests.publish.memory_cloud import APP_ID, MemoryCloud, project, remote
from tests.publish.sites import as_published, check_pages_whole, plain, sites

Live = dict[str, tuple[bytes, Mapping[str, str]]]
Stage = Literal["testing", "prod"]
TESTING = project(stage="testing", bucket_name="testing", region="ap-beijing")
FOREIGN = {"X": "theirs"}


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(shards, "_BORDER", 2**32 // 2)
    yield


def two_regions() -> MemoryCloud:
    cloud = MemoryCloud()
    cloud.regions = {f"testing-{APP_ID}": "ap-beijing", f"sitepub-state-ap-beijing-{APP_ID}": "ap-beijing"}
    return cloud


def of(stage: Stage, folder: str = "") -> Project:
    site = TESTING if stage == "testing" else project()
    return replace(site, key_prefix=folder, releases=Releases(keep_assets=0))


def put(place: Remote, site: Snapshot, website: WebsiteConfig | None = None) -> Outcome:
    return publish(place, site, prepare(place, site, website=website), PublishOptions(allow_delete=True, threads=1))


def live_site(place: Remote) -> LiveSite:
    state = place.states.load()
    assert state is not None and state.release is not None
    return LiveSite(f"testing:{state.release.id}", place.bucket, place.project.region, place.project.key_prefix,
                    ShardedManifest.of(state.manifest),
                    Kept(place.states.store.bucket, place.project.region, place.states.prefix), state.release)


def promote(cloud: MemoryCloud, source: Project, target: Project) -> Outcome:
    return put(remote(cloud, target), site_from(live_site(remote(cloud, source)), target.key_prefix))


def objects(cloud: MemoryCloud, of: Project) -> Live:
    return {key: (there.data, there.headers) for key, there in cloud.bucket(of.bucket(APP_ID)).objects.items()}


def below(folder: str, site: Snapshot) -> Snapshot:
    return Snapshot({folder + file.key: replace(file, key=folder + file.key) for file in site})


@settings(max_examples=times(10), suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(["testing", "prod", "promote", "promote", "back"]), sites()), min_size=2,
                max_size=6), st.sampled_from([("", ""), ("", "shop/"), ("a/", "b/c/")]))
def test_after_a_promotion_the_stage_equals_the_other(history: list[tuple[str, Snapshot]], folders: tuple[str, str]
                                                      ) -> None:
    cloud = two_regions()
    source, target = of("testing", folders[0]), of("prod", folders[1])
    for one in (source, target):
        cloud.bucket(one.bucket(APP_ID)).exists = True
        cloud.store(one.bucket(APP_ID)).put("theirs", b"theirs", FOREIGN)
    theirs: Live = {"theirs": (b"theirs", FOREIGN)}
    latest: Snapshot | None = None
    for what, site in history:
        if what == "testing":
            put(remote(cloud, source), below(folders[0], site))
            latest = site
        elif what == "prod":
            put(remote(cloud, target), below(folders[1], site))
        elif what == "back":
            back(cloud, target, len(site))
        elif latest is not None:
            before = objects(cloud, source)
            cloud.writes.clear()
            outcome = promote(cloud, source, target)
            assert outcome.status in (Status.PUBLISHED, Status.UNCHANGED), [str(one) for one in outcome.failures]
            assert objects(cloud, target) == {**theirs, **as_published(below(folders[1], latest))}
            assert objects(cloud, source) == before, "nothing of the other stage is changed"
            sent = {key for done, key in cloud.writes if done == "put" and not key.startswith("shop/prod/site/")}
            assert not [key for key in sent if objects(cloud, target).get(key, (b"",))[0]], "nothing is uploaded"
            cloud.writes.clear()
            assert promote(cloud, source, target).status is Status.UNCHANGED and cloud.writes == []
            assert put(remote(cloud, target), below(folders[1], latest)).status is Status.UNCHANGED


def back(cloud: MemoryCloud, target: Project, number: int) -> None:
    """To any of its releases, those that came from the other stage among them."""
    place = remote(cloud, target)
    state = place.states.load()
    if state is None:
        return
    records = Records(place.states.store, place.states.prefix, place.states.shards)
    ids = records.ids()
    release = records.read(ids[number % len(ids)], state)
    wanted = dict(release.manifest)
    outcome = put(place, site_of(release), release.record.website)
    assert outcome.status in (Status.PUBLISHED, Status.UNCHANGED), [str(one) for one in outcome.failures]
    there = {key: hashlib.md5(data).hexdigest() for key, (data, _) in objects(cloud, target).items() if key != "theirs"}
    assert there == {key: entry.md5 for key, entry in wanted.items()}


@settings(max_examples=times(4), suppress_health_check=[HealthCheck.too_slow])
@given(sites(), sites(), sites(), st.booleans(), st.sampled_from(["", "shop/"]))
def test_killed_at_any_write_the_next_run_ends_as_an_undisturbed_one(
        first: Snapshot, second: Snapshot, third: Snapshot, after: bool, folder: str) -> None:
    source, target = of("testing"), of("prod", folder)
    kill = 0
    while True:
        cloud = two_regions()
        put(remote(cloud, target), below(folder, first))
        put(remote(cloud, source), second)
        cloud.revive()
        if not folder:
            cloud.look = lambda cloud=cloud: check_pages_whole(cloud)  # type: ignore[misc]
        with cloud.killed_at(kill, after=after) as attempt:
            promote(cloud, source, target)
        note(f"killed at write {kill}")
        if kill % 2:
            # What is tested has moved on in between.
            put(remote(cloud, source), third)
        promote(cloud, source, target)
        assert objects(cloud, target) == as_published(below(folder, third if kill % 2 else second))
        assert promote(cloud, source, target).status is Status.UNCHANGED
        if attempt.ended:
            return
        kill += 1


@settings(max_examples=times(6), suppress_health_check=[HealthCheck.too_slow])
@given(sites(), sites(), sites())
def test_a_deploy_of_the_other_stage_at_the_same_moment_leads_to_no_mixture(
        first: Snapshot, second: Snapshot, third: Snapshot) -> None:
    cloud = two_regions()
    source, target = of("testing"), of("prod")
    put(remote(cloud, target), first)
    put(remote(cloud, source), second)
    site = site_from(live_site(remote(cloud, source)), "")
    prepared = prepare(remote(cloud, target), site)
    put(remote(cloud, source), third)  # keeps what it replaces
    outcome = publish(remote(cloud, target), site, prepared, PublishOptions(allow_delete=True, threads=1))
    there = objects(cloud, target)
    if outcome.status is Status.PARTIAL:
        # Its content lies under another name there now.
        assert {getattr(failure.error, "code", "") for failure in outcome.failures} == {"ContentChanged"}
        before = as_published(first)
        assert all(there[key] == before[key] for key in before), "nothing is replaced or deleted"
    else:
        assert there == as_published(second)
    promote(cloud, source, target)
    assert objects(cloud, target) == as_published(third)


@settings(max_examples=times(5), suppress_health_check=[HealthCheck.too_slow])
@given(sites(), sites(), sites(), st.sampled_from([("t/", "p/"), ("t/", "t2/"), ("", "p/"), ("t/", "")]))
def test_two_stages_in_folders_of_one_bucket(first: Snapshot, second: Snapshot, third: Snapshot,
                                             folders: tuple[str, str]) -> None:
    cloud = MemoryCloud()
    source = replace(of("prod", folders[0]), stage="testing")
    target = of("prod", folders[1])
    put(remote(cloud, target), below(folders[1], first))
    put(remote(cloud, source), below(folders[0], second))
    promote(cloud, source, target)

    def both(there: Snapshot, here: Snapshot) -> Live:
        return {**as_published(below(folders[0], there)), **as_published(below(folders[1], here))}

    assert objects(cloud, target) == both(second, second)
    put(remote(cloud, source), below(folders[0], third))
    assert objects(cloud, target) == both(third, second)
    promote(cloud, source, target)
    assert objects(cloud, target) == both(third, third)


def test_what_another_program_has_changed_meanwhile_is_said_and_nothing_live_is_replaced() -> None:
    cloud = two_regions()
    source, target = of("testing"), of("prod")
    put(remote(cloud, target), plain(a="old", b="old b"))
    put(remote(cloud, source), plain(a="new", b="new b"))
    cloud.store(f"testing-{APP_ID}").put("a.txt", b"vandals", {})
    outcome = promote(cloud, source, target)
    assert outcome.status is Status.PARTIAL
    assert "testing-1250000000/a.txt was changed" in str(outcome.failures[0].error)
    assert objects(cloud, target) == as_published(plain(a="old", b="old b"))
    put(remote(cloud, source), plain(a="newer", b="new b"))
    assert promote(cloud, source, target).status is Status.PUBLISHED
    assert objects(cloud, target) == as_published(plain(a="newer", b="new b"))


def test_what_cannot_be_copied_is_said_before_anything_is_changed() -> None:
    cloud = two_regions()
    put(remote(cloud, of("testing")), plain(a="1"))
    site = live_site(remote(cloud, of("testing")))
    with pytest.raises(SitepubError, match="does not lie in other/"):
        site_from(replace(site, key_prefix="other/"), "")
    key, entry = next(iter(site.manifest.items()))
    large = ShardedManifest((ShardRef(key, 1, 6 * 1024**3, "x"),), _OneShard(key, entry, 6 * 1024**3))
    with pytest.raises(SitepubError, match="more than 5 GB"):
        site_from(replace(site, manifest=large), "")


class _OneShard:
    """Reads one entry of a size that no test makes."""

    headers: Mapping[str, Mapping[str, str]] = {}

    def __init__(self, key: str, entry: object, size: int) -> None:
        import msgspec

        from sitepub.publish.states.manifest import Entry
        from sitepub.publish.states.shards import Shard

        assert isinstance(entry, Entry)
        self.shard = Shard({key: msgspec.structs.replace(entry, size=size)})

    def knows(self, ref: object) -> bool:
        raise AssertionError(ref)

    def read(self, refs: object, *, keep: bool = True) -> list[shards.Shard]:
        del refs, keep
        return [self.shard]


@pytest.mark.parametrize(("old", "new", "error", "condition"), [
    ("", "", "404.html", "old/"), ("", "shop/", "shop/404.html", "shop/old/"), ("shop/", "", "404.html", "old/"),
    ("a/", "b/", "b/404.html", "b/old/")])
def test_website_settings_lie_in_the_other_folder(old: str, new: str, error: str, condition: str) -> None:
    website = WebsiteConfig("index.html", old + "404.html", rules=(
        RedirectRule(key_prefix=old + "old/", replace_key_prefix_with=old + "new/"),
        RedirectRule(http_error_code=404, replace_key_with=old + "404.html"), RedirectRule(protocol="https")))
    moved = website_from(LiveSite("", "", "", old, ShardedManifest(), None,
                                  ReleaseInfo(id="", at="", by=""), website), new)
    assert moved is not None and moved.error == error and moved.rules[0].key_prefix == condition
    assert moved.rules[0].replace_key_prefix_with == new + "new/" and moved.rules[1].replace_key_with == error
    assert moved.rules[2] == website.rules[2]
