"""Settings of a bucket that sitepub does not use, put and got with the official COS SDK."""

from __future__ import annotations

import secrets
import time
from typing import Any

import pytest

from tests.conftest import LocalCloud
from tests.local.cos.sdk import connected, refused


@pytest.fixture
def bucket(client: Any, local_cloud: LocalCloud) -> str:
    name = f"set-{secrets.token_hex(4)}-{local_cloud.app_id}"
    client.create_bucket(Bucket=name)
    return name


INVENTORY: dict[str, Any] = {
    "Destination": {"COSBucketDestination": {
        "AccountId": "100000000001", "Format": "CSV", "Prefix": "list1", "Encryption": {"SSECOS": {}}}},
    "IsEnabled": "True", "Filter": {"Prefix": "filterPrefix"}, "IncludedObjectVersions": "All",
    "OptionalFields": {"Field": ["Size", "LastModifiedDate", "ETag"]}, "Schedule": {"Frequency": "Daily"},
}


def inventory(bucket: str, cloud: LocalCloud) -> dict[str, Any]:
    target = {**INVENTORY["Destination"]["COSBucketDestination"], "Bucket": f"qcs::cos:{cloud.region}::{bucket}"}
    return {**INVENTORY, "Destination": {"COSBucketDestination": target}}


def test_location_and_meta(client: Any, bucket: str, local_cloud: LocalCloud) -> None:
    assert client.get_bucket_location(Bucket=bucket) == {"LocationConstraint": local_cloud.region}
    meta = client.get_bucket_meta(Bucket=bucket)
    assert (meta["Location"], meta["MAZ"], meta["OFS"]) == (local_cloud.region, False, False)


def test_buckets_of_several_zones_and_with_metadata_acceleration_say_so(client: Any, local_cloud: LocalCloud) -> None:
    name = f"maz-{secrets.token_hex(4)}-{local_cloud.app_id}"
    client.create_bucket(Bucket=name, BucketAZConfig="MAZ", BucketArchConfig="OFS")
    head = client.head_bucket(Bucket=name)
    assert (head["x-cos-bucket-az-type"], head["x-cos-bucket-arch"]) == ("MAZ", "OFS")


def test_inventories(client: Any, bucket: str, local_cloud: LocalCloud) -> None:
    wanted = inventory(bucket, local_cloud)
    assert refused(client.get_bucket_inventory, Bucket=bucket, Id="test") == (
        404, "InventoryConfigurationNotFoundError")
    client.put_bucket_inventory(Bucket=bucket, Id="test", InventoryConfiguration=wanted)
    found = client.get_bucket_inventory(Bucket=bucket, Id="test")
    assert found["Id"] == "test"
    assert found["Destination"]["COSBucketDestination"]["Encryption"] == {"SSECOS": None}
    assert found["OptionalFields"] == wanted["OptionalFields"]
    client.delete_bucket_inventory(Bucket=bucket, Id="test")
    client.delete_bucket_inventory(Bucket=bucket, Id="test")
    at_once = {name: value for name, value in wanted.items() if name not in ("IsEnabled", "Schedule")}
    client.post_bucket_inventory(Bucket=bucket, Id="now", InventoryConfiguration=at_once)
    assert refused(client.put_bucket_inventory, Bucket=bucket, Id="later", InventoryConfiguration=at_once) == (
        400, "MalformedXML")
    assert refused(client.put_bucket_inventory, Bucket=bucket, Id="a b", InventoryConfiguration=wanted) == (
        400, "InvalidArgument")


def test_inventories_are_listed_in_pages_of_a_hundred(client: Any, bucket: str, local_cloud: LocalCloud) -> None:
    wanted = inventory(bucket, local_cloud)
    names = [f"ID-{number}" for number in range(120)]
    for name in names:
        client.put_bucket_inventory(Bucket=bucket, Id=name, InventoryConfiguration=wanted)
    first = client.list_bucket_inventory_configurations(Bucket=bucket)
    assert first["IsTruncated"] == "true"
    rest = client.list_bucket_inventory_configurations(Bucket=bucket, ContinuationToken=first["NextContinuationToken"])
    listed = [one["Id"] for page in (first, rest) for one in page["InventoryConfiguration"]]
    assert (listed, rest["IsTruncated"]) == (names, "false")


