from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sitepub.config.project import Host
from sitepub.domains.certificates.certificate import CertificateOffice
from sitepub.domains.certificates.choice import CertificatePlan
from sitepub.domains.certificates.ssl_service import SslService, china_time
from sitepub.domains.certificates.trust import BrowserTrust
from sitepub.domains.dns.dnspod import DnsPod
from sitepub.domains.dns.host_records import Dns
from sitepub.domains.edges.edge import EdgeCertificate, EdgeState, EdgeStatus
from sitepub.domains.records import CertificateRecord, HostRecord
from sitepub.domains.service_api import ServiceApi
from sitepub.domains.steps import AgreedCertificate, HostStepKind
from sitepub.errors import CloudError, ConfigError, Position, SitepubError
from tests.conftest import LocalCloud
from tests.domains.account import Account, CutOff, Heard, Kept, Killed, removal_of, work_on
from tests.domains.edge_cases import make_case
from tests.domains.openssl import Authority, Pair, needs_openssl

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


# A free one


def test_a_free_certificate_is_applied_for_validated_in_dnspod_and_issued(account: Account) -> None:
    account.zone("free.example")
    host, kept, heard = auto("www.free.example"), Kept("www.free.example"), Heard()
    plan = office(account).plan(host, kept.record, None)
    assert [step.summary for step in plan.steps] == ["apply for a free certificate for www.free.example"]
    assert plan.certificate is None and told(account, "free.example") == []
    found = office(account).obtain(host, None, work_on(kept, heard))
    assert found is not None
    [there] = told(account, "www.free.example")
    assert (there["CertificateId"], there["Status"], there["VerifyType"]) == (found.id, 1, "DNS_AUTO")
    made = kept.record.certificates[0]
    assert (made.id, made.how, made.fingerprint) == (found.id, "applied", found.fingerprint)
    assert len(found.fingerprint) == 64 and found.not_after
    # The validation record went by itself, and the next plan is empty.
    assert account.records("free.example", "_dnsauth.www") == []
    again = office(account).plan(host, kept.record, bound("www.free.example", found.id))
    assert again.steps == () and again.certificate is not None and again.certificate.id == found.id
    assert any("issued, valid until" in line for line in heard.dones)
    assert found.pem is not None
    chain, key = found.pem()
    assert "BEGIN CERTIFICATE" in chain and "PRIVATE KEY" in key


def test_a_zone_elsewhere_gets_the_validation_record_told_and_the_wait_ends_when_it_is_there(
        account: Account) -> None:
    host, kept = auto("www.byhand.example"), Kept("www.byhand.example")
    account.zone_elsewhere("byhand.example", [{"name": "@", "type": "NS", "value": "ns.byhand.example"}])

    class Adding(Heard):
        """Somebody who does what is asked for."""

        def todo(self, host: str, text: str) -> None:
            super().todo(host, text)
            name, kind, value = text.rpartition(": ")[2].split("  ")
            account.zone_elsewhere("byhand.example", [
                {"name": name.removesuffix(".byhand.example"), "type": kind, "value": value}])

    heard = Adding()
    found = office(account).obtain(host, None, work_on(kept, heard))
    assert found is not None and len(heard.todos) == 1
    assert "add this record at the provider of the DNS: _dnsauth.www.byhand.example  TXT  " in heard.todos[0]
    assert told(account, found.id)[0]["VerifyType"] == "DNS"
    account.zone_elsewhere("byhand.example", [])


def test_without_waiting_the_next_run_goes_on_with_the_same_application(account: Account) -> None:
    account.zone("later.example")
    account.pace(3600)
    host, kept, heard = auto("www.later.example"), Kept("www.later.example"), Heard()
    assert office(account).obtain(host, None, work_on(kept, heard, wait=False)) is None
    assert "the next run goes on" in heard.todos[-1]
    plan = office(account).plan(host, kept.record, None)
    assert [step.kind for step in plan.steps] == [HostStepKind.WAIT]
    account.pace(0)
    found = office(account).obtain(host, None, work_on(kept))
    assert found is not None and len(told(account, "later.example")) == 1


