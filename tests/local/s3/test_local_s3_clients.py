"""The embedded COS under the names of S3: boto3 as it is used everywhere, rclone, and requests made by hand."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conftest import LocalCloud
from tests.local.cos_wire import Wire
from tests.local.s3.wire import Raw, client

BIG = os.urandom(9 * 1024 * 1024)


@pytest.fixture(scope="module")
def s3(local_cloud: LocalCloud) -> Any:
    return client(local_cloud)


@pytest.fixture
def bucket(local_cloud: LocalCloud, s3: Any) -> Iterator[str]:
    name = f"s3-{uuid.uuid4().hex[:8]}-{local_cloud.app_id}"
    s3.create_bucket(Bucket=name)
    yield name
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        if page["KeyCount"]:
            s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": one["Key"]} for one in page["Contents"]]})
    s3.delete_bucket(Bucket=name)


def code(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.parametrize("key", ["plain.html", "a b/中 文+%2F.html", "q?a=b&c#d", "~!@$^*()_'.txt", "+", "a//b", "ü/é"])
def test_an_object_goes_there_and_back(s3: Any, local_cloud: LocalCloud, bucket: str, key: str) -> None:
    data = os.urandom(5000)
    put = s3.put_object(Bucket=bucket, Key=key, Body=data, ContentType="text/html", CacheControl="max-age=60",
                        Metadata={"a": "1"}, StorageClass="STANDARD_IA", ContentEncoding="identity")
    assert put["ETag"] == f'"{hashlib.md5(data).hexdigest()}"'
    head = s3.head_object(Bucket=bucket, Key=key)
    assert (head["ContentType"], head["CacheControl"], head["ContentLength"]) == ("text/html", "max-age=60", 5000)
    assert (head["Metadata"], head["StorageClass"], head["ContentEncoding"]) == ({"a": "1"}, "STANDARD_IA", "identity")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == data
    part = s3.get_object(Bucket=bucket, Key=key, Range="bytes=10-19")
    assert (part["Body"].read(), part["ContentRange"]) == (data[10:20], "bytes 10-19/5000")
    assert [one["Key"] for one in s3.list_objects(Bucket=bucket)["Contents"]] == [key]
    # The same object under its own names.
    own = Wire(local_cloud, bucket).call("HEAD", key)
    assert (own.headers["x-cos-meta-a"], own.headers["x-cos-storage-class"]) == ("1", "STANDARD_IA")
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
    assert copied["CopyObjectResult"]["ETag"] == put["ETag"]
    assert s3.head_object(Bucket=bucket, Key="copy")["Metadata"] == {"a": "1"}
    s3.delete_object(Bucket=bucket, Key=key)
    assert code(s3.head_object, Bucket=bucket, Key=key) == "404"
    assert code(s3.get_object, Bucket=bucket, Key=key) == "NoSuchKey"


def test_both_listings_in_pages_with_folders(s3: Any, bucket: str) -> None:
    keys = sorted(["a", "b/1", "b/2", "c d", "e&f/ü", "z"])
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    for size in (1, 2, 3, 100):
        for name in ("list_objects", "list_objects_v2"):
            pages = list(s3.get_paginator(name).paginate(Bucket=bucket, PaginationConfig={"PageSize": size}))
            assert [one["Key"] for page in pages for one in page.get("Contents", ())] == keys, (name, size)
            pages = list(s3.get_paginator(name).paginate(Bucket=bucket, Delimiter="/",
                                                         PaginationConfig={"PageSize": size}))
            assert [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", ())] == ["b/", "e&f/"]
            assert [one["Key"] for page in pages for one in page.get("Contents", ())] == ["a", "c d", "z"]
    second = s3.list_objects_v2(Bucket=bucket, Prefix="b/", StartAfter="b/1", FetchOwner=True)
    assert ([one["Key"] for one in second["Contents"]], second["KeyCount"], second["StartAfter"]) == (["b/2"], 1, "b/1")
    assert second["Contents"][0]["Owner"]["ID"]
    assert code(s3.list_objects_v2, Bucket=bucket, ContinuationToken="not one!") == "InvalidArgument"


def test_buckets_and_where_they_are(s3: Any, local_cloud: LocalCloud, bucket: str) -> None:
    assert bucket in [one["Name"] for one in s3.list_buckets()["Buckets"]]
    assert s3.head_bucket(Bucket=bucket)["BucketRegion"] == local_cloud.region
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == local_cloud.region
    assert code(s3.create_bucket, Bucket=bucket) == "BucketAlreadyOwnedByYou"
    assert code(s3.head_bucket, Bucket=f"none-{local_cloud.app_id}") == "404"
    assert code(s3.list_objects_v2, Bucket=f"none-{local_cloud.app_id}") == "NoSuchBucket"
    for constraint, region in (("ap-beijing", "ap-beijing"), ("eu-west-1", local_cloud.region)):
        name = f"at-{uuid.uuid4().hex[:8]}-{local_cloud.app_id}"
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": constraint})
        assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == region
        s3.delete_bucket(Bucket=name)


def test_uploads_in_parts(s3: Any, bucket: str) -> None:
    s3.upload_fileobj(io.BytesIO(BIG), bucket, "big", ExtraArgs={"ContentType": "x/y"})
    got = s3.get_object(Bucket=bucket, Key="big")
    assert (got["ContentType"], got["Body"].read() == BIG, got["ETag"].endswith('-2"')) == ("x/y", True, True)
    made = s3.create_multipart_upload(Bucket=bucket, Key="parts", Metadata={"m": "1"})
    of = {"Bucket": bucket, "Key": "parts", "UploadId": made["UploadId"]}
    first = s3.upload_part(**of, PartNumber=1, Body=BIG[: 5 << 20])
    second = s3.upload_part_copy(**of, PartNumber=2, CopySource=f"{bucket}/big", CopySourceRange="bytes=0-99")
    listed = s3.list_parts(**of)["Parts"]
    assert [(one["PartNumber"], one["Size"]) for one in listed] == [(1, 5 << 20), (2, 100)]
    assert [one["Key"] for one in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == ["parts"]
    parts = [{"PartNumber": 1, "ETag": first["ETag"]}, {"PartNumber": 2, "ETag": second["CopyPartResult"]["ETag"]}]
    assert code(s3.complete_multipart_upload, **of, MultipartUpload={"Parts": parts[::-1]}) == "InvalidPartOrder"
    s3.complete_multipart_upload(**of, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket=bucket, Key="parts")["Body"].read() == BIG[: 5 << 20] + BIG[:100]
    assert s3.head_object(Bucket=bucket, Key="parts")["Metadata"] == {"m": "1"}
    other = s3.create_multipart_upload(Bucket=bucket, Key="given up")["UploadId"]
    s3.abort_multipart_upload(Bucket=bucket, Key="given up", UploadId=other)
    assert code(s3.list_parts, Bucket=bucket, Key="given up", UploadId=other) == "NoSuchUpload"


def test_many_objects_are_deleted_at_once(s3: Any, bucket: str) -> None:
    for number in range(5):
        s3.put_object(Bucket=bucket, Key=f"{number} &", Body=b"")
    objects = [{"Key": f"{number} &"} for number in range(4)]
    assert {one["Key"] for one in s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})["Deleted"]} \
        == {one["Key"] for one in objects}
    assert "Deleted" not in s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "4 &"}], "Quiet": True})
    assert "Contents" not in s3.list_objects(Bucket=bucket)


def test_copies_replace_what_describes_an_object_and_keep_conditions(s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="a", Body=b"1", ContentType="text/html", Metadata={"x": "1"})["ETag"]
    s3.copy_object(Bucket=bucket, Key="b", CopySource=f"/{bucket}/a", MetadataDirective="REPLACE", ContentType="x/y",
                   CopySourceIfMatch=etag)
    head = s3.head_object(Bucket=bucket, Key="b")
    assert (head["ContentType"], head["Metadata"]) == ("x/y", {})
    assert code(s3.copy_object, Bucket=bucket, Key="b", CopySource=f"{bucket}/a", CopySourceIfNoneMatch=etag) \
        == "PreconditionFailed"
    assert code(s3.copy_object, Bucket=bucket, Key="b", CopySource=f"{bucket}/none") == "NoSuchKey"
    assert code(s3.put_object, Bucket=bucket, Key="a", Body=b"2", IfNoneMatch="*") == "PreconditionFailed"
    assert code(s3.get_object, Bucket=bucket, Key="a", IfNoneMatch=etag) == "304"
    assert code(s3.get_object_attributes, Bucket=bucket, Key="a", ObjectAttributes=["ETag"]) == "NotImplemented"


def test_who_may_read(s3: Any, local_cloud: LocalCloud, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="open", Body=b"1", ACL="public-read")
    s3.put_object(Bucket=bucket, Key="shut", Body=b"1", ACL="bucket-owner-full-control")
    everyone = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}
    answer = s3.get_object_acl(Bucket=bucket, Key="open")
    assert {"Grantee": everyone, "Permission": "READ"} in answer["Grants"]
    wire = Wire(local_cloud, bucket)
    assert [wire.call("GET", key, signed=False).status for key in ("open", "shut")] == [200, 403]
    policy = {"Owner": answer["Owner"], "Grants": answer["Grants"]}
    s3.put_object_acl(Bucket=bucket, Key="shut", AccessControlPolicy=policy)
    assert wire.call("GET", "shut", signed=False).status == 200
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert {"Grantee": everyone, "Permission": "READ"} in s3.get_bucket_acl(Bucket=bucket)["Grants"]


def test_settings_of_a_bucket_in_documents(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"", Tagging="k=v")
    assert s3.get_object_tagging(Bucket=bucket, Key="a")["TagSet"] == [{"Key": "k", "Value": "v"}]
    s3.put_object_tagging(Bucket=bucket, Key="a", Tagging={"TagSet": [{"Key": "k", "Value": "ü"}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="a")["TagSet"] == [{"Key": "k", "Value": "ü"}]
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    assert s3.get_bucket_website(Bucket=bucket)["IndexDocument"] == {"Suffix": "index.html"}
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"][0]["AllowedOrigins"] == ["*"]
    assert code(s3.get_bucket_tagging, Bucket=bucket) == "NoSuchTagSet"
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


def test_the_bucket_in_the_host_and_any_region(local_cloud: LocalCloud, bucket: str) -> None:
    for region in (local_cloud.region, "eu-central-1", "auto"):
        other = client(local_cloud, virtual=True, region=region)
        other.put_object(Bucket=bucket, Key="ö/a b", Body=region.encode())
        assert other.get_object(Bucket=bucket, Key="ö/a b")["Body"].read() == region.encode()
        assert [one["Key"] for one in other.list_objects_v2(Bucket=bucket)["Contents"]] == ["ö/a b"]
        other.copy_object(Bucket=bucket, Key="ö/a b", CopySource={"Bucket": bucket, "Key": "ö/a b"},
                          MetadataDirective="REPLACE")


def test_presigned_addresses(local_cloud: LocalCloud, bucket: str) -> None:
    s3 = client(local_cloud, signature_version="s3v4")
    put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "a b", "ContentType": "x/y"})
    request = urllib.request.Request(put, b"12", {"Content-Type": "x/y"}, method="PUT")
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 200
    get = s3.generate_presigned_url("get_object", Params={
        "Bucket": bucket, "Key": "a b", "ResponseContentType": "text/z"}, ExpiresIn=60)
    with urllib.request.urlopen(get, timeout=60) as answer:
        assert (answer.read(), answer.headers["Content-Type"]) == (b"12", "text/z")
    for wrong in (get.replace("Expires=60", "Expires=61"), get.replace("a%20b", "ab"), get + "&x=1",
                  get.replace("Expires=60", "Expires=999999999")):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(wrong, timeout=60)
        assert caught.value.code in (400, 403)
        caught.value.close()


def test_wrong_keys_and_tokens(local_cloud: LocalCloud, bucket: str) -> None:
    assert code(client(local_cloud, secret_key="x" * 32).list_buckets) == "SignatureDoesNotMatch"
    assert code(client(local_cloud, secret_id="AKIDnobody").list_objects, Bucket=bucket) == "InvalidAccessKeyId"
    assert code(client(local_cloud, token="stray").list_objects, Bucket=bucket) == "InvalidToken"


def test_a_body_in_chunks_with_signatures_arrives_whole_or_not_at_all(local_cloud: LocalCloud, bucket: str) -> None:
    raw, form = Raw(local_cloud, bucket), "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    more = {"x-amz-decoded-content-length": "9", "content-encoding": "aws-chunked,gzip",
            "x-amz-trailer": "x-amz-checksum-crc32"}
    body = b"4\r\n1234\r\n5\r\n56789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n"
    status, text = raw.ask("PUT", *raw.signed("PUT", "chunked", form, more), body)
    assert (status, raw.get("chunked")) == (200, b"123456789"), text
    assert Wire(local_cloud, bucket).call("HEAD", "chunked").headers["Content-Encoding"] == "gzip"
    status, text = raw.ask("PUT", *raw.signed("PUT", "broken", form, more), body.replace(b"y/Q5", b"y/Q6"))
    assert status == 400 and b"BadDigest" in text
    digest = hashlib.sha256(b"other").hexdigest()
    status, text = raw.ask("PUT", *raw.signed("PUT", "broken", digest), b"content")
    assert status == 400 and b"XAmzContentSHA256Mismatch" in text
    status, _ = raw.ask("HEAD", *raw.signed("HEAD", "broken", hashlib.sha256(b"").hexdigest()))
    assert status == 404


@pytest.mark.parametrize(("change", "expected"), [
    ({"Authorization": "AWS4-HMAC-SHA256 nonsense"}, b"AuthorizationHeaderMalformed"),
    ({"x-amz-date": "20200101T000000Z"}, b"AuthorizationHeaderMalformed"),
    ({"x-amz-date": ""}, b"AccessDenied"),
    ({"x-amz-content-sha256": ""}, b"InvalidRequest"),
])
def test_a_request_that_is_not_well_signed(local_cloud: LocalCloud, bucket: str, change: dict[str, str],
                                           expected: bytes) -> None:
    raw = Raw(local_cloud, bucket)
    path, headers = raw.signed("GET", "a", hashlib.sha256(b"").hexdigest())
    status, text = raw.ask("GET", path, {**headers, **change})
    assert status in (400, 403) and b"<Code>" + expected in text, text


@pytest.mark.skipif(shutil.which("rclone") is None, reason="rclone is not installed")
@pytest.mark.parametrize("virtual", [False, True])
def test_rclone_synchronises_a_folder(local_cloud: LocalCloud, bucket: str, tmp_path: Path, virtual: bool) -> None:
    (tmp_path / "site" / "sub").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("one")
    (tmp_path / "site" / "sub" / "a b+ü.txt").write_text("two")
    (tmp_path / "site" / "big.bin").write_bytes(BIG)
    address = f"http://{local_cloud.host}:{local_cloud.port}"
    endpoint = f"http://cos.{local_cloud.region}.myqcloud.com" if virtual else address
    (tmp_path / "rclone.conf").write_text(
        f"[cos]\ntype = s3\nprovider = {'TencentCOS' if virtual else 'Other'}\nendpoint = {endpoint}\n"
        f"access_key_id = {local_cloud.secret_id}\nsecret_access_key = {local_cloud.secret_key}\n")
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("AWS_", "RCLONE_")) and not name.lower().endswith("_proxy")}
    environment |= {"RCLONE_CONFIG": str(tmp_path / "rclone.conf"), **({"http_proxy": address} if virtual else {})}

    def rclone(*arguments: str) -> str:
        command = ["rclone", "--s3-chunk-size", "5M", "--s3-upload-cutoff", "5M", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    rclone("sync", str(tmp_path / "site"), f"cos:{bucket}")
    rclone("check", "--download", str(tmp_path / "site"), f"cos:{bucket}")
    (tmp_path / "site" / "index.html").unlink()
    rclone("sync", str(tmp_path / "site"), f"cos:{bucket}")
    rclone("moveto", f"cos:{bucket}/big.bin", f"cos:{bucket}/sub/big.bin")
    assert sorted(rclone("lsf", "-R", "--files-only", f"cos:{bucket}").splitlines()) == ["sub/a b+ü.txt", "sub/big.bin"]
