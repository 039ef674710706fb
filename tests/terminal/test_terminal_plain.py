"""Characters that steer a terminal or turn the order of what is read never reach it; names stay readable."""

from __future__ import annotations

import json
import unicodedata

import pytest

from sitepub.errors import Position, Problem
from sitepub.site.keys import printable
from sitepub.terminal.plain import one_line, steady, visible
from tests.terminal.screen import Screen

STEERING = [chr(code) for code in (
    0x061C, 0x200B, 0x200E, 0x200F, 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x0085, 0x009B,
    0x0080, 0x009D, 0xFEFF, 0xFFF9, 0xE0001, 0xE0041, 0x1D173, 0x00AD, 0x180E)]
READABLE = [
    "文章/你好，世界.html", "الصفحة الرئيسية.html", "עמוד.html", "می‌خواهم.html",
    "क्‍ष.html", "👨‍👩‍👧‍👦.png", "👩🏽‍💻.md", "❤️.html",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿.svg", "🇨🇳.png", "café.html", "ｆｕｌｌ　ｗｉｄｔｈ",
    "ไทย", "한국어", "a b",
]


def is_safe(text: str) -> bool:
    return not any(mark in text for mark in STEERING)


@pytest.mark.parametrize("mark", STEERING, ids=lambda mark: f"U+{ord(mark):04X}")
def test_a_mark_is_shown_as_an_escape_wherever_it_is_printed(mark: str) -> None:
    evil = f"a{mark}b"
    for terminal in (Screen(), Screen(tty=True)):
        terminal.out(evil)
        terminal.note(evil)
        terminal.err(evil)
        terminal.warn(evil)
        terminal.warn(Problem(evil, Position(f"{evil}.yml", 1, 1, evil), evil))
        terminal.json({evil: [evil]})
        assert is_safe(terminal.stdout.text + terminal.stderr.text)
        assert json.loads(terminal.stdout.text.split("\n")[-2]) == {evil: [evil]}, "programs get what is there"
    assert f"a{ascii(mark)[1:-1]}b" == steady(evil) == visible(evil) == printable(evil)


@pytest.mark.parametrize("name", READABLE)
def test_ordinary_names_of_any_script_stay_as_they_are(name: str) -> None:
    assert steady(name) == visible(name) == one_line(name) == printable(name) == name


def test_every_control_and_format_character_is_escaped_but_joiners() -> None:
    for code in range(0x110000):
        char = chr(code)
        if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs"):
            kept = char in "\u200c\u200d" or ("\u0600" <= char <= "\u08e2" and char != "\u061c") or code in (
                0x110BD, 0x110CD) or 0x13430 <= code <= 0x1345F
            assert (one_line(char) == char) == kept, f"U+{code:04X}"


def test_colours_and_line_breaks_of_our_own_stay() -> None:
    assert steady("\x1b[1mé\x1b[0m\n\té") == "\x1b[1mé\x1b[0m\n\té"
    assert visible("\x1b[1m\n") == "\\x1b[1m\n" and one_line("a\nb\tc") == "a\\nb\\tc"