def test_a_refused_application_is_told_and_forgotten(account: Account) -> None:
    account.zone("refused.example")
    account.switches(rejected_certificates=["refused.example"])
    host, kept = auto("www.refused.example"), Kept("www.refused.example")
    with pytest.raises(SitepubError) as caught:
        office(account).obtain(host, None, work_on(kept))
    assert caught.value.code == "CertificateNotIssued" and "CA rejected" in caught.value.message
    assert kept.record.certificates == () and told(account, "refused.example") == []


def test_a_used_up_quota_is_explained_and_leaves_no_claim(account: Account) -> None:
    account.zone("quota.example")
    account.switches(quota={"free_certificates": 0})
    kept = Kept("www.quota.example")
    with pytest.raises(CloudError) as caught:
        office(account).obtain(auto("www.quota.example"), None, work_on(kept))
    assert caught.value.code == "FailedOperation.ExceedsFreeLimit"
    assert "free certificates are used up" in caught.value.message and caught.value.request_id
    assert kept.record.certificates == ()


@pytest.mark.parametrize("sent", [False, True])
def test_killed_at_the_application_it_goes_on_with_one_certificate(account: Account, sent: bool) -> None:
    zone = f"killed{sent:d}.example".lower()
    account.zone(zone)
    host, kept = auto(f"www.{zone}"), Kept(f"www.{zone}")
    with pytest.raises(Killed):
        office(account, api=CutOff(account.api, 0, sent=sent)).obtain(host, None, work_on(kept))
    assert kept.record.certificates[0].id == ""
    found = office(account).obtain(host, None, work_on(kept))
    [there] = told(account, zone)
    assert found is not None and there["CertificateId"] == found.id
    assert [one.id for one in kept.record.certificates] == [found.id]
    # It is known to be ours: removal takes it.
    assert office(account).withdraw(removal_of(kept.record), work_on(kept)) == []
    assert told(account, zone) == [] and kept.record.certificates == ()


def test_an_application_whose_answer_was_never_seen_is_taken_away_too(account: Account) -> None:
    account.zone("orphan.example")
    account.pace(3600)
    kept = Kept("www.orphan.example")
    with pytest.raises(Killed):
        office(account, api=CutOff(account.api, 0, sent=True)).obtain(
            auto("www.orphan.example"), None, work_on(kept))
    assert len(told(account, "orphan.example")) == 1
    office(account).withdraw(removal_of(kept.record), work_on(kept))
    assert told(account, "orphan.example") == []


# Reuse and renewal


@needs_openssl
def test_a_valid_certificate_of_the_account_is_reused_the_longest_first(account: Account, authority: Authority
                                                                        ) -> None:
    short = authority.leaf("reuse-short", "*.reuse.example", days=40, kind="prime256v1")
    long = authority.leaf("reuse-long", "www.reuse.example", days=80, kind="prime256v1")
    other = authority.leaf("reuse-other", "reuse.example", days=90, kind="prime256v1")
    ids = [upload(account, each, authority.chain(each)) for each in (short, long, other)]
    host, trust = auto("www.reuse.example"), browsers(authority)
    plan = office(account, trust=trust).plan(host, HostRecord(host=host.host), None)
    assert plan.steps == () and plan.certificate is not None and plan.certificate.id == ids[1]
    # What is bound already stays, so that a second deploy has nothing to do.
    plan = office(account, trust=trust).plan(host, HostRecord(host=host.host), bound(host.host, ids[0]))
    assert plan.certificate is not None and plan.certificate.id == ids[0]
    # They are somebody else's: removal leaves them.
    kept = Kept(host.host)
    assert office(account, trust=trust).obtain(host, None, work_on(kept)) is not None
    assert office(account).withdraw(removal_of(kept.record), work_on(kept)) == []
    assert len(told(account, "reuse.example")) == 3