def test_encryption(client: Any, bucket: str) -> None:
    assert refused(client.get_bucket_encryption, Bucket=bucket) == (404, "NoSuchEncryptionConfiguration")
    for name in ("ApplySideEncryptionConfiguration", "ApplyServerSideEncryptionByDefault"):
        client.put_bucket_encryption(bucket, {"Rule": [{name: {"SSEAlgorithm": "AES256"}}]})
        found = client.get_bucket_encryption(bucket)
        assert found["Rule"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert refused(client.put_bucket_encryption, Bucket=bucket) == (400, "MalformedXML")
    client.delete_bucket_encryption(bucket)
    assert refused(client.get_bucket_encryption, Bucket=bucket)[0] == 404


def test_replication_needs_versions_on_both_sides(client: Any, bucket: str, local_cloud: LocalCloud) -> None:
    far = connected(local_cloud, "ap-shanghai")
    target = f"far-{secrets.token_hex(4)}-{local_cloud.app_id}"
    far.create_bucket(Bucket=target)
    wanted = {"Role": "qcs::cam::uin/1:uin/1", "Rule": [{
        "ID": "123", "Status": "Enabled", "Prefix": "中文",
        "Destination": {"Bucket": f"qcs::cos:ap-shanghai::{target}", "StorageClass": "Standard"}}]}
    put = {"Bucket": bucket, "ReplicationConfiguration": wanted}
    assert refused(client.put_bucket_replication, **put) == (400, "BucketVersionNotOpen")
    client.put_bucket_versioning(Bucket=bucket, Status="Enabled")
    assert refused(client.put_bucket_replication, **put) == (400, "BucketVersionNotOpen")
    far.put_bucket_versioning(Bucket=target, Status="Enabled")
    client.put_bucket_replication(**put)
    assert client.get_bucket_replication(Bucket=bucket) == wanted
    client.delete_bucket_replication(Bucket=bucket)
    assert refused(client.get_bucket_replication, Bucket=bucket) == (404, "ReplicationConfigurationNotFoundError")


def test_origin(client: Any, bucket: str) -> None:
    wanted = {"OriginRule": {
        "RulePriority": "1", "OriginType": "Mirror", "OriginCondition": {"HTTPStatusCode": "404"},
        "OriginParameter": {"Protocol": "HTTP"}, "OriginInfo": {"HostInfo": {"HostName": "a.example.com"}}}}
    assert refused(client.get_bucket_origin, Bucket=bucket) == (404, "OriginConfigurationNotFoundError")
    client.put_bucket_origin(Bucket=bucket, OriginConfiguration=wanted)
    rule = client.get_bucket_origin(Bucket=bucket)["OriginRule"]
    assert rule in (wanted["OriginRule"], [wanted["OriginRule"]])
    client.delete_bucket_origin(Bucket=bucket)
    assert refused(client.get_bucket_origin, Bucket=bucket)[0] == 404


def test_intelligent_tiering_in_both_forms(client: Any, bucket: str) -> None:
    assert not client.get_bucket_intelligenttiering(Bucket=bucket).get("Status")
    assert client.list_bucket_intelligenttiering_configurations(Bucket=bucket)["IsTruncated"] == "false"
    client.put_bucket_intelligenttiering(Bucket=bucket, IntelligentTieringConfiguration={
        "Status": "Enabled", "Transition": {"Days": "30", "RequestFrequent": "1"}})
    assert client.get_bucket_intelligenttiering(Bucket=bucket)["Transition"] == {"Days": "30", "RequestFrequent": "1"}
    assert client.get_bucket_intelligenttiering_v2(Bucket=bucket, Id="default")["Status"] == "Enabled"
    client.put_bucket_intelligenttiering_v2(Bucket=bucket, Id="cold", IntelligentTieringConfiguration={
        "Id": "cold", "Status": "Enabled", "Tiering": [{"AccessTier": "INFREQUENT", "Days": "30"}]})
    listed = client.list_bucket_intelligenttiering_configurations(Bucket=bucket)["IntelligentTieringConfiguration"]
    assert [one["Id"] for one in listed] == ["default", "cold"]


def test_object_lock_and_response_control(client: Any, bucket: str) -> None:
    assert refused(client.get_bucket_object_lock, Bucket=bucket) == (404, "NoSuchObjectLockConfiguration")
    client.put_bucket_object_lock(Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    assert client.get_bucket_object_lock(Bucket=bucket) == {"ObjectLockEnabled": "Enabled"}
    wanted = {"ControlParamList": {"Param": ["Content-Type"]}}
    client.put_bucket_response_control(Bucket=bucket, ResponseControlConfiguration=wanted)
    assert client.get_bucket_response_control(Bucket=bucket) == wanted
    client.delete_bucket_response_control(Bucket=bucket)
    assert not client.get_bucket_response_control(Bucket=bucket).get("ControlParamList")


def test_a_policy_is_answered_as_the_service_spells_it(client: Any, bucket: str, local_cloud: LocalCloud) -> None:
    resource = f"qcs::cos:{local_cloud.region}:uid/{local_cloud.app_id}:{bucket}//a/*"
    statement = {"effect": "allow", "principal": {"qcs": ["qcs::cam::anyone:anyone"]},
                 "action": ["name/cos:GetObject"], "resource": [resource]}
    client.put_bucket_policy(Bucket=bucket, Policy={"version": "2.0", "statement": [statement]})
    import json

    assert json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"]) == {
        "Statement": [statement], "version": "2.0"}


def test_website_with_all_that_is_documented(client: Any, bucket: str) -> None:
    wanted = {
        "IndexDocument": {"Suffix": "index.html"},
        "RedirectAllRequestsTo": {"Protocol": "http"},
        "AutoAddressing": {"Status": "Disabled"},
        "ErrorDocument": {"Key": "error.html", "Charity404": "Enabled", "OriginalHttpStatus": "Enabled"},
        "RoutingRules": [
            {"Condition": {"HttpErrorCodeReturnedEquals": "404"},
             "Redirect": {"Protocol": "http", "ReplaceKeyWith": "404.html", "URLRedirect": "Disabled"}},
            {"Condition": {"KeyPrefixEquals": "a/"},
             "Redirect": {"Protocol": "https", "ReplaceKeyPrefixWith": "b/", "URLRedirect": "Enabled"}}],
    }
    client.put_bucket_website(Bucket=bucket, WebsiteConfiguration=wanted)
    assert client.get_bucket_website(Bucket=bucket) == wanted


GRANTEE = "qcs::cam::uin/100000000002:uin/100000000002"


@pytest.mark.parametrize("typed", [True, False])
@pytest.mark.parametrize("of_object", [True, False])
def test_one_grant_reads_back_as_one(client: Any, bucket: str, of_object: bool, typed: bool) -> None:
    client.put_object(Bucket=bucket, Key="a", Body=b"x")
    where = {"Bucket": bucket, "Key": "a"} if of_object else {"Bucket": bucket}
    get = client.get_object_acl if of_object else client.get_bucket_acl
    put = client.put_object_acl if of_object else client.put_bucket_acl
    grantee = {"ID": GRANTEE, "DisplayName": GRANTEE, **({"Type": "CanonicalUser"} if typed else {})}
    put(**where, AccessControlPolicy={
        "Owner": {"ID": get(**where)["Owner"]["ID"]},
        "AccessControlList": {"Grant": [{"Grantee": grantee, "Permission": "READ"}]}})
    grants = get(**where)["AccessControlList"]["Grant"]
    assert [(grant["Grantee"]["ID"], grant["Permission"]) for grant in grants] == [(GRANTEE, "READ")]
    assert client.get_object(Bucket=bucket, Key="a")["Body"].get_raw_stream().read() == b"x", "the owner may"
    put(**where, ACL="public-read", GrantWrite="" if not of_object else None) if not of_object else put(
        **where, ACL="public-read")
    assert len(get(**where)["AccessControlList"]["Grant"]) == 2


EMPTY = {"CacheControl": "", "ContentDisposition": "", "ContentEncoding": "", "ContentLanguage": "", "Expires": "",
         "GrantRead": "", "GrantFullControl": "", "ACL": "", "Tagging": ""}


def test_headers_without_a_value_say_nothing(client: Any, bucket: str) -> None:
    client.put_object(Bucket=bucket, Key="a.css", Body=b"x", Metadata={"x-cos-meta-empty": ""}, **EMPTY)
    head = client.head_object(Bucket=bucket, Key="a.css")
    kept = {"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires",
            "x-cos-meta-empty", "x-cos-tagging-count"}
    assert not kept & set(head), head
    assert head["Content-Type"] == "text/css"
    assert client.get_object_acl(Bucket=bucket, Key="a.css")["CannedACL"] == "default"


class TestTheListOfBuckets:
    """GET Service."""

    def test_it_is_filtered(self, client: Any, bucket: str, local_cloud: LocalCloud) -> None:
        def names(**wanted: Any) -> set[str]:
            listed = client.list_buckets(**wanted)["Buckets"]
            return {one["Name"] for one in listed["Bucket"]} if listed else set()

        far = connected(local_cloud, "ap-beijing")
        other = f"zfar-{secrets.token_hex(4)}-{local_cloud.app_id}"
        far.create_bucket(Bucket=other)
        far.put_bucket_tagging(Bucket=other, Tagging={"TagSet": {"Tag": [
            {"Key": "team", "Value": "web"}, {"Key": other, "Value": "1"}]}})
        assert {bucket, other} <= names()
        assert other in names(Region="ap-beijing") and bucket not in names(Region="ap-beijing")
        assert names(TagKey=other, TagValue="1") == {other}
        assert names(TagKey=other, TagValue="2") == set()
        now = int(time.time())
        for relation, moment, there in (("gt", now - 3600, True), ("gte", now - 3600, True), ("lt", now + 3600, True),
                                        ("lte", now + 3600, True), ("lt", now - 3600, False), ("gt", now + 60, False)):
            assert (other in names(CreateTime=moment, Range=relation)) is there, relation
        assert refused(client.list_buckets, CreateTime=now, Range="around") == (400, "InvalidArgument")

    def test_it_comes_in_pages(self, client: Any, bucket: str) -> None:
        everything = [one["Name"] for one in client.list_buckets()["Buckets"]["Bucket"]]
        found: list[str] = []
        marker = ""
        while True:
            page = client.list_buckets(Marker=marker, MaxKeys=2)
            assert page["Marker"] in (marker, None)
            found += [one["Name"] for one in page["Buckets"]["Bucket"]]
            if page["IsTruncated"] == "false":
                break
            assert len(page["Buckets"]["Bucket"]) == 2
            marker = page["NextMarker"]
        assert found == everything and bucket in found
