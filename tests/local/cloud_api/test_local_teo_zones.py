"""The embedded EdgeOne's sites: names, plans, proofs, pausing, deleting."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.edgeone_zone import allow_dnspod, made_zone, zone_of
from tests.local.service_wire import Services, running_services

ORIGIN = {"OriginType": "COS", "Origin": "site-1250000000.cos-website.ap-guangzhou.myqcloud.com"}
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with running_services(Path(tmp_path_factory.mktemp("zones"))) as found:
        yield found


def plan_of(services: Services) -> str:
    return str(services.call("teo", "DescribePlans")["Plans"][0]["PlanId"])


@pytest.mark.parametrize(("name", "code"), [
    ("www.{}.com", "ZoneNameNotSupportSubDomain"), ("a.b.{}.com.cn", "ZoneNameNotSupportSubDomain"),
    ("a.{}.co.uk", "ZoneNameNotSupportSubDomain"), ("{}.kawasaki.jp", "TopLevelDomainNotSupport"),
    ("com.cn", "TopLevelDomainNotSupport"), ("co.uk", "TopLevelDomainNotSupport"),
    ("xn--fiqs8s{}.com", "ZoneNameNotSupportPunyCode"), ("{}.xn--fiqs8s", "ZoneNameNotSupportPunyCode"),
    ("{}", "ZoneNameInvalid"), ("-{}.com", "ZoneNameInvalid"), ("a_b{}.com", "ZoneNameInvalid"),
    ("", "ZoneNameInvalid"),
])
def test_names_that_no_site_may_have(services: Services, name: str, code: str) -> None:
    asked = name.format(f"n{next(_numbers)}")
    found = services.error("teo", "CreateZone", ZoneName=asked, PlanId=plan_of(services))
    assert found == f"InvalidParameterValue.{code}"


@pytest.mark.parametrize("name", ["{}.com", "{}.com.cn", "{}.co.uk", "www.{}.kawasaki.jp", "{}.dev"])
def test_registered_domains_are_taken(services: Services, name: str) -> None:
    asked = name.format(f"r{next(_numbers)}")
    assert services.call("teo", "CreateZone", ZoneName=asked, PlanId=plan_of(services))["ZoneId"]


def test_a_site_without_a_plan_takes_nothing_until_it_has_one(services: Services) -> None:
    name = services.zone()
    zone = str(services.call("teo", "CreateZone", ZoneName=name)["ZoneId"])
    assert zone_of(services.made, zone)["Status"] == "initializing"
    host: dict[str, Any] = {"ZoneId": zone, "DomainName": f"www.{name}", "OriginInfo": ORIGIN}
    assert services.error("teo", "CreateAccelerationDomain", **host) == "InvalidParameter.ZoneHasNotBeenBoundToPlan"
    services.call("teo", "BindZoneToPlan", ZoneId=zone, PlanId=plan_of(services))
    found = zone_of(services.made, zone)
    assert (found["Status"], [one["PlanId"] for one in found["Resources"]]) == ("pending", [plan_of(services)])
    # In the account's DNSPod, and still to be proved.
    assert services.call("teo", "CreateAccelerationDomain", **host)["OwnershipVerification"]["DnsVerification"]


@pytest.mark.parametrize(("plan", "code"), [
    ({"status": "expired"}, "OperationDenied.PlanHasBeenExpired"),
    ({"status": "isolated"}, "OperationDenied.PlanHasBeenIsolated"),
    ({"status": "overdue-isolated"}, "OperationDenied.PlanHasBeenIsolated"),
    ({"sites": 0}, "LimitExceeded.ZoneBindPlan"), ({"id": "edgeone-other"}, "InvalidParameter.PlanNotFound"),
])
def test_plans_that_take_no_site(services: Services, plan: dict[str, Any], code: str) -> None:
    usual = plan_of(services)
    with services.switched(plans=[plan]):
        found = services.call("teo", "DescribePlans")["Plans"]
        assert [one["Bindable"] for one in found] == ["true" if "id" in plan else "false"]
        assert services.error("teo", "CreateZone", ZoneName=services.zone(), PlanId=usual) == code
    with services.switched(plans=[]):
        assert services.call("teo", "DescribePlans")["Plans"] == []


def test_through_dnspod_a_site_needs_the_role_and_no_proof(services: Services) -> None:
    other = services.other
    asked = {"ZoneName": other.zone(), "Type": "dnsPodAccess", "PlanId": plan_of(other)}
    assert other.error("teo", "CreateZone", **asked) == "OperationDenied.DNSPodUnauthorizedRoleOperation"
    allow_dnspod(other.made)
    made = other.call("teo", "CreateZone", **asked)
    assert "OwnershipVerification" not in made
    assert zone_of(other.made, made["ZoneId"])["Status"] == "active"


def test_only_a_paused_site_without_hosts_is_deleted(services: Services) -> None:
    name = services.zone()
    zone = made_zone(services.made, name)
    host = {"ZoneId": zone, "DomainNames": [f"www.{name}"]}
    services.call("teo", "CreateAccelerationDomain", ZoneId=zone, DomainName=f"www.{name}", OriginInfo=ORIGIN)
    assert services.error("teo", "DeleteZone", ZoneId=zone) == "OperationDenied.DeleteZonePreCheckFailed"
    assert services.error("teo", "ModifyZone", ZoneId=zone, Area="global") == "OperationDenied.DomainNumberIsNotZero"
    services.call("teo", "ModifyAccelerationDomainStatuses", **host, Status="offline")
    services.call("teo", "DeleteAccelerationDomains", **host)
    services.call("teo", "ModifyZone", ZoneId=zone, Area="global")
    assert zone_of(services.made, zone)["Area"] == "global"
    assert services.error("teo", "DeleteZone", ZoneId=zone) == "OperationDenied.DisableZoneNotCompleted"
    with services.slowly():
        services.call("teo", "ModifyZoneStatus", ZoneId=zone, Paused=True)
        assert zone_of(services.made, zone)["ActiveStatus"] == "active"
        assert services.error("teo", "DeleteZone", ZoneId=zone) == "OperationDenied.DisableZoneNotCompleted"
    assert zone_of(services.made, zone)["ActiveStatus"] == "paused"
    assert services.error("teo", "CreateAccelerationDomain", ZoneId=zone, DomainName=f"www.{name}",
                          OriginInfo=ORIGIN) == "OperationDenied.ErrZoneIsAlreadyPaused"
    services.call("teo", "DeleteZone", ZoneId=zone)
    assert services.error("teo", "DeleteZone", ZoneId=zone) == "ResourceUnavailable.ZoneNotFound"
