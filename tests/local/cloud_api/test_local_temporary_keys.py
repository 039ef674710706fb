"""Temporary keys of STS: what their policies permit in object storage and in the cloud API, and until when."""

from __future__ import annotations

import base64
import json
import time
import uuid
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from tests.conftest import LocalCloud
from tests.local.cos_wire import Keys, Wire
from tests.local.s3.wire import client as s3_client
from tests.local.service_wire import VERSIONS


def sdk(cloud: LocalCloud, service: str, *, secret_id: str = "", secret_key: str = "", token: str | None = None,
        sign: str = "TC3-HMAC-SHA256", method: str = "POST", region: str = "") -> Any:
    from tencentcloud.common.common_client import CommonClient
    from tencentcloud.common.credential import Credential
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile

    http = HttpProfile(protocol="http", endpoint=f"{cloud.host}:{cloud.port}", reqMethod=method)
    key = Credential(secret_id or cloud.secret_id, secret_key or cloud.secret_key, token)
    versions = {**VERSIONS, "sts": "2018-08-13", "cam": "2019-01-16",
                "cls": "2020-10-16"}
    profile = ClientProfile(signMethod=sign, httpProfile=http)
    client = CommonClient(service, versions[service], key, region or cloud.region, profile)
    client.request.conn.proxy = None
    return client


def error(client: Any, action: str, parameters: dict[str, Any] | None = None, **options: Any) -> str:
    from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

    try:
        client.call_json(action, parameters or {}, **options)
    except TencentCloudSDKException as caught:
        return str(caught.get_code())
    return ""


def statement(actions: Any, resources: Any = "*", effect: str = "allow", **more: Any) -> dict[str, Any]:
    return {"effect": effect, "action": actions, "resource": resources, **more}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"version": "2.0", "statement": list(statements)})


class Made:
    """A temporary key and its clients."""

    def __init__(self, cloud: LocalCloud, answer: dict[str, Any]) -> None:
        self.cloud, self.answer = cloud, answer["Response"]
        self.key = self.answer["Credentials"]

    def cos(self, bucket: str) -> Wire:
        return Wire(self.cloud, bucket, Keys(self.key["TmpSecretId"], self.key["TmpSecretKey"]))

    def status(self, bucket: str, method: str, key: str = "", **more: Any) -> int:
        headers = {"x-cos-security-token": self.key["Token"], **more.pop("headers", {})}
        return self.cos(bucket).call(method, key, headers=headers, **more).status

    def api(self, service: str) -> Any:
        return sdk(self.cloud, service, secret_id=self.key["TmpSecretId"], secret_key=self.key["TmpSecretKey"],
                   token=self.key["Token"])


def federated(cloud: LocalCloud, *statements: dict[str, Any], seconds: int = 600, encoded: bool = True) -> Made:
    text = policy(*statements)
    return Made(cloud, sdk(cloud, "sts").call_json("GetFederationToken", {
        "Name": "guest", "Policy": quote(text) if encoded else text, "DurationSeconds": seconds}))


@pytest.fixture
def bucket(local_cloud: LocalCloud) -> str:
    name = f"sts-{uuid.uuid4().hex[:8]}-{local_cloud.app_id}"
    wire = Wire(local_cloud, name)
    assert wire.call("PUT").status == 200
    for key in ("a/1", "a/2", "b/1"):
        assert wire.put(key, b"x").status == 200
    return name