@needs_openssl
@pytest.mark.parametrize(("lifetime", "left", "reused"), [
    (90, 31, True), (90, 29, False), (200, 68, True), (200, 65, False), (100, 35, True), (100, 32, False),
    (47, 17, True), (47, 15, False), (6, 3, True), (6, 1, False),
])
def test_one_with_less_than_a_third_of_its_lifetime_is_not_reused(
        account: Account, authority: Authority, lifetime: int, left: int, reused: bool) -> None:
    host, now = auto(f"www.live{lifetime}-{left}.example"), datetime.now(UTC)
    begin, end = (f"{now + timedelta(days=days):%Y%m%d%H%M%S}Z" for days in (left - lifetime, left))
    leaf = authority.leaf(f"live{lifetime}-{left}", host.host, begin=begin, end=end, kind="prime256v1")
    id = upload(account, leaf, authority.chain(leaf))
    plan = office(account, trust=browsers(authority)).plan(host, HostRecord(host=host.host), bound(host.host, id))
    assert (plan.certificate is not None and plan.certificate.id == id) is reused
    assert [step.summary for step in plan.steps] == (
        [] if reused else [f"apply for a free certificate for {host.host}"])


@needs_openssl
def test_an_uploaded_certificate_that_browsers_do_not_trust_is_passed_over(account: Account, authority: Authority
                                                                          ) -> None:
    """Whether it is bound already or not."""
    account.zone("untrusted.example")
    host, trust = auto("www.untrusted.example"), browsers(authority)
    for name, pair, chain in [
            ("by itself", own_signed := authority.self_signed("untrusted", host.host), own_signed.pem),
            ("alone", alone := authority.leaf("alone", host.host, kind="prime256v1"), alone.pem),
            ("of a foreign root", fake := authority.leaf("fake", host.host, kind="prime256v1",
                                                         signer=authority.authority_named("fakes", "/CN=Fake")),
             fake.pem)]:
        id = upload(account, pair, chain)
        for state in (None, bound(host.host, id)):
            plan = office(account, trust=trust).plan(host, HostRecord(host=host.host), state)
            assert plan.certificate is None, name
            [step] = plan.steps
            assert step.summary == "apply for a free certificate for www.untrusted.example"
            assert "covers it, but browsers do not trust it" in step.reason
        assert not office(account, trust=trust).keeps(host, bound(host.host, id))
    # A company's own root does not help: visitors do not have it.
    private = authority.leaf("private", host.host, kind="prime256v1")
    id = upload(account, private, authority.chain(private, root=True))
    assert office(account).plan(host, HostRecord(host=host.host), bound(host.host, id)).certificate is None
    # Named by its id it is the user's own decision.
    named = Host(host.host, https={"switch": "on", "certInfo": {"certId": id}}, https_position=HERE)
    found = office(account).plan(named, HostRecord(host=host.host), None).certificate
    assert found is not None and found.id == id
    # One that browsers trust is taken before them, and so is one that the SSL service has issued.
    found = office(account, trust=trust).plan(host, HostRecord(host=host.host), None).certificate
    assert found is not None and found.id == id
    kept = Kept(host.host)
    issued = office(account).obtain(host, None, work_on(kept))
    assert issued is not None and issued.id != id
    found = office(account).plan(host, kept.record, None).certificate
    assert found is not None and found.id == issued.id
    assert office(account).keeps(host, bound(host.host, issued.id))


