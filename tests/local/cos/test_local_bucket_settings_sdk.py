"""Bucket documents, ACLs and tags, put and got with the official COS SDK against the running process."""

from __future__ import annotations

import http.client
import json
import secrets
from typing import Any

import pytest

from tests.conftest import LocalCloud
from tests.local.cos.sdk import refused


@pytest.fixture
def bucket(client: Any, local_cloud: LocalCloud) -> str:
    name = f"rest-{secrets.token_hex(4)}-{local_cloud.app_id}"
    client.create_bucket(Bucket=name)
    return name


def read(cloud: LocalCloud, bucket: str, key: str, method: str = "GET") -> int:
    """The status that an anonymous reader gets."""
    connection = http.client.HTTPConnection(cloud.host, cloud.port, timeout=60)
    connection.request(method, f"/{key}", headers={"Host": f"{bucket}.cos.{cloud.region}.myqcloud.com"})
    status = connection.getresponse().status
    connection.close()
    return status


def test_website(client: Any, bucket: str) -> None:
    assert refused(client.get_bucket_website, Bucket=bucket) == (404, "NoSuchWebsiteConfiguration")
    rules = [
        {"Condition": {"HttpErrorCodeReturnedEquals": "404"}, "Redirect": {"ReplaceKeyWith": "404.html"}},
        {"Condition": {"KeyPrefixEquals": "aaa/"}, "Redirect": {"ReplaceKeyPrefixWith": "ccc/"}},
    ]
    wanted = {
        "IndexDocument": {"Suffix": "index.html"},
        "ErrorDocument": {"Key": "error.html", "OriginalHttpStatus": "Disabled"},
        "RedirectAllRequestsTo": {"Protocol": "https"},
        "AutoAddressing": {"Status": "Enabled"},
        "RoutingRules": rules,
    }
    client.put_bucket_website(Bucket=bucket, WebsiteConfiguration=wanted)
    echoed = [{**rule, "Redirect": {**rule["Redirect"], "URLRedirect": "Enabled"}} for rule in rules]
    assert client.get_bucket_website(Bucket=bucket) == {**wanted, "RoutingRules": echoed}
    no_index = {"ErrorDocument": {"Key": "e"}}
    assert refused(client.put_bucket_website, Bucket=bucket, WebsiteConfiguration=no_index) == (
        400, "MalformedXML")
    client.delete_bucket_website(Bucket=bucket)
    client.delete_bucket_website(Bucket=bucket)
    assert refused(client.get_bucket_website, Bucket=bucket)[0] == 404


def test_cors(client: Any, bucket: str) -> None:
    assert refused(client.get_bucket_cors, Bucket=bucket) == (404, "NoSuchCORSConfiguration")
    rule = {
        "ID": "1234", "AllowedOrigin": ["http://www.qq.com"], "AllowedMethod": ["GET", "PUT"],
        "AllowedHeader": ["x-cos-meta-test"], "ExposeHeader": ["x-cos-meta-test1"], "MaxAgeSeconds": "500",
    }
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRule": [rule]})
    assert client.get_bucket_cors(Bucket=bucket)["CORSRule"] == [rule]
    client.delete_bucket_cors(Bucket=bucket)
    assert refused(client.get_bucket_cors, Bucket=bucket)[0] == 404


def test_tags_of_buckets_and_objects(client: Any, bucket: str) -> None:
    assert refused(client.get_bucket_tagging, Bucket=bucket) == (404, "NoSuchTagSet")
    tags = {"TagSet": {"Tag": [{"Key": "环境", "Value": "prod"}, {"Key": "b", "Value": "2"}]}}
    client.put_bucket_tagging(Bucket=bucket, Tagging=tags)
    assert client.get_bucket_tagging(Bucket=bucket) == tags
    client.delete_bucket_tagging(Bucket=bucket)
    assert refused(client.get_bucket_tagging, Bucket=bucket)[0] == 404

    client.put_object(Bucket=bucket, Key="a/中.txt", Body=b"x")
    client.put_object_tagging(Bucket=bucket, Key="a/中.txt", Tagging=tags)
    assert client.get_object_tagging(Bucket=bucket, Key="a/中.txt") == tags
    client.delete_object_tagging(Bucket=bucket, Key="a/中.txt")
    assert client.get_object_tagging(Bucket=bucket, Key="a/中.txt")["TagSet"] in (None, {}, {"Tag": []})
    assert refused(client.get_object_tagging, Bucket=bucket, Key="none") == (404, "NoSuchKey")
    many = {"TagSet": {"Tag": [{"Key": str(number), "Value": "x"} for number in range(51)]}}
    assert refused(client.put_bucket_tagging, Bucket=bucket, Tagging=many) == (400, "InvalidTag")


