"""A domain that the cloud itself has closed (overload, capping) is no domain that is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sitepub.config.project import Host
from sitepub.domains.cdn import Cdn
from sitepub.domains.certificates import CertificateOffice
from sitepub.domains.host_plan import Place, plan_host
from sitepub.domains.host_setup import Setup
from sitepub.domains.service_api import ServiceApi
from sitepub.domains.ssl_service import SslService
from sitepub.errors import CloudError
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
        self.disable = "overload"

    def call(self, service: str, action: str, params: Mapping[str, Any], *, host: str = "") -> dict[str, Any]:
        answer = self.inner.call(service, action, params, host=host)
        for domain in answer.get("Domains") or ():
            domain["Disable"] = self.disable
        return answer


def test_a_domain_that_the_cloud_closed_is_told_until_it_is_open_again(case: Case, tmp_path: Path) -> None:
    api, names = Closing(case.account.api), case.account.dns()
    edge = Cdn(api, waiting=QUICK)
    office = CertificateOffice(SslService(case.account.api), names, tmp_path, used_by_others=lambda _host: ())
    host, kept = Host(case.host()), Kept(case.hosts[-1])
    place = Place(case.bucket, case.account.cloud.region, case.endpoint, "http")

    def bring() -> str:
        plan = plan_host(host, place, kept.record, edge, office, names, "hash")
        return Setup(plan, host, place, edge, office, names, work_on(kept), lambda _host, _target: None).bring().status

    with pytest.raises(CloudError) as told:
        bring()
    assert told.value.code == "EdgeClosed" and "overload" in told.value.message
    assert kept.record.created and kept.record.settings_hash == "", "the next run looks again"
    api.disable = "normal"
    assert bring() in ("online", "unchanged") and kept.record.settings_hash == "hash"
