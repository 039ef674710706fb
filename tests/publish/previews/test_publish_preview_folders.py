"""Previews in folders of their site's bucket, in a cloud in memory: neither takes what is the other's, whatever is
killed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from sitepub.config.previews import PreviewOf, Previews
from sitepub.config.project import Host, Project, Releases
from sitepub.errors import Refused
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.prepare import prepare
from sitepub.publish.previews.folder import route_of_nothing, route_to
from sitepub.publish.previews.robots import KEY, with_own_robots, with_the_sites_own
from sitepub.publish.publish import publish
from sitepub.publish.release.promotion import Kept, LiveSite, site_from
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cos.website_config import WebsiteConfig
from tests.amount import times
from tests.publish.memory_cloud import APP_ID, MemoryCloud, project, remote
from tests.publish.previews.test_publish_previews import DAY, listed, show, take_down
from tests.publish.release.kept import PREFIX, STATE_BUCKET, deploy
from tests.publish.sites import plain, sites

PREVIEWS = Previews(host=Host("${preview}.p.a.com", edge="edgeone"), routed=True)
SITE = "site-1250000000"


def site() -> Project:
    return project(previews=PREVIEWS, hosts=(Host("www.a.com", edge="edgeone"),), releases=Releases(keep_assets=0))


def of_preview(name: str = "new", days: int = 7) -> Project:
    from sitepub.publish.previews.names import preview_of

    return preview_of(site(), PreviewOf(name, days * DAY))


def in_folder(cloud: MemoryCloud, name: str = "new") -> dict[str, bytes]:
    folder = f".sitepub/previews/{name}/"
    return {key.removeprefix(folder): there.data for key, there in cloud.bucket(SITE).objects.items()
            if key.startswith(folder)}


def at_root(cloud: MemoryCloud) -> dict[str, bytes]:
    return {key: there.data for key, there in cloud.bucket(SITE).objects.items() if not key.startswith(".sitepub/")}


def shown(snapshot: Snapshot) -> dict[str, bytes | None]:
    return {file.key: file.data for file in with_own_robots(snapshot).files.values()}


def data(snapshot: Snapshot) -> dict[str, bytes | None]:
    return {file.key: file.data for file in snapshot.files.values()}


def test_two_previews_and_the_site_share_one_bucket() -> None:
    cloud = MemoryCloud()
    deploy(cloud, plain(a="live", b="same"))
    writes = len(cloud.writes)
    outcome = show(cloud, plain(a="new", b="same"), of_preview())
    assert outcome.status is Status.PUBLISHED and outcome.counts.copied == 1, "the rest is copied from the site"
    show(cloud, plain(c="other"), of_preview("other"))
    assert not any(key.startswith(("create", "put website")) for key, _ in cloud.writes[writes:])
    assert in_folder(cloud) == {"a.txt": b"new", "b.txt": b"same", KEY: b"User-agent: *\nDisallow: /\n"}
    assert in_folder(cloud, "other").keys() == {"c.txt", KEY}
    assert at_root(cloud) == {"a.txt": b"live", "b.txt": b"same"}
    deploy(cloud, plain(a="live 2"))
    assert in_folder(cloud)["b.txt"] == b"same" and at_root(cloud) == {"a.txt": b"live 2"}
    assert list(cloud.buckets) == [SITE, STATE_BUCKET] or set(cloud.buckets) == {SITE, STATE_BUCKET}
    show(cloud, plain(a="newer"), of_preview())
    assert in_folder(cloud).keys() == {"a.txt", KEY}
    take_down(cloud, of_preview())
    assert in_folder(cloud) == {} and in_folder(cloud, "other") and at_root(cloud) == {"a.txt": b"live 2"}
    assert cloud.bucket(SITE).exists and set(listed(cloud)) == {"other"}


def test_there_is_no_preview_before_there_is_a_site() -> None:
    cloud = MemoryCloud()
    with pytest.raises(Refused, match="is not live in stage prod"):
        show(cloud, plain(a="1"), of_preview())
    assert not any(cloud.store(name).objects for name in cloud.buckets if cloud.bucket(name).exists)
    deploy(cloud, plain(a="1"))
    moved = replace(of_preview(), bucket_name="elsewhere")
    with pytest.raises(Refused, match=r"serverless\.yml names elsewhere"):
        show(cloud, plain(a="1"), moved)


def test_a_preview_with_a_bucket_of_its_own_moves_in_and_leaves_nothing_there() -> None:
    from tests.publish.previews.test_publish_previews import of_preview as own_bucket

    cloud = MemoryCloud()
    deploy(cloud, plain(a="live"))
    show(cloud, plain(a="new"), own_bucket())
    before = own_bucket().bucket(APP_ID)
    show(cloud, plain(a="newer"), of_preview())
    assert in_folder(cloud)["a.txt"] == b"newer" and at_root(cloud) == {"a.txt": b"live"}
    take_down(cloud, of_preview())
    assert not cloud.bucket(before).exists and not in_folder(cloud) and at_root(cloud) == {"a.txt": b"live"}


def test_back_to_a_bucket_of_its_own_it_is_asked_to_be_removed_first_and_that_never_touches_the_site() -> None:
    from tests.publish.previews.test_publish_previews import of_preview as own_bucket

    cloud = MemoryCloud()
    deploy(cloud, plain(a="same"))
    show(cloud, plain(a="same"), of_preview())
    with pytest.raises(Refused, match="would lie elsewhere now"):
        show(cloud, plain(a="same"), own_bucket())
    take_down(cloud, own_bucket())
    assert at_root(cloud) == {"a.txt": b"same"} and in_folder(cloud) == {} and listed(cloud) == {}


def test_what_another_put_into_its_folder_stays() -> None:
    cloud = MemoryCloud()
    deploy(cloud, plain(a="live"))
    show(cloud, plain(a="new"), of_preview())
    cloud.store(SITE).put(".sitepub/previews/new/theirs.md", b"mine", {})
    take_down(cloud, of_preview())
    assert in_folder(cloud) == {"theirs.md": b"mine"}


def test_it_goes_live_from_its_folder() -> None:
    cloud = MemoryCloud()
    deploy(cloud, plain(a="live", gone="1"))
    show(cloud, plain(a="new", b="more"), of_preview())
    state = remote(cloud, of_preview()).states.load()
    assert state is not None and state.release is not None and state.preview is not None
    assert (state.folder, state.preview.host) == (".sitepub/previews/new/", "new.p.a.com")
    there = LiveSite(f"preview new:{state.release.id}", state.bucket, state.region, "",
                     ShardedManifest.of(state.manifest), Kept(STATE_BUCKET, state.region, f"{PREFIX}previews/new/"),
                     state.release, folder=state.folder)
    snapshot = site_from(with_the_sites_own(there, state.preview.robots), "")
    place = remote(cloud, site())
    outcome: Outcome = publish(place, snapshot, prepare(place, snapshot), PublishOptions(allow_delete=True, threads=1))
    assert outcome.status is Status.PUBLISHED and outcome.counts.uploaded == 0
    assert at_root(cloud) == {"a.txt": b"new", "b.txt": b"more"} and in_folder(cloud)


@settings(max_examples=times(2), suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(sites(), min_size=3, max_size=3), st.booleans())
def test_killed_anywhere_site_and_preview_stay_whole_and_apart(history: list[Snapshot], after: bool) -> None:
    kill = 0
    while True:
        cloud = MemoryCloud()
        deploy(cloud, history[0])
        if kill % 2:
            show(cloud, history[1], of_preview())
        cloud.revive()
        with cloud.killed_at(kill, after=after) as attempt:
            show(cloud, history[2], of_preview())
        note(f"killed at write {kill}")
        assert at_root(cloud) == data(history[0])
        deploy(cloud, history[1], number=1)
        assert at_root(cloud) == data(history[1])
        show(cloud, history[2], of_preview())
        assert in_folder(cloud) == shown(history[2])
        take_down(cloud, of_preview())
        assert in_folder(cloud) == {} and at_root(cloud) == data(history[1])
        if attempt.ended:
            return
        kill += 1


def test_its_route_has_what_the_website_settings_of_the_bucket_would_say() -> None:
    route = route_to(of_preview(), "new.p.a.com", "20261120T213000Z-ab12cd",
                     WebsiteConfig("home.html", "err/no.html", original_status_enabled=False))
    assert route.live is not None and route.live.path == ".sitepub/previews/new/" and route.hidden
    assert (route.index, route.error, route.error_status) == ("home.html", "err/no.html", 200)
    assert route.site == "shop/prod/site/new"
    nothing = route_of_nothing("*.p.a.com", "shop/prod/site")
    assert nothing.live is None and nothing.hidden and nothing.variable == "SITE_ANY_p_a_com"
