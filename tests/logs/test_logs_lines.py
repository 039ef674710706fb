"""Which visits are shown, and how one looks."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.errors import UsageError
from sitepub.logs.filters import Filter, parse_filter, parse_since
from sitepub.logs.lines import line, readable, shown
from sitepub.logs.visit import Visit
from sitepub.terminal.messages import display_width
from sitepub.terminal.terminal import Terminal

NOW = datetime(2026, 11, 20, 10, 30, 15, 123000, UTC)
VISIT = Visit(NOW, 200, "GET", "www.example.com", "/blog/", "a=1", 123_456, 0.012, "hit", "192.0.2.7", "curl", "", "1")


def screen(*, tty: bool = False, width: int = 100, color: bool = False, encoding: str = "utf-8") -> Terminal:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    found = Terminal(stdin=io.StringIO(), stdout=stream, stderr=stream,
                     environ={"COLUMNS": str(width), "FORCE_COLOR" if color else "NO_COLOR": "1"})
    found.stdout_is_tty = tty
    return found


# Filters


@pytest.mark.parametrize(("words", "status", "matches"), [
    (("404",), 404, True), (("404",), 403, False), (("4xx",), 451, True), (("4xx,5xx",), 503, True),
    (("4xx", "200"), 200, True), (("5XX",), 500, True), (("3xx",), 0, False), ((), 0, True), ((" 404 , ",), 404, True),
])
def test_statuses(words: tuple[str, ...], status: int, matches: bool) -> None:
    assert parse_filter(status=words).matches(replace(VISIT, status=status)) is matches


@pytest.mark.parametrize("word", ["6xx", "40", "4x", "abc", "4xx;5xx", "-1"])
def test_what_is_no_status_is_told(word: str) -> None:
    with pytest.raises(UsageError, match="--status"):
        parse_filter(status=(word,))


@pytest.mark.parametrize(("glob", "path", "matches"), [
    ("/blog/*", "/blog/post", True), ("/blog/*", "/blog/a/b", False), ("/blog/**", "/blog/a/b", True),
    ("/blog/**", "/blog/", True), ("*.png", "/img/a.png", True), ("*.png", "/a.png", True), ("*.png", "/a.pngx", False),
    ("blog/*", "/x/blog/post", True), ("/", "/", True), ("/", "/a", False), ("**", "/any/thing", True),
    ("/a/**/z", "/a/z", True), ("/a/**/z", "/a/b/c/z", True), ("/?", "/a", True), ("/?", "/ab", False),
    ("/中文/*", "/%E4%B8%AD%E6%96%87/a", True), ("/a+b", "/a+b", True), ("/[x]", "/[x]", True), ("/[x]", "/x", False),
])
def test_paths(glob: str, path: str, matches: bool) -> None:
    assert parse_filter(path=(glob,)).matches(replace(VISIT, path=path)) is matches


def test_hosts_with_and_without_a_port() -> None:
    wanted = parse_filter(host=("WWW.example.com,b.example.com",))
    assert wanted.matches(VISIT)
    assert wanted.matches(replace(VISIT, host="www.example.com:7070"))
    assert not wanted.matches(replace(VISIT, host="example.com"))


def test_all_conditions_have_to_hold() -> None:
    wanted = parse_filter(status=("2xx",), path=("/blog/*",), host=("www.example.com",))
    assert wanted.matches(VISIT)
    assert not wanted.matches(replace(VISIT, status=404))
    assert not wanted.matches(replace(VISIT, path="/"))
    assert Filter().matches(replace(VISIT, status=404, path="/"))


@pytest.mark.parametrize(("text", "ago"), [
    ("2h", timedelta(hours=2)), ("30m", timedelta(minutes=30)), ("1h30m", timedelta(minutes=90)),
    ("7d", timedelta(days=7)), ("90s", timedelta(seconds=90)), ("1.5h", timedelta(minutes=90)),
    ("2 h", timedelta(hours=2)), ("1w", timedelta(days=7)), ("15min", timedelta(minutes=15)),
])
def test_since_as_a_span(text: str, ago: timedelta) -> None:
    assert parse_since(text, NOW) == NOW - ago


def test_since_as_a_time() -> None:
    assert parse_since("2026-11-20T10:00Z", NOW) == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert parse_since("2026-11-20T12:00+08:00", NOW) == datetime(2026, 11, 20, 4, tzinfo=UTC)
    local = datetime(2026, 11, 19, 8, 0).astimezone()
    assert parse_since("2026-11-19T08:00", NOW) == local
    assert parse_since("2026-11-19", NOW) == datetime(2026, 11, 19).astimezone()


@pytest.mark.parametrize("text", ["99999w", "999999w", "0001-01-01", "1969-12-31T23:59Z", "1970-01-01T00:00Z"])
def test_since_ever(text: str) -> None:
    """No source counts time from before 1970."""
    assert parse_since(text, NOW).timestamp() == 0


@pytest.mark.parametrize("text", ["", "yesterday", "2x", "2026-13-01", "h", "-2h", "2h!", "2027-01-01"])
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="--since"):
        parse_since(text, NOW)


# Lines


def test_a_line_in_a_pipe() -> None:
    told = line(screen(), VISIT, today=NOW.astimezone().date())
    local = NOW.astimezone()
    assert told == f"{local:%H:%M:%S}.123 200 GET  /blog/?a=1 123.5 kB   12 ms hit  192.0.2.7"


def test_the_date_is_told_of_other_days_and_the_host_when_there_are_several() -> None:
    told = line(screen(), VISIT, today=(NOW + timedelta(days=3)).date(), with_host=True)
    assert told.startswith(f"{NOW.astimezone():%Y-%m-%d %H:%M:%S}.123 200 GET  www.example.com/blog/?a=1")


@pytest.mark.parametrize(("status", "code"), [(200, "32"), (304, "36"), (404, "33"), (502, "31")])
def test_statuses_have_colours(status: int, code: str) -> None:
    assert f"\x1b[{code}m{status}\x1b[0m" in line(screen(color=True), replace(VISIT, status=status))


def test_unknown_values_are_dashes() -> None:
    told = line(screen(), replace(VISIT, status=0, seconds=None, cache=None, client=""))
    assert re.search(r"  - GET  /blog/\?a=1 123\.5 kB +- - +-$", told)


@pytest.mark.parametrize("width", [80, 120, 200])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_line_fits_the_terminal(width: int, encoding: str) -> None:
    long = replace(VISIT, path="/" + "中文/" * 60)
    told = line(screen(tty=True, width=width, encoding=encoding), long, today=NOW.astimezone().date())
    assert display_width(told) <= width
    assert ("…" if encoding == "utf-8" else "...") in told
    assert told.endswith("192.0.2.7")


@pytest.mark.parametrize("evil", [
    "\x1b[2J", "\x1b]0;title\x07", "\r\n200 GET /", "\x00", "\x9b31m", "\u202egnp.exe", "\u200b", "\ud800", "\u2028",
    "\ufeff", "\x7f", "\u2066",
])
@pytest.mark.parametrize("field", ["path", "query", "method", "client", "host"])
def test_a_request_cannot_steer_the_terminal(evil: str, field: str) -> None:
    changed: dict[str, Any] = {field: f"/{evil}x"}
    told = line(screen(), replace(VISIT, **changed), with_host=True)
    assert told.isprintable()
    assert "\n" not in told


@pytest.mark.parametrize(("sent", "told"), [
    ("/%E4%B8%AD%E6%96%87/", "/中文/"), ("/%1b[2J", "/%1b[2J"), ("/a%20b", "/a%20b"), ("/%E4", "/%E4"),
    ("/%E2%80%AEx", "/%E2%80%AEx"), ("/%0a", "/%0a"), ("/100%", "/100%"), ("/%C3%A9", "/é"),
    ("/%E4%BD%A0%20%2Fx%2520", "/你%20%2Fx%2520"),
])
def test_letters_are_readable_and_everything_else_stays_encoded(sent: str, told: str) -> None:
    assert readable(sent) == told


@given(st.text())
def test_whatever_is_shown_is_printable(text: str) -> None:
    assert shown(text).isprintable()
    assert readable(text).isprintable()


def test_times_are_of_this_computer() -> None:
    there = replace(VISIT, time=NOW.astimezone(timezone(timedelta(hours=8))))
    assert line(screen(), there) == line(screen(), VISIT)
