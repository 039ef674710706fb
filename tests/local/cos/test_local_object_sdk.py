"""Objects, put and got with the official COS SDK against the running process."""

from __future__ import annotations

import hashlib
import http.client
import io
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from qcloud_cos.cos_exception import CosServiceError


@pytest.fixture
def bucket(local_cloud: Any, client: Any) -> Iterator[str]:
    name = f"sdk-{uuid.uuid4().hex[:8]}-{local_cloud.app_id}"
    client.create_bucket(Bucket=name)
    yield name
    while "Contents" in (listed := client.list_objects(Bucket=name)):
        client.delete_objects(Bucket=name, Delete={
            "Object": [{"Key": entry["Key"]} for entry in listed["Contents"]]})
    client.delete_bucket(Bucket=name)


@pytest.mark.parametrize("key", ["plain.html", "a b/中 文+%2F.html", "q?a=b&c#d", "~!@$^*()_'.txt"])
def test_an_object_goes_there_and_back(client: Any, bucket: str, key: str) -> None:
    data = os.urandom(5000)
    answer = client.put_object(Bucket=bucket, Key=key, Body=data, ContentType="text/html", EnableMD5=True,
                               CacheControl="max-age=60", Metadata={"x-cos-meta-a": "1"})
    assert answer["ETag"] == f'"{hashlib.md5(data).hexdigest()}"'
    head = client.head_object(Bucket=bucket, Key=key)
    assert (head["Content-Type"], head["Cache-Control"]) == ("text/html", "max-age=60")
    assert head["x-cos-meta-a"] == "1"
    assert client.get_object(Bucket=bucket, Key=key)["Body"].get_raw_stream().read() == data
    assert [entry["Key"] for entry in client.list_objects(Bucket=bucket)["Contents"]] == [key]
    assert client.object_exists(Bucket=bucket, Key=key)
    client.delete_object(Bucket=bucket, Key=key)
    assert not client.object_exists(Bucket=bucket, Key=key)


def test_an_empty_stream_is_an_empty_object(client: Any, bucket: str) -> None:
    client.put_object(Bucket=bucket, Key="empty", Body=io.BytesIO(b""))
    assert client.head_object(Bucket=bucket, Key="empty")["Content-Length"] == "0"


def test_large_files_go_up_in_parts(client: Any, bucket: str, tmp_path: Path) -> None:
    file = tmp_path / "large.bin"
    file.write_bytes(os.urandom(5_300_000))
    client.upload_file(Bucket=bucket, Key="large", LocalFilePath=str(file), PartSize=1, MAXThread=3,
                       EnableMD5=True)
    back = tmp_path / "back.bin"
    client.download_file(Bucket=bucket, Key="large", DestFilePath=str(back), PartSize=1, EnableCRC=True)
    assert back.read_bytes() == file.read_bytes()
    assert "-" in client.head_object(Bucket=bucket, Key="large")["ETag"]


def test_copies_versions_and_uploads(client: Any, bucket: str, local_cloud: Any) -> None:
    client.put_object(Bucket=bucket, Key="a", Body=b"x", ContentType="text/x-a")
    source = {"Bucket": bucket, "Key": "a", "Region": local_cloud.region}
    client.copy_object(Bucket=bucket, Key="b", CopySource=source)
    assert client.head_object(Bucket=bucket, Key="b")["Content-Type"] == "text/x-a"
    upload = client.create_multipart_upload(Bucket=bucket, Key="c")["UploadId"]
    client.upload_part(Bucket=bucket, Key="c", Body=b"abc", PartNumber=1, UploadId=upload)
    assert client.list_parts(Bucket=bucket, Key="c", UploadId=upload)["Part"][0]["Size"] == "3"
    assert client.list_multipart_uploads(Bucket=bucket)["Upload"][0]["Key"] == "c"
    client.abort_multipart_upload(Bucket=bucket, Key="c", UploadId=upload)
    assert "Status" not in client.get_bucket_versioning(Bucket=bucket)


def test_the_account_s_buckets_are_listed(client: Any, bucket: str) -> None:
    names = [entry["Name"] for entry in client.list_buckets()["Buckets"]["Bucket"]]
    assert bucket in names


def test_presigned_urls_open_without_keys(client: Any, bucket: str, local_cloud: Any) -> None:
    client.put_object(Bucket=bucket, Key="a b", Body=b"hello")
    url = urlsplit(client.get_presigned_url(Bucket=bucket, Key="a b", Method="GET", SignHost=False))
    connection = http.client.HTTPConnection("127.0.0.1", local_cloud.port)
    connection.request("GET", f"{url.path}?{url.query}", headers={
        "Host": f"{bucket}.cos.{local_cloud.region}.myqcloud.com"})
    assert connection.getresponse().read() == b"hello"
    connection.close()


def test_errors_are_ones_that_the_sdk_understands(client: Any, bucket: str) -> None:
    with pytest.raises(CosServiceError) as caught:
        client.get_object(Bucket=bucket, Key="missing")
    assert (caught.value.get_status_code(), caught.value.get_error_code()) == (404, "NoSuchKey")
    assert caught.value.get_request_id()
    with pytest.raises(CosServiceError) as caught:
        client.create_bucket(Bucket=bucket)
    assert caught.value.get_error_code() == "BucketAlreadyOwnedByYou"
