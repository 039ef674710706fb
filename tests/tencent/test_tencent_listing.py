"""A listing is whole or an error."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.errors import CloudError, NetworkError
from sitepub.tencent.cos.listing import parse_page
from sitepub.tencent.cos.store import Listed
from sitepub.tencent.cos.verdict import BadAnswer
from tests.tencent.scripted_server import HANG_UP, Raw, Step, answer, error
from tests.tencent.test_tencent_store_faults import store_on


def page(keys: list[str], *, truncated: bool = False, marker: str | None = None) -> bytes:
    date = "2020-12-10T03:37:30.000Z"
    items = "".join(f"<Contents><Key>{quote(key)}</Key><LastModified>{date}</LastModified>"
                    f'<ETag>"e{number}"</ETag><Size>{number}</Size></Contents>'
                    for number, key in enumerate(keys))
    following = "" if marker is None else f"<NextMarker>{quote(marker)}</NextMarker>"
    return (f"<?xml version='1.0'?><ListBucketResult><Name>b</Name><EncodingType>url</EncodingType>"
            f"{following}<IsTruncated>{'true' if truncated else 'false'}</IsTruncated>{items}"
            f"</ListBucketResult>").encode()


def test_pages_follow_each_other_to_the_end() -> None:
    with store_on(answer(200, page(["a", "b c"], truncated=True, marker="b c")),
                  answer(200, page(["ü+%"]))) as (store, server):
        assert list(store.list("")) == [Listed("a", 0, "e0"), Listed("b c", 1, "e1"), Listed("ü+%", 0, "e0")]
    assert [request.target for request in server.received] == [
        "/?encoding-type=url&max-keys=1000", "/?encoding-type=url&max-keys=1000&marker=b%20c"]


def test_an_empty_bucket_is_an_empty_listing() -> None:
    with store_on(answer(200, page([]))) as (store, _):
        assert list(store.list("p/")) == []


@pytest.mark.parametrize("broken", [
    HANG_UP, error(500, "InternalError"), error(403, "AccessDenied"), answer(200, b""),
    answer(200, page(["x"])[:-40]), answer(200, b"<html>captive portal</html>"),
    Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n" + page(["x"]), close=True),
    answer(200, page(["x"], truncated=True)),
    answer(200, page(["x"]).replace(b"<IsTruncated>false</IsTruncated>", b"")),
    answer(200, page(["x"]).replace(b"<Size>0</Size>", b"<Size>many</Size>")),
    answer(200, page(["x"]).replace(b"<Key>x</Key>", b"<Key>%FF</Key>")),
    answer(200, page(["x"], truncated=True, marker="a")),
])
def test_a_listing_that_breaks_in_its_third_page_is_an_error(broken: Step) -> None:
    with store_on(answer(200, page(["a"], truncated=True, marker="a")),
                  answer(200, page(["b"], truncated=True, marker="b")), broken) as (store, _):
        seen: list[Listed] = []
        with pytest.raises((CloudError, NetworkError)):
            for item in store.list():
                seen.append(item)
                assert len(seen) < 50, "a listing that goes in circles has to end"


def test_a_page_that_was_cut_is_asked_for_again() -> None:
    whole = page(["a", "b"])
    with store_on(answer(200, whole[:-20]), HANG_UP, answer(200, whole)) as (store, _):
        assert [item.key for item in store.list()] == ["a", "b"]


def test_objects_from_elsewhere_are_not_believed() -> None:
    with store_on(answer(200, page(["other/a"]))) as (store, _), pytest.raises(CloudError, match="not below"):
        list(store.list("mine/"))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30), max_size=10))
def test_every_name_survives_the_encoding(keys: list[str]) -> None:
    assert [item.key for item in parse_page(page(keys)).objects] == keys


@given(st.integers(0, 400))
def test_a_page_cut_anywhere_is_never_a_page(length: int) -> None:
    body = page(["a", "b"])
    with pytest.raises(BadAnswer):
        parse_page(body[:min(length, len(body) - 1)])