@needs_openssl
@pytest.mark.parametrize("change", [
    {"Status": 3}, {"Status": 7}, {"Status": 9}, {"Status": 10}, {"Status": 12},
    {"CertRevokedTime": "2026-11-01 10:00:00"},
    {"Deployable": False}, {"IsSM": True}, {"CertificateType": "CA"}, {"CertEndTime": "2020-01-01 00:00:00"},
    {"CertBeginTime": "2090-01-01 00:00:00"},
    {"CertSANs": ["else.example"], "SubjectAltName": [], "Domain": "x.example"},
])
def test_a_certificate_that_the_service_calls_revoked_or_unfit_is_not_reused(
        account: Account, authority: Authority, change: dict[str, Any]) -> None:
    host = auto(f"www.unfit{next(NUMBERS)}.example")
    leaf = authority.leaf(host.host, host.host, kind="prime256v1")
    upload(account, leaf, authority.chain(leaf))

    class Changed(ServiceApi):
        def __init__(self) -> None: ...

        def call(self, service: str, action: str, params: Mapping[str, Any], *, host: str = "") -> dict[str, Any]:
            answer = account.api.call(service, action, params, host=host)
            return {**answer, "Certificates": [{**one, **change} for one in answer["Certificates"]]} \
                if "Certificates" in answer else answer

    good = office(account, trust=browsers(authority)).plan(host, HostRecord(host=host.host), None)
    assert good.certificate is not None
    plan = office(account, trust=browsers(authority), api=Changed()).plan(host, HostRecord(host=host.host), None)
    assert plan.certificate is None and len(plan.steps) == 1


def test_the_order_names_the_free_product_and_the_key(account: Account) -> None:
    account.zone("order.example")
    sent: list[Mapping[str, Any]] = []

    class Noting(ServiceApi):
        def __init__(self) -> None: ...

        def call(self, service: str, action: str, params: Mapping[str, Any], *, host: str = "") -> dict[str, Any]:
            if action == "ApplyCertificate":
                sent.append(params)
            return account.api.call(service, action, params, host=host)

    assert office(account, api=Noting()).obtain(auto("www.order.example"), None, work_on(Kept("www.order.example")))
    [order] = sent
    assert (order["PackageType"], order["CsrEncryptAlgo"], order["CsrKeyParameter"]) == ("83", "RSA", "2048")


def test_an_application_that_hangs_for_over_an_hour_is_cancelled_and_made_anew(account: Account) -> None:
    account.zone("hangs.example")
    account.pace(3600)
    host, kept = auto("www.hangs.example"), Kept("www.hangs.example")
    assert office(account).obtain(host, None, work_on(kept, wait=False)) is None
    first = kept.record.certificates[0].id
    soon, late = timedelta(minutes=59), timedelta(minutes=61)
    [step] = office(account, later=soon).plan(host, kept.record, None).steps
    assert (step.kind, step.summary) == (HostStepKind.WAIT, "wait for the certificate of www.hangs.example")
    [step] = office(account, later=late).plan(host, kept.record, None).steps
    assert step.kind is HostStepKind.CERTIFICATE
    assert step.summary == "apply anew for the certificate of www.hangs.example"
    assert first in step.reason and "is cancelled" in step.reason
    heard = Heard()
    assert office(account, later=late).obtain(host, None, work_on(kept, heard, wait=False), step) is None
    assert any(f"the application {first} was cancelled" in line for line in heard.dones)
    [made] = kept.record.certificates
    assert made.id != first
    assert [(one["CertificateId"], one["Status"]) for one in told(account, "hangs.example")] == [(made.id, 4)]
    # The new one is young for the service's clock, and is waited for.
    [step] = office(account).plan(host, kept.record, None).steps
    assert step.kind is HostStepKind.WAIT
    account.pace(0)
    found = office(account).obtain(host, None, work_on(kept), step)
    assert found is not None and found.id == made.id


def test_one_that_waits_for_a_record_by_hand_does_not_hang_until_the_record_is_seen(account: Account) -> None:
    host, kept, late = auto("www.slowhand.example"), Kept("www.slowhand.example"), timedelta(hours=5)
    account.zone_elsewhere("slowhand.example", [{"name": "@", "type": "NS", "value": "ns.slowhand.example"}])
    account.pace(3600)
    heard = Heard()
    assert office(account).obtain(host, None, work_on(kept, heard, wait=False)) is None
    [step] = office(account, later=late).plan(host, kept.record, None).steps
    assert step.kind is HostStepKind.WAIT
    name, kind, value = heard.todos[0].rpartition(": ")[2].split("  ")
    account.zone_elsewhere("slowhand.example", [
        {"name": name.removesuffix(".slowhand.example"), "type": kind, "value": value}])
    [step] = office(account, later=late).plan(host, kept.record, None).steps
    assert step.summary == "apply anew for the certificate of www.slowhand.example"
    account.zone_elsewhere("slowhand.example", [])


