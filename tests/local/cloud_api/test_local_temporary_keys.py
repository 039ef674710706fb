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

from tests.ci.issuer import ISSUER, issuer
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


@pytest.mark.parametrize("principal", [{"qcs": "*"}, {"qcs": ["*"]}])
def test_the_policies_of_the_official_key_servers_are_taken(local_cloud: LocalCloud, bucket: str,
                                                            principal: dict[str, Any]) -> None:
    """As qcloud-cos-sts 3.1 (``getPolicy``) and its published examples write them."""
    name, _, app_id = bucket.rpartition("-")
    place = f"qcs::cos:{local_cloud.region}:uid/{app_id}:prefix//{app_id}/{name}/a/*"
    made = federated(local_cloud, statement(["name/cos:PutObject", "name/cos:GetObject"], place, principal=principal))
    assert (made.status(bucket, "GET", "a/1"), made.status(bucket, "PUT", "a/keys")) == (200, 200)
    assert (made.status(bucket, "GET", "b/1"), made.status(bucket, "DELETE", "a/keys")) == (403, 403)


@pytest.mark.parametrize(("action", "change", "code"), [
    ("GetFederationToken", {"Policy": policy(statement("*", principal={"qcs": ["*", "x"]}))},
     "InvalidParameter.StrategyInvalid"),
    ("GetFederationToken", {"Policy": policy(statement("*", principal={"federated": "*"}))},
     "InvalidParameter.StrategyInvalid"),
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


def test_each_object_of_many_to_delete_is_judged_by_itself(local_cloud: LocalCloud, bucket: str) -> None:
    """436/8289: of a signed request every object is checked for cos:DeleteObject."""
    uid = f"qcs::cos:{local_cloud.region}:uid/{local_cloud.app_id}"
    made = federated(local_cloud, statement("name/cos:DeleteObject", f"{uid}:{bucket}/a/*"))
    s3 = s3_client(local_cloud, secret_id=made.key["TmpSecretId"], secret_key=made.key["TmpSecretKey"],
                   token=made.key["Token"])
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [
        {"Key": "a/1"}, {"Key": "b/1"}, {"Key": "b/1", "VersionId": "null"}]})
    assert [one["Key"] for one in answer["Deleted"]] == ["a/1"]
    assert [(one["Key"], one.get("VersionId"), one["Code"]) for one in answer["Errors"]] == [
        ("b/1", None, "AccessDenied"), ("b/1", "null", "AccessDenied")]
    assert Wire(local_cloud, bucket).call("HEAD", "b/1").status == 200


def trust(cloud: LocalCloud, subjects: list[str], provider: str = "ci", **more: Any) -> str:
    """A role's trust policy, as CAM documents it for identity providers."""
    return json.dumps({"version": "2.0", "statement": [{
        "effect": "allow", "action": "name/sts:AssumeRoleWithWebIdentity",
        "principal": {"federated": [f"qcs::cam::uin/{caller(cloud)}:oidc-provider/{provider}"]},
        "condition": {"string_equal": {"oidc:iss": [ISSUER], "oidc:aud": ["sitepub"], "oidc:sub": subjects}}, **more}]})


@pytest.fixture(scope="session")
def deploy_role(local_cloud: LocalCloud) -> str:
    """A provider, a role that trusts one branch, and a policy; its ARN.

    Once for each cloud: a worker may come back to this module after another, and the names would be in use then."""
    cam = sdk(local_cloud, "cam")
    keys = base64.b64encode(json.dumps(issuer().key_set).encode()).decode()
    cam.call_json("CreateOIDCConfig", {"Name": "ci", "IdentityUrl": ISSUER, "ClientId": ["sitepub"],
                                       "IdentityKey": keys})
    cam.call_json("CreateRole", {"RoleName": "ci-main", "PolicyDocument": trust(
        local_cloud, ["repo:team/site:ref:refs/heads/main"])})
    cam.call_json("CreatePolicy", {"PolicyName": "ci-reads", "PolicyDocument": policy(statement(
        ["name/cos:GetObject", "sts:*"]))})
    cam.call_json("AttachRolePolicy", {"AttachRoleName": "ci-main", "PolicyName": "ci-reads"})
    return f"qcs::cam::uin/{caller(local_cloud)}:roleName/ci-main"


def test_a_role_for_the_holder_of_a_signed_token(local_cloud: LocalCloud, bucket: str, deploy_role: str) -> None:
    asked = {"ProviderId": "ci", "WebIdentityToken": issuer().token(), "RoleSessionName": "job", "RoleArn": deploy_role}
    nobody = sdk(local_cloud, "sts", secret_id="x", secret_key="x")
    skip = {"options": {"SkipSign": True}}
    made = Made(local_cloud, nobody.call_json("AssumeRoleWithWebIdentity", asked, **skip))
    assert (made.status(bucket, "GET", "a/1"), made.status(bucket, "PUT", "a/1")) == (200, 403), "its policy permits"
    assert made.answer["ExpiredTime"] <= time.time() + 7200
    assert error(nobody, "GetCallerIdentity", **skip) == "AuthFailure.InvalidAuthorization"
    assert error(sdk(local_cloud, "cam", secret_id="x"), "GetUserAppId", **skip) == "AuthFailure.InvalidAuthorization"


_TOKEN = "InvalidParameter.WebIdentityTokenError"


