"""The authority of visitors' own certificates: read, checked, sent as the CDN wants it, compared with what it has."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from sitepub.config.project import Host
from sitepub.domains.certificates.client_certificate import check_client_certificate, with_client_certificate
from sitepub.domains.edges.cdn_wanted import update_request
from sitepub.domains.edges.client_certificate import described, encoded, until
from sitepub.errors import ConfigError
from tests.conftest import LocalCloud, running_cloud
from tests.domains.edge_cases import Case, make_case
from tests.domains.openssl import Authority, needs_openssl

pytestmark = needs_openssl


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("client") / "data", "--pace", "0") as cloud:
        yield cloud


@pytest.fixture
def case(cloud: LocalCloud) -> Case:
    return make_case("cdn", cloud)


def host(certificate: str, **more: Any) -> Host:
    return Host("www.example.com", https={"switch": "on", "verifyClient": "on",
                                          "clientCertInfo": {"certificate": certificate}, **more})


def given(found: Host) -> str:
    assert found.https is not None
    return str(found.https["clientCertInfo"]["certificate"])


WAYS: dict[str, Callable[[str], str]] = {
    "text": lambda pem: pem,
    "Base64": lambda pem: base64.b64encode(pem.encode()).decode(),
    "Base64 in lines": lambda pem: base64.encodebytes(pem.encode()).decode(),
    "one line": lambda pem: pem.strip().replace("\n", "\\n"),
    "with words around it": lambda pem: f"Certificate:\n    Version 3\n{pem}\n",
}


@pytest.mark.parametrize("way", list(WAYS))
def test_it_is_sent_as_pem_in_base64_however_it_is_written(authority: Authority, tmp_path: Path, way: str) -> None:
    pem = authority.root.pem
    written = host(WAYS[way](pem))
    check_client_certificate(written, tmp_path)
    sent = given(with_client_certificate(written, tmp_path))
    assert base64.b64decode(sent).decode().strip() == pem[pem.index("-----BEGIN"):].strip()
    assert encoded(sent) == sent


def test_it_is_read_from_a_file_beside_serverless_yml(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "authority.pem").write_text(authority.root.pem + authority.intermediate.pem)
    found = with_client_certificate(host("authority.pem"), tmp_path)
    assert base64.b64decode(given(found)).count(b"BEGIN CERTIFICATE") == 2
    check_client_certificate(found, tmp_path / "elsewhere")
    assert "Test Root" in str(described(given(found))) and "and 1 more" in str(described(given(found)))


def test_what_cannot_be_used_is_refused_in_words_before_anything_is_sent(authority: Authority, tmp_path: Path) -> None:
    old = authority.leaf("old", "old.example.com", begin="20200101000000Z", end="20210101000000Z")
    (tmp_path / "both.pem").write_text(authority.root.pem + authority.root.key_pem)
    (tmp_path / "der.pem").write_bytes(bytes(range(200)))
    for written, words in (
        ("missing.pem", "does not exist"), ("both.pem", "private key"), (authority.root.key_pem, "private key"),
        ("der.pem", "not PEM"), ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "no certificate"),
        (base64.b64encode(b"-----BEGIN NOTHING-----").decode(), "no certificate"), (old.pem, "expired on 2021-01-01"),
    ):
        with pytest.raises(ConfigError, match=words) as told:
            check_client_certificate(host(written), tmp_path)
        assert "PRIVATE KEY" not in str(told.value)
        assert with_client_certificate(host(written), tmp_path) == host(written), "removal needs no certificate"
    check_client_certificate(host("missing.pem", switch="off"), tmp_path)


def settings(pem: str, tmp_path: Path) -> dict[str, Any]:
    """The CDN keeps them while HTTPS is off: so no certificate of the host is needed here."""
    found = with_client_certificate(host(pem), tmp_path)
    return {**(found.https or {}), "switch": "off"}


def test_the_cdn_gets_it_and_shows_no_difference_afterwards(case: Case, authority: Authority, tmp_path: Path) -> None:
    asked = settings(authority.root.pem, tmp_path)
    state = case.made(https=asked)
    [truth] = case.account.sdk("cdn", "DescribeDomainsConfig", {
        "Filters": [{"Name": "domain", "Value": [state.host]}]})["Domains"]
    info = truth["Https"]["ClientCertInfo"]
    assert encoded(info["Certificate"]) == asked["clientCertInfo"]["certificate"]
    assert info["ExpireTime"] == until(info["Certificate"]) and truth["Https"]["VerifyClient"] == "on"
    assert case.edge.differences(case.wanted(state.host, https=asked), state) == ()
    # A cloud that does not show it again
    https = {**state.config["Https"], "ClientCertInfo": {**info, "Certificate": None}}
    hidden = replace(state, config={**state.config, "Https": https})
    assert case.edge.differences(case.wanted(state.host, https=asked), hidden) == ()
    # What is changed beside it brings it along: the CDN demands it where visitors are verified.
    request = update_request(case.wanted(state.host, https={**asked, "http2": "on"}), hidden.config)
    assert request["Https"]["ClientCertInfo"] == {"Certificate": asked["clientCertInfo"]["certificate"]}


def test_another_one_is_shown_in_words_and_written(case: Case, authority: Authority, tmp_path: Path) -> None:
    state = case.made(https=settings(authority.root.pem, tmp_path))
    asked = settings(authority.intermediate.pem, tmp_path)
    [leaf] = case.edge.differences(case.wanted(state.host, https=asked), state)
    assert leaf.path == "Https.ClientCertInfo.Certificate"
    assert "Test Root" in str(leaf.before) and "Test Intermediate" in str(leaf.after) and "BEGIN" not in str(leaf)
    case.edge.update(case.wanted(state.host, https=asked), state)
    assert case.edge.differences(case.wanted(state.host, https=asked), case.ready(state.host)) == ()


@pytest.mark.parametrize("info", [None, {}, {"Certificate": ""}, {"Certificate": "PEM"},
                                  {"Certificate": base64.b64encode(b"no PEM").decode()}])
def test_the_embedded_cdn_refuses_to_verify_visitors_without_a_certificate(case: Case, info: Any) -> None:
    state = case.made()
    https = {"Switch": "off", "VerifyClient": "on", **({"ClientCertInfo": info} if info is not None else {})}
    with pytest.raises(TencentCloudSDKException) as told:
        case.account.sdk("cdn", "UpdateDomainConfig", {"Domain": state.host, "Https": https})
    assert told.value.get_code() in ("InvalidParameter.CdnCertNoCertInfo", "InvalidParameter.CdnCertNotPem",
                                     "MissingParameter")
