"""A share of the visitors: the idle slot gets the release, root and records stay, and each way to end it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from sitepub.domains.router.route import Share
from sitepub.errors import CloudError, Refused
from sitepub.publish.outcome import Status
from sitepub.publish.slots.share_change import change_share
from sitepub.publish.slots.switching import held, surplus
from sitepub.publish.states.state import LiveShare
from sitepub.site.snapshot import Snapshot
from tests.amount import times
from tests.publish.memory_cloud import Killed
from tests.publish.slots.slotted import HOST, Slotted, contents, needed_by
from tests.publish.slots.test_slots_turn import FIRST, SECOND, THIRD


def share(site: Slotted) -> Share | None:
    return site.routes[HOST].share


def only(site: Slotted, wanted: Snapshot, *, shared: bool = False) -> bool:
    """Whether visitors get this release: its pages and no others, and all of its files."""
    seen = site.seen(shared=shared)
    pages, wanted_pages = ({key for key in keys if key.endswith(".html")} for keys in (seen, contents(wanted)))
    return pages == wanted_pages and contents(wanted).items() <= seen.items()


def shared_site(*, slots: int = 2) -> Slotted:
    site = Slotted(slots=slots)
    site.deploy(FIRST)
    site.deploy(SECOND, part=0.1)
    return site


def test_a_share_leaves_root_records_and_all_others_alone() -> None:
    site = Slotted()
    site.deploy(FIRST)
    before, root = site.state(), site.root
    site.cloud.writes.clear()
    outcome = site.deploy(SECOND, part=0.1)
    assert outcome.status is Status.PUBLISHED and outcome.counts.uploaded == 2 and outcome.counts.copied == 1
    led, state = share(site), site.state()
    assert led is not None and led.part == 0.1 and only(site, FIRST) and only(site, SECOND, shared=True)
    assert site.root == root
    assert [(one.release, one.share) for one in state.shares] == [(led.slot.release, 0.1)]
    assert state.shares[0].by and state.shares[0].since and state.keeps(led.slot.release)
    assert (state.release, state.kept, dict(state.manifest)) == (before.release, before.kept, dict(before.manifest))
    assert not [key for what, key in site.cloud.writes if "/releases/" in key or "/content/" in key]
    assert state.slots is not None and not (state.slots.moving or state.slots.apart)


def test_the_same_again_writes_nothing_but_another_part() -> None:
    site = shared_site()
    first = site.state().shares
    site.cloud.writes.clear()
    site.deploy(SECOND, part=0.4)
    assert not [key for _, key in site.cloud.writes if key.startswith(".sitepub/")]
    assert [(one.release, one.share, one.since) for one in site.state().shares] == [
        (first[0].release, 0.4, first[0].since)]
    led = share(site)
    assert led is not None and led.part == 0.4


def test_what_is_live_for_all_cannot_be_shared() -> None:
    site = Slotted()
    site.deploy(FIRST)
    assert site.deploy(FIRST, part=0.1).status is Status.UNCHANGED
    assert share(site) is None and site.state().shares == ()


def test_a_site_whose_hosts_lead_to_no_slot_has_no_share() -> None:
    site = Slotted()
    with pytest.raises(Refused, match="do not lead to slots"):
        site.deploy(FIRST, part=0.1)
    assert site.routes == {} and not [key for key in site.objects if key.startswith(".sitepub/")]


@pytest.mark.parametrize("slots", [2, 3])
def test_another_release_takes_the_place_of_the_share(slots: int) -> None:
    site = shared_site(slots=slots)
    seen: list[bool] = []
    site.cloud.look = lambda: seen.append(share(site) is not None)
    site.deploy(THIRD, part=0.2)
    assert only(site, FIRST) and only(site, THIRD, shared=True) and site.root == contents(FIRST)
    assert [one.share for one in site.state().shares] == [0.2]
    assert all(seen) is (slots == 3), "with a third slot there is no time without a share"


def test_the_stable_release_is_replaced_and_the_share_goes_on() -> None:
    site = shared_site(slots=3)
    before = site.state().shares
    site.deploy(THIRD)
    assert only(site, THIRD) and only(site, SECOND, shared=True) and site.state().shares == before
    with pytest.raises(Exception, match="no slot is idle"):
        shared_site(slots=2).deploy(THIRD)


@pytest.mark.parametrize("slots", [2, 3])
def test_both_are_replaced_and_the_share_ends(slots: int) -> None:
    site = shared_site(slots=slots)
    site.deploy(THIRD, ends=True)
    assert only(site, THIRD) and share(site) is None and site.state().shares == ()
    assert contents(THIRD).items() <= site.root.items()


def test_the_release_of_the_share_for_all_is_the_pointer_alone_and_then_the_root() -> None:
    site = shared_site()
    release = site.state().shares[0].release
    site.cloud.writes.clear()
    outcome = site.deploy(SECOND, ends=True)
    moved = [number for number, (what, _) in enumerate(site.cloud.writes) if what == "point"]
    assert len(moved) == 1 and not [key for _, key in site.cloud.writes if key.startswith(".sitepub/")]
    assert not [key for what, key in site.cloud.writes if what == "put" and not key.startswith("shop/")], "no upload"
    assert outcome.release_id == release and only(site, SECOND) and share(site) is None
    assert contents(SECOND).items() <= site.root.items() and site.state().shares == ()
    assert site.load("a.1.css") == b"first", "open pages of the stable release"


def change(site: Slotted, part: float) -> bool:
    with held(site.remote) as one:
        assert one is not None
        return change_share(one, site.pointer, part)


def test_a_part_is_changed_by_one_call_and_ends_by_one_call() -> None:
    site = shared_site()
    first = site.state().shares[0]
    site.cloud.writes.clear()
    assert change(site, 0.5) and not change(site, 0.5)
    led = share(site)
    assert led is not None and led.part == 0.5
    assert [what for what, key in site.cloud.writes if key == HOST] == ["point"]
    assert [(one.release, one.share, one.since) for one in site.state().shares] == [(first.release, 0.5, first.since)]
    site.cloud.writes.clear()
    assert change(site, 0) and not change(site, 0)
    assert [what for what, key in site.cloud.writes if key == HOST] == ["point"]
    assert share(site) is None and only(site, FIRST) and only(site, FIRST, shared=True) and site.root == contents(FIRST)
    assert site.load("a.2.css") == b"second", "open pages of the share find their files"
    for part in (0.3, 0.0001):
        with pytest.raises(Refused, match="no share runs"):
            change(site, part)
    assert not [key for _, key in site.cloud.writes if key.startswith((".sitepub/", "index"))]
    site.deploy(THIRD, part=0.2)
    assert only(site, THIRD, shared=True)


def test_a_site_without_slots_has_nothing_to_change() -> None:
    site = Slotted(slots=1)
    site.deploy(FIRST)
    for part in (0, 0.5):
        with pytest.raises(Refused, match="no share runs"):
            change(site, part)


def test_what_a_killed_run_has_left_is_read_from_the_routes() -> None:
    site = shared_site()
    with held(site.remote) as one:
        assert one is not None and one.state.slots is not None
        one.save(shares=(), slots=msgspec.structs.replace(one.state.slots, moving=True))
    assert change(site, 0.3)
    found, = site.state().shares
    led = share(site)
    assert led is not None and (found.release, found.share) == (led.slot.release, led.part) == (led.slot.release, 0.3)


Step = Callable[[Slotted], object]
STEPS: dict[str, tuple[int, Step, Snapshot, Snapshot | None]] = {
    "a share begins": (2, lambda site: site.deploy(SECOND, part=0.1), FIRST, SECOND),
    "another takes its place": (2, lambda site: site.deploy(THIRD, part=0.2), FIRST, THIRD),
    "another, with a third slot": (3, lambda site: site.deploy(THIRD, part=0.2), FIRST, THIRD),
    "stable is replaced": (3, lambda site: site.deploy(THIRD), THIRD, SECOND),
    "both are replaced": (2, lambda site: site.deploy(THIRD, ends=True), THIRD, None),
    "both, with a third slot": (3, lambda site: site.deploy(THIRD, ends=True), THIRD, None),
    "more get it": (2, lambda site: change(site, 0.5), FIRST, SECOND),
    "nobody gets it": (2, lambda site: change(site, 0), FIRST, None),
    "for all": (2, lambda site: site.deploy(SECOND, ends=True), SECOND, None),
}


@pytest.mark.parametrize("what", STEPS)
def test_killed_at_any_write_the_next_run_ends_the_same_and_no_visitor_sees_a_mixture(what: str) -> None:
    """In the usual run every other step is killed after its writes, the others before."""
    first = list(STEPS).index(what) % 2 == 1
    for after in (first, not first)[:times(1, long=2)]:
        kills(what, after)


def kills(what: str, after: bool) -> None:
    slots, step, stable, shared = STEPS[what]
    number = 0
    while True:
        site = Slotted(slots=slots)
        site.deploy(FIRST)
        if what != "a share begins":
            site.deploy(SECOND, part=0.1)

        def look(site: Slotted = site) -> None:
            for one in (False, True):
                seen = [release for release in (FIRST, SECOND, THIRD) if only(site, release, shared=one)]
                assert seen, "a mixture"
                for page in (data for key, data in site.seen(shared=one).items() if key.endswith(".html")):
                    assert all(key in site.seen(shared=one) for key in needed_by(page)), "a file is missing"

        site.cloud.writes.clear()
        site.cloud.look = look
        site.cloud.kill_at, site.cloud.kill_after = number, after
        try:
            step(site)
        except Killed:
            site.cloud.revive()
            site.cloud.kill_at = None
            step(site)
            ended = False
        else:
            ended = True
        site.cloud.kill_at = None
        assert only(site, stable) and contents(stable).items() <= site.root.items(), number
        led, state = share(site), site.state()
        assert state.slots is not None and not (state.slots.moving or state.slots.apart or state.pending), number
        if shared is None:
            assert led is None and state.shares == ()
        else:
            assert led is not None and only(site, shared, shared=True), number
            assert [(one.release, one.share, one.paused) for one in state.shares] == [
                (led.slot.release, led.part, False)]
        if ended:
            break
        number += 1
    assert number > 3


def test_a_smaller_number_of_slots_does_not_take_the_one_that_is_shared() -> None:
    site = shared_site(slots=3)
    site.deploy(THIRD, part=0.2)
    state = site.state()
    assert state.slots is not None and {one.name for one in state.slots.all} == {"a", "b", "c"}
    kept = {slots: surplus(state.slots, slots, 2e9, state.shares) for slots in (1, 2, 3)}
    assert kept == {1: {"b"}, 2: set(), 3: set()} and surplus(state.slots, 2, 2e9, ()) == {"c"}


def test_a_route_that_cannot_be_set_begins_no_share_and_is_tried_again() -> None:
    site = Slotted()
    site.deploy(FIRST)
    site.cloud.fail = lambda what, _key: CloudError("busy", status=500) if what == "point" else None
    with pytest.raises(CloudError):
        site.deploy(SECOND, part=0.1)
    assert share(site) is None and only(site, FIRST)
    site.cloud.fail = lambda _what, _key: None
    site.deploy(SECOND, part=0.1)
    assert [type(one) for one in site.state().shares] == [LiveShare] and only(site, SECOND, shared=True)