class NotCancelled(ServiceApi):
    """The account, where an application cannot be cancelled."""

    def __init__(self, inner: ServiceApi, before: Callable[[], None]) -> None:
        self._inner, self._before = inner, before

    def call(self, service: str, action: str, params: Mapping[str, Any], *, host: str = "") -> dict[str, Any]:
        if action == "CancelCertificateOrder":
            self._before()
            raise CloudError("it cannot be cancelled", code="FailedOperation.CancelOrderFailed")
        return self._inner.call(service, action, params, host=host)


def test_one_that_was_issued_before_it_could_be_cancelled_is_used(account: Account) -> None:
    account.zone("lucky.example")
    account.pace(3600)
    host, kept, late = auto("www.lucky.example"), Kept("www.lucky.example"), timedelta(hours=2)
    assert office(account).obtain(host, None, work_on(kept, wait=False)) is None
    [step] = office(account, later=late).plan(host, kept.record, None).steps
    api = NotCancelled(account.api, lambda: account.pace(0))
    found = office(account, api=api, later=late).obtain(host, None, work_on(kept), step)
    assert found is not None and [one["CertificateId"] for one in told(account, "lucky.example")] == [found.id]


def test_one_that_cannot_be_cancelled_is_left_and_the_new_one_is_waited_for(account: Account) -> None:
    account.zone("stuck.example")
    account.pace(3600)
    host, kept, late = auto("www.stuck.example"), Kept("www.stuck.example"), timedelta(hours=2)
    assert office(account).obtain(host, None, work_on(kept, wait=False)) is None
    first = kept.record.certificates[0].id
    [step] = office(account, later=late).plan(host, kept.record, None).steps
    time.sleep(1.1)  # the service's times are whole seconds
    api, heard = NotCancelled(account.api, lambda: None), Heard()
    assert office(account, api=api, later=late).obtain(host, None, work_on(kept, heard, wait=False), step) is None
    assert any("could not be cancelled: it cannot be cancelled" in line for line in heard.dones)
    assert len(told(account, "stuck.example")) == 2
    [step] = office(account).plan(host, kept.record, None).steps
    second = kept.record.certificates[-1].id
    assert step.agreed == AgreedCertificate("wait", second) and second != first
    # Removal takes both.
    account.pace(0)
    assert office(account).withdraw(removal_of(kept.record), work_on(kept)) == []
    assert told(account, "stuck.example") == []


def test_under_a_third_of_its_lifetime_it_is_renewed_with_a_new_id_and_the_old_one_goes_when_it_was_replaced(
        account: Account) -> None:
    account.zone("renew.example")
    host, kept = auto("www.renew.example"), Kept("www.renew.example")
    first = office(account).obtain(host, None, work_on(kept))
    assert first is not None
    state, late = bound(host.host, first.id), timedelta(days=75)
    plan = office(account, later=late).plan(host, kept.record, state)
    assert [step.summary for step in plan.steps] == ["renew the certificate of www.renew.example"]
    # The service's clock does not go with ours, so the new one is as old: seen from now on it counts.
    second = office(account, later=late).obtain(host, state, work_on(kept))
    assert second is not None and second.id != first.id
    there = {one["CertificateId"]: one for one in told(account, "renew.example")}
    assert there[second.id]["CertificateExtra"]["ReplacedFor"] == first.id
    assert {one.id for one in kept.record.certificates} == {first.id, second.id}
    assert tidy(office(account), host, second, kept) == []
    assert [one["CertificateId"] for one in told(account, "renew.example")] == [second.id]
    assert [one.id for one in kept.record.certificates] == [second.id]


