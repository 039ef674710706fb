"""Sizes, tables and QR codes."""

from __future__ import annotations

import re

import pytest

from sitepub.terminal.messages import display_width
from sitepub.terminal.qr import qr_code
from sitepub.terminal.sizes import counted, human_bytes, human_seconds
from sitepub.terminal.tables import pairs, table
from tests.terminal.screen import Screen


@pytest.mark.parametrize(("count", "words"), [
    (0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1500, "1.5 kB"), (999_949, "999.9 kB"), (999_950, "1 MB"),
    (4_200_000, "4.2 MB"), (10**9, "1 GB"), (5 * 10**15, "5000 TB"),
])
def test_bytes_have_a_unit_that_fits(count: int, words: str) -> None:
    assert human_bytes(count) == words


@pytest.mark.parametrize(("seconds", "words"), [
    (0.04, "0.0 s"), (1.25, "1.2 s"), (9.96, "10 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"),
    (7800, "2 h 10 min"), (-1, "0.0 s"),
])
def test_durations_read_well(seconds: float, words: str) -> None:
    assert human_seconds(seconds) == words


def test_nouns_are_counted() -> None:
    assert [counted(1, "file"), counted(12345, "file"), counted(2, "entry", "entries")] == [
        "1 file", "12,345 files", "2 entries"]


def test_columns_are_aligned_also_with_chinese_names() -> None:
    shown = table(Screen(), ["key", "size"], [["文章.html", "12"], ["a", "1,200"]], right=[1])
    lines = shown.splitlines()
    assert lines[1:] == ["文章.html     12", "a          1,200"]
    assert len({display_width(line) for line in lines}) == 1


def test_rows_are_cut_on_a_terminal_and_whole_in_a_pipe() -> None:
    row = ["a" * 30, "b" * 30]
    narrow = {"COLUMNS": "40", "NO_COLOR": "1"}
    on_tty = table(Screen(tty=True, environ=narrow), ["x", "y"], [row]).splitlines()[1]
    assert on_tty.endswith("…") and display_width(on_tty) == 40
    in_pipe = table(Screen(environ=narrow), ["x", "y"], [row]).splitlines()[1]
    assert in_pipe.split() == row


@pytest.mark.parametrize("width", [1, 20, 30, 40, 60, 79, 80, 200])
@pytest.mark.parametrize("row", [
    ("20261130T010510Z-da5742", "16 min ago", "root@vm", "https://blog.example.com.localhost:41039"),
    ("20261130T010510Z-da5742", "just now", "a-colleague@ci", "live, stable"),
    ("\u4e3b\u8981" * 8, "2 days ago", "\u5c0f\u660e", "http://example.com/" + "a" * 120),
])
def test_no_width_hides_a_column_or_cuts_an_address(width: int, row: tuple[str, ...]) -> None:
    screen = Screen(tty=True, environ={"COLUMNS": str(width), "NO_COLOR": "1"})
    shown = table(screen, ["release", "age", "by", "address"], [row, row])
    assert all(shown.count(cell) == 2 for cell in row[:3])
    assert shown.count(row[3]) == 2 or (row[3][:4] in shown and "://" not in row[3])


def test_pairs_line_up() -> None:
    assert pairs(Screen(), [("region", "ap-guangzhou"), ("url", "a\nb")]) == (
        "region  ap-guangzhou\nurl     a\n        b")


URL = "https://my-site-prod-1250000000.cos-website.ap-guangzhou.myqcloud.com"


def modules(code: str) -> list[list[bool]]:
    """Which modules are dark, read back from what the terminal would show."""
    rows = []
    for line in code.splitlines():
        assert line.startswith("\x1b[38;5;16;48;5;231m"), "black on white, always"
        assert line.endswith("\x1b[0m")
        cells = re.sub(r"\x1b\[[0-9;]*m", "", line)
        rows.append([cell in "▀█" for cell in cells])
        rows.append([cell in "▄█" for cell in cells])
    return rows


def test_a_qr_code_shows_exactly_the_modules_of_the_url() -> None:
    import segno

    code = qr_code(Screen(tty=True), URL)
    assert code is not None
    wanted = [[bool(module) for module in row]
              for row in segno.make_qr(URL, error="l", boost_error=False).matrix_iter(border=2)]
    shown = modules(code)
    assert shown[: len(wanted)] == wanted
    assert not any(any(row) for row in shown[len(wanted):])


@pytest.mark.parametrize("screen", [
    Screen(tty=False),
    Screen(tty=True, environ={"COLUMNS": "30"}),
    Screen(tty=True, environ={"NO_COLOR": "1"}),
    Screen(tty=True, encoding="ascii"),
])
def test_no_qr_code_where_it_could_not_be_read(screen: Screen) -> None:
    assert qr_code(screen, URL) is None


@pytest.mark.parametrize("url", [
    "http://site-1250000000.cos-website.ap-guangzhou.localhost:7070", "https://www.example.com.localhost:7443/",
    "http://localhost:7070/", "http://127.0.0.1:7070"])
def test_no_qr_code_of_what_a_phone_cannot_reach(url: str) -> None:
    assert qr_code(Screen(tty=True), url) is None
