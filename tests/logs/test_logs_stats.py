"""What many visits amount to: in numbers and in the terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.logs.chart import chart, stats_lines
from sitepub.logs.report import report
from sitepub.logs.stats import HOURS, Stats, Top
from sitepub.logs.visit import Cache, Visit
from tests.logs.test_logs_lines import screen

TEN = datetime(2026, 11, 20, 10, tzinfo=UTC)
PAGE = Visit(TEN, 200, "GET", "www.example.com", "/", bytes=1000, seconds=0.01, cache="hit", client="192.0.2.1", id="x")


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown as this computer's: here it is in Greenwich."""
    monkeypatch.setenv("TZ", "UTC")
    if hasattr(time, "tzset"):
        time.tzset()
    yield
    monkeypatch.undo()
    if hasattr(time, "tzset"):
        time.tzset()


def some() -> Iterator[Visit]:
    """Three hours: 60 visits of pages, files, errors, from other sites."""
    for number in range(60):
        at = TEN + timedelta(minutes=3 * number)
        path = ("/", "/index.html", "/blog/", "/blog/post.html", "/logo.png", "/gone")[number % 6]
        status = 404 if path == "/gone" else 304 if number % 12 == 4 else 200
        yield replace(PAGE, time=at, path=path, status=status, cache="miss" if number % 4 == 0 else "hit",
                      bytes=0 if status == 304 else 1000 * (number % 6 + 1),
                      referer=("https://search.example/q", "https://www.example.com/", "", "app://x")[number % 4])


def counted() -> Stats:
    return Stats(since=TEN, until=TEN + timedelta(hours=4)).add_all(some())


def test_visits_are_counted() -> None:
    assert counted().as_object(3) == {
        "since": "2026-11-20T10:00:00.000Z", "until": "2026-11-20T14:00:00.000Z", "visits": 60, "requests": 60,
        "page_views": 40, "visitors": 1, "bot_requests": 0, "bytes": 185000,
        "first": "2026-11-20T10:00:00.000Z", "last": "2026-11-20T12:57:00.000Z", "hits": 45, "misses": 15,
        "hit_rate": 0.75, "mean_seconds": pytest.approx(0.01),
        "hours": [
            {"hour": "2026-11-20T10:00:00.000Z", "visits": 20, "bytes": 56000, "errors": 3},
            {"hour": "2026-11-20T11:00:00.000Z", "visits": 20, "bytes": 65000, "errors": 3},
            {"hour": "2026-11-20T12:00:00.000Z", "visits": 20, "bytes": 64000, "errors": 4},
            {"hour": "2026-11-20T13:00:00.000Z", "visits": 0, "bytes": 0, "errors": 0}],
        "statuses": {"200": 45, "304": 5, "404": 10},
        "pages": [{"path": "/", "visits": 20}, {"path": "/blog/", "visits": 10},
                  {"path": "/blog/post.html", "visits": 10}],
        "missing": [{"path": "/gone", "visits": 10}],
        "referrers": [{"site": "search.example", "visits": 10}, {"site": "x", "visits": 10}],
        "bots": [], "agents": [], "approximate": False,
    }


GOLDEN = """\
60 requests, 40 page views, 1 visitor
185 kB, hit rate 75.0%, 10 ms on average

Visits per hour
  20 │█████████
     │█████████
     │█████████
     │█████████
     │█████████
     │█████████
     │█████████
   0 │█████████
      10:00    13:00

Statuses
  200  45   75.0%
  304   5    8.3%
  404  10   16.7%

Top pages
  20  /
  10  /blog/
  10  /blog/post.html

Not found
  10  /gone

Referrers
  10  search.example
  10  x"""


CACHES: tuple[Cache | None, ...] = ("hit", "hit", "hit", "miss", None, None)


def test_the_hit_rate_is_that_of_the_visits_whose_cache_is_known() -> None:
    stats = Stats().add_all(replace(PAGE, cache=cache) for cache in CACHES)
    assert (stats.hits, stats.misses, stats.hit_rate) == (3, 1, 0.75)
    assert Stats().add_all([replace(PAGE, cache=None)]).hit_rate is None


def test_the_figures_in_the_terminal() -> None:
    assert "\n".join(stats_lines(screen(), counted())) == GOLDEN


def test_nothing_is_told_plainly() -> None:
    assert stats_lines(screen(), Stats()) == ["No visits."]
    assert "No visits" in report(Stats(), title="t", source="s", made=TEN)


def test_a_chart_has_steps() -> None:
    assert chart([0, 1, 4, 8, 16], rows=2) == ["    █", " ▁▄██"]
    assert chart([0, 1, 2, 3, 4], rows=2) == ["   ▄█", " ▄███"]
    assert chart([0, 1, 2, 3, 4], rows=2, unicode=False) == ["   .#", " .###"]


def test_a_chart_shows_one_visit_beside_a_million() -> None:
    assert [line[0] for line in chart([1, 1_000_000])] == [" "] * 7 + ["▁"]
    assert chart([]) == chart([0, 0]) == []


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=50), st.integers(1, 12), st.booleans())
def test_a_chart_is_as_wide_as_its_values_and_grows_with_them(values: list[int], rows: int, unicode: bool) -> None:
    drawn = chart(values, rows=rows, unicode=unicode)
    assert all(len(line) == len(values) for line in drawn)
    filled = [sum(line[column] != " " for line in drawn) for column in range(len(values))]
    for one, other in zip(values, filled, strict=True):
        assert (one > 0) == (other > 0)
    assert [filled[at] for at in sorted(range(len(values)), key=lambda at: values[at])] == sorted(filled)


@pytest.mark.parametrize("width", [20, 40, 80, 160])
def test_the_chart_fits_the_terminal(width: int) -> None:
    stats = Stats()
    for hour in range(24 * 14):
        stats.add(replace(PAGE, time=TEN + timedelta(hours=hour), path="/" + "long" * 50))
    for line in stats_lines(screen(tty=True, width=width), stats):
        # The summary is one sentence, whatever the width.
        assert len(line) <= max(width, 60), line
    ascii_only = "\n".join(stats_lines(screen(width=width, encoding="ascii"), stats))
    assert ascii_only.isascii()


def test_memory_stays_bounded_and_the_frequent_stay_known() -> None:
    top = Top(room=100)
    for number in range(50_000):
        top.add("frequent" if number % 2 else f"rare-{number}")
    assert len(top) <= 100
    name, count = top.first(1)[0]
    assert name == "frequent"
    assert 25_000 - top.slack <= count <= 25_000
    assert top.slack > 0
    stats = Stats()
    for hour in range(HOURS + 50):
        stats.add(replace(PAGE, time=TEN + timedelta(hours=hour)))
    assert len(stats.hours) == HOURS


@given(st.lists(st.sampled_from("abcdefghijklmnop"), max_size=300), st.integers(2, 12))
def test_counts_are_off_by_no_more_than_told(names: list[str], room: int) -> None:
    top = Top(room)
    for name in names:
        top.add(name)
    for name, count in top.first(100):
        assert count <= names.count(name) <= count + top.slack
    if len(set(names)) <= room:
        assert top.slack == 0


@pytest.mark.parametrize("referer", ["http://[bad", "", "-", "not a url", "https://"])
def test_an_odd_referer_counts_for_nothing(referer: str) -> None:
    stats = Stats()
    stats.add(replace(PAGE, referer=referer))
    assert len(stats.referrers) == 0
