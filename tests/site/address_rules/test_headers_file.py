"""`_headers`: what is read from it, what is said of mistakes, and that no text ends in a traceback."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.site.address_rules.headers_file import read_headers

# Of the forms that published projects have: Docusaurus, Astro, Gatsby, VitePress, Eleventy, the services' own pages.
READ: list[tuple[str, list[tuple[str, dict[str, str | None]]]]] = [
    ("/*\n  X-Frame-Options: DENY\n", [("/*", {"X-Frame-Options": "DENY"})]),
    ("# everything\n/*\n  # no frames\n  X-Frame-Options: DENY\n\n", [("/*", {"X-Frame-Options": "DENY"})]),
    ("/assets/*\r\n\tCache-Control: public, max-age=31536000, immutable\r\n",
     [("/assets/*", {"Cache-Control": "public, max-age=31536000, immutable"})]),
    ("/a\nX-One: 1\n/b\nX-Two: 2", [("/a", {"X-One": "1"}), ("/b", {"X-Two": "2"})]),
    ("/*\n  Link: </a.css>; rel=preload\n  Link: </b.js>; rel=preload\n",
     [("/*", {"Link": "</a.css>; rel=preload, </b.js>; rel=preload"})]),
    ("/*\n  cache-control: max-age=0\n  cache-control: no-cache\n",
     [("/*", {"cache-control": "max-age=0, no-cache"})]),
    ("/*.jpg\n  ! Content-Security-Policy\n", [("/*.jpg", {"Content-Security-Policy": None})]),
    ("/*\n  Content-Security-Policy: default-src 'self'; img-src https: data:\n",
     [("/*", {"Content-Security-Policy": "default-src 'self'; img-src https: data:"})]),
    ("https://myproject.pages.dev/*\n  X-Robots-Tag: noindex\n",
     [("https://myproject.pages.dev/*", {"X-Robots-Tag": "noindex"})]),
    ("https://:project.pages.dev/*\n  X-Robots-Tag: noindex\n",
     [("https://:project.pages.dev/*", {"X-Robots-Tag": "noindex"})]),
    ("/movies/:title\n  X-Movie: yes\n", [("/movies/:title", {"X-Movie": "yes"})]),
    ("\ufeff/caf%C3%A9/*\n  X-Word: caf\u00e9 # not a comment\n",
     [("/caf\u00e9/*", {"X-Word": "caf\u00e9 # not a comment"})]),
    ("", []), ("# nothing but a comment\n\n", []),
]


@pytest.mark.parametrize(("text", "blocks"), READ)
def test_what_is_read(text: str, blocks: list[tuple[str, dict[str, str | None]]]) -> None:
    found, problems = read_headers(text, "_headers")
    assert not problems
    assert [(str(one.address), {line.name: line.value for line in one.headers}) for one in found] == blocks


@pytest.mark.parametrize(("text", "place", "words"), [
    ("X-Frame-Options: DENY\n", "1:1", "before the first address"),
    ("/a\n/b\n  X-A: 1\n", "1:1", "has no headers"),
    ("/a\n  X-A: 1\n/b\n", "3:1", "has no headers"),
    ("/a\n  X A: 1\n", "2:3", "`X A` is not the name of a header"),
    ("/a\n  X-A:\n", "2:3", "X-A has no value"),
    ("/a\n  nonsense\n", "2:3", "neither an address nor a header"),
    ("/a\n  !X-A\n", "2:3", "neither an address nor a header"),
    ("/a\n  ! two words\n", "2:5", "is not the name of a header"),
    ("/a\n  : value\n", "2:3", "is not the name of a header"),
    ("/a/*/b/*\n  X-A: 1\n", "1:1", "more than one `*`"),
    ("/a?b=c\n  X-A: 1\n", "1:1", "holds a query"),
    ("/:a/:a\n  X-A: 1\n", "1:1", "names a placeholder twice"),
    ("https://example.com:8080/*\n  X-A: 1\n", "1:1", "names a port"),
    ("https:///*\n  X-A: 1\n", "1:1", "is not a host name"),
    ("ftp://example.com/*\n  X-A: 1\n", "1:1", "does not begin with `/`"),
    ("/movies/:title\n  X-Movie: :title\n", "2:12", "takes `:title` from the address"),
    ("/a\n  X-A: b\x07\n", "2:9", "control character U+0007"),
    ("/a\n  X-A: " + "b" * 9_000 + "\n", "2:3", "longer than 8,000"),
])
def test_what_is_said_of_a_mistake(text: str, place: str, words: str) -> None:
    _blocks, problems = read_headers(text, "public/_headers")
    assert len(problems) == 1, problems
    assert str(problems[0].position) == f"public/_headers:{place}"
    assert words in problems[0].message


def test_all_mistakes_are_said_at_once_and_the_rest_is_read() -> None:
    blocks, problems = read_headers("X-A: 1\n/a\n  X-A\n/b\n  X-B: 1\n/c/*/*\n  X-C: 1\n", "_headers")
    assert [problem.position.line for problem in problems if problem.position] == [1, 3, 6]
    assert [str(block.address) for block in blocks] == ["/b"]


_words = st.sampled_from(["/", "*", ":a", "X-A", ": ", "! ", "!", "#", "https://", "a.b", " ", "\t", "\r", "\ufeff",
                          "\x00", "é", "?", "%zz", "%E4", "\u2028"])


@given(st.one_of(st.text(), st.lists(st.lists(_words).map("".join)).map("\n".join)))
def test_no_text_ends_in_a_traceback(text: str) -> None:
    blocks, problems = read_headers(text, "_headers")
    assert all(problem.position is not None and problem.position.line for problem in problems)
    for block in blocks:
        assert block.headers
        block.address.match("/a/b.html")
