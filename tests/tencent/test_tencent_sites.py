"""Accounts of the international site: which hosts are asked, how the site is found out, and that it stays known."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sitepub.actions.login import login
from sitepub.errors import CredentialsError, UsageError
from sitepub.tencent.account.credentials import find_credentials
from sitepub.tencent.account.profiles import read_profiles
from sitepub.tencent.account.renewal import Renewal
from sitepub.tencent.cloud import Credentials
from sitepub.tencent.cloud_api import CloudApi
from sitepub.tencent.network.retry import Backoff
from sitepub.tencent.sites import SITES, checked_site, site_of
from tests.tencent.scripted_server import Raw, Received, answer
from tests.tencent.test_tencent_network import proxy_with
from tests.tencent.tls_certificate import self_signed_for

QUICK = Backoff(attempts=1)
KEY = {"TENCENTCLOUD_SECRET_ID": "AKIDsites0000000", "TENCENTCLOUD_SECRET_KEY": "key0000000000000"}


def known_at(*hosts: str) -> Callable[[Received], Raw]:
    """A cloud whose hosts with one of these beginnings know the key."""
    def respond(request: Received) -> Raw:
        good = request.headers["host"] in hosts
        body = {"Arn": "qcs::cam::uin/1:uin/1", "AccountId": "1"} if good else {
            "Error": {"Code": "AuthFailure.SecretIdNotFound", "Message": "unknown"}}
        return answer(200, json.dumps({"Response": {"RequestId": "r", **body}}).encode(),
                      Content_Type="application/json")

    return respond


CN, INTL = "sts.tencentcloudapi.com", "sts.intl.tencentcloudapi.com"


@pytest.fixture
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for both sites' hosts."""
    return self_signed_for(tmp_path_factory.mktemp("tls") / "both.pem",
                           ["*.tencentcloudapi.com", "*.intl.tencentcloudapi.com"])


@pytest.mark.parametrize(("hosts", "site", "asked"), [
    ((CN,), "cn", [CN]), ((INTL,), "intl", [CN, INTL]), ((CN, INTL), "cn", [CN])])
def test_login_finds_out_the_site(hosts: tuple[str, ...], site: str, asked: list[str], wide: Path, home: Path,
                                  monkeypatch: pytest.MonkeyPatch) -> None:
    del home
    monkeypatch.setenv("SSL_CERT_FILE", str(wide))
    with proxy_with(wide, respond=known_at(*hosts)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        stored = login("AKIDsites0000000", "key0000000000000", profile="default", environ={"SITEPUB_HOME": _home()})
    assert stored.site == site
    assert [line.split()[1] for line in proxy.asked] == [f"{host}:443" for host in asked]
    assert read_profiles({"SITEPUB_HOME": _home()}).by_name["default"].site == site


def test_a_key_that_neither_knows_is_not_stored(wide: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(wide))
    with proxy_with(wide, respond=known_at()) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(CredentialsError) as told:
            login("AKIDsites0000000", "key0000000000000", profile="default", environ={"SITEPUB_HOME": _home()})
    assert "TENCENTCLOUD_SITE=intl" in str(told.value.hint)
    assert len(proxy.asked) == 2 and not list(home.rglob("profiles.ini"))


def test_a_site_that_was_named_is_the_only_one_asked(wide: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del home
    monkeypatch.setenv("SSL_CERT_FILE", str(wide))
    with proxy_with(wide, respond=known_at(CN)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(CredentialsError):
            login("AKIDsites0000000", "key0000000000000", profile="d", environ={"SITEPUB_HOME": _home()}, site="intl")
    assert [line.split()[1] for line in proxy.asked] == [f"{INTL}:443"]


@pytest.mark.parametrize("service", ["cdn", "teo", "ssl", "dnspod", "cls", "cam", "sts"])
def test_every_service_is_asked_at_the_account_s_site(service: str, wide: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(wide))
    for site in SITES:
        host = f"{service}.{'intl.' if site == 'intl' else ''}tencentcloudapi.com"
        with proxy_with(wide, respond=known_at(host)) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
            api = CloudApi(Credentials("AKIDsites0000000", "key0000000000000", site=site), "ap-guangzhou",
                           backoff=QUICK)
            assert api.call(service, "2018-06-06", "DescribeAnything", {})["AccountId"] == "1"
        assert proxy.asked[0].split()[1] == f"{host}:443"


@pytest.mark.parametrize(("environ", "dotenv", "site"), [
    (KEY, {}, "cn"), ({**KEY, "TENCENTCLOUD_SITE": "intl"}, {}, "intl"), ({**KEY, "TENCENTCLOUD_SITE": " INTL "}, {},
                                                                          "intl"),
    ({}, {**KEY, "TENCENTCLOUD_SITE": "intl"}, "intl"), (KEY, {"TENCENTCLOUD_SITE": "intl"}, "intl"),
    ({**KEY, "TENCENTCLOUD_SITE": "cn"}, {"TENCENTCLOUD_SITE": "intl"}, "cn"), ({**KEY, "TENCENTCLOUD_SITE": ""}, {},
                                                                                "cn")])
def test_the_variable_names_the_site(environ: dict[str, str], dotenv: dict[str, str], site: str, home: Path) -> None:
    found = find_credentials(profile=None, environ={**environ, "SITEPUB_HOME": _home(), "HOME": str(home)},
                             dotenv=dotenv)
    assert found.site == site


def test_a_profile_keeps_its_own_site(home: Path) -> None:
    from sitepub.tencent.account.profiles import save_profile

    environ = {"SITEPUB_HOME": _home(), "HOME": str(home), "TENCENTCLOUD_SITE": "cn"}
    save_profile("default", Credentials("AKIDsites0000000", "key0000000000000", site="intl"), environ)
    save_profile("other", Credentials("AKIDother0000000", "key1000000000000"), environ)
    assert find_credentials(profile=None, environ=environ, dotenv={}).site == "intl"
    assert find_credentials(profile="other", environ=environ, dotenv={}).site == "cn"
    file = home / "sitepub" / "config" / "profiles.ini"
    file.write_text(file.read_text().replace("site = intl", "site = mars"))
    with pytest.raises(UsageError, match="mars"):
        find_credentials(profile=None, environ=environ, dotenv={})


def test_renewed_keys_are_of_the_same_site() -> None:
    renewal = Renewal(lambda: Credentials("AKID2", "new", "token", expires=9e9))
    first = renewal.keeps(Credentials("AKID1", "old", "t", expires=1.0, site="intl"))
    assert first.fresh().secret_key == "new" and first.fresh().site == "intl"


@pytest.mark.parametrize("value", ["", "china", "international", "intl.", "国际", "cn,intl", "0"])
def test_what_is_no_site(value: str) -> None:
    with pytest.raises(UsageError):
        checked_site(value, "here")


def test_the_first_that_says_it_counts() -> None:
    assert site_of({}, {"TENCENTCLOUD_SITE": "intl"}, {"TENCENTCLOUD_SITE": "cn"}) == "intl"
    assert site_of({}, {}) is None


def _home() -> str:
    return os.environ["SITEPUB_HOME"]
