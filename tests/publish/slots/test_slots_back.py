"""Back to what a slot holds, slots turned on and off, taken away: undisturbed, and killed at each write."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sitepub.config.bucket_settings import Website
from sitepub.errors import Refused, SiteError
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.locking import lock as locks
from sitepub.publish.outcome import Status
from sitepub.publish.removal import prepare_removal, remove
from sitepub.publish.slots.switching import held, lead, off
from sitepub.settings.wanted import wanted_settings
from tests.publish.memory_cloud import Killed
from tests.publish.release.kept import check_releases
from tests.publish.sites import BUCKET, site_file, snapshot
from tests.publish.slots.slotted import HOST, Slotted, contents
from tests.publish.slots.test_slots_turn import FIRST, SECOND, THIRD

STATES = "sitepub-state-ap-guangzhou-1250000000"


def release_of(site: Slotted) -> str:
    release = site.state().release
    assert release is not None
    return release.id


def has(seen: dict[str, bytes], wanted: dict[str, bytes]) -> bool:
    return {key: data for key, data in seen.items() if key in wanted} == wanted


def test_back_to_another_slot_is_one_move_and_writes_no_object() -> None:
    site = Slotted()
    site.deploy(FIRST)
    first = release_of(site)
    site.deploy(SECOND)
    second = release_of(site)
    site.cloud.writes.clear()
    site.go_back(first)
    assert site.seen() == contents(FIRST) and has(site.root, contents(SECOND))
    assert [key for what, key in site.cloud.writes if what == "point"] == [HOST]
    assert all(key.startswith("shop/prod/site/") for what, key in site.cloud.writes if what != "point")
    assert not [key for _, key in site.cloud.writes if "/content/" in key or "/slots/" in key or "/shards/" in key]
    state = site.state()
    assert state.slots is not None and state.slots.root == second and state.release is not None
    assert state.release.of == first and state.release.id > second
    check_releases(site.cloud)

    site.go_back(second)
    assert site.seen() == contents(SECOND)
    site.go_back(state.release.id)
    assert site.seen() == contents(FIRST), "a release that a rollback made is held by the slot of what it brought back"
    site.deploy(FIRST)
    slots = site.state().slots
    assert slots is not None and not slots.apart and not slots.root
    assert has(site.root, contents(FIRST)) and "gone.html" in site.root


def test_what_was_live_before_the_rollback_goes_live_again_by_the_pointer_and_the_root_stays() -> None:
    site = Slotted()
    site.deploy(FIRST)
    first = release_of(site)
    site.deploy(SECOND)
    site.go_back(first)
    site.cloud.writes.clear()
    assert site.deploy(SECOND).status is Status.PUBLISHED, "visitors had another one, although the root was this one"
    assert site.seen() == contents(SECOND)
    assert not [key for what, key in site.cloud.writes if what in ("put", "copy") and not key.startswith("shop/")]


def everywhere(prepared: Callable[[], Slotted], act: Callable[[Slotted], object], settled: Callable[[Slotted], object],
               check: Callable[[Slotted], None], *, least: int) -> None:
    """Killed before and after each write of an act. Then it is done again, and ``settled`` gives what is so then."""
    for after in (False, True):
        number = 0
        while True:
            site = prepared()
            site.cloud.writes.clear()
            site.cloud.look = lambda site=site: check(site)  # type: ignore[misc]
            site.cloud.kill_at, site.cloud.kill_after = number, after
            try:
                act(site)
            except Killed:
                site.cloud.revive()
                act(site)
                site.cloud.look = lambda: None
                settled(site)
                number += 1
            else:
                break
        assert number >= least


def test_killed_anywhere_on_the_way_back_the_next_run_ends_the_same() -> None:
    def prepared() -> Slotted:
        site = Slotted()
        site.deploy(FIRST)
        site.first = release_of(site)  # type: ignore[attr-defined]
        site.deploy(SECOND)
        return site

    def settled(site: Slotted) -> None:
        assert site.seen() == contents(FIRST)
        slots, state = site.state().slots, site.state()
        assert slots is not None and not slots.moving and slots.live == "a" and state.pending is None
        names = [key for key in site.cloud.bucket(STATES).objects if "/releases/" in key]
        assert len(names) <= 4, "a run that did not end leaves no release"
        site.deploy(THIRD)
        assert has(site.seen(), contents(THIRD)) and has(site.root, contents(THIRD))

    everywhere(prepared, lambda site: site.go_back(site.first), settled,  # type: ignore[attr-defined]
               lambda site: whole(site, FIRST, SECOND), least=4)


def whole(site: Slotted, *sites: object) -> None:
    """Visitors see the pages of one release."""
    pages = {key: data for key, data in site.seen().items() if key.endswith(".html")}
    assert pages in [{key: data for key, data in contents(one).items() if key.endswith(".html")}  # type: ignore[arg-type]
                     for one in sites]


def test_killed_anywhere_a_run_that_goes_on_with_another_site_leads_visitors_there() -> None:
    for number in range(6):
        site = Slotted()
        site.deploy(FIRST)
        first = release_of(site)
        site.deploy(SECOND)
        site.cloud.writes.clear()
        site.cloud.kill_at = number
        try:
            site.go_back(first)
        except Killed:
            site.cloud.revive()
        site.cloud.kill_at = None
        site.deploy(SECOND)
        assert site.seen() == contents(SECOND), f"killed at {number}"
        assert has(site.root, contents(SECOND))


def test_killed_anywhere_slots_are_on_in_the_end() -> None:
    def prepared() -> Slotted:
        site = Slotted(slots=1)
        site.deploy(FIRST)
        site.slots = 2
        return site

    def settled(site: Slotted) -> None:
        assert site.seen() == site.root == contents(FIRST) and HOST in site.routes
        site.deploy(SECOND)
        assert site.seen() == contents(SECOND)

    everywhere(prepared, lambda site: site.deploy(FIRST), settled, lambda site: whole(site, FIRST), least=8)


def test_killed_anywhere_slots_are_off_in_the_end_and_nothing_is_left_of_them() -> None:
    def prepared() -> Slotted:
        site = Slotted()
        site.deploy(FIRST)
        site.deploy(SECOND)
        site.slots = 1
        return site

    def settled(site: Slotted) -> None:
        assert site.routes == {} and has(site.root, contents(THIRD))
        assert not [key for key in site.objects if key.startswith(".sitepub/")]
        assert not [key for key in site.cloud.bucket(STATES).objects if "/slots/" in key]
        assert site.deploy(THIRD).status is Status.UNCHANGED

    def check(site: Slotted) -> None:
        if HOST in site.routes:
            whole(site, SECOND)

    everywhere(prepared, lambda site: site.deploy(THIRD), settled, check, least=15)


def test_a_site_that_is_taken_down_leaves_nothing_of_its_slots() -> None:
    site = Slotted()
    site.deploy(FIRST)
    site.deploy(SECOND)
    site.cloud.store(BUCKET).put("theirs.txt", b"theirs", {})
    with held(site.remote) as one:
        assert one is not None
        assert off(one, site.pointer) == 7
    removal = prepare_removal(site.remote)
    assert removal is not None
    remove(site.remote, removal)
    assert site.objects == {"theirs.txt": b"theirs"} and site.routes == {}


def test_a_run_that_lost_its_lock_moves_no_visitors(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Slotted()
    site.deploy(FIRST)
    real, count = locks.Lock.still_ours, 0

    def lost(self: locks.Lock) -> None:
        nonlocal count
        count += 1
        if "b/index.html" in " ".join(key for _, key in site.cloud.writes):
            # Another run has it now.
            site.cloud.bucket(STATES).objects.pop("shop/prod/site/lock", None)
        real(self)

    monkeypatch.setattr(locks.Lock, "still_ours", lost)
    site.cloud.writes.clear()
    with pytest.raises(Refused) as refused:
        site.deploy(SECOND)
    assert refused.value.code == "LockLost" and count
    assert "point" not in [what for what, _ in site.cloud.writes]
    assert site.seen() == site.root == contents(FIRST)


def test_files_of_the_site_in_sitepubs_own_folder_are_refused_by_name() -> None:
    site = Slotted()
    own = snapshot(*FIRST, site_file(".sitepub/slots/a/index.html", b"mine"))
    with pytest.raises(SiteError, match=r"\.sitepub/slots/a/index\.html"):
        site.deploy(own)
    assert not site.cloud.writes
    plain = Slotted(slots=1)
    plain.deploy(own)
    assert plain.objects[".sitepub/slots/a/index.html"] == b"mine", "without slots it is a folder like any other"


def test_a_deploy_that_lists_the_bucket_leaves_the_slots_alone_also_with_replace() -> None:
    site = Slotted(replace=True)
    site.deploy(FIRST)
    site.deploy(SECOND)
    assert site.seen() == contents(SECOND)
    assert site.deploy(SECOND, verify=True).status is Status.UNCHANGED
    assert site.seen() == contents(SECOND)


def test_a_slot_that_another_program_has_changed_is_repaired_before_visitors_get_it() -> None:
    site = Slotted()
    for one in (FIRST, SECOND):
        site.deploy(one)
    slot = site.cloud.store(BUCKET)
    slot.put(".sitepub/slots/a/same.png", b"picturE", {})
    slot.delete([".sitepub/slots/a/a.1.css"])
    site.deploy(THIRD)
    assert has(site.seen(), contents(THIRD))


def test_more_slots_hold_more_releases_and_the_one_that_was_live_longest_ago_is_filled() -> None:
    site = Slotted(slots=3)
    ids = []
    for one in (FIRST, SECOND, THIRD):
        site.deploy(one)
        ids.append(release_of(site))
    for number in (0, 1, 2):
        site.go_back(ids[number])
        assert has(site.seen(), contents((FIRST, SECOND, THIRD)[number]))
    site.deploy(snapshot(site_file("index.html", b"four", "text/html")))
    route = site.routes[HOST]
    assert route.live is not None and route.live.path == ".sitepub/slots/a/", "a was left first"
    site.slots = 2
    site.deploy(FIRST)
    site.deploy(SECOND)
    slots = site.state().slots
    assert slots is not None and slots.live in "ab"


def test_a_route_says_which_page_answers_what_is_missing_and_with_which_status() -> None:
    site = Slotted(website=Website(error="index.html", error_is_default=False, disable_error_status=True))
    site.deploy(FIRST)
    route = site.routes[HOST]
    assert (route.index, route.error, route.error_status) == ("index.html", "index.html", 200)
    config = site.cloud.bucket(BUCKET).values["website"]
    assert config.original_status_enabled, "the router has to know that something is missing"
    site.slots = 1
    site.deploy(FIRST)
    site.deploy(FIRST)
    assert not site.cloud.bucket(BUCKET).values["website"].original_status_enabled


def test_where_the_routes_were_taken_away_elsewhere_the_root_is_published_and_slots_are_on_again() -> None:
    site = Slotted()
    site.deploy(FIRST)
    site.deploy(SECOND)
    site.routes.clear()
    assert has(site.seen(), contents(SECOND)), "the root holds what was deployed last"
    site.deploy(THIRD)
    assert has(site.seen(), contents(THIRD)) and has(site.root, contents(THIRD)) and HOST in site.routes
    site.deploy(FIRST)
    assert has(site.seen(), contents(FIRST))


def test_looking_again_whether_hosts_are_led_writes_nothing_where_they_are() -> None:
    site = Slotted()
    outcome = site.deploy(FIRST)
    site.cloud.writes.clear()
    wanted = wanted_settings(site.project, BUCKET, {})
    with held(site.remote) as there:
        assert there is not None
        assert lead(there, site.pointer, site.hosts, 2, wanted, PublishOptions()) is None
    assert [what for what, key in site.cloud.writes if not key.endswith("/lock")] == ["ensure"]
    assert outcome.status is Status.PUBLISHED