def test_a_certificate_that_another_host_of_the_site_uses_stays(account: Account) -> None:
    account.zone("shared.example")
    kept = Kept("shared.example")
    found = office(account).obtain(auto("shared.example"), None, work_on(kept))
    assert found is not None
    # An apex also gets www.
    plan = office(account).plan(auto("www.shared.example"), HostRecord(host="www.shared.example"), None)
    assert plan.certificate is not None and plan.certificate.id == found.id
    stays = office(account, used_by_others=lambda _host: {found.id}).withdraw(removal_of(kept.record), work_on(kept))
    assert stays == [f"certificate {found.id} stays: another host of the site uses it"]
    assert len(told(account, "shared.example")) == 1


class Asking(ServiceApi):
    """The account's own answers, but one action answers as the test says."""

    def __init__(self, inner: ServiceApi, action: str, answer: Any) -> None:
        self._inner, self._action, self._answer = inner, action, answer

    def call(self, service: str, action: str, params: Mapping[str, Any], *, host: str = "") -> dict[str, Any]:
        if action != self._action:
            return self._inner.call(service, action, params, host=host)
        if isinstance(self._answer, Exception):
            raise self._answer
        return dict(self._answer)


@pytest.mark.parametrize("kind", ["cdn", "edgeone"])
@pytest.mark.parametrize("way", ["withdraw", "tidy"])
def test_a_certificate_that_another_site_uses_stays_although_the_service_would_delete_it(
        local_cloud: LocalCloud, account: Account, kind: str, way: str) -> None:
    case = make_case(kind, local_cloud)
    host = case.host()
    kept = Kept(host)
    found = office(account).obtain(auto(host), None, work_on(kept))
    assert found is not None
    # Another site of the account, on another computer, has put this host online with it.
    case.edge.create(case.wanted(host))
    state = case.ready(host)
    case.edge.update(case.wanted(host, found, https={"switch": "on"}), state)
    case.ready(host)
    stays = list(office(account).withdraw(removal_of(kept.record), work_on(kept)) if way == "withdraw"
                 else tidy(office(account), auto(host), replace(found, id="another"), kept))
    product = {"cdn": "cdn", "edgeone": "teo"}[kind]
    assert stays == [f"certificate {found.id} stays: it is in use elsewhere in the account: {product} (1)"]
    assert [one["CertificateId"] for one in told(account, host)] == [found.id]
    assert [one.id for one in kept.record.certificates] == [found.id]
    # Once nothing uses it, it goes.
    case.edge.stop(case.ready(host))
    there = case.edge.wait(host, EdgeStatus.OFFLINE, report=lambda _text: None)
    assert there is not None
    case.edge.delete(there)
    assert office(account).withdraw(removal_of(kept.record), work_on(kept)) == []
    assert told(account, host) == []


