"""A zone of EdgeOne as an account has it that was set up in the console: bound to a plan, and proved."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

Call = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]
"""(product, action, parameters) → the answer, as the official SDK has it."""


def made_zone(call: Call, name: str, *, kind: str = "partial", area: str = "overseas", proved: bool = True) -> str:
    """Its id. ``proved``: the domain has to be in the account's DNSPod."""
    if kind == "dnsPodAccess":
        allow_dnspod(call)
    [plan, *_] = call("teo", "DescribePlans", {})["Plans"]
    made = call("teo", "CreateZone", {"ZoneName": name, "Type": kind, "Area": area, "PlanId": plan["PlanId"]})
    proof = (made.get("OwnershipVerification") or {}).get("DnsVerification")
    if proof and proved:
        record = call("dnspod", "CreateRecord", {
            "Domain": name, "SubDomain": proof["Subdomain"], "RecordType": proof["RecordType"], "RecordLine": "默认",
            "Value": proof["RecordValue"]})
        assert call("teo", "VerifyOwnership", {"Domain": name})["Status"] == "success"
        call("dnspod", "DeleteRecord", {"Domain": name, "RecordId": record["RecordId"]})
    id, until = str(made["ZoneId"]), time.monotonic() + 60
    while zone_of(call, id)["Status"] == "initializing":
        assert time.monotonic() < until
        time.sleep(0.05)
    return id


def allow_dnspod(call: Call) -> None:
    """Make the role by which EdgeOne may use the account's DNSPod."""
    from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

    try:
        call("cam", "CreateRole", {"RoleName": "TEO_QCSLinkedRoleInDnspodAccessEO", "PolicyDocument": json.dumps({
            "version": "2.0", "statement": [{"action": "name/sts:AssumeRole", "effect": "allow", "principal": {
                "service": ["DnspodaccesEO.TEO.cloud.tencent.com"]}}]})})
    except TencentCloudSDKException as error:
        assert error.get_code() == "InvalidParameter.RoleNameInUse"


def zone_of(call: Call, id: str) -> dict[str, Any]:
    [found] = call("teo", "DescribeZones", {"Filters": [{"Name": "zone-id", "Values": [id]}]})["Zones"]
    return dict(found)


def zones_named(call: Call, name: str) -> list[dict[str, Any]]:
    return list(call("teo", "DescribeZones", {"Filters": [{"Name": "zone-name", "Values": [name]}]})["Zones"])
