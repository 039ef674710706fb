"""A route goes into a variable and comes back; names are as the service wants them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.domains.router.route import (
    MOST_BYTES,
    MOST_KEY_BYTES,
    Before,
    Redirect,
    Route,
    Share,
    Slot,
    decoded,
    encoded,
    variable_of,
    with_redirects,
)
from sitepub.errors import ConfigError

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=2, max_size=4).map(".".join)


def test_a_name_is_readable_and_a_name_in_javascript() -> None:
    assert variable_of("www.my-site.example.com") == "SITE_www_my__site_example_com"
    assert variable_of("*.preview.example.com") == "SITE_ANY_preview_example_com"


@given(st.sets(HOSTS, max_size=8))
def test_no_two_hosts_share_a_name(hosts: set[str]) -> None:
    names = [variable_of(host) for host in hosts if len(host) < 20]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name) and len(name) <= MOST_KEY_BYTES for name in names)


@given(st.lists(st.sampled_from("ab-."), min_size=1, max_size=8).map("".join))
def test_hyphens_and_dots_are_kept_apart(text: str) -> None:
    if re.fullmatch(r"[ab](-*[ab])*(\.[ab](-*[ab])*)*", text):
        assert variable_of(text).removeprefix("SITE_").replace("__", "-").replace("_", ".") == text


def test_a_host_that_is_too_long_is_refused_with_its_length() -> None:
    with pytest.raises(ConfigError, match="66 characters"):
        variable_of("a" * 49 + ".example.com")


def test_a_route_comes_back() -> None:
    a, b = Slot(".sitepub/slots/a/", "20261120T213000Z-ab12cd"), Slot(".sitepub/slots/b/", "20261121T213000Z-ab12cd")
    route = Route(host="www.example.com", site="blog/prod/blog", live=a, share=Share(b, 0.1),
                  before=Before(b, 1_800_000_000), others=(b,), error="404.html")
    assert decoded(encoded(route)) == route
    assert decoded('{"some": "thing"}') is None and decoded("") is None


@pytest.mark.parametrize("count", [1, 3, 100, 400])
def test_as_many_redirects_as_there_is_room_for_are_kept_from_the_first(count: int) -> None:
    redirects = tuple(Redirect(f"blog/{number}/", f"articles/\u4e2d\u6587/{number}/") for number in range(count))
    found = with_redirects(Route(host="a.preview.example.com", site="a/b/c/d", live=Slot("x/", "r")), redirects)
    assert found.redirects == redirects[:len(found.redirects)] and decoded(encoded(found)) == found
    assert len(found.redirects) == count or len(encoded(found).encode()) > 4900
    assert len(found.redirects) >= min(count, 80)


def test_a_value_that_is_too_long_is_refused() -> None:
    with pytest.raises(ConfigError, match=f"and a variable of an edge function has {MOST_BYTES}"):
        encoded(Route(host="www.example.com", site="x" * MOST_BYTES))