def test_a_key_may_do_what_its_policy_allows_and_no_more(local_cloud: LocalCloud, bucket: str) -> None:
    uid = f"qcs::cos:{local_cloud.region}:uid/{local_cloud.app_id}"
    made = federated(local_cloud, statement(["name/cos:GetObject", "name/cos:PutObject"], f"{uid}:{bucket}/a/*"),
                     statement("name/cos:GetBucket", f"{uid}:{bucket}/*"))
    assert made.status(bucket, "GET", "a/1") == 200 and made.status(bucket, "PUT", "a/new", body=b"1") == 200
    assert made.status(bucket, "GET") == 200
    for method, key in (("GET", "b/1"), ("PUT", "b/new"), ("DELETE", "a/1"), ("HEAD", "a/1"), ("DELETE", "")):
        assert made.status(bucket, method, key) == 403, (method, key)
    assert made.status(bucket, "GET", query={"acl": ""}) == 403
    copy = {"x-cos-copy-source": f"{bucket}.cos.{local_cloud.region}.myqcloud.com/b/1"}
    assert made.status(bucket, "PUT", "a/copy", headers=copy) == 403, "the source is not in its policy"
    copy = {"x-cos-copy-source": f"{bucket}.cos.{local_cloud.region}.myqcloud.com/a/2"}
    assert made.status(bucket, "PUT", "a/copy", headers=copy) == 200
    assert made.status(f"new-{uuid.uuid4().hex[:6]}-{local_cloud.app_id}", "PUT") == 403
    s3 = s3_client(local_cloud, secret_id=made.key["TmpSecretId"], secret_key=made.key["TmpSecretKey"],
                   token=made.key["Token"])
    assert s3.get_object(Bucket=bucket, Key="a/1")["Body"].read() == b"x"
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_object(Bucket=bucket, Key="b/1")


@pytest.mark.parametrize(("statements", "reads", "writes"), [
    ([statement("*")], True, True),
    ([statement("name/cos:*")], True, True),
    ([statement("cos:get*")], True, False),
    ([statement("*"), statement("name/cos:PutObject", effect="deny")], True, False),
    ([statement("name/cos:*", "qcs::cos:{region}:uid/{app}:prefix//{app}/{short}/a/*")], True, True),
    ([statement("name/cos:*", "qcs::cos::uid/{app}:{bucket}/a/*")], False, False),
    ([statement("name/cos:*", "qcs::cos:*:uid/{app}:*")], True, True),
    ([statement("name/cos:*", "qcs::cos:{region}:uid/{app}:other-{app}/*")], False, False),
    ([statement("name/cos:GetObject", condition={"ip_equal": {"qcs:ip": "127.0.0.0/8"}})], True, False),
    ([statement("name/cos:GetObject", condition={"ip_equal": {"qcs:ip": "10.0.0.0/8"}})], False, False),
    ([statement("name/cdn:*")], False, False),
])
def test_what_policies_say(local_cloud: LocalCloud, bucket: str, statements: list[dict[str, Any]], reads: bool,
                           writes: bool) -> None:
    names = {"region": local_cloud.region, "app": local_cloud.app_id, "bucket": bucket,
             "short": bucket.rpartition("-")[0]}
    filled = [{**one, "resource": one["resource"].format(**names)} for one in statements]
    made = federated(local_cloud, *filled, encoded=False)
    assert (made.status(bucket, "GET", "a/1") == 200, made.status(bucket, "PUT", "a/3") == 200) == (reads, writes)


def test_the_cloud_api_is_held_to_the_policy_too(local_cloud: LocalCloud) -> None:
    made = federated(local_cloud, statement(["cdn:Describe*", "name/sts:GetCallerIdentity"]),
                     statement("dnspod:*", f"qcs::dnspod::uin/{caller(local_cloud)}:domain/mine.example"))
    assert error(made.api("cdn"), "DescribeDomains") == ""
    assert error(made.api("cdn"), "StopCdnDomain", {"Domain": "a.b.example"}) == "AuthFailure.UnauthorizedOperation"
    assert error(made.api("cam"), "GetUserAppId") == "AuthFailure.UnauthorizedOperation"
    dnspod = made.api("dnspod")
    assert error(dnspod, "DescribeDomain", {"Domain": "mine.example"}).startswith("InvalidParameter")
    assert error(dnspod, "DescribeDomain", {"Domain": "other.example"}) == "AuthFailure.UnauthorizedOperation"
    assert error(dnspod, "DescribeDomainList") == "AuthFailure.UnauthorizedOperation"
    answer = made.api("sts").call_json("GetCallerIdentity", {})["Response"]
    assert answer["Type"] == "CAMUser" and answer["UserId"].endswith(":guest") and "federated-user" in answer["Arn"]


