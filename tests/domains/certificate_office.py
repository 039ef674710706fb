"""The certificates of an account, as a host's setup uses them, and short ways to make some."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sitepub.config.project import Host
from sitepub.domains.certificates.certificate import CertificateOffice
from sitepub.domains.certificates.choice import CertificatePlan
from sitepub.domains.certificates.ssl_service import SslService
from sitepub.domains.certificates.trust import BrowserTrust
from sitepub.domains.dns.dnspod import DnsPod
from sitepub.domains.dns.host_records import Dns
from sitepub.domains.edges.edge import EdgeCertificate, EdgeState, EdgeStatus
from sitepub.domains.service_api import ServiceApi
from sitepub.domains.steps import HostStepKind
from sitepub.errors import Position
from tests.conftest import LocalCloud
from tests.domains.account import Account, Kept, work_on
from tests.domains.openssl import Authority, Pair

HERE = Position("serverless.yml", 7, 9)
NUMBERS = itertools.count(1)


@pytest.fixture
def account(local_cloud: LocalCloud) -> Iterator[Account]:
    found = Account(local_cloud)
    found.pace(0)
    yield found
    found.pace(1)
    found.switches(rejected_certificates=[], deletion_waits=False, quota={"free_certificates": 50})


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def office(account: Account, *, api: ServiceApi | None = None, later: timedelta = timedelta(0),
           patience: float = 30, **how: Any) -> CertificateOffice:
    api = api or account.api
    dns = Dns(DnsPod(api), account.resolver, patience=patience)
    return CertificateOffice(SslService(api), dns, Path.cwd(), patience=patience,
                             now=lambda: datetime.now(UTC) + later, **how)


def tidy(certificates: CertificateOffice, host: Host, in_use: EdgeCertificate, kept: Kept) -> list[str]:
    """Delete what ``in_use`` replaces, step by step; why the others stay."""
    steps = certificates.replaced(host, kept.record, None, CertificatePlan(certificate=in_use))
    assert all(step.kind is HostStepKind.OLD_CERTIFICATE for step in steps)
    notes = [certificates.delete_replaced(step, in_use.id, work_on(kept)) for step in steps]
    return [note for note in notes if note]


def browsers(authority: Authority) -> BrowserTrust:
    """Browsers that know the test's root."""
    return BrowserTrust(str(authority.root.cert))


def auto(host: str) -> Host:
    return Host(host, https={"switch": "on"}, auto_certificate=True, https_position=HERE)


def own(host: str, chain: str, key: str) -> Host:
    return Host(host, https={"switch": "on", "certInfo": {"certificate": chain, "privateKey": key}},
                https_position=HERE)


def bound(host: str, id: str) -> EdgeState:
    return EdgeState(host, EdgeStatus.ONLINE, "x.cdn.dnsv1.com", https=True, certificate_id=id)


def told(account: Account, search: str) -> list[dict[str, Any]]:
    found = account.sdk("ssl", "DescribeCertificates", {"SearchKey": search, "Limit": 1000})["Certificates"]
    return list(found)


def upload(account: Account, leaf: Pair, chain: str) -> str:
    """Somebody else's certificate in the account."""
    return str(account.sdk("ssl", "UploadCertificate", {
        "CertificatePublicKey": chain, "CertificatePrivateKey": leaf.key_pem, "Alias": "theirs"})["CertificateId"])