@pytest.mark.parametrize(("action", "answer", "why"), [
    ("CreateCertificateBindResourceSyncTask", CloudError("not allowed", code="UnauthorizedOperation"), "not allowed"),
    ("CreateCertificateBindResourceSyncTask", {"CertTaskIds": []}, "did not say what uses it"),
    ("CreateCertificateBindResourceSyncTask", {}, "did not say what uses it"),
    ("DescribeCertificateBindResourceTaskResult", CloudError("busy", code="InternalError"), "busy"),
    ("DescribeCertificateBindResourceTaskResult", {"SyncTaskBindResourceResult": [{"Status": 2}]}, "did not say"),
    ("DescribeCertificateBindResourceTaskResult", {"SyncTaskBindResourceResult": []}, "did not say"),
    ("DescribeCertificateBindResourceTaskResult", {"SyncTaskBindResourceResult": [{"Status": 1, "BindResourceResult": [
        {"ResourceType": "clb", "BindResourceRegionResult": [{"Region": "ap-x", "TotalCount": 0, "Error": "timeout"}]},
    ]}]}, "could not check clb"),
    ("DescribeCertificateBindResourceTaskResult", {"SyncTaskBindResourceResult": [{"Status": 1, "BindResourceResult": [
        {"ResourceType": "clb", "BindResourceRegionResult": [{"TotalCount": 2, "Error": ""}, {"TotalCount": 1}]},
        {"ResourceType": "waf", "BindResourceRegionResult": None},
        {"ResourceType": "live", "BindResourceRegionResult": [{"TotalCount": 4}]},
    ]}]}, "in use elsewhere in the account: clb (3), live (4)"),
])
def test_a_certificate_of_which_nobody_says_that_it_is_free_stays(
        account: Account, action: str, answer: Any, why: str) -> None:
    zone = f"asked{next(NUMBERS)}.example"
    account.zone(zone)
    kept = Kept(f"www.{zone}")
    assert office(account).obtain(auto(f"www.{zone}"), None, work_on(kept)) is not None
    ours = SslService(Asking(account.api, action, answer))
    [stays] = CertificateOffice(ours, account.dns(), Path()).withdraw(removal_of(kept.record), work_on(kept))
    assert "stays" in stays and why in stays
    assert len(told(account, zone)) == 1


def test_a_certificate_that_may_not_be_deleted_yet_stays_and_is_told(account: Account) -> None:
    account.zone("hour.example")
    kept = Kept("www.hour.example")
    assert office(account).obtain(auto("www.hour.example"), None, work_on(kept)) is not None
    account.switches(deletion_waits=True)
    [stays] = office(account).withdraw(removal_of(kept.record), work_on(kept))
    assert "stays" in stays and "within an hour" in stays
    assert len(kept.record.certificates) == 1


# The user's own


@needs_openssl
def test_ones_own_is_uploaded_once_and_recognised_afterwards(account: Account, authority: Authority) -> None:
    leaf = authority.leaf("mine", "www.mine.example", kind="prime256v1")
    host, kept, heard = own("www.mine.example", authority.chain(leaf), leaf.key_pem), Kept("www.mine.example"), Heard()
    assert [step.summary for step in office(account).plan(host, kept.record, None).steps] == [
        "upload the certificate of www.mine.example"]
    first = office(account).obtain(host, None, work_on(kept, heard))
    assert first is not None and first.pem is not None and "PRIVATE KEY" in first.pem()[1]
    plan = office(account).plan(host, kept.record, None)
    assert plan.steps == () and plan.certificate is not None and plan.certificate.id == first.id
    assert office(account).check(host) == first.fingerprint != ""
    assert office(account).check(auto(host.host)) == ""
    # Also by somebody without our record, and with the record of another upload.
    plan = office(account).plan(host, HostRecord(host=host.host), None)
    assert plan.certificate is not None and plan.certificate.id == first.id
    assert len(told(account, "mine.example")) == 1
    secret = leaf.key_pem.splitlines()[1]
    assert not any(secret in line for line in [*heard.statuses, *heard.dones, *heard.todos])
    assert secret not in repr(kept.versions) and secret not in repr(plan)
    # A new one next to it: another upload, and the old one goes when it was replaced.
    newer = authority.leaf("mine2", "www.mine.example", kind="prime256v1")
    second = office(account).obtain(own(host.host, authority.chain(newer), newer.key_pem), None, work_on(kept))
    assert second is not None and second.id != first.id
    tidy(office(account), host, second, kept)
    assert [one["CertificateId"] for one in told(account, "mine.example")] == [second.id]


@needs_openssl
def test_ones_own_that_was_uploaded_by_hand_is_used_and_stays(account: Account, authority: Authority) -> None:
    leaf = authority.leaf("byhand", "www.theirs.example", kind="prime256v1")
    id = upload(account, leaf, authority.chain(leaf))
    host, kept = own("www.theirs.example", authority.chain(leaf), leaf.key_pem), Kept("www.theirs.example")
    found = office(account).obtain(host, None, work_on(kept))
    assert found is not None and found.id == id and kept.record.certificates == ()
    assert office(account).withdraw(removal_of(kept.record), work_on(kept)) == []
    assert len(told(account, id)) == 1