def caller(cloud: LocalCloud) -> str:
    return str(sdk(cloud, "sts").call_json("GetCallerIdentity", {})["Response"]["AccountId"])


def test_a_key_ends(local_cloud: LocalCloud, bucket: str) -> None:
    made = federated(local_cloud, statement("*"), seconds=1)
    assert made.answer["ExpiredTime"] <= time.time() + 1
    deadline = time.monotonic() + 20
    while error(made.api("cam"), "GetUserAppId") != "AuthFailure.TokenFailure":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert b"ExpiredToken" in made.cos(bucket).call(
        "GET", "a/1", headers={"x-cos-security-token": made.key["Token"]}).body


def test_a_token_belongs_to_its_key(local_cloud: LocalCloud, bucket: str) -> None:
    one, other = federated(local_cloud, statement("*")), federated(local_cloud, statement("*"))
    wire = one.cos(bucket)
    assert wire.call("GET", "a/1").status == 403
    assert wire.call("GET", "a/1", headers={"x-cos-security-token": other.key["Token"]}).status == 403


@pytest.mark.parametrize(("action", "change", "code"), [
    ("GetFederationToken", {"Policy": "no policy"}, "InvalidParameter.StrategyInvalid"),
    ("GetFederationToken", {"Policy": '{"version": "1.0", "statement": []}'}, "InvalidParameter.StrategyInvalid"),
    ("GetFederationToken", {"Policy": policy(statement("*", principal="*"))}, "InvalidParameter.StrategyInvalid"),
    ("GetFederationToken", {"Policy": policy({"effect": "allow"})}, "InvalidParameter.StrategyInvalid"),
    ("GetFederationToken", {"DurationSeconds": 7201}, "InvalidParameter.OverTimeError"),
    ("GetFederationToken", {"Name": ""}, "InvalidParameter.ParamError"),
    ("GetFederationToken", {"Name": None}, "MissingParameter"),
    ("AssumeRole", {"DurationSeconds": 43201}, "InvalidParameter.OverTimeError"),
    ("AssumeRole", {"RoleArn": "admin"}, "InvalidParameter.ParamError"),
    ("AssumeRole", {"RoleArn": "qcs::cam::uin/1:roleName/a"}, "ResourceNotFound.RoleNotFound"),
    ("AssumeRole", {"RoleSessionName": "!"}, "InvalidParameter.ParamError"),
    ("AssumeRole", {"Policy": "{"}, "InvalidParameter.StrategyInvalid"),
])
def test_a_key_that_cannot_be_made(local_cloud: LocalCloud, action: str, change: dict[str, Any], code: str) -> None:
    whole: dict[str, Any] = {"Name": "guest", "Policy": policy(statement("*"))} if action.startswith("Get") else {
        "RoleArn": f"qcs::cam::uin/{caller(local_cloud)}:roleName/deploy", "RoleSessionName": "ci"}
    assert error(sdk(local_cloud, "sts"), action, {**whole, **change}) == code


def test_a_role_is_narrowed_by_the_policy_of_the_call_and_by_that_of_the_caller(local_cloud: LocalCloud, bucket: str
                                                                                ) -> None:
    role = {"RoleArn": f"qcs::cam::uin/{caller(local_cloud)}:roleName/deploy", "RoleSessionName": "ci"}
    whole = Made(local_cloud, sdk(local_cloud, "sts").call_json("AssumeRole", role))
    assert whole.status(bucket, "PUT", "a/role") == 200
    answer = whole.api("sts").call_json("GetCallerIdentity", {})["Response"]
    assert (answer["Type"], answer["UserId"].endswith(":ci")) == ("CAMRole", True)
    reader = Made(local_cloud, sdk(local_cloud, "sts").call_json("AssumeRole", {
        **role, "Policy": policy(statement(["name/cos:GetObject", "sts:AssumeRole"]))}))
    assert (reader.status(bucket, "GET", "a/1"), reader.status(bucket, "PUT", "a/1")) == (200, 403)
    again = Made(local_cloud, reader.api("sts").call_json("AssumeRole", {**role, "Policy": policy(statement("*"))}))
    assert (again.status(bucket, "GET", "a/1"), again.status(bucket, "PUT", "a/1")) == (200, 403)
    guest = {"Name": "guest", "Policy": policy(statement("*"))}
    assert error(whole.api("sts"), "GetFederationToken", guest) == "FailedOperation.TempKeyNotAllowed"
    assert error(reader.api("sts"), "GetFederationToken", guest) == "AuthFailure.UnauthorizedOperation"


