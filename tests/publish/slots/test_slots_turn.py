"""Deploys with slots: the idle slot gets the release, the pointer moves, the bucket's root follows."""

from __future__ import annotations

import pytest

from sitepub.errors import CloudError
from sitepub.publish.outcome import Status
from tests.publish.memory_cloud import Killed
from tests.publish.sites import plain, site_file, snapshot
from tests.publish.slots.slotted import HOST, Slotted, contents, needed_by

FIRST = snapshot(site_file("index.html", b"one <needs a.1.css>", "text/html"), site_file("a.1.css", b"first"),
                 site_file("same.png", b"picture"), site_file("gone.html", b"old page", "text/html"))
SECOND = snapshot(site_file("index.html", b"two <needs a.2.css>", "text/html"), site_file("a.2.css", b"second"),
                  site_file("same.png", b"picture"))
THIRD = snapshot(site_file("index.html", b"three <needs a.3.css>", "text/html"), site_file("a.3.css", b"third"),
                 site_file("same.png", b"picture"))


def test_the_first_deploy_is_one_of_the_root_and_then_the_host_is_led_to_a_slot_with_the_same() -> None:
    site = Slotted()
    site.deploy(FIRST)
    assert site.root == site.seen() == contents(FIRST)
    route = site.routes[HOST]
    assert route.live is not None and route.live.path == ".sitepub/slots/a/"
    assert route.live.release == site.state().release.id  # type: ignore[union-attr]
    uploads = [key for what, key in site.cloud.writes if what == "put" and not key.startswith("shop/")]
    assert sorted(key for key in uploads if key in contents(FIRST)) == sorted(contents(FIRST))
    assert not [key for key in uploads if key.startswith(".sitepub/slots/")], "all of the slot is copied"


def test_a_deploy_uploads_what_is_new_once_into_the_idle_slot_and_the_root_copies_it() -> None:
    site = Slotted()
    site.deploy(FIRST)
    site.cloud.writes.clear()
    outcome = site.deploy(SECOND)
    assert outcome.status is Status.PUBLISHED
    assert site.root.keys() - {"a.1.css"} == contents(SECOND).keys() and site.seen() == contents(SECOND)
    puts = [key for what, key in site.cloud.writes if what == "put" and not key.startswith("shop/")]
    assert sorted(puts) == [".sitepub/slots/b/a.2.css", ".sitepub/slots/b/index.html"]
    assert site.turn is not None and site.turn.done is not None
    assert (site.turn.done.slot, site.turn.done.counts.uploaded, site.turn.done.counts.copied) == ("b", 2, 1)
    assert site.turn.done.release == outcome.release_id


def test_the_pointer_moves_after_the_slot_is_whole_and_before_the_root_changes() -> None:
    site = Slotted()
    site.deploy(FIRST)
    site.cloud.writes.clear()
    site.deploy(SECOND)
    writes = site.cloud.writes
    moved = writes.index(("point", HOST))
    slot = [number for number, (_, key) in enumerate(writes) if key.startswith(".sitepub/slots/b/")]
    root = [number for number, (_, key) in enumerate(writes) if key in contents(SECOND) or key == "gone.html"]
    assert slot and root and max(slot) < moved < min(root)


def test_slots_take_turns_and_each_deploy_sends_only_what_that_slot_lacks() -> None:
    site = Slotted()
    for number, one in enumerate((FIRST, SECOND, THIRD, FIRST, SECOND)):
        site.deploy(one)
        route = site.routes[HOST]
        assert route.live is not None and route.live.path == f".sitepub/slots/{'ab'[number % 2]}/"
        assert {key: data for key, data in site.seen().items() if key in contents(one)} == contents(one)
    assert site.state().slots is not None


def test_open_pages_find_their_assets_after_two_deploys() -> None:
    site = Slotted()
    for one in (FIRST, SECOND, THIRD):
        site.deploy(one)
        assert site.load("a.1.css") == b"first"
    assert site.load("a.2.css") == b"second"
    assert site.load("gone.html") is None, "a page that is gone is gone"


