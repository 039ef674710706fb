"""Versions: ids, delete markers, the list of versions, suspension."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.cos_wire import Answer, Wire, new_bucket


@pytest.fixture
def wire(local_cloud: Any) -> Iterator[Wire]:
    with new_bucket(local_cloud) as found:
        yield found


def set_versioning(wire: Wire, status: str) -> Answer:
    body = f"<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>".encode()
    return wire.call("PUT", "", {"versioning": ""}, body=body)


def versions(wire: Wire, **query: str) -> list[tuple[str, str, str, bool]]:
    """(kind, key, version, latest) of every entry."""
    tree = wire.call("GET", query={"versions": "", **query}).tree
    return [(node.tag, node.findtext("Key") or "", node.findtext("VersionId") or "",
             node.findtext("IsLatest") == "true") for node in tree if node.tag in ("Version", "DeleteMarker")]


def test_never_set_is_an_empty_document(wire: Wire) -> None:
    assert list(wire.call("GET", query={"versioning": ""}).tree) == []
    assert "x-cos-version-id" not in wire.put("a", b"x").headers
    assert versions(wire) == [("Version", "a", "", True)]


def test_a_status_that_is_none_is_refused(wire: Wire) -> None:
    assert set_versioning(wire, "On").code == "MalformedXML"


def test_every_write_is_kept_and_the_newest_is_served(wire: Wire) -> None:
    wire.put("a", b"before")
    assert set_versioning(wire, "Enabled").status == 200
    assert wire.call("GET", query={"versioning": ""}).texts("Status") == ["Enabled"]
    first = wire.put("a", b"one").headers["x-cos-version-id"]
    second = wire.put("a", b"2" * 100_000).headers["x-cos-version-id"]
    assert wire.get("a").body == b"2" * 100_000
    assert wire.call("GET", "a", {"versionId": first}).body == b"one"
    assert wire.call("GET", "a", {"versionId": "null"}).body == b"before"
    assert versions(wire) == [("Version", "a", second, True), ("Version", "a", first, False),
                              ("Version", "a", "null", False)]
    assert wire.call("GET", "a", {"versionId": "no-such"}).code == "NoSuchVersion"
    assert wire.call("GET").texts("Contents/Size") == ["100000"]


def test_a_removal_hides_and_removing_its_marker_brings_back(wire: Wire) -> None:
    set_versioning(wire, "Enabled")
    kept = wire.put("a", b"kept").headers["x-cos-version-id"]
    removal = wire.call("DELETE", "a")
    marker = removal.headers["x-cos-version-id"]
    assert removal.headers["x-cos-delete-marker"] == "true"
    assert wire.get("a").status == 404
    assert wire.call("GET").texts("Contents/Key") == []
    assert versions(wire) == [("DeleteMarker", "a", marker, True), ("Version", "a", kept, False)]
    assert wire.call("GET", "a", {"versionId": marker}).status == 405
    assert wire.call("DELETE", "a", {"versionId": marker}).status == 204
    assert wire.get("a").body == b"kept"
    assert versions(wire) == [("Version", "a", kept, True)]


def test_removing_the_newest_version_brings_back_the_one_before(wire: Wire) -> None:
    set_versioning(wire, "Enabled")
    first = wire.put("a", b"1").headers["x-cos-version-id"]
    second = wire.put("a", b"2").headers["x-cos-version-id"]
    wire.call("DELETE", "a", {"versionId": second})
    assert wire.get("a").body == b"1"
    wire.call("DELETE", "a", {"versionId": first})
    assert versions(wire) == []


def test_suspended_writes_replace_only_the_null_version(wire: Wire) -> None:
    set_versioning(wire, "Enabled")
    kept = wire.put("a", b"kept").headers["x-cos-version-id"]
    set_versioning(wire, "Suspended")
    assert wire.put("a", b"s1").headers["x-cos-version-id"] == "null"
    wire.put("a", b"s2")
    assert versions(wire) == [("Version", "a", "null", True), ("Version", "a", kept, False)]
    wire.call("DELETE", "a")
    assert versions(wire) == [("DeleteMarker", "a", "null", True), ("Version", "a", kept, False)]


def test_forbid_overwrite_has_no_effect_once_versioning_was_enabled(wire: Wire) -> None:
    set_versioning(wire, "Enabled")
    set_versioning(wire, "Suspended")
    assert [wire.put("a", b"x", x_cos_forbid_overwrite="true").status for _ in range(2)] == [200, 200]


def test_versions_come_in_pages(wire: Wire) -> None:
    set_versioning(wire, "Enabled")
    for _ in range(3):
        for name in ("a", "b/1", "b/2", "c"):
            wire.put(name, b"x")
    everything = versions(wire)
    assert len(everything) == 12
    found: list[tuple[str, str, str, bool]] = []
    query: dict[str, str] = {}
    while True:
        tree = wire.call("GET", query={"versions": "", "max-keys": "5", **query}).tree
        found += [(node.tag, node.findtext("Key") or "", node.findtext("VersionId") or "",
                   node.findtext("IsLatest") == "true") for node in tree.iterfind("Version")]
        if tree.findtext("IsTruncated") == "false":
            break
        query = {"key-marker": tree.findtext("NextKeyMarker") or "",
                 "version-id-marker": tree.findtext("NextVersionIdMarker") or ""}
    assert found == everything
    folded = wire.call("GET", query={"versions": "", "delimiter": "/"})
    assert folded.texts("CommonPrefixes/Prefix") == ["b/"]
    assert folded.texts("Version/Key") == ["a"] * 3 + ["c"] * 3
    assert {entry[1] for entry in versions(wire, prefix="b/")} == {"b/1", "b/2"}


def test_a_bucket_with_old_versions_is_not_empty(wire: Wire) -> None:
    set_versioning(wire, "Enabled")
    wire.put("a", b"x")
    wire.call("DELETE", "a")
    answer = wire.call("DELETE")
    assert (answer.status, answer.code) == (409, "BucketNotEmpty")


def test_many_removed_at_once_leave_markers_or_lose_versions(wire: Wire) -> None:
    set_versioning(wire, "Enabled")
    version = wire.put("a", b"x").headers["x-cos-version-id"]
    wire.put("b", b"x")
    answer = wire.delete_many(f"<Delete><Object><Key>a</Key><VersionId>{version}</VersionId></Object>"
                              "<Object><Key>b</Key></Object></Delete>")
    assert answer.texts("Deleted/DeleteMarker") == ["true"]
    assert [(entry[0], entry[1]) for entry in versions(wire)] == [("DeleteMarker", "b"), ("Version", "b")]


def test_a_copy_of_an_old_version(wire: Wire) -> None:
    set_versioning(wire, "Enabled")
    old = wire.put("a", b"old").headers["x-cos-version-id"]
    wire.put("a", b"new")
    answer = wire.call("PUT", "b", headers={"x-cos-copy-source": f"{wire.host}/a?versionId={old}"})
    assert answer.status == 200
    assert wire.get("b").body == b"old"
