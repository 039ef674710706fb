"""Temporary credentials are replaced before they run out, wherever they are in use."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from sitepub.errors import CredentialsError
from sitepub.tencent.account import role_credentials
from sitepub.tencent.account.account import caller
from sitepub.tencent.account.credentials import find_credentials
from sitepub.tencent.account.renewal import EARLY, PAUSE, Renewal
from sitepub.tencent.account.role_credentials import from_machine, from_pod
from sitepub.tencent.cloud import Cloud, Credentials, Embedded
from sitepub.tencent.cloud_api import CloudApi
from sitepub.tencent.cos.bucket_settings import BucketSettings, BucketStatus
from sitepub.tencent.cos.object_store import CosObjectStore
from sitepub.tencent.network.connection import Route
from tests.conftest import LocalCloud
from tests.tencent.scripted_server import Received, answer, error, scripted, stored

BUCKET = "site-1250000000"


class Source:
    """Gives out t1, t2 …, each good for an hour by a clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.asked = 0
        self.broken: CredentialsError | None = None
        self.renewal = Renewal(self.fetch, clock=lambda: self.now)

    def fetch(self) -> Credentials:
        self.asked += 1
        if self.broken is not None:
            raise self.broken
        return Credentials("id", "key", f"t{self.asked}", "role", self.now + 3600)

    def first(self) -> Credentials:
        return self.renewal.keeps(self.fetch())


def test_new_ones_are_asked_for_shortly_before_the_end_and_not_sooner() -> None:
    source = Source()
    first = source.first()
    source.now += 3600 - EARLY - 1
    assert first.fresh().token == "t1" and source.asked == 1
    source.now += 1
    assert first.fresh().token == "t2"
    assert first.fresh().fresh().token == "t2" and source.asked == 2
    source.now += 3600
    assert first.fresh().token == "t3"


def test_of_many_threads_one_asks() -> None:
    source = Source()
    first = source.first()
    source.now += 3600
    together = threading.Barrier(16)

    def ask(_: int) -> str | None:
        together.wait()
        return first.fresh().token

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(ask, range(16))) == {"t2"}
    assert source.asked == 2


def test_as_long_as_the_old_ones_are_good_a_failure_is_no_matter_and_is_not_repeated_with_every_request() -> None:
    source = Source()
    first = source.first()
    source.broken = CredentialsError("no")
    source.now += 3600 - EARLY
    assert [first.fresh().token for _ in range(5)] == ["t1"] * 5
    assert source.asked == 2
    source.now += PAUSE
    assert first.fresh().token == "t1" and source.asked == 3
    source.now += EARLY
    for _ in range(3):
        with pytest.raises(CredentialsError):
            first.fresh()
    assert source.asked == 4
    source.broken = None
    source.now += PAUSE
    assert first.fresh().token == "t5"


def test_who_hides_secrets_hears_of_new_ones_before_they_are_used() -> None:
    source = Source()
    first, told = source.first(), list[str | None]()
    source.renewal.on_new = lambda new: told.append(new.token)
    source.now += 3600
    first.fresh()
    assert told == ["t2"]


def test_objects_settings_and_the_cloud_api_go_on_with_new_ones(local_cloud: LocalCloud) -> None:
    good = Credentials(local_cloud.secret_id, local_cloud.secret_key)
    gone = Renewal(lambda: good).keeps(Credentials("AKIDgone", "gone", "gone", expires=time.time() - 1))
    place = local_cloud.address
    cloud = Cloud(gone, local_cloud.app_id, local_cloud.region, place)
    assert caller(CloudApi(gone, local_cloud.region, place)).account_id
    settings = BucketSettings(cloud, f"renewed-{local_cloud.app_id}")
    settings.create()
    assert settings.head() is BucketStatus.OURS
    store = CosObjectStore(cloud, settings.bucket)
    store.put("a", b"1", {})
    assert store.get("a").data == b"1"
    store.delete(["a"])
    settings.delete()


def test_settings_that_were_in_use_change_over_too(local_cloud: LocalCloud) -> None:
    now = [time.time()]
    bad = Credentials("AKIDother", "other", "other")
    first = Renewal(lambda: bad, clock=lambda: now[0]).keeps(
        Credentials(local_cloud.secret_id, local_cloud.secret_key, expires=now[0] + 3600))
    settings = BucketSettings(Cloud(first, local_cloud.app_id, local_cloud.region,
                                    local_cloud.address), f"over-{local_cloud.app_id}")
    settings.create()
    now[0] += 3600
    with pytest.raises(CredentialsError):
        settings.get_acl()
    BucketSettings(replace(settings.cloud, credentials=replace(first, renewal=None)), settings.bucket).delete()


