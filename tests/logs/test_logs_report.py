"""The counts as one page: whole, harmless, and readable without a network."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from sitepub.logs.plot import round_marks
from sitepub.logs.report import report
from sitepub.logs.stats import Stats
from tests.chromium import Page, RunChromium
from tests.logs.test_logs_stats import PAGE, TEN, counted, utc

__all__ = ["utc"]


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


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone is that of the computer")
def test_the_page_says_which_clock_it_means_and_no_hour_is_there_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    midnight = datetime(2026, 11, 1, 4, tzinfo=UTC)
    stats = Stats(since=midnight, until=midnight + timedelta(hours=25)).add_all(
        replace(PAGE, time=midnight + timedelta(hours=number)) for number in range(25))
    text = report(stats, title="x", source="y", made=midnight + timedelta(hours=25))
    hours = re.findall(r"<tr><td>(2026-[^<]*)</td>", text)
    assert len(hours) == len(set(hours)) == 25
    assert hours[1:3] == ["2026-11-01 01:00 UTC-04:00", "2026-11-01 01:00 UTC-05:00"]
    assert "Written 2026-11-02 00:00 (UTC-05:00)" in text
    assert "(UTC-05:00)" in report(counted(), title="x", source="y", made=TEN)


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


@pytest.fixture(scope="module")
def browser(chromium: RunChromium) -> Iterator[Page]:
    """One that finds no other computer."""
    with chromium("--host-resolver-rules=MAP * ~NOTFOUND") as page:
        yield page


@pytest.fixture
def tab(browser: Page) -> Iterator[Page]:
    yield browser
    browser.call("Emulation.clearDeviceMetricsOverride")
    browser.call("Emulation.setEmulatedMedia", features=[])


@pytest.mark.parametrize("hours", [1, 2, 5, 7, 13, 24, 72, 73, 169, 744])
def test_the_words_of_a_plot_fit_on_it(tmp_path: Path, tab: Page, hours: int) -> None:
    stats = Stats(since=TEN - timedelta(hours=hours), until=TEN).add_all(
        replace(PAGE, time=TEN - timedelta(hours=number, minutes=1), bytes=10**11 + number) for number in range(hours))
    file = tmp_path / "report.html"
    file.write_text(page(stats), encoding="utf-8")
    tab.open(file.as_uri())
    assert tab.evaluate("document.querySelectorAll('svg text').length") > 6
    assert tab.evaluate(PLOTS_WITH_WORDS_OUTSIDE) == []


def test_chromium_shows_the_page_and_asks_nobody(tmp_path: Path, tab: Page) -> None:
    file = tmp_path / "report.html"
    file.write_text(page(evil()), encoding="utf-8")
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
