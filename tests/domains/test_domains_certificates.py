"""Free certificates: applied for, proved in DNS, issued, and which of the account are used again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sitepub.config.project import Host
from sitepub.domains.records import HostRecord
from sitepub.domains.service_api import ServiceApi
from sitepub.domains.steps import HostStepKind
from sitepub.errors import CloudError, SitepubError
from tests.domains.account import Account, CutOff, Heard, Kept, Killed, removal_of, work_on
from tests.domains.certificate_office import (
    HERE,
    NUMBERS,
    account,
    authority,
    auto,
    bound,
    browsers,
    office,
    told,
    upload,
)
from tests.domains.openssl import Authority, needs_openssl

__all__ = ["account", "authority"]


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