@needs_openssl
@pytest.mark.parametrize("sent", [False, True])
def test_killed_at_the_upload_it_is_found_and_known_to_be_ours(account: Account, authority: Authority,
                                                               sent: bool) -> None:
    name = f"www.cut{sent:d}.example"
    leaf = authority.leaf(f"cut{sent:d}", name, kind="prime256v1")
    host, kept = own(name, authority.chain(leaf), leaf.key_pem), Kept(name)
    with pytest.raises(Killed):
        office(account, api=CutOff(account.api, 0, sent=sent)).obtain(host, None, work_on(kept))
    found = office(account).obtain(host, None, work_on(kept))
    assert found is not None and len(told(account, name)) == 1
    assert [one.id for one in kept.record.certificates] == [found.id]
    office(account).withdraw(removal_of(kept.record), work_on(kept))
    assert told(account, name) == []


@needs_openssl
def test_a_bad_one_is_refused_before_anything_is_sent(account: Account, authority: Authority) -> None:
    leaf = authority.leaf("bad", "other.example", kind="prime256v1")
    host = own("www.bad.example", authority.chain(leaf), leaf.key_pem)
    unreachable = office(account, api=CutOff(account.api, 0, sent=False))
    with pytest.raises(ConfigError) as checked:
        unreachable.check(host)
    with pytest.raises(ConfigError) as obtained:
        unreachable.obtain(host, None, work_on(Kept(host.host)))
    assert checked.value.problems == obtained.value.problems
    assert checked.value.problems[0].position == HERE


# By id, and none at all


@needs_openssl
def test_a_named_certificate_has_to_exist_cover_the_host_and_be_valid(account: Account, authority: Authority
                                                                      ) -> None:
    leaf = authority.leaf("named", "www.named.example", kind="prime256v1")
    id = upload(account, leaf, authority.chain(leaf))

    def named(host: str, cert: str) -> Host:
        return Host(host, https={"switch": "on", "certInfo": {"certId": cert}}, https_position=HERE)

    good = office(account).plan(named("www.named.example", id), HostRecord(host="www.named.example"), None)
    assert good.certificate is not None and good.certificate.id == id and good.steps == ()
    for host, cert, later, said in [
            ("www.named.example", "nowhere1", 0, "has no certificate nowhere1"),
            ("b.named.example", id, 0, "does not cover this host: it is for www.named.example"),
            ("www.named.example", id, 100, "expired on")]:
        with pytest.raises(ConfigError) as caught:
            office(account, later=timedelta(days=later)).plan(named(host, cert), HostRecord(host=host), None)
        assert said in caught.value.message and caught.value.problems[0].position == HERE


def test_https_without_any_certificate_is_refused(account: Account) -> None:
    host = Host("www.none.example", https={"switch": "on"}, https_position=HERE)
    with pytest.raises(ConfigError) as caught:
        office(account).plan(host, HostRecord(host=host.host), None)
    assert "https: auto" in (caught.value.hint or "")
    # One that the edge has already is left alone, and without https nothing is wanted.
    assert not office(account).plan(host, HostRecord(host=host.host), bound(host.host, "abc")).steps
    off = replace(host, https={"switch": "off"})
    assert not office(account).plan(off, HostRecord(host=host.host), None).steps
    assert not office(account).plan(replace(host, https=None), HostRecord(host=host.host), None).steps


def test_times_of_the_service_are_eight_hours_ahead() -> None:
    assert china_time("2026-11-21 07:59:59") == datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)
    assert china_time(None) is None and china_time("soon") is None


def test_records_of_different_kills_do_not_mix() -> None:
    record = HostRecord(host="x").with_certificate(CertificateRecord(alias="sitepub a")).with_certificate(
        CertificateRecord(id="1", alias="sitepub a"))
    assert [one.id for one in record.certificates] == ["1"]
