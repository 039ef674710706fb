"""Lifecycle rules, carried out by a clock that tests put ahead."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LocalCloud, running_cloud
from tests.local.cos_wire import Wire, new_bucket, send


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("clock") / "data") as found:
        yield found


@pytest.fixture
def wire(cloud: LocalCloud) -> Iterator[Wire]:
    with new_bucket(cloud) as found:
        yield found


def ahead(cloud: LocalCloud, text: str) -> dict[str, Any]:
    headers = {**cloud.allowed, "Host": "127.0.0.1", "Content-Length": str(len(text))}
    answer = send(cloud.port, "POST", "/-/clock", headers, text.encode())
    assert answer.status == 200, answer.body
    said: dict[str, Any] = json.loads(answer.body)
    return said


def rule(where: str, actions: str, status: str = "Enabled") -> str:
    return f"<Rule><ID>{secrets.token_hex(4)}</ID><Filter>{where}</Filter><Status>{status}</Status>{actions}</Rule>"


def set_rules(wire: Wire, *rules: str) -> None:
    document = f"<LifecycleConfiguration>{''.join(rules)}</LifecycleConfiguration>"
    assert wire.call("PUT", query={"lifecycle": ""}, body=document.encode()).status == 200


def keys(wire: Wire) -> list[str]:
    return wire.call("GET").texts("Contents/Key")


def expire(days: int) -> str:
    return f"<Expiration><Days>{days}</Days></Expiration>"


def move(days: int, storage_class: str) -> str:
    return f"<Transition><Days>{days}</Days><StorageClass>{storage_class}</StorageClass></Transition>"


def test_objects_expire_by_prefix_and_age(cloud: LocalCloud, wire: Wire) -> None:
    for key in ("logs/a", "logs/b", "index.html"):
        wire.put(key, b"x")
    set_rules(wire, rule("<Prefix>logs/</Prefix>", expire(30)))
    ahead(cloud, "29d")
    assert keys(wire) == ["index.html", "logs/a", "logs/b"]
    wire.put("logs/new", b"x")
    ahead(cloud, "2d")
    assert keys(wire) == ["index.html", "logs/new"]


@pytest.mark.parametrize(("where", "gone"), [
    ("", ["a", "b", "c"]),
    ("<Prefix></Prefix>", ["a", "b", "c"]),
    ("<Tag><Key>k</Key><Value>1</Value></Tag>", ["a", "b"]),
    ("<And><Prefix>a</Prefix><Tag><Key>k</Key><Value>1</Value></Tag></And>", ["a"]),
    ("<And><Tag><Key>k</Key><Value>1</Value></Tag><Tag><Key>l</Key><Value>2</Value></Tag></And>", ["b"]),
    ("<Prefix>other/</Prefix>", []),
])
def test_filters(cloud: LocalCloud, wire: Wire, where: str, gone: list[str]) -> None:
    wire.put("a", b"x", x_cos_tagging="k=1")
    wire.put("b", b"x", x_cos_tagging="k=1&l=2")
    wire.put("c", b"x")
    set_rules(wire, rule(where, expire(1)), rule("", expire(1), "Disabled"))
    ahead(cloud, "25h")
    assert keys(wire) == [key for key in ("a", "b", "c") if key not in gone]


def test_classes_get_colder_and_never_warmer(cloud: LocalCloud, wire: Wire) -> None:
    wire.put("a", b"x")
    wire.put("cold", b"x", x_cos_storage_class="ARCHIVE")
    set_rules(wire, rule("", move(10, "STANDARD_IA") + move(20, "ARCHIVE")))
    ahead(cloud, "11d")
    assert wire.call("HEAD", "a").headers["x-cos-storage-class"] == "STANDARD_IA"
    assert wire.call("HEAD", "cold").headers["x-cos-storage-class"] == "ARCHIVE"
    assert wire.get("a").body == b"x"
    ahead(cloud, "10d")
    assert wire.get("a").code == "InvalidObjectState", "as a visitor of a site would meet it"
    wire.put("a", b"y")
    assert wire.get("a").body == b"y", "what is written anew is new"


def test_a_restored_copy_is_there_for_its_days(cloud: LocalCloud, wire: Wire) -> None:
    wire.put("a", b"x", x_cos_storage_class="ARCHIVE")
    restore = b"<RestoreRequest><Days>2</Days></RestoreRequest>"
    assert wire.call("POST", "a", {"restore": ""}, body=restore).status == 202
    ahead(cloud, "1h")
    assert wire.get("a").body == b"x"
    ahead(cloud, "2d")
    assert wire.get("a").code == "InvalidObjectState"


def test_versions(cloud: LocalCloud, wire: Wire) -> None:
    versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    wire.call("PUT", query={"versioning": ""}, body=versioning.encode())
    for body in (b"1", b"2", b"3"):
        wire.put("a", body)
    older = "<NoncurrentVersionExpiration><NoncurrentDays>5</NoncurrentDays></NoncurrentVersionExpiration>"
    set_rules(wire, rule("", older))
    ahead(cloud, "6d")
    listed = wire.call("GET", query={"versions": ""})
    assert len(listed.texts("Version/VersionId")) == 1 and wire.get("a").body == b"3"
    set_rules(wire, rule("", expire(10) + older),
              rule("", "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"))
    ahead(cloud, "5d")
    assert wire.get("a").status == 404
    assert len(wire.call("GET", query={"versions": ""}).texts("DeleteMarker/Key")) == 1
    ahead(cloud, "6d")
    ahead(cloud, "1d")
    assert not wire.call("GET", query={"versions": ""}).texts("DeleteMarker/Key"), "a marker that hides nothing goes"


def test_unfinished_uploads_and_dates(cloud: LocalCloud, wire: Wire) -> None:
    wire.call("POST", "up", {"uploads": ""})
    wire.put("dated/a", b"x")
    wire.put("far/a", b"x")
    then = f"{datetime.now(UTC).year + 2}-01-01T00:00:00Z"
    set_rules(wire, rule("", "<AbortIncompleteMultipartUpload><DaysAfterInitiation>3</DaysAfterInitiation>"
                             "</AbortIncompleteMultipartUpload>"),
              rule("<Prefix>far/</Prefix>", "<Expiration><Date>2999-01-01T00:00:00+08:00</Date></Expiration>"),
              rule("<Prefix>dated/</Prefix>", f"<Expiration><Date>{then}</Date></Expiration>"))
    ahead(cloud, "2d")
    assert wire.call("GET", query={"uploads": ""}).texts("Upload/Key") == ["up"]
    ahead(cloud, "2d")
    assert wire.call("GET", query={"uploads": ""}).texts("Upload/Key") == []
    ahead(cloud, "3650d")
    assert keys(wire) == ["far/a"]


@pytest.mark.parametrize("text", ["", "soon", "-1d", "1w", "nan", "1e99d"])
def test_other_durations_are_refused(cloud: LocalCloud, text: str) -> None:
    headers = {**cloud.allowed, "Host": "127.0.0.1", "Content-Length": str(len(text))}
    assert send(cloud.port, "POST", "/-/clock", headers, text.encode()).code == "InvalidArgument"


def test_the_clock_stays_ahead_over_a_restart_and_only_ages_follow_it(tmp_path: Path) -> None:
    with running_cloud(tmp_path / "data") as cloud, new_bucket(cloud) as wire:
        wire.put("a", b"x")
        before = wire.call("HEAD", "a").headers["Last-Modified"]
        ahead(cloud, "40d")
        assert wire.call("HEAD", "a").headers["Last-Modified"] == before
    with running_cloud(tmp_path / "data") as cloud:
        said = json.loads(send(cloud.port, "GET", "/-/clock", {**cloud.allowed, "Host": "127.0.0.1"}).body)
        assert said == {"ahead": 40 * 86_400.0}
