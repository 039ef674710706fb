"""EdgeOne and `https: auto`: what is valid stays, and a host that is live elsewhere has its certificate before DNS
leads visitors to EdgeOne."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sitepub.config.project import Host
from sitepub.domains.certificates.certificate import CertificateOffice
from sitepub.domains.certificates.ssl_service import SslService
from sitepub.domains.certificates.trust import BrowserTrust
from sitepub.domains.dns.dnspod import DnsPod
from sitepub.domains.dns.host_records import Dns
from sitepub.domains.edges.edgeone import EdgeOne
from sitepub.domains.edges.edgeone_certificates import challenge_record
from sitepub.domains.hosts.apply_host import ApplyHost
from sitepub.domains.hosts.context import HostContext
from sitepub.domains.hosts.outcome import HostOutcome
from sitepub.domains.hosts.plan import HostPlan, Place, plan_host, plan_removal
from sitepub.domains.hosts.removal import TakeDown
from sitepub.domains.service_api import ServiceApi
from sitepub.domains.steps import AgreedCertificate, HostStepKind
from sitepub.errors import CloudError, Refused
from tests.conftest import LocalCloud
from tests.domains.account import Account, CutOff, Heard, Kept, Killed, work_on
from tests.domains.edge_cases import QUICK, Case, make_case
from tests.domains.openssl import Authority, needs_openssl
from tests.edgeone_zone import made_zone

BY_DNS, AFTER_DNS = AgreedCertificate("edge by dns"), AgreedCertificate("edge")


@pytest.fixture
def case(local_cloud: LocalCloud) -> Iterator[Case]:
    account = Account(local_cloud)
    account.pace(0)
    yield make_case("edgeone", local_cloud)
    account.pace(1)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


class Noting(ServiceApi):
    """The account; the actions that write are noted in their order."""

    def __init__(self, inner: ServiceApi) -> None:
        self.inner, self.writes = inner, list[str]()

    def call(self, service: str, action: str, params: Mapping[str, Any], *, host: str = "") -> dict[str, Any]:
        if not action.startswith(("Describe", "Check")):
            self.writes.append(action)
        return self.inner.call(service, action, params, host=host)


class Bench:
    """One host on EdgeOne with `https: auto`."""

    def __init__(self, case: Case, *, host: str = "", trust: BrowserTrust | None = None) -> None:
        self.case, self.account = case, case.account
        self.host = Host(host or case.host(), edge="edgeone", https={"switch": "on"}, auto_certificate=True)
        self.kept, self.heard, self.trust = Kept(self.host.host), Heard(), trust
        self.place = Place(case.bucket, case.account.cloud.region, case.endpoint, "http")
        self.label = self.host.host.removesuffix(f".{case.zone}")

    def plan(self, *, later: timedelta = timedelta(0)) -> HostPlan:
        edge, office, names = self._parts(self.account.api, later)
        return plan_host(self.host, self.place, self.kept.record, edge, office, names, "hash")

    def apply(self, plan: HostPlan, api: ServiceApi | None = None, *, wait: bool = True) -> HostOutcome:
        edge, office, names = self._parts(api or self.account.api, timedelta(0))
        return ApplyHost(plan, HostContext(
            self.host, self.place, lambda _kind, _bucket="": edge, office, names,
            work_on(self.kept, self.heard, wait=wait), lambda _host, _target: None)).apply()

    def parts(self) -> tuple[EdgeOne, CertificateOffice, Dns]:
        return self._parts(self.account.api, timedelta(0))

    def _parts(self, api: ServiceApi, later: timedelta) -> tuple[EdgeOne, CertificateOffice, Dns]:
        names = Dns(DnsPod(api), self.account.resolver, patience=20)
        office = CertificateOffice(SslService(api), names, Path(), trust=self.trust,
                                   now=lambda: datetime.now(UTC) + later)
        return EdgeOne(api, waiting=QUICK), office, names

    @property
    def mode(self) -> str:
        return str((self.case.truth(self.host.host) or {})["Certificate"]["Mode"])

    def set_certificate(self, mode: str, id: str = "") -> None:
        """As somebody does in the console."""
        zone = (self.case.truth(self.host.host) or {})["ZoneId"]
        self.account.sdk("teo", "ModifyHostsCertificate", {
            "ZoneId": zone, "Hosts": [self.host.host], "Mode": mode,
            **({"ServerCertInfo": [{"CertId": id}]} if id else {})})

    def upload(self, chain: str, key: str) -> str:
        return str(self.account.sdk("ssl", "UploadCertificate", {
            "CertificatePublicKey": chain, "CertificatePrivateKey": key})["CertificateId"])

    def challenge(self) -> list[tuple[str, str, str]]:
        return self.account.records(self.case.zone, f"_acme-challenge.{self.label}")


def kinds(plan: HostPlan) -> list[HostStepKind]:
    return [step.kind for step in plan.steps]


def agreed(plan: HostPlan) -> list[Any]:
    return [step.agreed for step in plan.steps if step.kind is HostStepKind.CERTIFICATE]


@pytest.mark.parametrize(("type", "value"), [
    ("A", "192.0.2.7"), ("AAAA", "2001:db8::7"), ("CNAME", "pages.elsewhere.example."),
])
def test_a_host_that_is_live_elsewhere_has_its_certificate_before_dns_changes(case: Case, type: str, value: str
                                                                             ) -> None:
    bench = Bench(case)
    case.account.add(case.zone, bench.label, type, value)
    plan = bench.plan()
    assert kinds(plan) == [HostStepKind.CREATE, HostStepKind.CERTIFICATE, HostStepKind.DNS]
    assert agreed(plan) == [BY_DNS]
    assert f"_acme-challenge.{bench.host.host}" in plan.steps[1].reason and "before DNS changes" in plan.steps[1].reason
    api = Noting(case.account.api)
    outcome = bench.apply(plan, api)
    assert (outcome.status, bench.mode) == ("online", "eofreecert_manual")
    assert [result.step for result in outcome.steps] == list(plan.steps)
    order = [name for name in api.writes if name in (
        "ApplyFreeCertificate", "CreateRecord", "ModifyHostsCertificate", "ModifyRecord")]
    assert order == ["ApplyFreeCertificate", "CreateRecord", "ModifyHostsCertificate", "ModifyRecord"]
    # The record that proves the host stays: EdgeOne renews by it. It is known to be sitepub's.
    [(kind, target, _status)] = bench.challenge()
    assert kind == "CNAME"
    assert [(one.type, one.value.rstrip(".")) for one in bench.kept.record.dns if one.purpose == "certificate"] == [
        (kind, target)]
    # What is valid stays, although EdgeOne would make one by itself now.
    assert bench.plan().steps == ()


def test_a_host_that_is_nowhere_yet_gets_it_after_dns(case: Case) -> None:
    bench = Bench(case)
    plan = bench.plan()
    assert kinds(plan) == [HostStepKind.CREATE, HostStepKind.DNS, HostStepKind.CERTIFICATE]
    assert agreed(plan) == [AFTER_DNS]
    assert bench.apply(plan).status == "online" and bench.mode == "eofreecert"
    assert bench.plan().steps == () and bench.challenge() == []


def test_an_apex_that_is_live_elsewhere_is_proved_at_its_own_name(case: Case) -> None:
    bench = Bench(case, host=case.zone)
    case.account.add(case.zone, "@", "A", "192.0.2.7")
    plan = bench.plan()
    assert agreed(plan) == [BY_DNS] and bench.apply(plan).status == "online"
    assert bench.mode == "eofreecert_manual"
    assert len(case.account.records(case.zone, "_acme-challenge")) == 1


@needs_openssl
@pytest.mark.parametrize(("lifetime", "left", "chained", "kept"), [
    (90, 60, True, True), (200, 100, True, True), (47, 20, True, True), (90, 20, True, False), (200, 60, True, False),
    (90, 60, False, False),
])
def test_one_of_the_ssl_service_stays_while_it_is_valid_and_trusted(
        case: Case, authority: Authority, lifetime: int, left: int, chained: bool, kept: bool) -> None:
    bench = Bench(case, trust=BrowserTrust(str(authority.root.cert)))
    assert bench.apply(bench.plan()).status == "online"
    now = datetime.now(UTC)
    begin, end = (f"{now + timedelta(days=days):%Y%m%d%H%M%S}Z" for days in (left - lifetime, left))
    leaf = authority.leaf(bench.label, bench.host.host, begin=begin, end=end, kind="prime256v1")
    bench.set_certificate("sslcert", bench.upload(authority.chain(leaf) if chained else leaf.pem, leaf.key_pem))
    plan = bench.plan()
    if kept:
        assert plan.steps == ()
        return
    # Its place is taken without a moment in which there is none.
    assert agreed(plan) == [BY_DNS] and "the present one has to be replaced" in plan.steps[0].reason
    assert [str(leaf) for leaf in plan.steps[0].details] == ["Certificate.Mode: sslcert → eofreecert_manual"]
    assert bench.apply(plan).status == "online" and bench.mode == "eofreecert_manual"
    assert bench.plan().steps == ()


@pytest.mark.parametrize("mode", ["eofreecert", "eofreecert_manual"])
def test_edgeones_own_is_left_to_edgeone_until_it_has_failed_to_renew_it(case: Case, mode: str) -> None:
    bench = Bench(case)
    if mode == "eofreecert_manual":
        case.account.add(case.zone, bench.label, "A", "192.0.2.7")
    assert bench.apply(bench.plan()).status == "online" and bench.mode == mode
    for left in (60, 29, 21, 16, 15):
        assert bench.plan(later=timedelta(days=90 - left)).steps == (), left
    for left in (13, 3):
        [step] = bench.plan(later=timedelta(days=90 - left)).steps
        assert step.agreed == BY_DNS, left


def test_https_that_was_switched_off_is_asked_for_again(case: Case) -> None:
    bench = Bench(case)
    assert bench.apply(bench.plan()).status == "online"
    bench.set_certificate("disable")
    plan = bench.plan()
    # Visitors come already, and there is nothing to lose: EdgeOne makes one by itself.
    assert agreed(plan) == [AFTER_DNS] and bench.apply(plan).status == "online"
    assert bench.mode == "eofreecert"


def test_a_zone_whose_dns_edgeone_writes_needs_no_record(local_cloud: LocalCloud) -> None:
    case = make_case("cdn", local_cloud)
    case.account.pace(0)
    zone = made_zone(case.account.sdk, case.zone, kind="dnsPodAccess")
    bench = Bench(case)
    case.account.add(case.zone, bench.label, "A", "192.0.2.7")
    # EdgeOne proves it through DNSPod by itself: visitors from elsewhere find it there.
    plan = bench.plan()
    assert agreed(plan) == [BY_DNS] and "through DNSPod" in plan.steps[1].reason
    api = Noting(case.account.api)
    assert bench.apply(plan, api).status == "online" and bench.challenge() == []
    [domain] = case.account.sdk("teo", "DescribeAccelerationDomains", {"ZoneId": zone})["AccelerationDomains"]
    assert domain["Certificate"]["Mode"] == "eofreecert"
    assert api.writes[-2:] == ["ModifyHostsCertificate", "ModifyRecord"] and bench.plan().steps == ()
    case.account.pace(1)


def test_without_waiting_dns_stays_as_it_is_until_the_certificate_is_there(case: Case) -> None:
    bench = Bench(case)
    case.account.add(case.zone, bench.label, "A", "192.0.2.7")
    api = Pending(case.account.api)
    outcome = bench.apply(bench.plan(), api, wait=False)
    assert outcome.status == "waiting" and "has not issued the certificate yet" in outcome.waiting
    assert case.account.records(case.zone, bench.label) == [("A", "192.0.2.7", "ENABLE")]
    plan = bench.plan()
    assert agreed(plan) == [BY_DNS] and bench.apply(plan).status == "online"
    assert case.account.records(case.zone, bench.label)[0][0] == "CNAME" and len(bench.challenge()) == 1


class Pending(ServiceApi):
    """EdgeOne, before it has seen the record."""

    def __init__(self, inner: ServiceApi, code: str = "ResourceUnavailable.RecordUnExpected") -> None:
        self._inner, self._code = inner, code

    def call(self, service: str, action: str, params: Mapping[str, Any], *, host: str = "") -> dict[str, Any]:
        if action == "CheckFreeCertificateVerification":
            raise CloudError("not yet", code=self._code)
        return self._inner.call(service, action, params, host=host)


@pytest.mark.parametrize(("code", "waits"), [
    ("ResourceUnavailable.RecordUnExpected", True), ("FailedOperation.ApplyCertAutoVerificationFailed", True),
    ("ResourceNotFound", True), ("UnauthorizedOperation.CamUnauthorized", False), ("InvalidParameter", False),
    ("InternalError", False),
])
def test_only_a_record_that_is_not_seen_is_waited_for(case: Case, code: str, waits: bool) -> None:
    bench = Bench(case)
    case.account.add(case.zone, bench.label, "A", "192.0.2.7")
    plan = bench.plan()
    if waits:
        assert bench.apply(plan, Pending(case.account.api, code), wait=False).status == "waiting"
    else:
        with pytest.raises(CloudError) as caught:
            bench.apply(plan, Pending(case.account.api, code), wait=False)
        assert caught.value.code == code
    assert case.account.records(case.zone, bench.label) == [("A", "192.0.2.7", "ENABLE")]


def test_a_record_of_others_at_the_name_of_the_proof_stays_and_dns_too(case: Case) -> None:
    bench = Bench(case)
    case.account.add(case.zone, bench.label, "A", "192.0.2.7")
    case.account.add(case.zone, f"_acme-challenge.{bench.label}", "TXT", "certbot")
    with pytest.raises(Refused) as caught:
        bench.apply(bench.plan())
    assert "_acme-challenge" in caught.value.message
    assert bench.challenge() == [("TXT", "certbot", "ENABLE")]
    assert case.account.records(case.zone, bench.label) == [("A", "192.0.2.7", "ENABLE")]


@pytest.mark.parametrize("sent", [False, True])
def test_killed_at_any_call_the_next_run_ends_in_the_same_state(case: Case, sent: bool) -> None:
    """Domain, rule, application, record, certificate, DNS."""
    at = 0
    while True:
        bench = Bench(case)
        case.account.add(case.zone, bench.label, "A", "192.0.2.7")
        try:
            bench.apply(bench.plan(), CutOff(case.account.api, at, sent=sent))
            break
        except Killed:
            plan = bench.plan()
            assert bench.apply(plan).status in ("online", "unchanged"), at
            assert bench.mode == "eofreecert_manual", at
            assert len(bench.challenge()) == 1 and bench.plan().steps == (), at
            assert {one.purpose for one in bench.kept.record.dns} <= {"certificate", "cname"}
        at += 1
    assert at >= 5


def test_removal_takes_the_proof_away_too(case: Case) -> None:
    bench = Bench(case)
    case.account.add(case.zone, bench.label, "A", "192.0.2.7")
    assert bench.apply(bench.plan()).status == "online"
    [step] = plan_removal(bench.kept.record, bench.case.edge, "sitepub remove").steps
    names = case.account.dns()
    TakeDown(step, case.edge, CertificateOffice(SslService(case.account.api), names, Path()), names,
             work_on(bench.kept)).apply()
    assert bench.challenge() == [] and case.truth(bench.host.host) is None


@pytest.mark.parametrize("found", [
    {"Subdomain": "_acme-challenge", "RecordType": "CNAME", "RecordValue": "x.edgeone.com"},
    {"Subdomain": "_acme-challenge.www", "RecordType": "CNAME", "RecordValue": "x.edgeone.com."},
    {"Subdomain": "_acme-challenge.www.a.com", "RecordType": "CNAME", "RecordValue": "x.edgeone.com"},
    {"Subdomain": "_acme-challenge.www.a.com.", "RecordType": "CNAME", "RecordValue": "x.edgeone.com"},
    # The example in the documentation of ApplyFreeCertificate.
    {"RecordType": "CNAME", "RecordValue": "_acme-challenge", "Subdomain": "x.edgeone.com"},
    {"Subdomain": "", "RecordType": "CNAME", "RecordValue": "x.edgeone.com"},
])
def test_the_record_is_understood_in_every_form(found: Mapping[str, str]) -> None:
    wanted = challenge_record(found, "www.a.com")
    assert (wanted.name, wanted.type, wanted.value) == ("_acme-challenge.www.a.com", "CNAME", "x.edgeone.com")
    assert challenge_record({**found, "RecordType": "TXT"}, "www.a.com").type == "TXT"


def test_an_answer_without_a_record_is_an_error() -> None:
    for found in ({}, {"Subdomain": "_acme-challenge", "RecordType": "CNAME", "RecordValue": ""}):
        with pytest.raises(CloudError, match="did not say which record"):
            challenge_record(found, "www.a.com")
