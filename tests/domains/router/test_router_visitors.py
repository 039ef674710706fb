"""How many visitors a share gets, and that raising it takes nobody out. The rule is that of router.js, which is
compared with it request by request elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.domains.router.route import Route, Share, Slot
from tests.domains.router.visitor_rule import NUMBERS, VISITOR, Visitor, choice, drawn, hashed

A = Slot(".sitepub/slots/a/", "20261120T213000Z-ab12cd")
RELEASES = ("20261121T213000Z-00ff3e", "20261121T213001Z-00ff3e", "20261231T235959Z-aaaaaa")


def route(part: float | None, release: str = RELEASES[0]) -> Route:
    share = None if part is None else Share(Slot(".sitepub/slots/b/", release), part)
    return Route(host="www.example.com", site="blog/prod/blog", live=A, share=share)


CHROME = "Mozilla/5.0 (X11; Linux x86_64) Chrome/{}.0.0.0"
PEOPLE = {
    "in one network, one browser": [f"10.0.{n >> 8}.{n & 255}\n{CHROME.format(131)}" for n in range(10_000)],
    "IPv6, no agent": [f"2001:db8::{n:x}\n" for n in range(10_000)],
}


@pytest.mark.parametrize("people", PEOPLE)
def test_without_cookies_a_share_is_what_was_asked_for_within_one_percent(people: str) -> None:
    numbers = [hashed(who) % NUMBERS for who in PEOPLE[people]]
    for release in RELEASES:
        for part in (0.01, 0.1, 0.5):
            share = sum(drawn(number, release) < part * NUMBERS for number in numbers) / len(numbers)
            assert abs(share - part) < 0.01


def test_of_the_numbers_that_cookies_hold_exactly_the_share_gets_it() -> None:
    for release in RELEASES:
        assert sorted(drawn(number, release) for number in range(NUMBERS)) == list(range(NUMBERS))


@given(st.integers(0, NUMBERS - 1), st.text("0123456789abcdef", min_size=6, max_size=6),
       st.tuples(st.floats(0.0001, 0.9999), st.floats(0.0001, 0.9999)))
def test_who_has_the_release_of_a_share_keeps_it_when_more_get_it(number: int, release: str, parts: tuple[float, float]
                                                                  ) -> None:
    who = Visitor(cookies={VISITOR: f"{number}.{A.release}"})
    few, many = (choice(route(part, f"20261121T213000Z-{release}"), who).slot for part in sorted(parts))
    assert few is A or many is not A


def test_another_share_has_other_visitors() -> None:
    first, second = (
        {n for n in range(NUMBERS) if drawn(n, release) < 1000} for release in (RELEASES[0], RELEASES[2]))
    assert first != second


def test_the_hash_is_the_published_one() -> None:
    # FNV-1a of 32 bits: "a" is 0xe40c292c, "foobar" 0xbf9cf968, before MurmurHash3's fmix32.
    def mixed(value: int) -> int:
        value = (value ^ value >> 16) * 0x85EBCA6B & 0xFFFFFFFF
        value = (value ^ value >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
        return value ^ value >> 16

    assert [hashed("a"), hashed("foobar")] == [mixed(0xE40C292C), mixed(0xBF9CF968)]
