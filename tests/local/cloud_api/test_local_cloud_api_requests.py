"""The cloud API: asked by the official SDK, and with requests that are wrong on purpose."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from typing import Any
from urllib.parse import parse_qsl

import pytest

from sitepub.local.cloud_api.contract import contract_of
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.gateway import tc3
from sitepub.local.cloud_api.query import parameters
from tests.conftest import LocalCloud


def sdk(cloud: LocalCloud, service: str, version: str, *, secret_key: str = "", secret_id: str = "") -> Any:
    from tencentcloud.common.common_client import CommonClient
    from tencentcloud.common.credential import Credential
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile

    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=f"{cloud.host}:{cloud.port}"))
    key = Credential(secret_id or cloud.secret_id, secret_key or cloud.secret_key)
    client = CommonClient(service, version, key, cloud.region, profile=profile)
    client.request.conn.proxy = None
    return client


def error_code(client: Any, action: str, parameters: dict[str, Any] | None = None) -> str:
    from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

    with pytest.raises(TencentCloudSDKException) as caught:
        client.call_json(action, parameters or {})
    assert caught.value.get_request_id()
    return str(caught.value.get_code())


def test_the_sdk_learns_the_app_id(local_cloud: LocalCloud) -> None:
    answer = sdk(local_cloud, "cam", "2019-01-16").call_json("GetUserAppId", {})["Response"]
    assert answer["AppId"] == int(local_cloud.app_id)
    assert answer["Uin"] == answer["OwnerUin"]
    assert answer["RequestId"]


def test_the_sdk_learns_who_is_calling(local_cloud: LocalCloud) -> None:
    uin = sdk(local_cloud, "cam", "2019-01-16").call_json("GetUserAppId", {})["Response"]["Uin"]
    answer = sdk(local_cloud, "sts", "2018-08-13").call_json("GetCallerIdentity", {})["Response"]
    assert answer["AccountId"] == answer["UserId"] == answer["PrincipalId"] == uin
    assert answer["Arn"] == f"qcs::cam:{uin}:uin/{uin}"


def test_the_sdk_meets_the_documented_errors(local_cloud: LocalCloud) -> None:
    cam = sdk(local_cloud, "cam", "2019-01-16")
    assert error_code(cam, "GetUserAppID") == "InvalidAction"
    assert error_code(cam, "CreateSAMLProvider") == "UnsupportedOperation", "it exists, and is not answered here"
    assert error_code(cam, "GetUserAppId", {"Who": "me"}) == "UnknownParameter"
    assert error_code(sdk(local_cloud, "cam", "2018-01-16"), "GetUserAppId") == "NoSuchVersion"
    assert error_code(sdk(local_cloud, "nothing", "2018-01-16"), "GetUserAppId") == "NoSuchProduct"
    wrong = sdk(local_cloud, "cam", "2019-01-16", secret_key="wrong")
    assert error_code(wrong, "GetUserAppId") == "AuthFailure.SignatureFailure"
    stranger = sdk(local_cloud, "cam", "2019-01-16", secret_id="AKIDnobody")
    assert error_code(stranger, "GetUserAppId") == "AuthFailure.SecretIdNotFound"


def ask(cloud: LocalCloud, *, timestamp: int | None = None, body: bytes = b"{}", change: bytes | None = None,
        drop: str = "", media: str = "application/json", host: str = "", token: str = "",
        signed_host: str = "", service: str = "cam") -> dict[str, Any]:
    """A hand-made request to GetUserAppId, signed as the documentation describes, then perhaps spoiled."""
    host = host or f"{cloud.host}:{cloud.port}"
    moment = int(time.time()) if timestamp is None else timestamp
    date = time.strftime("%Y-%m-%d", time.gmtime(moment))
    canonical = "\n".join([
        "POST", "/", "", f"content-type:{media}", f"host:{signed_host or host}", "x-tc-action:getuserappid", "",
        "content-type;host;x-tc-action", hashlib.sha256(body).hexdigest(),
    ])
    scope = f"{date}/{service}/tc3_request"
    text = f"TC3-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = ("TC3" + cloud.secret_key).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    headers = {
        "Host": host, "Content-Type": media, "X-TC-Action": "GetUserAppId", "X-TC-Version": "2019-01-16",
        "X-TC-Timestamp": str(moment),
        "Authorization": f"TC3-HMAC-SHA256 Credential={cloud.secret_id}/{scope}, "
                         f"SignedHeaders=content-type;host;x-tc-action, Signature={signature}",
    }
    if token:
        headers["X-TC-Token"] = token
    headers.pop(drop, None)
    connection = http.client.HTTPConnection(cloud.host, cloud.port, timeout=60)
    connection.request("POST", "/", body if change is None else change, headers)
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    result: dict[str, Any] = json.loads(answer.read())["Response"]
    connection.close()
    return result


def code(answer: dict[str, Any]) -> str:
    return str(answer["Error"]["Code"])


def test_whatever_headers_are_signed_are_verified(local_cloud: LocalCloud) -> None:
    assert ask(local_cloud)["AppId"] == int(local_cloud.app_id)
    assert ask(local_cloud, host="cam.tencentcloudapi.com")["AppId"] == int(local_cloud.app_id)
    assert ask(local_cloud, body=b"")["AppId"] == int(local_cloud.app_id)


@pytest.mark.parametrize(("host", "signed_host", "service", "expected"), [
    # as the official SDK for Node.js signs for an address: without the port, its beginning for the product
    ("127.0.0.1:{port}", "127.0.0.1", "127", ""), ("localhost:{port}", "localhost", "localhost:{port}", ""),
    ("127.0.0.1:{port}", "127.0.0.1", "cam", ""), ("127.0.0.1:{port}", "", "127", ""),
    ("cam.tencentcloudapi.com:{port}", "cam.tencentcloudapi.com", "cam", ""),
    ("127.0.0.1:{port}", "127.0.0.2", "127", "AuthFailure.SignatureFailure"),
    ("127.0.0.1:{port}", "127.0.0.1:1", "127", "AuthFailure.SignatureFailure"),
    ("127.0.0.1:{port}", "127.0.0.1", "10", "NoSuchProduct"),
    ("cam.tencentcloudapi.com", "", "127", "AuthFailure.InvalidAuthorization"),
    ("sts.tencentcloudapi.com:{port}", "sts.tencentcloudapi.com", "cam", "AuthFailure.InvalidAuthorization"),
])
def test_an_address_is_signed_with_and_without_its_port(local_cloud: LocalCloud, host: str, signed_host: str,
                                                        service: str, expected: str) -> None:
    host, service = (text.format(port=local_cloud.port) for text in (host, service))
    answer = ask(local_cloud, host=host, signed_host=signed_host, service=service)
    assert (answer.get("Error") or {"Code": ""})["Code"] == expected
    assert expected or answer["AppId"] == int(local_cloud.app_id)


def test_a_spoiled_request_gets_the_documented_error(local_cloud: LocalCloud) -> None:
    now = int(time.time())
    assert code(ask(local_cloud, timestamp=now - 400)) == "AuthFailure.SignatureExpire"
    assert code(ask(local_cloud, timestamp=now + 400)) == "AuthFailure.SignatureExpire"
    assert code(ask(local_cloud, change=b'{"a": 1}')) == "AuthFailure.SignatureFailure"
    assert code(ask(local_cloud, drop="Authorization")) == "MissingParameter"
    assert code(ask(local_cloud, drop="X-TC-Timestamp")) == "MissingParameter"
    assert code(ask(local_cloud, drop="X-TC-Version")) == "MissingParameter"
    assert code(ask(local_cloud, drop="X-TC-Action")) == "AuthFailure.InvalidAuthorization"
    assert code(ask(local_cloud, host="sts.tencentcloudapi.com")) == "AuthFailure.InvalidAuthorization"
    assert code(ask(local_cloud, body=b"[]")) == "InvalidParameter"
    assert code(ask(local_cloud, body=b"{")) == "InvalidParameter"
    for unspeakable in (b'{"a": "\\ud800"}', b'{"a": NaN}', b'{"a": 1e999}', b'{"a": %s}' % (b"9" * 40),
                        b'{"a": %s%s}' % (b"[" * 9000, b"]" * 9000)):
        assert code(ask(local_cloud, body=unspeakable)) == "InvalidParameter"
    assert code(ask(local_cloud, media="text/plain")) == "UnsupportedProtocol"
    assert code(ask(local_cloud, token="stray")) == "AuthFailure.TokenFailure"


def test_the_signature_is_the_published_example() -> None:
    """The worked example of API 3.0, signature v3 (213/30654)."""
    body = '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
    headers = {"content-type": "application/json; charset=utf-8", "host": "cvm.tencentcloudapi.com",
               "x-tc-action": "DescribeInstances"}
    digest = hashlib.sha256(body.encode()).hexdigest()
    canonical = tc3.canonical_request("POST", "", headers, "content-type;host;x-tc-action", digest)
    assert digest == "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064"
    assert hashlib.sha256(canonical.encode()).hexdigest() == (
        "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84"
    )


@pytest.mark.parametrize(("given", "expected"), [
    ({"Name": "a"}, ""),
    ({"Name": "a", "Limit": 1, "Rate": 2, "On": True, "Keys": [], "More": {}}, ""),
    ({}, "MissingParameter"),
    ({"Name": None}, "MissingParameter"),
    ({"Name": 1}, "InvalidParameter"),
    ({"Name": "a", "Limit": "1"}, "InvalidParameter"),
    ({"Name": "a", "Limit": True}, "InvalidParameter"),
    ({"Name": "a", "name": "a"}, "UnknownParameter"),
    ({"Name": "a", "Limit": -1}, "InvalidParameter"),
    ({"Name": "a", "Rate": "2"}, "InvalidParameter"),
    ({"Name": "a", "Keys": "on"}, "InvalidParameter"),
    ({"Name": "a", "Keys": ["on", 1]}, "InvalidParameter"),
    ({"Name": "a", "Keys": ["on", "up"]}, "InvalidParameterValue"),
    ({"Name": "a", "Keys": ["on", "off"]}, ""),
    ({"Name": "a", "Place": 2}, ""),
    ({"Name": "a", "Place": 3}, "InvalidParameterValue"),
    ({"Name": "a", "Page": "12"}, ""),
    ({"Name": "a", "Page": "-1"}, "InvalidParameter"),
    ({"Name": "a", "More": []}, "InvalidParameter"),
    ({"Name": "a", "More": {"Rules": [{}]}}, "MissingParameter"),
    ({"Name": "a", "More": {"Rules": [{"Switch": "on"}, {"Switch": None}]}}, "MissingParameter"),
    ({"Name": "a", "More": {"Rules": [{"Switch": "up"}]}}, "InvalidParameterValue"),
    ({"Name": "a", "More": {"Rules": [{"Switch": "on", "Colour": "red"}]}}, "UnknownParameter"),
    ({"Name": "a", "More": {"Rules": [None]}}, "InvalidParameter"),
])
def test_a_request_is_checked_against_what_the_product_publishes(given: dict[str, Any], expected: str) -> None:
    own = contract_of({"Paint": "PaintRequest"}, {
        "PaintRequest": {"Name": "string!", "Limit": "uint", "Rate": "float", "On": "bool", "Keys": "string[] on|off",
                         "More": "More", "Place": "int 1|2", "Page": "uint~"},
        "More": {"Rules": "Rule[]"}, "Rule": {"Switch": "string! on|off"},
    })
    found = ""
    try:
        own.check("Paint", given)
    except ApiError as error:
        found = error.code
    assert found == expected


@pytest.mark.parametrize(("query", "expected"), [
    ("Name=a", {"Name": "a"}),
    ("Keys.0=on&Keys.1=off", {"Keys": ["on", "off"]}),
    ("Keys.1=off&Keys.0=on", {"Keys": ["on", "off"]}),
    ("Limit=10&On=true&Rate=1.5", {"Limit": 10, "On": True, "Rate": 1.5}),
    ("Limit=ten", {"Limit": "ten"}),
    ("More.Rules.0.Switch=on&More.Rules.1.Switch=off", {"More": {"Rules": [{"Switch": "on"}, {"Switch": "off"}]}}),
    ("Colour.0=red", {"Colour.0": "red"}),
    ("Keys.1=on", {"Keys": [None, "on"]}),
])
def test_a_query_names_lists_and_objects_by_their_place(query: str, expected: dict[str, Any]) -> None:
    own = contract_of({"Paint": "PaintRequest"}, {
        "PaintRequest": {"Name": "string", "Limit": "uint", "Rate": "float", "On": "bool", "Keys": "string[] on|off",
                         "More": "More"},
        "More": {"Rules": "Rule[]"}, "Rule": {"Switch": "string! on|off"},
    })
    assert parameters(own, "Paint", parse_qsl(query)) == expected


@pytest.mark.parametrize("query", ["Keys=on", "Keys.a=on", "Keys.99999=on", "Rate=fast"])
def test_a_query_that_is_not_of_that_form_is_refused(query: str) -> None:
    own = contract_of({"Paint": "PaintRequest"}, {"PaintRequest": {"Rate": "float", "Keys": "string[]"}})
    with pytest.raises(ApiError):
        parameters(own, "Paint", parse_qsl(query))
