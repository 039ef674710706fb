"""What many visits amount to: in numbers, in the terminal, and as one page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.logs.chart import chart, stats_lines
from sitepub.logs.plot import round_marks
from sitepub.logs.report import report
from sitepub.logs.stats import HOURS, Stats, Top
from sitepub.logs.visit import Visit
from tests.logs.test_logs_lines import screen

TEN = datetime(2026, 11, 20, 10, tzinfo=UTC)
PAGE = Visit(TEN, 200, "GET", "www.example.com", "/", bytes=1000, seconds=0.01, cache="hit", client="192.0.2.1", id="x")


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown as this computer's: here it is in Greenwich."""
    import time

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
        "since": "2026-11-20T10:00:00.000Z", "until": "2026-11-20T14:00:00.000Z", "visits": 60, "bytes": 185000,
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
        "approximate": False,
    }


GOLDEN = """\
60 visits, 185 kB, hit rate 75.0%, 10 ms on average

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


# The page

EVIL = '<script>alert(1)</script>"\'><img src=http://evil.example/x onerror=alert(2)>\x1b[2J\u202e'


def evil() -> Stats:
    stats = counted()
    stats.add(replace(PAGE, time=TEN, path=f"/{EVIL}", referer="https://evil.example/"))
    stats.add(replace(PAGE, time=TEN, path=f"/{EVIL}", status=404))
    return stats


def page(stats: Stats) -> str:
    return report(stats, title=f"My site {EVIL}", source="the embedded cloud", made=TEN + timedelta(hours=4))


class Outline(HTMLParser):
    """Tags and attributes of a page; complains when they are not nested."""

    VOID = ("meta", "link", "line", "rect", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in ("meta", "link"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def test_the_page_is_well_formed_and_names_nothing_outside_itself() -> None:
    found = Outline(page(evil()))
    assert not {"script", "img", "iframe", "object", "form", "base"} & set(found.tags)
    assert found.tags.count("svg") == 2
    for name, value in found.attributes:
        assert not name.startswith("on")
        if name in ("src", "href", "xlink:href", "action"):
            assert value == "data:,"


def test_what_visitors_chose_is_text_on_the_page() -> None:
    text = page(evil())
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_the_page_has_the_same_figures_as_a_table_beside_every_plot() -> None:
    text = page(counted())
    assert re.search(r"<td>2026-11-20 11:00</td><td class=\"number\">20</td><td class=\"number\">65 kB</td>", text)
    assert "<dd>75.0%</dd>" in text
    assert text.count('role="img"') == text.count("<title id=") == 2
    assert "prefers-color-scheme: dark" in text


def test_marks_are_round() -> None:
    assert round_marks(0) == [0]
    assert round_marks(7) == [0, 2, 4, 6, 8]
    assert round_marks(100) == [0, 50, 100]
    for highest in (1, 3, 9, 47, 999, 12_345, 10**9):
        marks = round_marks(highest)
        assert marks[-1] >= highest
        assert 2 <= len(marks) <= 6


PLOTS_WITH_WORDS_OUTSIDE = """[...document.querySelectorAll('svg')].flatMap(svg => {
    const words = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBBox()]);
    const below = words.filter(([_, box]) => box.y > 225);
    return words.filter(([_, box]) => box.x < 0 || box.x + box.width > 960).concat(below.filter(([_, box], at) =>
        at && below[at - 1][1].x + below[at - 1][1].width > box.x)).map(([text]) => text);
})"""
"""Words that are cut off at an edge, or stand on others."""


@pytest.mark.parametrize("hours", [1, 2, 5, 7, 13, 24, 72, 73, 169, 744])
def test_the_words_of_a_plot_fit_on_it(tmp_path: Path, hours: int) -> None:
    from tests.local.browser import chromium

    stats = Stats(since=TEN - timedelta(hours=hours), until=TEN).add_all(
        replace(PAGE, time=TEN - timedelta(hours=number, minutes=1), bytes=10**11 + number) for number in range(hours))
    file = tmp_path / "report.html"
    file.write_text(page(stats), encoding="utf-8")
    with chromium("--host-resolver-rules=MAP * ~NOTFOUND") as tab:
        tab.open(file.as_uri())
        assert tab.evaluate("document.querySelectorAll('svg text').length") > 6
        assert tab.evaluate(PLOTS_WITH_WORDS_OUTSIDE) == []


def test_chromium_shows_the_page_and_asks_nobody(tmp_path: Path) -> None:
    from tests.local.browser import chromium

    file = tmp_path / "report.html"
    file.write_text(page(evil()), encoding="utf-8")
    with chromium("--host-resolver-rules=MAP * ~NOTFOUND") as tab:
        tab.open(file.as_uri())
        asked: list[str] = tab.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
        assert [url for url in asked if not url.startswith("data:")] == []
        seen: dict[str, Any] = tab.evaluate("""({
            bars: document.querySelectorAll('svg rect.bar').length,
            widest: Math.max(...[...document.querySelectorAll('svg')].map(one => one.getBoundingClientRect().width)),
            heading: document.querySelector('h1').textContent,
            scripts: document.scripts.length,
            images: document.images.length,
            sideways: document.documentElement.scrollWidth > window.innerWidth,
            color: getComputedStyle(document.body).backgroundColor,
            rows: document.querySelectorAll('table tr').length,
        })""")
        assert seen["bars"] == 8
        assert seen["widest"] > 200
        assert seen["heading"].startswith("My site <script>alert(1)</script>")
        assert (seen["scripts"], seen["images"], seen["sideways"]) == (0, 0, False)
        assert seen["rows"] > 10
        assert tab.evaluate(PLOTS_WITH_WORDS_OUTSIDE) == []
        tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != seen["color"]
        tab.call("Emulation.setDeviceMetricsOverride", width=360, height=640, deviceScaleFactor=1, mobile=True)
        assert tab.evaluate("document.documentElement.scrollWidth <= 360")
