"""The listing, compared with a model that is as simple as the description."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sitepub.local.cos.listing import Selection, after_prefix, list_page
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.database import Database
from tests.amount import times
from tests.local.cos_wire import Wire, new_bucket

ALPHABET = st.sampled_from(["a", "b", "/", "é", "中", "\U0001f600", "\uffff", " "])
INSERT = "INSERT INTO objects VALUES (1, ?, 'null', 0, 0, '', 0, 0, NULL, NULL, '', '', '', '', '')"
NAMES = st.text(ALPHABET, min_size=1, max_size=5)


def model(keys: set[str], prefix: str, delimiter: str, marker: str) -> list[tuple[str, bool]]:
    """Every entry behind the marker in UTF-8 order: (name, is a common prefix)."""
    found: dict[str, bool] = {}
    for key in sorted(keys, key=str.encode):
        if not key.startswith(prefix):
            continue
        at = key.find(delimiter, len(prefix)) if delimiter else -1
        name = key[: at + len(delimiter)] if at >= 0 else key
        behind = name.encode() > marker.encode() and not (at >= 0 and marker.startswith(name))
        if behind and (at >= 0 or key.encode() > marker.encode()):
            found[name] = at >= 0
    return sorted(found.items(), key=lambda entry: entry[0].encode())


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database(tmp_path_factory.mktemp("listing") / "d.sqlite3", lambda _: None)
    yield opened
    opened.close()


@settings(max_examples=times(300))
@given(keys=st.sets(NAMES, max_size=25), prefix=st.text(ALPHABET, max_size=2),
       delimiter=st.sampled_from(["", "/", "a"]), marker=st.text(ALPHABET, max_size=3),
       size=st.integers(1, 4))
def test_pages_put_together_are_what_the_description_says(
    database: Database, keys: set[str], prefix: str, delimiter: str, marker: str, size: int
) -> None:
    database.read("DELETE FROM objects")
    for key in keys:
        database.read(INSERT, (key,))
    bucket = Bucket(1, "b-1250000000", "r", "1250000000", 0, "", "")
    entries: list[tuple[str, bool]] = []
    at = marker
    for _ in range(60):
        page = list_page(database, bucket, Selection(prefix, delimiter, at, size, encode=False))
        here = [(row[0], False) for row in page.objects] + [(name, True) for name in page.prefixes]
        assert len(here) <= size
        entries += sorted(here, key=lambda entry: entry[0].encode())
        if not page.next_marker:
            break
        at = page.next_marker
    assert entries == model(keys, prefix, delimiter, marker)


@given(st.text(min_size=1, max_size=6), st.text(max_size=4))
def test_what_follows_a_prefix_is_above_all_that_starts_with_it(prefix: str, rest: str) -> None:
    bound = after_prefix(prefix)
    if bound is not None:
        assert (prefix + rest).encode("utf-8", "replace") < bound.encode()
        assert not bound.startswith(prefix)


@pytest.fixture(scope="module")
def wire(local_cloud: Any) -> Iterator[Wire]:
    with new_bucket(local_cloud) as found:
        for name in ("a/1", "a/2", "b/c/1", "b/2", "top 1", "top+2", "中/x&y"):
            assert found.put(name, b"12345").status == 200
        yield found


def test_a_listing_as_xml(wire: Wire) -> None:
    answer = wire.call("GET", query={"delimiter": "/"})
    assert answer.headers["Content-Type"] == "application/xml"
    assert answer.texts("Contents/Key") == ["top 1", "top+2"]
    assert answer.texts("CommonPrefixes/Prefix") == ["a/", "b/", "中/"]
    assert answer.texts("IsTruncated") == ["false"]
    assert answer.texts("NextMarker") == []
    assert answer.texts("Contents/Size") == ["5", "5"]
    assert set(answer.texts("Contents/ETag")) == {'"827ccb0eea8a706c4c34a16891f84e7b"'}
    assert all(text.endswith(".000Z") for text in answer.texts("Contents/LastModified"))
    assert answer.texts("Name") == [wire.bucket]


def test_pages_follow_each_other(wire: Wire) -> None:
    names: list[str] = []
    marker = ""
    while True:
        answer = wire.call("GET", query={"max-keys": "2", "marker": marker, "encoding-type": "url"})
        names += answer.texts("Contents/Key")
        if answer.texts("IsTruncated") == ["false"]:
            break
        marker = unquote(answer.texts("NextMarker")[0])
    assert "top%201" in names
    assert [unquote(name) for name in names] == ["a/1", "a/2", "b/2", "b/c/1", "top 1", "top+2", "中/x&y"]


def test_bad_parameters_are_refused(wire: Wire) -> None:
    for query in ({"max-keys": "x"}, {"max-keys": "-1"}, {"encoding-type": "base64"}):
        answer = wire.call("GET", query=query)
        assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert wire.call("GET", query={"max-keys": "5000"}).texts("MaxKeys") == ["1000"]
    assert wire.call("GET", query={"max-keys": "0"}).texts("Contents/Key") == []


def test_a_folder_with_many_files_costs_one_seek(tmp_path: Path) -> None:
    opened = Database(tmp_path / "d.sqlite3", lambda _: None)
    for number in range(3000):
        opened.read(INSERT, (f"big/{number}",))
    bucket = Bucket(1, "b-1250000000", "r", "1250000000", 0, "", "")
    page = list_page(opened, bucket, Selection("", "/", "", 1000, encode=False))
    opened.close()
    assert (page.objects, page.prefixes, page.next_marker) == ([], ["big/"], "")
