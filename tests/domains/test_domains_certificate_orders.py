"""Orders that hang, renewal, and the certificates that a renewal leaves behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sitepub.domains.certificates.certificate import CertificateOffice
from sitepub.domains.certificates.ssl_service import SslService
from sitepub.domains.edges.edge import EdgeStatus
from sitepub.domains.records import HostRecord
from sitepub.domains.service_api import ServiceApi
from sitepub.domains.steps import AgreedCertificate, HostStepKind
from sitepub.errors import CloudError
from tests.conftest import LocalCloud
from tests.domains.account import Account, Heard, Kept, removal_of, work_on
from tests.domains.certificate_office import (
    NUMBERS,
    account,
    authority,
    auto,
    bound,
    office,
    tidy,
    told,
)
from tests.domains.edge_cases import make_case

__all__ = ["account", "authority"]


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
