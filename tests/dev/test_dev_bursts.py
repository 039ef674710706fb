"""Bursts, with the clock in the test's hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.watch.bursts import Burst, Bursts, Pace
from sitepub.watch.changes import Change, Happened, is_temporary

PACE = Pace(quiet=0.1, quiet_when_gone=0.5, longest=3.0, many=50)
PAGE = Path("/site/page.html")


def wrote(path: Path = PAGE) -> Change:
    return Change(path, Happened.WRITTEN)


def gone(path: Path = PAGE) -> Change:
    return Change(path, Happened.GONE)


def test_a_burst_ends_when_it_is_quiet() -> None:
    bursts = Bursts(PACE)
    assert bursts.due is None and bursts.take(9.0) is None
    bursts.add([wrote()], 1.0)
    bursts.add([wrote(Path("/site/b"))], 1.05)
    assert bursts.take(1.1) is None and bursts.due == pytest.approx(1.15)
    assert bursts.take(1.151) == Burst(frozenset({PAGE, Path("/site/b")}))
    assert bursts.due is None


def test_what_is_missing_is_given_time_to_come_back() -> None:
    bursts = Bursts(PACE)
    bursts.add([gone()], 1.0)
    assert bursts.due == pytest.approx(1.5)
    bursts.add([wrote()], 1.2)
    assert bursts.due == pytest.approx(1.3), "an atomic save waits no longer than any other"
    bursts.add([gone(), gone()], 1.25)
    bursts.add([wrote()], 1.26)
    assert bursts.due == pytest.approx(1.36)


def test_what_never_gets_quiet_ends_all_the_same() -> None:
    bursts = Bursts(PACE)
    for tenth in range(100):
        bursts.add([wrote()], tenth * 0.05)
        if bursts.take(tenth * 0.05):
            break
    assert tenth * 0.05 == pytest.approx(3.0)


def test_too_much_and_what_was_missed_is_about_everything() -> None:
    bursts = Bursts(PACE)
    bursts.add([wrote(Path(f"/site/{number}")) for number in range(60)], 0.0)
    assert bursts.take(5.0) == Burst(everything=True)
    bursts.add([Change(PAGE, Happened.DOUBT)], 6.0)
    assert bursts.take(9.0) == Burst(everything=True)
    bursts.add([wrote()], 10.0)
    assert bursts.take(19.0) == Burst(frozenset({PAGE}))


paths = st.sampled_from([Path(f"/site/{name}") for name in "abcd"])
changes = st.builds(Change, paths, st.sampled_from([Happened.WRITTEN, Happened.GONE, Happened.FOLDER]))


@given(st.lists(st.tuples(changes, st.floats(0, 1)), max_size=60))
def test_every_change_comes_out_once_and_never_later_than_promised(happening: list[tuple[Change, float]]) -> None:
    bursts = Bursts(PACE)
    now = 0.0
    first: float | None = None
    waiting: set[Path] = set()

    def look(until: float) -> None:
        nonlocal first
        while bursts.due is not None and bursts.due <= until:
            due = bursts.due
            assert first is not None and due <= first + PACE.longest + 1e-9
            burst = bursts.take(due)
            assert burst is not None and (burst.everything or burst.paths == waiting)
            waiting.clear()
            first = None

    for change, wait in happening:
        now += wait
        look(now)
        if first is None:
            first = now
        waiting.add(change.path)
        bursts.add([change], now)
    look(now + 10)
    assert not waiting and bursts.due is None


@pytest.mark.parametrize("name", [
    ".page.md.swp", ".page.md.swx", ".page.md.swo", "page.md~", "4913", "#page.md#", ".#page.md", "page.md___jb_tmp___",
    "page.md___jb_old___", ".goutputstream-AB12CD", ".page.md.kate-swp", "page.md.tmp", "page.md.tmp.4711", "sedAb12xY",
    ".~lock.page.odt#", ".DS_Store", ".sitepub-probe-1"])
def test_files_that_editors_make_in_passing_are_known(name: str) -> None:
    assert is_temporary(name)


@pytest.mark.parametrize("name", [
    "page.md", ".env", "4913.md", "index.html", "temp.html", "template.md", "tmp", "page.swpx", "sedation.md",
    "_config.yml", ".nojekyll"])
def test_files_of_a_site_are_not_taken_for_them(name: str) -> None:
    assert not is_temporary(name)