def test_lifecycle(client: Any, bucket: str) -> None:
    assert refused(client.get_bucket_lifecycle, Bucket=bucket) == (404, "NoSuchLifecycleConfiguration")
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "log/"}, "Expiration": {"Days": "30"}}
    client.put_bucket_lifecycle(Bucket=bucket, LifecycleConfiguration={"Rule": [rule]})
    assert client.get_bucket_lifecycle(Bucket=bucket)["Rule"] == [rule]
    client.delete_bucket_lifecycle(Bucket=bucket)
    assert refused(client.get_bucket_lifecycle, Bucket=bucket)[0] == 404


def test_logging_goes_to_a_bucket_of_the_same_account_and_can_be_turned_off(client: Any, bucket: str) -> None:
    assert "LoggingEnabled" not in client.get_bucket_logging(Bucket=bucket)
    status = {"LoggingEnabled": {"TargetBucket": bucket, "TargetPrefix": "logs/"}}
    client.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=status)
    assert client.get_bucket_logging(Bucket=bucket) == status
    elsewhere = {"LoggingEnabled": {"TargetBucket": "nobody-1250000000", "TargetPrefix": ""}}
    assert refused(client.put_bucket_logging, Bucket=bucket, BucketLoggingStatus=elsewhere) == (
        400, "InvalidTargetBucketForLogging")
    client.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    assert "LoggingEnabled" not in client.get_bucket_logging(Bucket=bucket)


def test_referer(client: Any, bucket: str) -> None:
    assert "Status" not in client.get_bucket_referer(Bucket=bucket)
    rule = {
        "Status": "Enabled", "RefererType": "White-List", "EmptyReferConfiguration": "Allow",
        "DomainList": {"Domain": ["*.qq.com", "*.qcloud.com"]},
    }
    client.put_bucket_referer(Bucket=bucket, RefererConfiguration=rule)
    assert client.get_bucket_referer(Bucket=bucket) == rule
    client.delete_bucket_referer(Bucket=bucket)
    assert "Status" not in client.get_bucket_referer(Bucket=bucket)


def test_bucket_acl_is_read_back_and_enforced(client: Any, bucket: str, local_cloud: LocalCloud) -> None:
    client.put_object(Bucket=bucket, Key="page", Body=b"x")
    assert client.get_bucket_acl(Bucket=bucket)["CannedACL"] == "private"
    assert (read(local_cloud, bucket, "page"), read(local_cloud, bucket, "")) == (403, 403)
    for canned in ("public-read", "public-read-write"):
        client.put_bucket_acl(Bucket=bucket, ACL=canned)
        assert client.get_bucket_acl(Bucket=bucket)["CannedACL"] == canned
        assert (read(local_cloud, bucket, "page"), read(local_cloud, bucket, "")) == (200, 200)
        assert read(local_cloud, bucket, "none") == 404
    owner = client.get_bucket_acl(Bucket=bucket)["Owner"]["ID"]
    client.put_bucket_acl(Bucket=bucket, GrantRead='id="qcs::cam::uin/100000000001:uin/100000000001"')
    grants = client.get_bucket_acl(Bucket=bucket)["AccessControlList"]["Grant"]
    assert [(grant["Grantee"]["ID"], grant["Permission"]) for grant in grants] == [
        (owner, "FULL_CONTROL"), ("qcs::cam::uin/100000000001:uin/100000000001", "READ")]
    assert read(local_cloud, bucket, "page") == 403
    document = {
        "Owner": {"ID": owner},
        "AccessControlList": {"Grant": [{
            "Grantee": {"URI": "http://cam.qcloud.com/groups/global/AllUsers"}, "Permission": "READ"}]},
    }
    client.put_bucket_acl(Bucket=bucket, AccessControlPolicy=document)
    assert client.get_bucket_acl(Bucket=bucket)["CannedACL"] == "public-read"
    assert refused(client.put_bucket_acl, Bucket=bucket, ACL="open") == (400, "InvalidArgument")
    assert refused(client.put_bucket_acl, Bucket=bucket)[0] == 400


def test_object_acl_goes_before_the_buckets(client: Any, bucket: str, local_cloud: LocalCloud) -> None:
    for key in ("shown", "hidden", "plain"):
        client.put_object(Bucket=bucket, Key=key, Body=b"x")
    assert client.get_object_acl(Bucket=bucket, Key="plain")["CannedACL"] == "default"
    client.put_object_acl(Bucket=bucket, Key="shown", ACL="public-read")
    assert client.get_object_acl(Bucket=bucket, Key="shown")["CannedACL"] == "public-read"
    assert [read(local_cloud, bucket, key) for key in ("shown", "hidden", "plain")] == [200, 403, 403]
    client.put_bucket_acl(Bucket=bucket, ACL="public-read")
    client.put_object_acl(Bucket=bucket, Key="hidden", ACL="private")
    assert client.get_object_acl(Bucket=bucket, Key="hidden")["CannedACL"] == "private"
    assert [read(local_cloud, bucket, key) for key in ("shown", "hidden", "plain")] == [200, 403, 200]
    client.put_object_acl(Bucket=bucket, Key="hidden", ACL="default")
    assert read(local_cloud, bucket, "hidden") == 200
    assert refused(client.put_object_acl, Bucket=bucket, Key="none", ACL="private") == (404, "NoSuchKey")