def tokens(received: list[Received]) -> list[str | None]:
    return [request.headers.get("x-cos-security-token") for request in received]


def test_each_request_carries_the_token_of_its_time() -> None:
    source = Source()
    with scripted(stored, stored) as server:
        store = CosObjectStore(Cloud(source.first(), "1250000000", "ap-guangzhou"), BUCKET,
                               route=Route("site.example", "127.0.0.1", server.port))
        store.put("a", b"1", {})
        source.now += 3600
        store.put("b", b"2", {})
        store.close()
    assert tokens(server.received) == ["t1", "t2"]
    assert "x-cos-security-token" in server.received[1].headers["authorization"]


def test_a_token_that_the_cloud_calls_expired_is_replaced_once_and_the_request_sent_again() -> None:
    source, sent = Source(), list[int]()
    with scripted(error(400, "ExpiredToken"), stored, error(400, "ExpiredToken"), error(400, "ExpiredToken")) as server:
        store = CosObjectStore(Cloud(source.first(), "1250000000", "ap-guangzhou"), BUCKET,
                               route=Route("site.example", "127.0.0.1", server.port))
        store.put("a", b"123", {}, sent=sent.append)
        source.now += PAUSE
        with pytest.raises(CredentialsError):
            store.put("b", b"1", {})
        store.close()
    assert tokens(server.received) == ["t1", "t2", "t2", "t3"]
    assert sum(sent) == 3 and server.received[1].body == b"123"


def test_without_a_source_an_expired_token_is_told_at_once() -> None:
    with scripted(error(400, "ExpiredToken")) as server:
        store = CosObjectStore(Cloud(Credentials("i", "k", "t"), "1250000000", "ap-guangzhou"), BUCKET,
                               route=Route("site.example", "127.0.0.1", server.port))
        with pytest.raises(CredentialsError, match="expired"):
            store.put("a", b"1", {})
        store.close()
    assert len(server.received) == 1


# Where they come from


def said(token: str, expires: float) -> bytes:
    return json.dumps({"TmpSecretId": "i", "TmpSecretKey": "k", "Token": token, "ExpiredTime": expires}).encode()


def test_the_role_of_a_machine_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    soon, later = int(time.time() + EARLY / 2), int(time.time() + 7200)
    with scripted(answer(200, b"deployer\n"), answer(200, said("t1", soon)), answer(200, b"deployer\n"),
                  answer(200, said("t2", later))) as server:
        monkeypatch.setattr(role_credentials, "_METADATA", f"http://127.0.0.1:{server.port}/")
        found = from_machine({"SITEPUB_CVM_ROLE": "auto"})
        assert found is not None and (found.token, found.expires) == ("t1", soon)
        assert (found.fresh().token, found.fresh().expires) == ("t2", later)


def test_a_pod_reads_its_token_again(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("one")
    environ = {"TKE_WEB_IDENTITY_TOKEN_FILE": str(token), "TKE_ROLE_ARN": "arn", "TKE_PROVIDER_ID": "p"}

    def assumed(name: str, expires: float) -> bytes:
        keys = {"TmpSecretId": "i", "TmpSecretKey": "k", "Token": name}
        return json.dumps({"Response": {"Credentials": keys, "ExpiredTime": expires, "RequestId": "r"}}).encode()

    first, second = assumed("t1", time.time() + 1), assumed("t2", time.time() + 7200)
    with scripted(answer(200, first), answer(200, second)) as server:
        found = from_pod(environ, Embedded("127.0.0.1", server.port))
        assert found is not None and found.token == "t1"
        token.write_text("two")
        assert found.fresh().token == "t2"
    assert [json.loads(request.body)["WebIdentityToken"] for request in server.received] == ["one", "two"]


def test_a_new_login_of_the_clouds_own_tool_is_taken_up(tmp_path: Path) -> None:
    file = tmp_path / ".tccli/default.credential"
    file.parent.mkdir()

    def login(token: str, expires: float) -> None:
        file.write_text(json.dumps({"secretId": " i ", "secretKey": "k", "token": token, "expiresAt": int(expires)}))

    login("t1", time.time() + EARLY / 2)
    found = find_credentials(profile=None, environ={"HOME": str(tmp_path), "SITEPUB_HOME": str(tmp_path)}, dotenv={},
                             home=tmp_path)
    assert (found.secret_id, found.token) == ("i", "t1")
    login("t2", time.time() + 7200)
    assert found.fresh().token == "t2"
