"""Where the content of a slot comes from when it is not at hand: releases that no slot holds, other stages."""

from __future__ import annotations

from dataclasses import replace

from sitepub.config.bucket_settings import RedirectRule, Website
from sitepub.dev.hosts import left_to_deploy
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.outcome import Status
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.publish.release.going_back import site_of
from sitepub.publish.release.promotion import LiveSite, site_from
from sitepub.publish.states.dev_overlay import OverlayStates
from sitepub.publish.states.releases import Release, Releases
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cloud import Cloud, Credentials
from tests.publish.memory_cloud import APP_ID, REGION, project, remote
from tests.publish.sites import BUCKET, site_file, snapshot
from tests.publish.slots.slotted import HOST, Slotted, contents
from tests.publish.slots.test_slots_back import has, release_of
from tests.publish.slots.test_slots_turn import FIRST, SECOND, THIRD


def released(site: Slotted, release: str) -> Release:
    place = site.remote
    return Releases(place.states.store, place.states.prefix, place.states.shards).read(release, place.states.load())


def test_a_release_that_no_slot_holds_comes_from_the_kept_content_and_is_moved_to_as_a_whole() -> None:
    site = Slotted()
    site.deploy(FIRST)
    first = release_of(site)
    site.deploy(SECOND)
    site.deploy(THIRD)
    site.cloud.writes.clear()
    release = released(site, first)
    outcome = site.deploy(site_of(release))
    assert outcome.status is Status.PUBLISHED
    assert has(site.seen(), contents(FIRST)) and has(site.root, contents(FIRST))
    assert not [key for what, key in site.cloud.writes if what == "put" and not key.startswith("shop/")], "no upload"
    site.deploy(THIRD)
    assert has(site.seen(), contents(THIRD))


def test_content_that_has_another_name_now_is_found_under_it() -> None:
    site = Slotted(keep=0)

    def one(page: bytes, picture: str) -> Snapshot:
        return snapshot(site_file("index.html", page, "text/html"), site_file(picture, b"a picture"))

    site.deploy(one(b"1", "zz-first.png"))
    first = release_of(site)
    for page, name in ((b"2", "aa-second.png"), (b"3", "aa-second.png"), (b"4", "mm-third.png")):
        site.deploy(one(page, name))
    site.cloud.writes.clear()
    assert site.deploy(site_of(released(site, first))).status is Status.PUBLISHED
    assert site.seen() == site.root == contents(one(b"1", "zz-first.png"))


def test_what_is_live_in_another_stage_is_copied_to_the_slot_and_from_there_to_the_root() -> None:
    site = Slotted()
    site.deploy(FIRST)
    testing = remote(site.cloud, project(stage="testing", bucket_name="testing"))
    publish(testing, SECOND, prepare(testing, SECOND), PublishOptions(threads=1))
    state = testing.states.load()
    assert state is not None and state.release is not None
    live = LiveSite("testing:1", state.bucket, state.region, "", ShardedManifest.of(state.manifest), None,
                    state.release)
    site.cloud.writes.clear()
    site.deploy(site_from(live, ""))
    assert has(site.seen(), contents(SECOND)) and has(site.root, contents(SECOND))
    assert not [key for what, key in site.cloud.writes if what == "put" and not key.startswith("shop/")], "no upload"


def test_a_run_of_dev_changes_the_root_alone_and_the_next_deploy_brings_its_site_to_visitors() -> None:
    site = Slotted()
    site.deploy(FIRST)
    place = site.remote
    there = OverlayStates(place.states.store, place.states.prefix)
    place = replace(place, states=there)
    prepared = prepare(place, SECOND, known=there.known, direct=True)
    publish(place, SECOND, prepared, PublishOptions(allow_delete=True, threads=1, record=False))
    [said] = left_to_deploy(place.project, Cloud(Credentials("id", "key"), APP_ID, REGION), place, prepared,
                            lambda *_: None)
    assert f"visitors of {HOST} keep the release that slot a holds" in said
    assert site.seen() == contents(FIRST) and has(site.root, contents(SECOND))
    site.deploy(SECOND)
    assert site.seen() == contents(SECOND)
    slots = site.state().slots
    assert slots is not None and not slots.apart


def test_redirects_that_name_keys_are_there_for_the_slot_before_visitors_get_it() -> None:
    rules = (RedirectRule(key_prefix="old/", replace_key_prefix_with="new/"),
             RedirectRule(key_prefix="gone.html", replace_key_with="index.html"),
             RedirectRule(http_error_code=404, replace_key_with="index.html"))
    site = Slotted(website=Website(redirect_rules=rules))
    bucket = site.cloud.bucket(BUCKET)
    seen: list[bool] = []

    def look() -> None:
        route = site.routes.get(HOST)
        if route is not None and route.live is not None:
            seen.append(any((rule.key_prefix or "").startswith(route.live.path)
                            for rule in bucket.values["website"].rules))

    site.cloud.look = look
    site.deploy(FIRST)
    site.deploy(SECOND)
    assert seen and all(seen), "a slot that visitors get has its rules"
    found = bucket.values["website"].rules
    assert {rule.key_prefix for rule in found} == {"old/", "gone.html", None, *(
        f".sitepub/slots/{slot}/{key}" for slot in "ab" for key in ("old/", "gone.html"))}
    assert [rule.replace_key_prefix_with for rule in found if rule.key_prefix == ".sitepub/slots/b/old/"] == ["new/"]
    assert site.deploy(SECOND, verify=True).status is Status.UNCHANGED, "they are no drift"
    site.changes["website"] = Website()
    site.deploy(THIRD)
    site.cloud.look = lambda: None
    assert {rule.key_prefix for rule in bucket.values["website"].rules} == {
        ".sitepub/slots/b/old/", ".sitepub/slots/b/gone.html"}, "what another slot has stays with it"
    site.slots = 1
    site.deploy(THIRD)
    assert bucket.values["website"].rules == ()


def test_a_slot_of_very_many_files_is_filled_by_copies() -> None:
    site = Slotted()
    many = Snapshot({f"p{number:05}.txt": site_file(f"p{number:05}.txt", f"{number % 50}".encode())
                     for number in range(2500)})
    site.deploy(many)
    assert site.seen() == contents(many)
    changed = snapshot(*many, *(site_file(f"p{number:05}.txt", f"new {number % 7}".encode())
                                for number in range(0, 2500, 1)))
    site.cloud.writes.clear()
    site.deploy(changed)
    assert site.seen() == site.root == contents(changed)
    puts = [key for what, key in site.cloud.writes if what == "put" and not key.startswith("shop/")]
    assert all(key.startswith(".sitepub/slots/b/") for key in puts)
