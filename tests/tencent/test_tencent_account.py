"""The account and the cloud API, on the embedded cloud and against faults."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from sitepub.config.places import cache_dir
from sitepub.errors import AccessDenied, CloudError, CredentialsError, NetworkError, UsageError
from sitepub.tencent.account.account import caller, connect
from sitepub.tencent.account.role_credentials import from_pod
from sitepub.tencent.cloud import Credentials, Embedded
from sitepub.tencent.cloud_api import CloudApi
from sitepub.tencent.network.retry import Backoff
from tests.conftest import LocalCloud
from tests.tencent.scripted_server import HANG_UP, Raw, Received, ScriptedServer, answer, scripted

QUICK = Backoff(attempts=4, base=0.001, cap=0.002)
KEYS = Credentials("AKIDEXAMPLE", "SECRETEXAMPLE")


def said(response: dict[str, object]) -> Raw:
    return answer(200, json.dumps({"Response": {"RequestId": "r-1", **response}}).encode(),
                  Content_Type="application/json")


def refused(code: str) -> Raw:
    return said({"Error": {"Code": code, "Message": "said"}})


def api_on(server: ScriptedServer) -> CloudApi:
    return CloudApi(KEYS, "ap-guangzhou", Embedded("127.0.0.1", server.port), backoff=QUICK)


def keys_of(local: LocalCloud) -> Credentials:
    return Credentials(local.secret_id, local.secret_key)


def test_the_app_id_is_asked_once_and_then_remembered(local_cloud: LocalCloud, home: Path) -> None:
    embedded = local_cloud.address
    found = connect(keys_of(local_cloud), region=local_cloud.region, embedded=embedded)
    assert found.app_id == local_cloud.app_id
    nowhere = Embedded("127.0.0.1", 1)
    assert connect(keys_of(local_cloud), region="r", embedded=nowhere).app_id == local_cloud.app_id
    remembered = (cache_dir() / "accounts.json").read_text()
    assert local_cloud.secret_id not in remembered
    assert home in cache_dir().parents


def test_what_is_remembered_for_one_key_is_not_told_for_another(home: Path) -> None:
    assert home in cache_dir().parents
    with scripted(said({"AppId": 111111}), said({"AppId": 222222})) as server:
        embedded = Embedded("127.0.0.1", server.port)
        numbers = [connect(Credentials(f"id-{name}", "k"), region="r", embedded=embedded).app_id
                   for name in ("a", "b", "a", "b")]
    assert numbers == ["111111", "222222"] * 2 and len(server.received) == 2


def test_a_damaged_memory_only_costs_a_request(local_cloud: LocalCloud, home: Path) -> None:
    assert home in cache_dir().parents
    cache_dir().mkdir(parents=True)
    (cache_dir() / "accounts.json").write_text("[1, 2")
    embedded = local_cloud.address
    assert connect(keys_of(local_cloud), region="r", embedded=embedded).app_id == local_cloud.app_id


@pytest.mark.usefixtures("home")
def test_an_app_id_that_is_given_asks_nobody() -> None:
    nowhere = Embedded("127.0.0.1", 1)
    assert connect(KEYS, region="r", embedded=nowhere, app_id=" 1250000000 ").app_id == "1250000000"
    with pytest.raises(UsageError):
        connect(KEYS, region="r", embedded=nowhere, app_id="my-app")


def test_the_caller_is_known(local_cloud: LocalCloud) -> None:
    api = CloudApi(keys_of(local_cloud), local_cloud.region, local_cloud.address)
    who = caller(api)
    assert who.arn
    assert who.account_id


def test_wrong_keys_are_told_as_such(local_cloud: LocalCloud) -> None:
    embedded = local_cloud.address
    wrong_key = CloudApi(Credentials(local_cloud.secret_id, "wr0ng"), "ap-guangzhou", embedded)
    with pytest.raises(CredentialsError, match="SecretKey") as caught:
        caller(wrong_key)
    assert "wr0ng" not in f"{caught.value.message} {caught.value.hint}"
    with pytest.raises(CredentialsError, match="SecretId"):
        caller(CloudApi(Credentials("AKIDunknown", "k"), "ap-guangzhou", embedded))


def test_a_limited_rate_is_waited_out() -> None:
    with scripted(refused("RequestLimitExceeded"), refused("RequestLimitExceeded.UinLimitExceeded"),
                  said({"AppId": 1})) as server:
        assert api_on(server).call("cam", "2019-01-16", "GetUserAppId", {})["AppId"] == 1
    assert len(server.received) == 3


def test_a_broken_connection_is_tried_again_for_what_only_reads() -> None:
    with scripted(HANG_UP, said({"AppId": 1})) as server:
        assert api_on(server).call("cam", "2019-01-16", "GetUserAppId", {})["AppId"] == 1
    with scripted(HANG_UP, said({})) as server:
        with pytest.raises(NetworkError):
            api_on(server).call("cdn", "2018-06-06", "AddCdnDomain", {})
        assert len(server.received) == 1


@pytest.mark.parametrize(("code", "kind"), [
    ("UnauthorizedOperation", AccessDenied), ("InvalidParameter", CloudError),
    ("AuthFailure.TokenFailure", CredentialsError)])
def test_a_refusal_is_told_with_its_request(code: str, kind: type[CloudError]) -> None:
    with scripted(refused(code)) as server, pytest.raises(kind) as caught:
        api_on(server).call("cam", "2019-01-16", "GetUserAppId", {})
    assert caught.value.code == code
    assert caught.value.request_id == "r-1"


def test_an_error_below_another_content_type_is_still_an_error() -> None:
    body = json.dumps({"Response": {"Error": {"Code": "InvalidParameter", "Message": "m"}, "RequestId": "r"}})
    raw = answer(200, body.encode(), Content_Type="application/json; charset=utf-8")
    with scripted(raw) as server, pytest.raises(CloudError, match="InvalidParameter"):
        api_on(server).call("cam", "2019-01-16", "GetUserAppId", {})


def test_a_wrong_clock_is_corrected_from_the_servers_date() -> None:
    ahead = time.time() + 7200

    def judge(request: Received) -> Raw:
        date = formatdate(ahead, usegmt=True)
        if request.method == "HEAD":
            return answer(404, Date=date)
        on_time = abs(int(request.headers["x-tc-timestamp"]) - ahead) < 300
        return said({"AppId": 1}) if on_time else refused("AuthFailure.SignatureExpire")

    with scripted(judge) as server:
        api = api_on(server)
        assert api.call("cam", "2019-01-16", "GetUserAppId", {})["AppId"] == 1
        signed = server.received[-1].headers
        day = time.strftime("%Y-%m-%d", time.gmtime(int(signed["x-tc-timestamp"])))
        assert f"/{day}/cam/tc3_request" in signed["authorization"]
        api.call("cam", "2019-01-16", "GetUserAppId", {})
    assert [request.method for request in server.received] == ["POST", "HEAD", "POST", "POST"]


@pytest.mark.parametrize(("locale", "expected"), [
    ("zh_CN.UTF-8", "zh-CN"), ("de_DE.UTF-8", "en-US"), ("", "en-US")])
def test_messages_come_in_the_users_language(monkeypatch: pytest.MonkeyPatch, locale: str,
                                             expected: str) -> None:
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", locale)
    with scripted(said({})) as server:
        api_on(server).call("cam", "2019-01-16", "GetUserAppId", {})
    assert server.received[0].headers["x-tc-language"] == expected


def test_a_pod_gets_the_credentials_of_its_role(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("web.identity.token\n")
    environ = {"TKE_WEB_IDENTITY_TOKEN_FILE": str(token), "TKE_ROLE_ARN": "arn", "TKE_PROVIDER_ID": "p"}
    given = {"Credentials": {"TmpSecretId": "i", "TmpSecretKey": "k", "Token": "t"}, "ExpiredTime": 1}
    with scripted(said(given)) as server:
        found = from_pod(environ, Embedded("127.0.0.1", server.port))
    assert found == Credentials("i", "k", "t", "role of the pod")
    request = server.received[0]
    assert request.headers["x-tc-action"] == "AssumeRoleWithWebIdentity"
    assert request.headers["authorization"] == "SKIP"
    assert json.loads(request.body)["WebIdentityToken"] == "web.identity.token"
    assert from_pod({}) is None


def test_the_embedded_cloud_is_never_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch,
                                                           local_cloud: LocalCloud) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    api = CloudApi(keys_of(local_cloud), local_cloud.region, local_cloud.address)
    assert caller(api).arn


