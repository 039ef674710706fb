"""What a setup finds when it looks again: a domain that the cloud has closed, one that somebody just made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sitepub.config.project import Host
from sitepub.domains.certificates.certificate import CertificateOffice
from sitepub.domains.certificates.ssl_service import SslService
from sitepub.domains.edges.cdn import Cdn
from sitepub.domains.hosts.apply_host import ApplyHost
from sitepub.domains.hosts.context import HostContext
from sitepub.domains.hosts.outcome import HostOutcome
from sitepub.domains.hosts.plan import HostPlan, Place, plan_host, plan_removal
from sitepub.domains.hosts.removal import TakeDown
from sitepub.domains.records import HostRecord
from sitepub.domains.service_api import ServiceApi
from sitepub.errors import CloudError, Refused
from tests.conftest import running_cloud
from tests.domains.account import Kept, work_on
from tests.domains.edge_cases import QUICK, Case, make_case


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with running_cloud(tmp_path_factory.mktemp("closed") / "data", "--pace", "0") as cloud:
        yield make_case("cdn", cloud)


class Closing(ServiceApi):
    """The cloud, when it closes every domain: nothing but the real one can decide that."""

    def __init__(self, inner: ServiceApi) -> None:
        self.inner = inner
        self.disable = "normal"

    def call(self, service: str, action: str, params: Mapping[str, Any], *, host: str = "") -> dict[str, Any]:
        answer = self.inner.call(service, action, params, host=host)
        for domain in answer.get("Domains") or ():
            domain["Disable"] = self.disable
        return answer


class Bench:
    """One host's setup, with the parts that a site has."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.api, self.names = Closing(case.account.api), case.account.dns()
        self.edge = Cdn(self.api, waiting=QUICK)
        self.office = CertificateOffice(SslService(case.account.api), self.names, folder,
                                        used_by_others=lambda _host: ())
        self.host = Host(case.host())
        self.kept = Kept(self.host.host)
        self.place = Place(case.bucket, case.account.cloud.region, case.endpoint, "http")

    def plan(self) -> HostPlan:
        return plan_host(self.host, self.place, self.kept.record, self.edge, self.office, self.names, "hash")

    def bring(self, plan: HostPlan) -> str:
        return self.apply(plan).status

    def apply(self, plan: HostPlan) -> HostOutcome:
        """Applied is what is in the plan, in its order."""
        outcome = ApplyHost(plan, HostContext(
            self.host, self.place, lambda _kind, _bucket="": self.edge, self.office, self.names, work_on(self.kept),
            lambda _host, _target: None)).apply()
        if not outcome.waiting:
            assert [result.step for result in outcome.steps] == list(plan.steps)
        return outcome

    def take_down(self) -> HostOutcome:
        [step] = plan_removal(self.kept.record, self.edge, "sitepub remove").steps
        return TakeDown(step, self.edge, self.office, self.names, work_on(self.kept)).apply()


@pytest.fixture
def bench(case: Case, tmp_path: Path) -> Bench:
    return Bench(case, tmp_path)


def test_a_domain_that_the_cloud_closed_is_told_until_it_is_open_again(bench: Bench) -> None:
    bench.api.disable = "overload"
    with pytest.raises(CloudError) as told:
        bench.bring(bench.plan())
    assert told.value.code == "EdgeClosed" and "overload" in told.value.message
    assert bench.kept.record.created and bench.kept.record.settings_hash == "", "the next run looks again"
    bench.api.disable = "normal"
    assert bench.bring(bench.plan()) in ("online", "unchanged") and bench.kept.record.settings_hash == "hash"


def test_a_domain_that_somebody_made_since_the_plan_is_not_taken(bench: Bench, case: Case) -> None:
    plan, host = bench.plan(), bench.host.host
    case.account.sdk("cdn", "AddCdnDomain", {"Domain": host, "ServiceType": "web", "Origin": {
        "OriginType": "domain", "Origins": ["old.example.net"], "OriginPullProtocol": "http"}})
    with pytest.raises(Refused) as told:
        bench.bring(plan)
    assert told.value.code == "ChangedSincePlan" and "old.example.net" in told.value.message
    truth = case.truth(host)
    assert truth is not None and truth["Origin"]["Origins"] == ["old.example.net"]
    assert not bench.kept.record.created
    again = bench.plan()
    assert again.destructive, "now it is asked"
    assert bench.bring(again) == "online" and not bench.kept.record.created


def test_a_domain_that_shows_another_bucket_by_now_stays_with_all_it_needs(bench: Bench, case: Case) -> None:
    """The site was deployed in another region since, say, and is taken down in this one."""
    host = bench.host.host
    bench.bring(bench.plan())
    assert bench.kept.record.created and bench.kept.record.setup == ""
    elsewhere = case.endpoint.replace(case.account.cloud.region, "ap-beijing")
    origin = {"OriginType": "cos", "Origins": [elsewhere], "ServerName": elsewhere, "OriginPullProtocol": "http"}
    case.account.sdk("cdn", "UpdateDomainConfig", {"Domain": host, "Origin": origin})

    outcome = bench.take_down()
    assert outcome.status == "left" and elsewhere in outcome.left[0]
    truth = case.truth(host)
    assert truth is not None and truth["Status"] == "online"
    back = {**origin, "Origins": [case.endpoint], "ServerName": case.endpoint}
    case.account.sdk("cdn", "UpdateDomainConfig", {"Domain": host, "Origin": back})
    assert bench.take_down().status == "removed" and case.truth(host) is None


def test_a_domain_that_somebody_made_after_a_kill_just_before_ours_is_not_taken_for_ours(
        bench: Bench, case: Case) -> None:
    """The record says that it was about to be made, and it leads elsewhere: ours would lead here at once."""
    host = bench.host.host
    bench.kept.keep(HostRecord(host=host, bucket=case.bucket, region=case.account.cloud.region, created=True,
                               setup="domain"))
    case.account.sdk("cdn", "AddCdnDomain", {"Domain": host, "ServiceType": "web", "Origin": {
        "OriginType": "domain", "Origins": ["old.example.net"], "OriginPullProtocol": "http"}})
    assert bench.plan().destructive, "it is asked"
    outcome = bench.take_down()
    assert outcome.status == "left" and "old.example.net" in outcome.left[0]
    truth = case.truth(host)
    assert truth is not None and truth["Origin"]["Origins"] == ["old.example.net"]
