"""Every regular expression takes time that grows with the text, no faster, whatever the text is.

``benchmarks/patterns.py`` measures it up to 1 MB; here each one meets its hostile texts at a few thousand characters.
"""

from __future__ import annotations

import re

import pytest

from benchmarks.expressions import Used, expressions, unresolved
from benchmarks.patterns import is_bounded, slow
from sitepub.local.base.wildcards import wildcard, wildcard_in_a_part


def test_every_expression_is_known_by_its_text_and_none_is_slower_than_linear() -> None:
    """One test: to find them, a worker reads the whole source."""
    assert unresolved() == [], "name examples of it in benchmarks/expressions.py"
    found = expressions()
    assert len(found) > 250
    assert [reason for used in found if (reason := slow(used))] == []


@pytest.mark.parametrize(("pattern", "use"), [
    (r"(a+)+b", "match"), (r"(?:a|a)*b", "fullmatch"), (r"a*a*a*b", "match"), (r"\s+$", "search"),
    (r".*=.*;", "search"),
    (r"(\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+@", "sub"), (r"\s*(\d*)\s*-", "match"),
    (r"\w*(?:secret|token)\w*=", "search")])
def test_a_slow_expression_would_be_found(pattern: str, use: str) -> None:
    used = Used("here", pattern, 0, frozenset({use}))
    assert not is_bounded(used)
    assert slow(used) is not None


@pytest.mark.parametrize(("pattern", "use"), [
    (r"[a-z]+", "search"), (r"a[^a]*b", "search"), (r"\d{1,3}(?:\.\d{1,3}){3}", "search"), (r"[^=]+=.*", "match")])
def test_a_linear_expression_is_no_false_alarm(pattern: str, use: str) -> None:
    assert slow(Used("here", pattern, 0, frozenset({use}))) is None


@pytest.mark.parametrize(("pattern", "text"), [
    ("*", ""), ("a*", "a"), ("*a", "ba"), ("*a*a*", "aa"), ("a*b*c", "axbxbxc"), ("a*b*c", "abcabc"), ("**x", "\nx"),
    ("*ab*b", "xabb"), ("a.c", "a.c")])
def test_a_wildcard_matches_what_a_star_may_stand_for(pattern: str, text: str) -> None:
    assert wildcard(pattern).fullmatch(text)
    assert re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL)


@pytest.mark.parametrize(("pattern", "text"), [("*a*a*", "a"), ("a*b", "ab "), ("a.c", "abc"), ("*ab*b", "xab")])
def test_a_wildcard_matches_nothing_else(pattern: str, text: str) -> None:
    assert not wildcard(pattern).fullmatch(text)


def test_a_star_in_a_part_stops_at_a_slash() -> None:
    pattern = wildcard_in_a_part("*.example.com/a*c")
    assert pattern.match("www.EXAMPLE.com/abbc/more")
    assert not pattern.match("www/x.example.com/abc")
    assert not pattern.match("www.example.com/ab/c")