def policy(bucket: str, cloud: LocalCloud, effect: str, *actions: str, prefix: str = "") -> dict[str, Any]:
    return {
        "Principal": {"qcs": ["qcs::cam::anyone:anyone"]}, "Effect": effect, "Action": list(actions),
        "Resource": [f"qcs::cos:{cloud.region}:uid/{cloud.app_id}:{bucket}/{prefix}*"],
    }


def test_policy_is_read_back_and_enforced(client: Any, bucket: str, local_cloud: LocalCloud) -> None:
    client.put_object(Bucket=bucket, Key="page", Body=b"x")
    client.put_object(Bucket=bucket, Key="secret/page", Body=b"x")
    assert refused(client.get_bucket_policy, Bucket=bucket) == (404, "NoSuchBucketPolicy")
    document = {"version": "2.0", "Statement": [
        policy(bucket, local_cloud, "Allow", "name/cos:GetObject"),
        policy(bucket, local_cloud, "Deny", "name/cos:*", prefix="secret/"),
    ]}
    client.put_bucket_policy(Bucket=bucket, Policy=document)
    found = client.get_bucket_policy(Bucket=bucket)["Policy"]
    assert (json.loads(found) if isinstance(found, str) else found) == document
    assert read(local_cloud, bucket, "page") == 200
    assert read(local_cloud, bucket, "page", "HEAD") == 403
    assert read(local_cloud, bucket, "secret/page") == 403
    assert read(local_cloud, bucket, "") == 403
    client.get_object(Bucket=bucket, Key="page")
    assert refused(client.get_object, Bucket=bucket, Key="secret/page") == (403, "AccessDenied")
    old = {"version": "1"}
    assert refused(client.put_bucket_policy, Bucket=bucket, Policy=old) == (400, "MalformedPolicy")
    client.delete_bucket_policy(Bucket=bucket)
    assert read(local_cloud, bucket, "page") == 403


def test_another_accounts_key_gets_what_policy_and_list_give_it(
    client: Any, bucket: str, local_cloud: LocalCloud
) -> None:
    from qcloud_cos import CosConfig, CosS3Client

    other = json.loads((local_cloud.data / "identity.json").read_text())["other_account"]
    stranger = CosS3Client(CosConfig(
        Region=local_cloud.region, SecretId=other["secret_id"], SecretKey=other["secret_key"],
        Scheme="http", IP=local_cloud.host, Port=local_cloud.port,
        ServiceDomain=f"{local_cloud.host}:{local_cloud.port}",
    ), retry=0)
    client.put_object(Bucket=bucket, Key="page", Body=b"x")
    assert refused(stranger.get_object, Bucket=bucket, Key="page") == (403, "AccessDenied")
    assert refused(stranger.put_bucket_acl, Bucket=bucket, ACL="public-read") == (403, "AccessDenied")
    user = f"qcs::cam::uin/{other['uin']}:uin/{other['uin']}"
    client.put_bucket_acl(Bucket=bucket, GrantRead=f'id="{user}"')
    assert stranger.get_object(Bucket=bucket, Key="page")["Body"].read(10) == b"x"
    assert refused(stranger.put_object, Bucket=bucket, Key="page", Body=b"y") == (403, "AccessDenied")
    assert read(local_cloud, bucket, "page") == 403


def test_a_document_with_a_wrong_digest_is_refused(bucket: str, local_cloud: LocalCloud) -> None:
    import requests
    from qcloud_cos import CosConfig, CosS3Auth

    config = CosConfig(Region=local_cloud.region, SecretId=local_cloud.secret_id,
                       SecretKey=local_cloud.secret_key)
    for digest, expected in (("AAAAAAAAAAAAAAAAAAAAAA==", "BadDigest"), ("nonsense", "InvalidDigest")):
        answer = requests.put(
            f"http://{local_cloud.host}:{local_cloud.port}/", params={"website": ""},
            data="<WebsiteConfiguration/>", auth=CosS3Auth(config, params={"website": ""}), timeout=10,
            headers={"Host": f"{bucket}.cos.{local_cloud.region}.myqcloud.com", "Content-MD5": digest},
        )
        assert answer.status_code == 400
        assert f"<Code>{expected}</Code>" in answer.text
