from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.site.hook_lines import LineSplitter


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))), st.integers())
def test_lines_come_whole_however_the_stream_is_cut(lines: list[str], seed: int) -> None:
    data = "".join(line + "\n" for line in lines).encode()
    seen: list[str] = []
    splitter = LineSplitter(seen.append)
    dice = random.Random(seed)
    while data:
        count = dice.randint(1, 9)
        splitter.feed(data[:count])
        data = data[count:]
    splitter.end()
    assert seen == lines


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