@pytest.mark.parametrize(("change", "code"), [
    ({"aud": "other"}, _TOKEN),
    ({"aud": ["other", "sitepub"]}, ""),
    ({"aud": None}, _TOKEN),
    ({"iss": "https://gitlab.com"}, _TOKEN),
    ({"iss": ISSUER + "/"}, _TOKEN),
    ({"exp": int(time.time()) - 1}, _TOKEN),
    ({"exp": "tomorrow"}, _TOKEN),
    ({"nbf": int(time.time()) + 3600}, _TOKEN),
    ({"sub": "repo:team/site:ref:refs/heads/feature"}, "UnauthorizedOperation"),
    ({"sub": "repo:eve/site:ref:refs/heads/main"}, "UnauthorizedOperation"),
    ({"sub": "repo:team/site:pull_request"}, "UnauthorizedOperation"),
    ({"sub": None}, "UnauthorizedOperation"),
    ({"header": {"alg": "none"}}, _TOKEN),
    ({"header": {"alg": "HS256"}}, _TOKEN),
    ({"header": {"kid": "unknown"}}, _TOKEN),
])
def test_a_token_that_says_something_else_is_refused(local_cloud: LocalCloud, deploy_role: str,
                                                     change: dict[str, Any], code: str) -> None:
    nobody = sdk(local_cloud, "sts", secret_id="x", secret_key="x")
    header = change.get("header")
    claims = {name: value for name, value in change.items() if name not in ("header", "sub")}
    token = issuer().token(change.get("sub", "repo:team/site:ref:refs/heads/main"), header=header, **claims)
    asked = {"ProviderId": "ci", "WebIdentityToken": token, "RoleSessionName": "job", "RoleArn": deploy_role}
    assert error(nobody, "AssumeRoleWithWebIdentity", asked, options={"SkipSign": True}) == code


def test_a_token_with_another_signature_is_refused(local_cloud: LocalCloud, deploy_role: str) -> None:
    nobody, skip = sdk(local_cloud, "sts", secret_id="x", secret_key="x"), {"options": {"SkipSign": True}}
    good = issuer().token()
    head, body, signature = good.split(".")
    changed = ("A" if body[10] != "A" else "B").join([body[:10], body[11:]])
    asked = {"ProviderId": "ci", "RoleSessionName": "job", "RoleArn": deploy_role}
    for token in (issuer("two").token(header={"kid": "test-one"}), f"{head}.{changed}.{signature}", f"{head}.{body}.",
                  f"{head}.{body}.{signature[:-6]}", "a.b.c", "a.b", f"{head}.{body}.{signature}.x"):
        assert error(nobody, "AssumeRoleWithWebIdentity", {**asked, "WebIdentityToken": token}, **skip) == _TOKEN, token
    for change, code in (({"ProviderId": "none"}, "InvalidParameter.ParamError"),
                         ({"RoleArn": deploy_role + "x"}, "ResourceNotFound.RoleNotFound"),
                         ({"DurationSeconds": 43201}, "InvalidParameter.OverTimeError")):
        assert error(nobody, "AssumeRoleWithWebIdentity", {**asked, "WebIdentityToken": good, **change}, **skip) == code


@pytest.mark.parametrize(("more", "code"), [
    ({}, ""),
    ({"action": "name/sts:AssumeRole"}, "UnauthorizedOperation"),
    ({"principal": {"federated": ["qcs::cam::uin/1:oidc-provider/ci"]}}, "UnauthorizedOperation"),
    ({"condition": {"string_like": {"oidc:sub": ["repo:team/*"]}}}, "UnauthorizedOperation"),
    ({"condition": {"string_equal": {"oidc:actor": ["x"]}}}, "UnauthorizedOperation"),
    ({"condition": {}}, ""),
])
def test_what_a_trust_policy_lets_in(local_cloud: LocalCloud, deploy_role: str, more: dict[str, Any],
                                     code: str) -> None:
    role = f"ci-{uuid.uuid4().hex[:8]}"
    sdk(local_cloud, "cam").call_json("CreateRole", {"RoleName": role, "PolicyDocument": trust(
        local_cloud, ["repo:team/site:ref:refs/heads/main"], **more)})
    nobody = sdk(local_cloud, "sts", secret_id="x", secret_key="x")
    asked = {"ProviderId": "ci", "WebIdentityToken": issuer().token(), "RoleSessionName": "job",
             "RoleArn": f"{deploy_role.rpartition('/')[0]}/{role}"}
    assert error(nobody, "AssumeRoleWithWebIdentity", asked, options={"SkipSign": True}) == code


@pytest.mark.parametrize(("change", "code"), [
    ({"IdentityUrl": "http://issuer.example"}, "InvalidParameterValue.IdentityUrlError"),
    ({"IdentityUrl": "https://user@issuer.example"}, "InvalidParameterValue.IdentityUrlError"),
    ({"IdentityUrl": "https://issuer.example?x=1"}, "InvalidParameterValue.IdentityUrlError"),
    ({"IdentityKey": "bm8="}, "InvalidParameterValue.IdentityKeyError"),
    ({"Name": "a b"}, "InvalidParameterValue.NameError"),
    ({"Name": "ci"}, "InvalidParameter.IdentityNameInUse"),
])
def test_identity_providers_that_cannot_be(local_cloud: LocalCloud, deploy_role: str, change: dict[str, Any],
                                           code: str) -> None:
    assert deploy_role
    keys = base64.b64encode(json.dumps(issuer().key_set).encode()).decode()
    assert error(sdk(local_cloud, "cam"), "CreateOIDCConfig", {
        "Name": "other", "IdentityUrl": "https://issuer.example", "ClientId": ["x"], "IdentityKey": keys,
        **change}) == code


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