def test_a_deploy_of_the_same_site_writes_nothing_and_reads_no_more_than_without_slots() -> None:
    site = Slotted()
    site.deploy(FIRST)
    site.deploy(SECOND)
    site.cloud.writes.clear()
    site.cloud.reads.clear()
    assert site.deploy(SECOND).status is Status.UNCHANGED
    assert site.cloud.writes == [] and len(site.cloud.reads) == 1


def test_a_failed_upload_leaves_the_pointer_and_the_root_alone() -> None:
    site = Slotted()
    site.deploy(FIRST)
    before = site.root
    site.cloud.fail = lambda what, key: CloudError("broken", status=500) if (
        what == "put" and key.endswith("a.2.css")) else None
    assert site.deploy(SECOND).status is Status.PARTIAL
    assert site.root == before and site.seen() == contents(FIRST)
    site.cloud.fail = lambda _what, _key: None
    assert site.deploy(SECOND).status is Status.PUBLISHED
    assert site.seen() == contents(SECOND)


def test_a_route_that_cannot_be_set_leaves_the_root_alone_and_the_next_run_ends_it() -> None:
    site = Slotted()
    site.deploy(FIRST)
    site.cloud.fail = lambda what, _key: CloudError("busy", status=500) if what == "point" else None
    with pytest.raises(CloudError):
        site.deploy(SECOND)
    assert site.seen() == site.root == contents(FIRST)
    site.cloud.fail = lambda _what, _key: None
    site.cloud.writes.clear()
    site.deploy(SECOND)
    assert site.seen() == contents(SECOND)
    assert not [key for what, key in site.cloud.writes if what == "put" and key.startswith(".sitepub/")]


def kills(before: tuple[object, ...], after: bool) -> None:
    """Killed at each write in turn; the next run ends as an undisturbed one, and visitors see one release whole."""
    number = 0
    while True:
        site = Slotted()
        for one in before:
            site.deploy(one)  # type: ignore[arg-type]
        old = before[-1]
        site.cloud.writes.clear()

        def look(site: Slotted = site, old: object = old) -> None:
            seen = {key: data for key, data in site.seen().items() if key.endswith(".html")}
            pages = [{key: data for key, data in contents(one).items() if key.endswith(".html")}  # type: ignore[arg-type]
                     for one in (old, THIRD)]
            assert seen in pages, "a mixture"
            for page in seen.values():
                assert all(site.load(key) is not None for key in needed_by(page)), "a file is missing"

        site.cloud.look = look
        site.cloud.kill_at, site.cloud.kill_after = number, after
        try:
            site.deploy(THIRD)
        except Killed:
            site.cloud.revive()
        else:
            break
        site.cloud.kill_at = None
        site.deploy(THIRD)
        assert {key: data for key, data in site.seen().items() if key in contents(THIRD)} == contents(THIRD)
        assert {key: data for key, data in site.root.items() if key in contents(THIRD)} == contents(THIRD)
        slots, state = site.state().slots, site.state()
        assert slots is not None and not slots.moving and not slots.apart and state.pending is None
        assert "gone.html" not in site.seen()
        site.cloud.writes.clear()
        assert site.deploy(THIRD).status is Status.UNCHANGED and not site.cloud.writes, number
        number += 1
    assert number > 12, "every write of a deploy"


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("before", [(FIRST,), (FIRST, SECOND)])
def test_killed_at_any_write_the_next_run_ends_the_same(before: tuple[object, ...], after: bool) -> None:
    kills(before, after)


def test_nothing_is_left_of_slots_that_are_turned_off_and_visitors_get_the_root() -> None:
    site = Slotted()
    site.deploy(FIRST)
    site.deploy(SECOND)
    site.slots = 1
    site.deploy(THIRD)
    assert site.routes == {}
    assert not [key for key in site.objects if key.startswith(".sitepub/")]
    assert site.state().slots is None and not [
        key for key in site.cloud.bucket("sitepub-state-ap-guangzhou-1250000000").objects if "/slots/" in key]
    assert {key: site.root[key] for key in contents(THIRD)} == contents(THIRD)


def test_plain_sites_are_published_as_before() -> None:
    site = Slotted(slots=1)
    site.deploy(plain(a="1"))
    assert site.objects == {"a.txt": b"1"} and site.routes == {}
