"""Previews beside the live site in a cloud in memory: kills, objects of others, and a clock that is put forward."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from sitepub.config.previews import PreviewOf
from sitepub.config.project import Project
from sitepub.errors import AccessDenied, Refused, SiteError, UsageError
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.locking.lock import Lock
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.prepare import prepare
from sitepub.publish.previews.found import Preview, previews_in
from sitepub.publish.previews.names import chosen, preview_of, safe_name
from sitepub.publish.previews.orphans import clear_orphans
from sitepub.publish.previews.robots import KEY, own_file, site_file, with_own_robots, with_the_sites_own
from sitepub.publish.publish import publish
from sitepub.publish.release.promotion import Kept, LiveSite, site_from
from sitepub.publish.removal import prepare_removal, remove
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cloud import Cloud, Credentials
from tests.amount import times
from tests.publish.memory_cloud import APP_ID, MemoryCloud, project, remote
from tests.publish.release.kept import PREFIX, STATE_BUCKET, check_all, check_no_litter, deploy
from tests.publish.sites import as_published, live, plain, sites, snapshot
from tests.publish.sites import site_file as a_file

ACCOUNT = Cloud(Credentials("id", "key"), APP_ID, "ap-guangzhou")
DAY = 86400


def of_preview(name: str = "new", days: int = 7, branch: str | None = None, by_branch: bool = False) -> Project:
    return preview_of(project(), PreviewOf(name, days * DAY, branch, by_branch))


def show(cloud: MemoryCloud, site: Snapshot, of: Project | None = None) -> Outcome:
    """Deploy a preview."""
    place = remote(cloud, of or of_preview())
    shown = with_own_robots(site)
    return publish(place, shown, prepare(place, shown), PublishOptions(allow_delete=True, threads=1))


def take_down(cloud: MemoryCloud, of: Project | None = None) -> None:
    place = remote(cloud, of or of_preview())
    found = prepare_removal(place)
    assert found is not None
    removed = remove(place, found)
    assert not removed.failures and not removed.interrupted


def listed(cloud: MemoryCloud) -> dict[str, Preview]:
    return {one.name: one for one in previews_in(remote(cloud), ACCOUNT)}


def objects(cloud: MemoryCloud, place: Remote) -> dict[str, bytes]:
    return {key: there.data for key, there in cloud.bucket(place.bucket).objects.items()}


@pytest.mark.parametrize(("text", "name"), [
    ("main", "main"), ("feature/Log-in", "feature-log-in"), ("fix_this.now", "fix-this-now"), ("-a-", "a"),
    ("PR 12", "pr-12"),
    ("", ""), ("///", ""), ("🚀", ""), ("a" * 30, "a" * 30)])
def test_names_of_previews(text: str, name: str) -> None:
    assert safe_name(text) == name
    assert safe_name(name) == name


@given(st.text(max_size=80))
def test_a_name_may_stand_in_a_host_and_in_a_bucket(text: str) -> None:
    name = safe_name(text)
    assert safe_name(name) == name and len(name) <= 30
    assert not name or (name.isascii() and name.replace("-", "a").isalnum() and name == name.lower())
    assert not name.startswith("-") and not name.endswith("-") and "--" not in name


@pytest.mark.parametrize(("one", "other"), [("功能", "特性"), ("a" * 31, "a" * 32), ("é", "è")])
def test_what_cannot_stay_in_a_name_keeps_branches_apart(one: str, other: str) -> None:
    assert safe_name(one) != safe_name(other)


def test_without_a_branch_a_preview_needs_a_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no git branch"):
        chosen(project(tmp_path), "", {})
    with pytest.raises(UsageError, match="cannot be called"):
        chosen(project(tmp_path), "!", {})
    assert chosen(project(tmp_path), "A b", {}).name == "a-b"
    run = chosen(project(tmp_path), "", {"CI": "true", "BRANCH_NAME": "fix/one"})
    assert (run.name, run.branch, run.by_branch, run.shared) == ("fix-one", "fix/one", True, True)


@given(st.sampled_from(["site", "s" * 50, None, "site-1250000000"]), st.text("abc-", min_size=1, max_size=30))
def test_every_preview_has_a_bucket_of_its_own(bucket: str | None, text: str) -> None:
    name = safe_name(text)
    if not name:
        return
    site = project(bucket_name=bucket)
    one = preview_of(site, PreviewOf(name, DAY)).bucket(APP_ID)
    assert len(one) <= 60 and one.endswith(f"-{APP_ID}") and one != site.bucket(APP_ID)
    assert one != preview_of(site, PreviewOf(f"{name[:28]}-x", DAY)).bucket(APP_ID)
    assert one != preview_of(project(bucket_name=bucket, stage="testing"), PreviewOf(name, DAY)).bucket(APP_ID)
    assert "--" not in one.removesuffix(f"-{APP_ID}").replace(site.bucket(APP_ID), "")


def test_a_preview_stands_beside_the_site_and_has_a_robots_txt_of_its_own() -> None:
    cloud = MemoryCloud()
    robots = a_file(KEY, b"User-agent: *\nAllow: /\n")
    site = snapshot(a_file("index.html", b"live", "text/html"), robots)
    deploy(cloud, site)
    before = dict(cloud.bucket("site-1250000000").objects), dict(cloud.store(STATE_BUCKET).objects)
    changed = snapshot(a_file("index.html", b"new", "text/html"), robots)
    assert show(cloud, changed).status is Status.PUBLISHED
    there = objects(cloud, remote(cloud, of_preview()))
    assert there.pop(KEY) == b"User-agent: *\nDisallow: /\n" and there == {"index.html": b"new"}
    assert cloud.bucket("site-1250000000").objects == before[0]
    assert {key: one for key, one in cloud.store(STATE_BUCKET).objects.items()
            if not key.startswith(f"{PREFIX}previews/")} == before[1]
    state = remote(cloud, of_preview()).states.load()
    assert state is not None and state.preview is not None and state.preview.robots is not None
    back = site_file(state.preview.robots)
    assert (back.data, back.headers, back.md5, back.headers_hash) == (
        robots.data, robots.headers, robots.md5, robots.headers_hash)


def test_a_site_below_a_folder_has_its_previews_kept_from_search_engines_too() -> None:
    shown = with_own_robots(snapshot(a_file("docs/index.html", b"x", "text/html"), a_file("docs/robots.txt", b"mine")))
    assert shown.files[KEY].data == b"User-agent: *\nDisallow: /\n"
    assert shown.files["docs/robots.txt"].data == b"mine" and shown.hidden is None and own_file(shown) is None


def test_a_robots_txt_from_the_disk_and_one_that_nobody_reads(tmp_path: Path) -> None:
    from dataclasses import replace

    (tmp_path / KEY).write_bytes(b"Allow: /")
    on_disk = replace(a_file(KEY, b"Allow: /"), data=None, path=tmp_path / KEY)
    own = own_file(with_own_robots(snapshot(on_disk)))
    assert own is not None and own.data == b"Allow: /"
    with pytest.raises(SiteError, match="a preview keeps"):
        with_own_robots(snapshot(a_file(KEY, b"a" * 600_000)))


def test_site_and_previews_have_locks_of_their_own() -> None:
    cloud = MemoryCloud()
    deploy(cloud, plain(a="1"))
    store = cloud.store(STATE_BUCKET)
    with Lock(store, PREFIX):
        assert show(cloud, plain(a="2")).status is Status.PUBLISHED
        assert show(cloud, plain(a="3"), of_preview("other")).status is Status.PUBLISHED
    with Lock(store, f"{PREFIX}previews/new/"):
        assert deploy(cloud, plain(a="4")).status is Status.PUBLISHED
        assert show(cloud, plain(a="4"), of_preview("other")).status is Status.PUBLISHED
        with pytest.raises(Refused, match="is deploying this site"):
            show(cloud, plain(a="4"))
        with pytest.raises(Refused, match="is deploying this site"):
            take_down(cloud)


def test_a_deploy_puts_the_end_of_a_preview_off_and_the_clock_of_the_cloud_counts() -> None:
    cloud = MemoryCloud()
    deploy(cloud, plain(a="1"))
    show(cloud, plain(a="1"), of_preview(days=1))
    cloud.now += DAY - 100
    assert not listed(cloud)["new"].expired
    assert show(cloud, plain(a="1"), of_preview(days=1)).status is Status.UNCHANGED
    cloud.now += DAY - 100
    assert not listed(cloud)["new"].expired, "a deploy that changes nothing counts, too"
    cloud.now += 200
    assert listed(cloud)["new"].expired


def test_a_name_that_two_branches_share_is_refused() -> None:
    cloud = MemoryCloud()
    show(cloud, plain(a="1"), of_preview(branch="feature/a", by_branch=True))
    with pytest.raises(Refused, match="shows the branch feature/a"):
        show(cloud, plain(a="2"), of_preview(branch="feature-a", by_branch=True))
    show(cloud, plain(a="2"), of_preview(branch="feature-a"))
    assert listed(cloud)["new"].branch == "feature-a", "a name that was given is meant"


def test_nothing_of_a_preview_stays_and_all_of_others_does() -> None:
    cloud = MemoryCloud()
    deploy(cloud, plain(a="1"))
    place = remote(cloud, of_preview())
    kept = set(cloud.store(STATE_BUCKET).objects)
    show(cloud, plain(a="2", b="3"))
    show(cloud, plain(a="4"))
    take_down(cloud)
    assert set(cloud.store(STATE_BUCKET).objects) == kept
    assert not cloud.bucket(place.bucket).exists
    show(cloud, plain(a="2"))
    cloud.store(place.bucket).put("notes.md", b"mine", {})
    take_down(cloud)
    assert objects(cloud, place) == {"notes.md": b"mine"} and cloud.bucket(place.bucket).exists
    assert set(cloud.store(STATE_BUCKET).objects) == kept
    show(cloud, plain(a="2"))
    assert objects(cloud, place)["notes.md"] == b"mine"
    take_down(cloud)
    assert cloud.bucket(place.bucket).exists, "made by a preview, but another's object is in it"


def test_a_bucket_of_this_name_that_another_made_stays() -> None:
    cloud = MemoryCloud()
    place = remote(cloud, of_preview())
    cloud.bucket(place.bucket).create()
    show(cloud, plain(a="2"))
    take_down(cloud)
    assert cloud.bucket(place.bucket).exists and not objects(cloud, place)


def test_the_removal_of_a_site_leaves_the_states_of_previews() -> None:
    """They say what has to be removed, too."""
    cloud = MemoryCloud()
    deploy(cloud, plain(a="1"))
    show(cloud, plain(a="2"))
    take_down(cloud, project())
    assert set(listed(cloud)) == {"new"}
    take_down(cloud)
    assert not cloud.bucket(STATE_BUCKET).exists, "the last one takes the state bucket with it"


def test_what_a_preview_has_is_not_cleared_away_and_it_clears_up_after_itself() -> None:
    cloud = MemoryCloud()
    for number in range(4):
        deploy(cloud, plain(a=f"live {number}"), number=1)
        show(cloud, plain(a=f"shown {number}", b="same"))
        check_no_litter(cloud, "previews")
        state = remote(cloud, of_preview()).states.load()
        assert state is not None
        assert sorted(state.manifest) == ["a.txt", "b.txt", KEY]
    below = f"{PREFIX}previews/new/"
    mine = [key for key in cloud.store(STATE_BUCKET).objects if key.startswith(f"{below}content/")]
    assert len(mine) <= 2, "old content is given up"


@settings(max_examples=times(3), suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(sites(), min_size=3, max_size=3), st.booleans())
def test_killed_anywhere_site_and_preview_stay_whole_and_apart(history: list[Snapshot], after: bool) -> None:
    kill = 0
    while True:
        cloud = MemoryCloud()
        deploy(cloud, history[0])
        if kill % 2:
            show(cloud, history[1])
        cloud.revive()
        cloud.look = lambda cloud=cloud: check_all(cloud)  # type: ignore[misc]
        with cloud.killed_at(kill, after=after) as attempt:
            show(cloud, history[2])
        note(f"killed at write {kill}")
        assert live(cloud) == as_published(history[0])
        deploy(cloud, history[1], number=1)
        assert live(cloud) == as_published(history[1])
        show(cloud, history[2])
        assert objects(cloud, remote(cloud, of_preview())) == {
            file.key: file.data for file in with_own_robots(history[2])}
        take_down(cloud)
        check_no_litter(cloud)
        if attempt.ended:
            return
        kill += 1


@settings(max_examples=times(2), suppress_health_check=[HealthCheck.too_slow])
@given(sites(), st.booleans())
def test_a_removal_that_is_killed_is_finished_by_the_next(site: Snapshot, after: bool) -> None:
    kill = 0
    while True:
        cloud = MemoryCloud()
        deploy(cloud, plain(a="live"))
        kept = set(cloud.store(STATE_BUCKET).objects)
        show(cloud, site)
        cloud.revive()
        with cloud.killed_at(kill, after=after) as attempt:
            take_down(cloud)
        if "new" in listed(cloud):
            take_down(cloud)
        assert not cloud.bucket(remote(cloud, of_preview()).bucket).exists
        left = set(cloud.store(STATE_BUCKET).objects) - kept
        assert left <= {f"{PREFIX}previews/new/lock"}, "the lock of a killed run runs out"
        if attempt.ended:
            assert not left
            return
        kill += 1


def test_what_the_site_has_or_keeps_is_copied_and_only_the_rest_uploaded() -> None:
    cloud, large = MemoryCloud(), "three" * 100
    deploy(cloud, plain(a="one", b="two", moved=large, old="four"))
    deploy(cloud, plain(a="one", b="two", moved=large))
    cloud.writes.clear()
    outcome = show(cloud, plain(a="one", b="changed", c=large, d="four", e=""))
    assert (outcome.counts.copied, outcome.counts.uploaded) == (3, 3), "b, e and robots.txt are uploaded"
    put = {key for what, key in cloud.writes if what == "put"}
    assert {"b.txt", "e.txt", KEY} <= put and not {"a.txt", "c.txt", "d.txt"} & put
    there = objects(cloud, remote(cloud, of_preview()))
    assert there["a.txt"] == b"one" and there["c.txt"] == large.encode() and there["d.txt"] == b"four"
    state = remote(cloud, of_preview()).states.load()
    assert state is not None and state.manifest["a.txt"].etag
    forced = remote(cloud, of_preview())
    site = with_own_robots(plain(a="one"))
    assert all(step.action.value != "copy" for step in prepare(forced, site, force=True).plan.steps)


@pytest.mark.parametrize("how", ["gone", "changed", "damaged", "unreadable"])
def test_what_is_gone_when_it_is_to_be_copied_is_uploaded(how: str) -> None:
    """Another deploy of the site, another program, and a state that cannot be read."""
    cloud = MemoryCloud()
    deploy(cloud, plain(a="one", b="two"))
    place = remote(cloud, of_preview())
    site = with_own_robots(plain(a="one", b="three"))
    if how == "damaged":
        cloud.store(STATE_BUCKET).put(f"{PREFIX}state.json.gz", b"no gzip", {})
    if how == "unreadable":
        cloud.refuse_read = lambda what, key: (
            AccessDenied("no", status=403) if what == "get" and key == f"{PREFIX}state.json.gz" else None)
    prepared = prepare(place, site)
    assert len(prepared.plan.copies) == (1 if how in ("gone", "changed") else 0)
    live_store = cloud.store("site-1250000000")
    if how == "gone":
        live_store.delete(["a.txt"])
    if how == "changed":
        live_store.put("a.txt", b"another", {})
    outcome = publish(place, site, prepared, PublishOptions(threads=1))
    assert outcome.status is Status.PUBLISHED
    assert objects(cloud, place)["a.txt"] == b"one"


def promote(cloud: MemoryCloud, of: Project) -> Outcome:
    """Make a preview live."""
    source, target = remote(cloud, of), remote(cloud)
    state = source.states.load()
    assert state is not None and state.release is not None and state.preview is not None
    site = LiveSite("preview", source.bucket, of.region, of.key_prefix, ShardedManifest.of(state.manifest),
                    Kept(source.states.store.bucket, of.region, source.states.prefix), state.release)
    snapshot = site_from(with_the_sites_own(site, state.preview.robots), target.project.key_prefix)
    return publish(target, snapshot, prepare(target, snapshot), PublishOptions(allow_delete=True, threads=1))


robots = st.none() | st.sampled_from([b"Allow: /", b"", b"User-agent: *\nDisallow: /\n"])


@settings(max_examples=times(12), suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(["site", "preview", "preview", "promote", "remove", "time"]), sites(),
                          robots), min_size=3, max_size=8), st.booleans())
def test_after_any_history_a_promoted_preview_is_the_site_byte_by_byte(
        history: list[tuple[str, Snapshot, bytes | None]], foreign: bool) -> None:
    cloud = MemoryCloud()
    place = remote(cloud, of_preview())
    shown: Snapshot | None = None
    theirs = {"zzz-theirs": b"theirs"} if foreign else {}
    for what, files, own in history:
        site = snapshot(*files) if own is None else snapshot(*files, a_file(KEY, own, age=1))
        before = {name: dict(bucket.objects) for name, bucket in cloud.buckets.items()}
        if what == "site":
            deploy(cloud, site, number=1)
            check_no_litter(cloud, "previews")
            assert cloud.bucket(place.bucket).objects == before.get(place.bucket, {})
            assert live(cloud) == as_published(site)
        elif what == "preview":
            show(cloud, site)
            shown = site
            if foreign:
                cloud.store(place.bucket).put("zzz-theirs", b"theirs", {})
            assert cloud.bucket("site-1250000000").objects == before.get("site-1250000000", {})
        elif what == "time":
            cloud.now += 8 * DAY
        elif shown is None:
            continue
        elif what == "promote":
            promote(cloud, of_preview())
            assert live(cloud) == as_published(shown)
            assert promote(cloud, of_preview()).status is Status.UNCHANGED
        else:
            take_down(cloud)
            shown = None
            assert not [key for key in cloud.bucket(STATE_BUCKET).objects if "previews/" in key]
        if shown is not None:
            assert objects(cloud, place) == {**theirs, **{
                file.key: file.data for file in with_own_robots(shown)}}
        elif cloud.bucket(place.bucket).exists:
            assert objects(cloud, place) == theirs


def test_what_was_left_before_there_was_a_state_is_cleared_away_unless_a_run_is_at_it() -> None:
    cloud = MemoryCloud()
    deploy(cloud, plain(a="live"))
    show(cloud, plain(a="shown"))
    store = cloud.store(STATE_BUCKET)
    before = set(store.objects)
    below = f"{PREFIX}previews/old/"
    for name in ("shards/00", "journal-00", "content/00"):
        store.put(below + name, b"left", {})
    store.put(f"{PREFIX}previews/Not A Name/x", b"theirs", {})
    with Lock(store, below):
        assert clear_orphans(remote(cloud)) == 0, "its first deploy is under way"
    assert clear_orphans(remote(cloud)) == 3 and clear_orphans(remote(cloud)) == 0
    assert set(store.objects) - before == {f"{PREFIX}previews/Not A Name/x"}
    assert clear_orphans(remote(MemoryCloud())) == 0
