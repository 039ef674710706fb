"""Buckets: names, owners, the account's list, hosts that are refused."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from sitepub.local.base.hosts import Kind, service_of
from tests.conftest import running_cloud
from tests.local.cos_wire import Keys, Wire, new_bucket, send


def other_account(cloud: Any) -> tuple[str, Keys]:
    """The account that only identity.json names."""
    entry = json.loads((Path(cloud.data) / "identity.json").read_text())["other_account"]
    return entry["app_id"], Keys(entry["secret_id"], entry["secret_key"])


def test_a_bucket_lives(local_cloud: Any) -> None:
    wire = Wire(local_cloud, f"life-{uuid.uuid4().hex[:8]}-{local_cloud.app_id}")
    missing = wire.call("GET")
    assert (missing.status, missing.code) == (404, "NoSuchBucket")
    assert wire.call("HEAD").status == 404
    assert wire.call("PUT").status == 200
    again = wire.call("PUT")
    assert (again.status, again.code) == (409, "BucketAlreadyOwnedByYou")
    assert wire.call("HEAD").headers["x-cos-bucket-region"] == local_cloud.region
    listed = Wire(local_cloud).call("GET")
    assert wire.bucket in listed.texts("Buckets/Bucket/Name")
    assert listed.tree.findtext("Owner/ID")
    wire.put("a", b"")
    full = wire.call("DELETE")
    assert (full.status, full.code) == (409, "BucketNotEmpty")
    wire.call("DELETE", "a")
    assert wire.call("DELETE").status == 204
    assert wire.call("DELETE").code == "NoSuchBucket"
    assert wire.put("a", b"").code == "NoSuchBucket"


def test_a_bucket_made_again_has_nothing_of_the_old_one(local_cloud: Any) -> None:
    name = f"anew-{uuid.uuid4().hex[:8]}-{local_cloud.app_id}"
    wire = Wire(local_cloud, name)
    wire.call("PUT", headers={"x-cos-acl": "public-read"})
    versioning = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    wire.call("PUT", "", {"versioning": ""}, body=versioning)
    wire.call("DELETE")
    wire.call("PUT")
    assert list(wire.call("GET", query={"versioning": ""}).tree) == []
    assert wire.call("GET", signed=False).status == 403
    assert wire.call("DELETE").status == 204


@pytest.mark.parametrize("start", ["under_score", "-dash", "x" * 60])
def test_names_that_no_bucket_may_have(local_cloud: Any, start: str) -> None:
    wire = Wire(local_cloud, f"{start}-{local_cloud.app_id}")
    answer = wire.call("PUT", host=wire.host)
    assert (answer.status, answer.code) == (400, "InvalidBucketName")


def test_a_name_with_the_app_id_of_somebody_else_is_denied(local_cloud: Any) -> None:
    answer = Wire(local_cloud, "mine-1300000001").call("PUT")
    assert (answer.status, answer.code) == (403, "AccessDenied")
    answer = Wire(local_cloud, "mine-1300000001").call("GET")
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_the_bucket_of_another_account_is_closed_to_this_one(local_cloud: Any) -> None:
    app_id, keys = other_account(local_cloud)
    with new_bucket(local_cloud, keys, app_id) as theirs:
        theirs.put("a", b"x")
        mine = Wire(local_cloud, theirs.bucket)
        assert mine.call("HEAD").status == 403
        refused = [mine.call(method, key) for method in ("GET", "PUT", "DELETE") for key in ("", "a")]
        for answer in refused:
            assert (answer.status, answer.code) == (403, "AccessDenied")
        assert theirs.get("a").body == b"x"
        assert theirs.bucket not in Wire(local_cloud).call("GET").texts("Buckets/Bucket/Name")
        assert theirs.bucket in Wire(local_cloud, keys=keys).call("GET").texts("Buckets/Bucket/Name")


def test_a_bucket_answers_only_in_its_region(local_cloud: Any) -> None:
    with new_bucket(local_cloud) as wire:
        wire.put("a", b"x")
        elsewhere = wire.call("GET", "a", host=f"{wire.bucket}.cos.ap-shanghai.myqcloud.com")
        assert (elsewhere.status, elsewhere.code) == (404, "NoSuchBucket")
        for host in (f"{wire.bucket}.cos.{local_cloud.region}.tencentcos.cn",
                     f"{wire.bucket}.cos.{local_cloud.region}.localhost:{local_cloud.port}"):
            assert wire.call("GET", "a", host=host).body == b"x", host


def test_the_acceleration_endpoint_answers_when_it_is_switched_on(local_cloud: Any) -> None:
    def document(status: str) -> bytes:
        return f"<AccelerateConfiguration><Status>{status}</Status></AccelerateConfiguration>".encode()

    with new_bucket(local_cloud) as wire:
        wire.put("a", b"x")
        fast = f"{wire.bucket}.cos.accelerate.myqcloud.com"
        never = wire.call("GET", query={"accelerate": ""})
        assert never.status == 200 and not never.texts("Status")
        refused = wire.call("GET", "a", host=fast)
        assert (refused.status, refused.code) == (400, "BucketAccelerateNotEnabled")
        assert wire.call("PUT", query={"accelerate": ""}, body=document("Enabled")).status == 200
        found = wire.call("GET", query={"accelerate": ""})
        assert (found.texts("Status"), found.texts("Type")) == (["Enabled"], ["COS"])
        assert wire.call("GET", "a", host=fast).body == b"x"
        assert wire.call("PUT", "b", host=fast.replace("myqcloud.com", "tencentcos.cn"), body=b"y").status == 200
        assert wire.call("PUT", query={"accelerate": ""}, body=document("Suspended")).status == 200
        assert wire.call("GET", query={"accelerate": ""}).texts("Status") == ["Suspended"]
        assert wire.call("GET", "a", host=fast).code == "BucketAccelerateNotEnabled"
        assert wire.call("DELETE", query={"accelerate": ""}).code == "MethodNotAllowed"
        for wrong in (b"", b"<AccelerateConfiguration/>", document("Disabled"),
                      b"<AccelerateConfiguration><Status>Enabled</Status><Type>CDN</Type></AccelerateConfiguration>"):
            assert wire.call("PUT", query={"accelerate": ""}, body=wrong).code == "MalformedXML"


def test_path_style_is_forbidden(local_cloud: Any) -> None:
    wire = Wire(local_cloud, f"x-{local_cloud.app_id}")
    for host in (f"cos.{local_cloud.region}.myqcloud.com", f"127.0.0.1:{local_cloud.port}"):
        answer = wire.call("GET", f"{wire.bucket}/key", host=host)
        assert (answer.status, answer.code) == (403, "PathStyleDomainForbidden")


def test_the_regional_host_lists_the_buckets_of_its_region(local_cloud: Any) -> None:
    with new_bucket(local_cloud) as wire:
        here = wire.call("GET", host=f"cos.{local_cloud.region}.myqcloud.com")
        there = wire.call("GET", host="cos.ap-shanghai.myqcloud.com")
        assert wire.bucket in here.texts("Buckets/Bucket/Name")
        assert wire.bucket not in there.texts("Buckets/Bucket/Name")
    assert Wire(local_cloud).call("GET", signed=False).code == "AccessDenied"


def test_an_unknown_host_name_is_refused(local_cloud: Any) -> None:
    answer = send(local_cloud.port, "GET", "/", {"host": "www.example.com"})
    assert (answer.status, answer.code) == (400, "InvalidHostname")


@pytest.mark.parametrize(
    ("host", "kind", "bucket", "region"),
    [
        ("B-1.COS.ap-x.myqcloud.com:80", Kind.BUCKET, "b-1", "ap-x"),
        ("b-1.cos.accelerate.tencentcos.cn", Kind.BUCKET, "b-1", ""),
        ("b-1.cos-website.ap-x.localhost:7070", Kind.WEBSITE, "b-1", "ap-x"),
        ("service.cos.myqcloud.com", Kind.SERVICE, "", ""),
        ("cos.ap-x.myqcloud.com", Kind.PATH_STYLE, "", "ap-x"),
        ("cam.tencentcloudapi.com", Kind.CLOUD_API, "", ""),
        ("[::1]:7070", Kind.LOOPBACK, "", ""),
        ("localhost", Kind.LOOPBACK, "", ""),
        ("www.example.com", Kind.OTHER, "", ""),
        ("a.b.cos.ap-x.myqcloud.com", Kind.OTHER, "", ""),
        ("", Kind.OTHER, "", ""),
    ],
)
def test_host_names(host: str, kind: Kind, bucket: str, region: str) -> None:
    service = service_of(host)
    assert (service.kind, service.bucket, service.region) == (kind, bucket, region)


def test_an_account_has_at_most_200_buckets(tmp_path: Path) -> None:
    with running_cloud(tmp_path / "data") as cloud:
        statuses = [Wire(cloud, f"b{number}-{cloud.app_id}").call("PUT").status for number in range(200)]
        assert set(statuses) == {200}
        answer = Wire(cloud, f"b200-{cloud.app_id}").call("PUT")
        assert (answer.status, answer.code) == (400, "TooManyBuckets")


def test_an_account_has_at_most_1000_acls_and_policies(tmp_path: Path) -> None:
    with running_cloud(tmp_path / "data") as cloud:
        wire = Wire(cloud, f"acls-{cloud.app_id}")
        wire.call("PUT", headers={"x-cos-acl": "public-read"})
        for number in range(999):
            assert wire.put(f"{number}", x_cos_acl="public-read").status == 200
        answer = wire.put("one more", x_cos_acl="private")
        assert (answer.status, answer.code) == (400, "AttachmentFull")
        assert wire.put("1", b"x", x_cos_acl="private").status == 200, "it had one already"
        assert wire.put("one more", x_cos_acl="default").status == 200
        wire.call("DELETE", "7")
        assert wire.put("one more", x_cos_acl="private").status == 200
