"""Operations on objects that sitepub does not use, with the official COS SDK: encryption, archives, links, forms …"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LocalCloud
from tests.local.cos.sdk import refused
from tests.local.cos_wire import Answer, Wire, send


@pytest.fixture
def bucket(client: Any, local_cloud: LocalCloud) -> str:
    name = f"obj-{secrets.token_hex(4)}-{local_cloud.app_id}"
    client.create_bucket(Bucket=name)
    return name


def body(client: Any, bucket: str, key: str, **more: Any) -> bytes:
    data: bytes = client.get_object(Bucket=bucket, Key=key, **more)["Body"].get_raw_stream().read()
    return data


def customer(number: int) -> dict[str, str]:
    key = str(number).zfill(32).encode()
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": base64.b64encode(key).decode(),
            "SSECustomerKeyMD5": base64.b64encode(hashlib.md5(key).digest()).decode()}


class TestEncryption:
    def test_by_the_service(self, client: Any, bucket: str) -> None:
        put = client.put_object(Bucket=bucket, Key="a", Body=b"x", ServerSideEncryption="AES256")
        assert put["x-cos-server-side-encryption"] == "AES256"
        for get in (client.get_object, client.head_object):
            assert get(Bucket=bucket, Key="a")["x-cos-server-side-encryption"] == "AES256"
        assert "x-cos-server-side-encryption" not in client.put_object(Bucket=bucket, Key="b", Body=b"x")
        assert refused(client.put_object, Bucket=bucket, Key="c", Body=b"x", ServerSideEncryption="ROT13") == (
            400, "InvalidArgument")

    def test_by_the_default_of_the_bucket(self, client: Any, bucket: str) -> None:
        client.put_bucket_encryption(bucket, {"Rule": [{
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]})
        assert client.put_object(Bucket=bucket, Key="a", Body=b"x")["x-cos-server-side-encryption"] == "AES256"

    def test_with_the_client_s_key(self, client: Any, bucket: str) -> None:
        name = "x-cos-server-side-encryption-customer-algorithm"
        assert client.put_object(Bucket=bucket, Key="a", Body=b"hello", **customer(1))[name] == "AES256"
        assert body(client, bucket, "a", **customer(1)) == b"hello"
        assert client.head_object(Bucket=bucket, Key="a", **customer(1))[name] == "AES256"
        assert refused(client.get_object, Bucket=bucket, Key="a") == (400, "SsecDecryptHeaderInvalid")
        assert refused(client.get_object, Bucket=bucket, Key="a", **customer(2)) == (400, "SsecDecryptHeaderInvalid")
        assert refused(client.head_object, Bucket=bucket, Key="a")[0] == 400
        wrong = {**customer(1), "SSECustomerKeyMD5": customer(2)["SSECustomerKeyMD5"]}
        assert refused(client.put_object, Bucket=bucket, Key="b", Body=b"x", **wrong) == (400, "InvalidArgument")

    def test_copies_need_the_key_of_the_source(self, client: Any, bucket: str, local_cloud: LocalCloud) -> None:
        client.put_object(Bucket=bucket, Key="a", Body=b"hello", **customer(1))
        source = {"Bucket": bucket, "Key": "a", "Region": local_cloud.region}
        of_source = {f"CopySource{name}": value for name, value in customer(1).items()}
        copy = client.copy_object(Bucket=bucket, Key="b", CopySource=source, **customer(2), **of_source)
        assert copy["x-cos-server-side-encryption-customer-algorithm"] == "AES256"
        assert body(client, bucket, "b", **customer(2)) == b"hello"
        assert refused(client.copy_object, Bucket=bucket, Key="c", CopySource=source) == (
            400, "SsecDecryptHeaderInvalid")

    def test_every_part_comes_with_the_key(self, client: Any, bucket: str, tmp_path: Path) -> None:
        file = tmp_path / "large"
        file.write_bytes(b"1" * 3_000_000)
        done = client.upload_file(Bucket=bucket, Key="a", LocalFilePath=str(file), PartSize=1, **customer(1))
        assert done["x-cos-server-side-encryption-customer-algorithm"] == "AES256"
        assert body(client, bucket, "a", **customer(1)) == file.read_bytes()
        upload = client.create_multipart_upload(Bucket=bucket, Key="b", **customer(1))["UploadId"]
        part = {"Bucket": bucket, "Key": "b", "UploadId": upload, "PartNumber": 1, "Body": b"x"}
        assert refused(client.upload_part, **part) == (400, "InvalidArgument")
        client.upload_part(**part, **customer(1))


class TestArchives:
    @pytest.mark.parametrize("storage_class", ["ARCHIVE", "DEEP_ARCHIVE"])
    def test_they_are_read_when_restored(self, client: Any, bucket: str, local_cloud: LocalCloud,
                                         storage_class: str) -> None:
        client.put_object(Bucket=bucket, Key="a", Body=b"cold", StorageClass=storage_class)
        assert client.head_object(Bucket=bucket, Key="a")["x-cos-storage-class"] == storage_class
        assert refused(client.get_object, Bucket=bucket, Key="a") == (403, "InvalidObjectState")
        source = {"Bucket": bucket, "Key": "a", "Region": local_cloud.region}
        assert refused(client.copy_object, Bucket=bucket, Key="b", CopySource=source) == (403, "InvalidObjectState")
        wanted = {"Days": 1, "CASJobParameters": {"Tier": "Standard"}}
        for again in range(20):  # a busy computer may not come to look within the second that it takes
            began = time.monotonic()
            client.restore_object(Bucket=bucket, Key="a", RestoreRequest=wanted)
            said: list[str | int] = [client.head_object(Bucket=bucket, Key="a")["x-cos-restore"]]
            with suppress(pytest.fail.Exception):
                said += refused(client.restore_object, Bucket=bucket, Key="a", RestoreRequest=wanted)
            if time.monotonic() - began < 1:
                assert said == ['ongoing-request="true"', 409, "RestoreAlreadyInProgress"]
                break
            client.put_object(Bucket=bucket, Key="a", Body=b"cold", StorageClass=storage_class)
            assert again < 19
        deadline = time.monotonic() + 60
        while 'ongoing-request="false", expiry-date="' not in client.head_object(
                Bucket=bucket, Key="a")["x-cos-restore"]:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert body(client, bucket, "a") == b"cold"
        client.restore_object(Bucket=bucket, Key="a", RestoreRequest={"Days": 2})
        assert body(client, bucket, "a") == b"cold", "its days are counted anew"

    def test_only_they_are_restored(self, client: Any, bucket: str) -> None:
        client.put_object(Bucket=bucket, Key="a", Body=b"warm")
        assert refused(client.restore_object, Bucket=bucket, Key="a", RestoreRequest={"Days": 1}) == (
            405, "RestoreNonArchiveObject")
        assert refused(client.restore_object, Bucket=bucket, Key="none", RestoreRequest={"Days": 1})[0] == 404
        client.put_object(Bucket=bucket, Key="b", Body=b"cold", StorageClass="ARCHIVE")
        for wrong in ({}, {"Days": 0}, {"Days": 400}, {"Days": 1, "CASJobParameters": {"Tier": "Now"}}):
            assert refused(client.restore_object, Bucket=bucket, Key="b", RestoreRequest=wrong)[0] == 400
        assert refused(client.restore_object, Bucket=bucket, Key="b", RestoreRequest=wrong)[0] == 400

    def test_visitors_of_the_website_meet_it_too(self, client: Any, bucket: str, local_cloud: LocalCloud) -> None:
        client.put_bucket_acl(Bucket=bucket, ACL="public-read")
        client.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
        client.put_object(Bucket=bucket, Key="index.html", Body=b"x", StorageClass="ARCHIVE")
        host = f"{bucket}.cos-website.{local_cloud.region}.myqcloud.com"
        answer = send(local_cloud.port, "GET", "/", {"Host": host})
        assert answer.status == 403 and b"InvalidObjectState" in answer.body

    def test_the_class_is_changed_by_a_copy(self, client: Any, bucket: str) -> None:
        client.put_object(Bucket=bucket, Key="a", Body=b"x")
        client.change_object_storage_class(Bucket=bucket, Key="a", StorageClass="STANDARD_IA")
        assert client.head_object(Bucket=bucket, Key="a")["x-cos-storage-class"] == "STANDARD_IA"
        client.change_object_storage_class(Bucket=bucket, Key="a", StorageClass="STANDARD")
        assert "x-cos-storage-class" not in client.head_object(Bucket=bucket, Key="a")


class TestAppending:
    def test_an_object_grows(self, client: Any, bucket: str) -> None:
        first = client.append_object(Bucket=bucket, Key="log", Position=0, Data=b"one ", ContentType="text/x-log")
        assert first["x-cos-next-append-position"] == "4"
        second = client.append_object(Bucket=bucket, Key="log", Position=4, Data=b"two" * 30_000)
        assert second["x-cos-next-append-position"] == str(4 + 90_000)
        client.append_object(Bucket=bucket, Key="log", Position=90_004, Data=b"!")
        assert body(client, bucket, "log") == b"one " + b"two" * 30_000 + b"!"
        head = client.head_object(Bucket=bucket, Key="log")
        assert (head["x-cos-object-type"], head["x-cos-next-append-position"]) == ("appendable", "90005")
        assert head["Content-Type"] == "text/x-log"

    def test_it_is_refused(self, client: Any, bucket: str) -> None:
        assert refused(client.append_object, Bucket=bucket, Key="a", Position=5, Data=b"x") == (
            409, "AppendPositionErr")
        client.append_object(Bucket=bucket, Key="a", Position=0, Data=b"x")
        for position in (0, 2):
            assert refused(client.append_object, Bucket=bucket, Key="a", Position=position, Data=b"x") == (
                409, "AppendPositionErr")
        client.put_object(Bucket=bucket, Key="a", Body=b"x")
        assert refused(client.append_object, Bucket=bucket, Key="a", Position=1, Data=b"x") == (
            409, "ObjectNotAppendable")
        assert refused(client.append_object, Bucket=bucket, Key="a", Position="x", Data=b"x") == (
            400, "InvalidArgument")


def test_symbolic_links(client: Any, bucket: str, local_cloud: LocalCloud) -> None:
    client.put_object(Bucket=bucket, Key="目标.txt", Body=b"there", ContentType="text/x-target")
    client.put_symlink(Bucket=bucket, SymlinkName="link", SymlinkTarget="%E7%9B%AE%E6%A0%87.txt")
    assert client.get_symlink(Bucket=bucket, SymlinkName="link")["x-cos-symlink-target"] == "%E7%9B%AE%E6%A0%87.txt"
    assert body(client, bucket, "link") == b"there"
    head = client.head_object(Bucket=bucket, Key="link")
    assert (head["x-cos-object-type"], head["Content-Type"]) == ("symlink", "text/x-target")
    assert head["Content-Length"] == "5"
    client.copy_object(Bucket=bucket, Key="copy", CopySource={
        "Bucket": bucket, "Key": "link", "Region": local_cloud.region})
    assert body(client, bucket, "copy") == b"there"
    client.delete_object(Bucket=bucket, Key="目标.txt")
    assert refused(client.get_object, Bucket=bucket, Key="link") == (404, "NoSuchKey")
    assert client.get_symlink(Bucket=bucket, SymlinkName="link")
    assert refused(client.get_symlink, Bucket=bucket, SymlinkName="copy") == (400, "InvalidArgument")
    assert refused(client.get_symlink, Bucket=bucket, SymlinkName="none")[0] == 404


def test_a_part_is_copied_whole_where_its_range_is_empty(client: Any, bucket: str, local_cloud: LocalCloud) -> None:
    client.put_object(Bucket=bucket, Key="a", Body=b"0123456789")
    upload = client.create_multipart_upload(Bucket=bucket, Key="b")["UploadId"]
    source = {"Bucket": bucket, "Key": "a", "Region": local_cloud.region}
    part = {"Bucket": bucket, "Key": "b", "PartNumber": 1, "UploadId": upload, "CopySource": source}
    client.upload_part_copy(**part, CopySourceRange="")
    assert client.list_parts(Bucket=bucket, Key="b", UploadId=upload)["Part"][0]["Size"] == "10"
    client.upload_part_copy(**part, CopySourceRange="bytes=2-4")
    assert client.list_parts(Bucket=bucket, Key="b", UploadId=upload)["Part"][0]["Size"] == "3"


class TestTrafficLimit:
    SLOWEST = 819_200
    """Bits a second: 100 KB."""

    @pytest.mark.parametrize("size", [40_000, 100_000])
    def test_uploads_and_downloads_take_their_time(self, client: Any, bucket: str, size: int) -> None:
        expected = size / (self.SLOWEST / 8)
        began = time.monotonic()
        client.put_object(Bucket=bucket, Key="a", Body=b"x" * size, TrafficLimit=str(self.SLOWEST))
        assert expected * 0.9 < time.monotonic() - began < expected + 5
        began = time.monotonic()
        assert body(client, bucket, "a", TrafficLimit=str(self.SLOWEST)) == b"x" * size
        assert expected * 0.9 < time.monotonic() - began < expected + 5

    @pytest.mark.parametrize("wrong", ["819199", "838860801", "fast", "-1", "1e6"])
    def test_others_are_refused(self, client: Any, bucket: str, wrong: str) -> None:
        assert refused(client.put_object, Bucket=bucket, Key="a", Body=b"x", TrafficLimit=wrong) == (
            400, "InvalidArgument")

    def test_it_may_stand_in_the_query(self, local_cloud: LocalCloud, client: Any, bucket: str) -> None:
        client.put_object(Bucket=bucket, Key="a", Body=b"x")
        wire = Wire(local_cloud, bucket)
        assert wire.call("GET", "a", {"x-cos-traffic-limit": "819200"}).body == b"x"
        assert wire.call("GET", "a", {"x-cos-traffic-limit": "1"}).status == 400


class TestForms:
    """POST Object, as a browser sends it."""

    @pytest.fixture
    def wire(self, local_cloud: LocalCloud, bucket: str) -> Iterator[Wire]:
        yield Wire(local_cloud, bucket)

    def signed(self, wire: Wire, *conditions: Any, **fields: str) -> dict[str, str]:
        now = int(time.time())
        period = f"{now - 5};{now + 600}"
        expires = fields.pop("expiration", "") or (
            datetime.now(UTC) + timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
        required = [{"q-sign-algorithm": "sha1"}, {"q-ak": wire.cloud.secret_id}, {"q-sign-time": period}]
        text = json.dumps({
            "expiration": expires, "conditions": [*([] if fields.pop("conditions", "") else required), *conditions]})
        sign_key = hmac.new(wire.cloud.secret_key.encode(), period.encode(), "sha1").hexdigest()
        signature = hmac.new(sign_key.encode(), hashlib.sha1(text.encode()).hexdigest().encode(), "sha1").hexdigest()
        return {**fields, "policy": base64.b64encode(text.encode()).decode(), "q-sign-algorithm": "sha1",
                "q-ak": wire.cloud.secret_id, "q-key-time": period, "q-signature": signature}

    def post(self, wire: Wire, fields: dict[str, str], data: bytes, filename: str = "a.txt") -> Answer:
        mark = "----WebKitFormBoundary7MA4"
        parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
                 for name, value in fields.items()]
        parts.append(f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
                     "Content-Type: text/x-file\r\n\r\n".encode() + data + f"\r\n--{mark}--\r\n".encode())
        return wire.call("POST", "", headers={"Content-Type": f"multipart/form-data; boundary={mark}"},
                         body=b"".join(parts), signed=False)

    @pytest.mark.parametrize("data", [b"", b"hello", b"\r\n--not the boundary\r\n", bytes(300_000)])
    def test_a_signed_one_is_stored(self, wire: Wire, data: bytes) -> None:
        answer = self.post(wire, self.signed(wire, ["starts-with", "$key", "up/"], key="up/${filename}"), data)
        assert (answer.status, answer.headers["ETag"]) == (204, f'"{hashlib.md5(data).hexdigest()}"')
        stored = wire.get("up/a.txt")
        assert (stored.body, stored.headers["Content-Type"]) == (data, "text/plain")  # the browser's own is not used

    def test_it_answers_as_asked(self, wire: Wire) -> None:
        answer = self.post(wire, self.signed(wire, key="a", success_action_status="201"), b"x")
        assert answer.status == 201 and answer.texts("Key") == ["a"]
        assert self.post(wire, self.signed(wire, key="a", success_action_status="200"), b"x").status == 200
        target = {"success_action_redirect": "http://www.example.com/done?a=1"}
        answer = self.post(wire, self.signed(wire, key="a", **target), b"x")
        assert answer.status == 303
        assert answer.headers["Location"].startswith("http://www.example.com/done?a=1&bucket=")

    def test_headers_come_as_fields(self, wire: Wire) -> None:
        fields = self.signed(wire, ["starts-with", "$Content-Type", "image/"], key="a", **{
            "Cache-Control": "max-age=9", "x-cos-meta-by": "form", "x-cos-storage-class": "STANDARD_IA",
            "Content-Type": "image/png", "Content-MD5": base64.b64encode(hashlib.md5(b"x").digest()).decode()})
        assert self.post(wire, fields, b"x").status == 204
        head = wire.call("HEAD", "a").headers
        assert (head["Cache-Control"], head["x-cos-meta-by"], head["x-cos-storage-class"], head["Content-Type"]) == (
            "max-age=9", "form", "STANDARD_IA", "image/png")
        assert self.post(wire, fields, b"y").code == "BadDigest"
        assert wire.get("a").body == b"x"

    def test_a_policy_names_key_time_and_algorithm(self, wire: Wire) -> None:
        """Documented as required (436/14690); the words of a refusal are those of 436/41164."""
        for change, words in (({"q-ak": "AKIDother"}, "q-ak doesn't match the value"),
                              ({"q-key-time": "1;2"}, "q-sign-time doesn't match the value"),
                              ({"q-sign-algorithm": "md5"}, "q-sign-algorithm doesn't match the value sha1")):
            answer = self.post(wire, {**self.signed(wire, key="a"), **change}, b"x")
            assert (answer.status, answer.code) == (403, "AccessDenied") and words in answer.texts("Message")[0]
        less = self.signed(wire, key="a", expiration="", conditions="none")
        answer = self.post(wire, less, b"x")
        assert answer.code == "AccessDenied" and "q-ak, q-sign-algorithm" in answer.texts("Message")[0]
        answer = self.post(wire, self.signed(wire, key="a", expiration="2020-01-01T00:00:00Z"), b"x")
        assert answer.code == "AccessDenied" and "expiration time: 1577836800 but" in answer.texts("Message")[0]

    def test_what_the_policy_does_not_allow_is_refused(self, wire: Wire) -> None:
        for condition, data, status, code in (
            (["starts-with", "$key", "up/"], b"x", 403, "AccessDenied"),
            ({"key": "b"}, b"x", 403, "AccessDenied"),
            (["eq", "$bucket", "other"], b"x", 403, "AccessDenied"),
            (["content-length-range", 2, 3], b"x", 400, "EntityTooSmall"),
            (["content-length-range", 2, 3], b"xxxx", 400, "EntityTooLarge"),
        ):
            answer = self.post(wire, self.signed(wire, condition, key="a"), data)
            assert (answer.status, answer.code) == (status, code), condition
        assert self.post(wire, {**self.signed(wire, key="a"), "q-signature": "0" * 40}, b"x").code == (
            "SignatureDoesNotMatch")
        assert self.post(wire, {"key": "a"}, b"x").code == "AccessDenied"
        assert wire.call("HEAD", "a").status == 404

    def test_everybody_may_where_everybody_may_write(self, wire: Wire, client: Any) -> None:
        client.put_bucket_acl(Bucket=wire.bucket, ACL="public-read-write")
        assert self.post(wire, {"key": "a"}, b"x").status == 204
        client.put_bucket_acl(Bucket=wire.bucket, ACL="private")

    @pytest.mark.parametrize("sent", [b"", b"--b\r\n", b"--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na",
                                      b"--b--\r\n", b"--b\r\nX: y\r\n\r\nz\r\n--b--\r\n"])
    def test_half_a_form_is_refused(self, wire: Wire, sent: bytes) -> None:
        answer = wire.call("POST", "", headers={"Content-Type": "multipart/form-data; boundary=b"}, body=sent,
                           signed=False)
        assert answer.status == 400 and answer.code in ("MalformedPOSTRequest", "InvalidArgument")
