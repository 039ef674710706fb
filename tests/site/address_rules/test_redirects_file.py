"""`_redirects`: what is read from it, what is said of mistakes, and that no text ends in a traceback."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.site.address_rules.redirects_file import MOST_DYNAMIC, read_redirects


@pytest.mark.parametrize(("line", "rule"), [
    ("/home /", "/home / 301"),
    ("/home    /   302", "/home / 302"),
    ("/blog/*\t/news/:splat\t301", "/blog/* /news/:splat 301"),
    ("/news/:year/:month /:year-:month 307", "/news/:year/:month /:year-:month 307"),
    ("/* /index.html 200", "/* /index.html 200"),
    ("/app/* /app/index.html 200!", "/app/* /app/index.html 200!"),
    ("/en/* /en/404.html 404", "/en/* /en/404.html 404"),
    ("/away https://example.com:8443/x?y=1#z 303", "/away https://example.com:8443/x?y=1#z 303"),
    ("http://blog.example.com/* https://www.example.com/blog/:splat 301!",
     "https://blog.example.com/* https://www.example.com/blog/:splat 301!"),
    ("/store id=:id /blog/:id 301", "/store /blog/:id 301"),
    ("/ /anz 302 Country=au,nz", "/ /anz 302"),
    ("/admin/* /login 302! Role=admin Language=en", "/admin/* /login 302!"),
    ("/old /new 308 # moved in spring", "/old /new 308"),
    ("/old /new # moved in spring", "/old /new 301"),
    ("/gone 410", "/gone 410"),
    ("/assets/* 200", "/assets/* /assets/:splat 200"),
    ("/caf%C3%A9 /coffee", "/caf\u00e9 /coffee 301"),
    ("/p/* /:splat/q", "/p/* /:splat/q 301"),
])
def test_what_is_read(line: str, rule: str) -> None:
    found, problems = read_redirects(f"# comment\r\n\r\n  {line}\r\n", "_redirects")
    assert not problems
    assert [str(one) for one in found] == [rule]
    assert str(found[0].position) == "_redirects:3:3"


def test_query_and_conditions_are_kept_as_they_are_written() -> None:
    [rule], problems = read_redirects("/store id=:id q=7 /blog/:id 302! Country=de Cookie=a,b", "_redirects")
    assert not problems
    assert (rule.query, rule.conditions) == ((("id", ":id"), ("q", "7")), ("Country=de", "Cookie=a,b"))
    assert (rule.status, rule.force, rule.said) == (302, True, True)


@pytest.mark.parametrize(("line", "column", "words"), [
    ("/old", 1, "has no destination"),
    ("/old 301", 6, "has no destination"),
    ("old /new", 1, "`old` does not begin with `/`"),
    ("/old new", 6, "begins with neither"),
    ('/old "/new" 301', 6, "begins with neither"),
    ("/old //example.com/x", 6, "has a host and no scheme"),
    ("/old /new 299", 11, "the status 299 is not possible"),
    ("/old /new permanent", 11, "`permanent` is not a status"),
    ("/old /new Country=de", 11, "is not a status"),
    ("/old /new 302 Contry=de", 15, "`Contry=de` is not a condition"),
    ("/old /new 302 /more", 15, "`/more` is not a condition"),
    ("/old/*/* /new", 1, "more than one `*`"),
    ("/old /new/:splat", 11, "the address has no `*`"),
    ("/old/:id /new/:name", 15, "the address has no `:name`"),
    ("/old?a=b /new", 1, "holds a query"),
    ("/old#part /new", 1, "holds a fragment"),
    ("/same /same", 7, "redirects to itself"),
    ("/old id /new", 6, "`id` is neither a query parameter nor a destination"),
    ("/a:b:c /new", 1, "holds two of"),
    ("https://example.com:81/x /new", 1, "names a port"),
])
def test_what_is_said_of_a_mistake(line: str, column: int, words: str) -> None:
    rules, problems = read_redirects(f"/fine /page\n{line}\n", "public/_redirects")
    assert len(rules) == 1
    assert len(problems) == 1, problems
    assert str(problems[0].position) == f"public/_redirects:2:{column}"
    assert words in problems[0].message


def test_more_rules_than_could_be_compared_are_refused() -> None:
    many = "".join(f"/a{number}/* /b{number}/:splat\n" for number in range(MOST_DYNAMIC + 50))
    _rules, [problem] = read_redirects(many, "_redirects")
    assert problem.position is not None and problem.position.line == MOST_DYNAMIC + 1


_words = st.sampled_from(["/", "*", ":a", ":splat", "301", "200!", "#", "https://", "a=b", "Country=", " ", " ", "\t",
                          "\x00", "é", "?", "%zz", "%E4", "\u2028", "//", "'"])


@given(st.one_of(st.text(), st.lists(st.lists(_words).map("".join)).map("\n".join)))
def test_no_text_ends_in_a_traceback(text: str) -> None:
    rules, problems = read_redirects(text, "_redirects")
    assert all(problem.position is not None and problem.position.line for problem in problems)
    for rule in rules:
        rule.address.match("/a/b.html")
        assert str(rule)