def token(expires: float) -> str:
    parts = ({"alg": "RS256"}, {"iss": "https://ci.example", "sub": "repo", "exp": expires})
    return ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts) + ".c2ln"


def test_a_role_for_whoever_has_a_token_without_a_signature(local_cloud: LocalCloud, bucket: str) -> None:
    asked = {"ProviderId": "ci", "WebIdentityToken": token(time.time() + 60), "RoleSessionName": "job",
             "RoleArn": f"qcs::cam::uin/{caller(local_cloud)}:roleName/deploy"}
    nobody = sdk(local_cloud, "sts", secret_id="x", secret_key="x")
    skip = {"options": {"SkipSign": True}}
    made = Made(local_cloud, nobody.call_json("AssumeRoleWithWebIdentity", asked, **skip))
    assert made.status(bucket, "GET", "a/1") == 200
    for wrong in (token(time.time() - 1), "a.b", "a.b.c"):
        assert error(nobody, "AssumeRoleWithWebIdentity", {**asked, "WebIdentityToken": wrong}, **skip) \
            == "InvalidParameter.WebIdentityTokenError"
    assert error(nobody, "GetCallerIdentity", **skip) == "AuthFailure.InvalidAuthorization"
    assert error(sdk(local_cloud, "cam", secret_id="x"), "GetUserAppId", **skip) == "AuthFailure.InvalidAuthorization"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("sign", ["HmacSHA1", "HmacSHA256", "TC3-HMAC-SHA256"])
def test_every_signature_of_the_official_sdk(local_cloud: LocalCloud, sign: str, method: str) -> None:
    zone = f"d{uuid.uuid4().hex[:10]}.com"
    sdk(local_cloud, "dnspod", sign=sign, method=method).call_json("CreateDomain", {"Domain": zone})
    made = sdk(local_cloud, "dnspod", sign=sign, method=method).call_json("CreateRecord", {
        "Domain": zone, "SubDomain": "ww", "RecordType": "TXT", "RecordLine": "默认", "Value": "a=b&c d+ü", "TTL": 600})
    found = sdk(local_cloud, "dnspod").call_json("DescribeRecord", {
        "Domain": zone, "RecordId": made["Response"]["RecordId"]})["Response"]["RecordInfo"]
    assert (found["Value"], found["TTL"]) == ("a=b&c d+ü", 600)
    domains = sdk(local_cloud, "cdn", sign=sign, method=method).call_json("DescribeDomains", {
        "Filters": [{"Name": "domain", "Value": ["a.example", "b.example"], "Fuzzy": False}], "Limit": 10})
    assert domains["Response"]["TotalNumber"] == 0
    wrong = sdk(local_cloud, "cdn", sign=sign, method=method, secret_key="x")
    assert error(wrong, "DescribeDomains") == "AuthFailure.SignatureFailure"
    stranger = sdk(local_cloud, "cdn", sign=sign, method=method, secret_id="AKIDx")
    assert error(stranger, "DescribeDomains") == "AuthFailure.SecretIdNotFound"
    assert error(sdk(local_cloud, "cdn", sign=sign, method=method, token="stray"), "DescribeDomains") \
        == "AuthFailure.TokenFailure"
    assert error(sdk(local_cloud, "cdn", sign=sign, method=method), "DescribeDomains", {"Limit": -1}).startswith(
        "InvalidParameter")
    assert error(sdk(local_cloud, "cdn", sign=sign, method=method), "PaintDomain") == "InvalidAction"
