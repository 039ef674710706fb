from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.site.build.lines import LineSplitter
from sitepub.terminal.messages import plain


def lines_of(data: bytes, seed: int) -> list[str]:
    """What is read from a stream that comes in small pieces."""
    seen: list[str] = []
    splitter = LineSplitter(seen.append)
    dice = random.Random(seed)
    while data:
        count = dice.randint(1, 9)
        splitter.feed(data[:count])
        data = data[count:]
    splitter.end()
    return seen


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))), st.integers())
def test_lines_come_whole_however_the_stream_is_cut(lines: list[str], seed: int) -> None:
    data = "".join(line + "\n" for line in lines).encode()
    assert lines_of(data, seed) == lines


def test_overwritten_progress_is_shown_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:


    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    seen: list[str] = []
    splitter = LineSplitter(seen.append)
    for percent in range(101):
        now = percent * 0.01
        splitter.feed(f"{percent}%\r".encode())
    splitter.feed(b"\ndone\n")
    assert seen == ["50%", "100%", "done"]


def test_no_memory_is_filled_by_progress_that_never_ends_its_line() -> None:
    seen: list[str] = []
    splitter = LineSplitter(seen.append)
    for _ in range(2000):
        splitter.feed(b"x" * 100 + b"\r")
    splitter.end()
    assert set(seen) <= {"x" * 100}


def test_several_lines_that_are_drawn_again_are_shown_as_they_are_at_the_end() -> None:
    """As webpackbar draws them."""
    shown: list[str] = []
    lines = LineSplitter(shown.append)
    lines.feed(b"[INFO] begun\n")
    for percent in range(0, 101, 5):
        up = b"\x1b[2K\x1b[1A\x1b[2K\x1b[1A\x1b[2K\x1b[G" if percent else b""
        lines.feed(up + f"Client {percent}%\n".encode() + f"Server {percent}%\n".encode())
    lines.feed(b"[SUCCESS] done\n")
    lines.end()
    text = [line for line in shown if line]
    assert text[0] == "[INFO] begun" and text[-3:] == ["Client 100%", "Server 100%", "[SUCCESS] done"]
    assert len(text) < 12


def test_what_was_printed_above_a_display_that_grows_and_shrinks_stays() -> None:
    shown: list[str] = []
    lines = LineSplitter(shown.append)
    rows = 0
    for number in range(30):
        height = 2 + number % 4
        log = f"log {number}\n" if number % 10 == 9 else ""
        lines.feed(("\x1b[2K\x1b[1A" * rows + "\x1b[2K\x1b[G" + log
                    + "".join(f"row {row} of {number}\n" for row in range(height))).encode())
        rows = height
    lines.feed(b"done\n")
    lines.end()
    text = [plain(line) for line in shown]
    assert [line for line in text if line.startswith("log")] == ["log 9", "log 19", "log 29"]
    assert text[-4:] == ["row 0 of 29", "row 1 of 29", "row 2 of 29", "done"]
    assert len(text) < 20


def test_lines_that_clear_a_terminal_are_one() -> None:
    shown: list[str] = []
    lines = LineSplitter(shown.append, terminal=True)
    lines.feed(b"a\n" + b"\n" * 40 + b"\x1b[1;1H\x1b[0Jb\n\nc\n")
    lines.end()
    assert [plain(line) for line in shown] == ["a", "", "b", "", "c"]


def test_a_spinner_is_one_line() -> None:
    shown: list[str] = []
    lines = LineSplitter(shown.append)
    for number in range(30):
        lines.feed(b"\x1b[1G\x1b[0K" + "⠋⠙⠹⠸"[number % 4].encode() + b" building...")
        time.sleep(0.05)
    lines.feed("\x1b[1G\x1b[0K✓ building...\n".encode())
    lines.end()
    for number in range(3):
        lines.feed(b"\x1b[1G\x1b[0K" + "⠋⠙⠹⠸"[number].encode() + b" rendering")
        time.sleep(0.6)
        lines.flush_old()
    lines.feed("\x1b[1G\x1b[0K✓ rendering\n".encode())
    lines.end()
    text = [plain(line) for line in shown]
    assert text[-1] == "✓ rendering" and text[-3] == "✓ building..." and len(shown) <= 4


def test_whole_lines_are_told_even_where_parts_were_shown() -> None:
    shown: list[str] = []
    whole: list[str] = []
    lines = LineSplitter(shown.append, whole=whole.append)
    lines.feed(b"one\nERROR Process ")
    time.sleep(0.6)
    lines.flush_old()
    lines.feed(b"failed: ")
    time.sleep(0.6)
    lines.flush_old()
    lines.feed(b"x\ntwo")
    lines.end()
    assert shown == ["one", "ERROR Process ", "failed: ", "x", "two"]
    assert whole == ["one", "ERROR Process failed: x", "two"]


def test_nothing_is_shown_of_a_spinner_that_was_taken_away() -> None:
    shown: list[str] = []
    lines = LineSplitter(shown.append)
    lines.feed("⠙\x1b[1G\x1b[0K".encode())
    lines.end()
    assert shown == []


@given(st.lists(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x9FFF, exclude_categories=["Cc", "Cs"]),
                        min_size=1, max_size=20), min_size=1, max_size=6), st.integers())
def test_lines_in_gbk_are_read_however_the_stream_is_cut(lines: list[str], seed: int) -> None:
    wanted = ["中文" + line.encode("gbk", "ignore").decode("gbk") for line in lines]
    data = "".join(line + "\n" for line in wanted).encode("gbk")
    assert lines_of(data, seed) == wanted


def test_a_line_in_gbk_among_lines_in_utf8() -> None:
    seen: list[str] = []
    splitter = LineSplitter(seen.append)
    for data in ("中文\n".encode(), "中文\n".encode("gbk"), b"caf\xe9 \n", b"\xff\xff\n", "é中".encode(), b"\xd6"):
        splitter.feed(data)
    splitter.end()
    assert seen == ["中文", "中文", "caf\ufffd ", "\ufffd\ufffd", "é中\ufffd"]
