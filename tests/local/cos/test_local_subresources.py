"""Subresources: every documented one is known, and none that is not becomes another operation."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sitepub.local.cos import routes
from tests.local.cos_wire import Wire, new_bucket


@pytest.fixture(scope="module")
def wire(local_cloud: Any) -> Iterator[Wire]:
    with new_bucket(local_cloud) as found:
        found.put("keep", b"x")
        yield found


def unchanged(wire: Wire) -> None:
    assert wire.get("keep").body == b"x"
    assert wire.call("GET").texts("Contents/Key") == ["keep"]


def test_a_bucket_says_where_it_is(wire: Wire) -> None:
    answer = wire.call("GET", query={"location": ""})
    assert (answer.status, answer.tree.tag, answer.tree.text) == (200, "LocationConstraint", wire.cloud.region)
    assert wire.call("PUT", query={"location": ""}).code == "MethodNotAllowed"


@pytest.mark.parametrize("name", [
    "live", "vod", "select", "retention", "legal-hold", "torrent", "notification", "image_process", "rename", "quota",
    "nobody-knows-it", "Website", "acls", "versionings", "locations",
])
@pytest.mark.parametrize(("method", "key"), [
    ("PUT", "keep"), ("PUT", "new"), ("DELETE", "keep"), ("POST", "keep"), ("PUT", ""), ("DELETE", ""), ("GET", ""),
    ("POST", ""), ("HEAD", ""),
])
def test_none_becomes_another_operation(wire: Wire, method: str, key: str, name: str) -> None:
    answer = wire.call(method, key, {name: ""})
    assert answer.status in (400, 405, 501), (answer.status, answer.body)
    assert method == "HEAD" or answer.code in ("InvalidArgument", "MethodNotAllowed", "NotImplemented")
    unchanged(wire)


@pytest.mark.parametrize("name", ["live", "vod", "select", "retention", "torrent", "image_process"])
def test_a_known_one_of_an_object_is_not_answered_with_its_content(wire: Wire, name: str) -> None:
    assert wire.call("GET", "keep", {name: ""}).code == "NotImplemented"
    assert wire.call("GET", "keep", {"ci-process": "snapshot"}).code == "NotImplemented"


@pytest.mark.parametrize("name", ["versioning", "delete", "website", "cors", "location", "domain", "inventory"])
def test_one_of_buckets_is_not_taken_below_an_object(wire: Wire, name: str) -> None:
    for method in ("PUT", "DELETE", "POST", "GET"):
        assert wire.call(method, "keep", {name: ""}).code == "MethodNotAllowed"
    unchanged(wire)


@pytest.mark.parametrize(("method", "key", "name"), [
    ("DELETE", "keep", "uploads"), ("PUT", "keep", "uploads"), ("GET", "keep", "uploads"), ("DELETE", "", "versions"),
    ("PUT", "", "uploads"), ("GET", "", "delete"), ("PUT", "", "delete"), ("DELETE", "", "uploads"),
    ("DELETE", "", "location"), ("POST", "", "website"),
])
def test_a_method_that_one_does_not_have_is_refused(wire: Wire, method: str, key: str, name: str) -> None:
    assert wire.call(method, key, {name: ""}).code == "MethodNotAllowed"
    unchanged(wire)


def test_parameters_of_a_client_s_own_are_passed_over(wire: Wire) -> None:
    assert wire.call("GET", "keep", {"20240101": ""}).body == b"x"
    assert wire.call("GET", "keep", {"v": "3"}).body == b"x"
    assert wire.call("GET", "keep", {"acl": "", "unused": "123"}).tree.tag == "AccessControlPolicy"
    assert wire.call("GET", query={"prefix": "", "delimiter": "", "marker": "", "t": "1"}).status == 200


def test_unsigned_readers_and_strangers_learn_nothing_from_them(local_cloud: Any) -> None:
    stranger = Wire(local_cloud, f"none-{uuid.uuid4().hex[:8]}-{local_cloud.app_id}")
    assert stranger.call("GET", query={"location": ""}).code == "NoSuchBucket"
    with new_bucket(local_cloud) as wire:
        assert wire.call("GET", query={"location": ""}, signed=False).code == "AccessDenied"


def test_every_subresource_that_the_official_sdk_sends_is_known() -> None:
    """Answered, or refused as not part of this cloud: never taken for something else."""
    import qcloud_cos

    source = (Path(qcloud_cos.__file__).parent / "cos_client.py").read_text(encoding="utf-8")
    sent = set(re.findall(r"params ?= ?\{\s{0,40}'([A-Za-z-]{1,40})' ?: ?''", source))
    sent |= set(re.findall(r"params\['([A-Za-z-]{1,40})'\] ?= ?''", source))
    known = {*routes.CONFIGURATIONS, *routes.ELSEWHERE, "uploads", "versioning", "versions", "delete", "append",
             "restore", "symlink"}
    assert len(sent) > 15 and not sent - known
