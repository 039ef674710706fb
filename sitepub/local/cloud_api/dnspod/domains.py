"""DNSPod's actions about whole zones."""

from __future__ import annotations

import re
from typing import Any

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.clock import local_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.services.dns_values import NAME_SERVERS
from sitepub.local.services.services import random_number
from sitepub.local.services.zones import ELSEWHERE, Record, Zone, normal

DEFAULT_TTL = 600
GRADE, GRADE_TITLE, GRADE_LEVEL = "DP_FREE", "免费版", 2
_NAME = re.compile(r"(?=.{3,253}\Z)(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?!-)[a-z0-9-]{2,63}(?<!-)\Z")


def zone_key(zone: Zone) -> str:
    return f"{zone.owner}/{zone.name}"


def find_zone(call: Call) -> Zone:
    """The account's zone that `DomainId`, else `Domain`, names. Raises ApiError.

    A zone of another account is answered like one that does not exist."""
    zones = call.services.zones
    wanted = call.get("DomainId")
    if wanted is not None:
        found = next((zone for zone in zones.where(owner=call.owner) if zone.id == wanted), None)
        if found is None:
            raise ApiError("InvalidParameter.DomainIdInvalid", "The domain id is wrong.")
        return found
    name = normal(call.parameters["Domain"])
    if not _NAME.match(name):
        raise ApiError("InvalidParameter.DomainInvalid", "The domain is not correct.")
    zone = zones.get(f"{call.owner}/{name}")
    if zone is None:
        raise ApiError(
            "InvalidParameterValue.DomainNotExists", "The domain is not in the DNSPod of this account."
        )
    return zone


async def create_domain(call: Call) -> dict[str, Any]:
    """CreateDomain (1427/56192): a new zone with its two NS records."""
    services, name = call.services, normal(call.parameters["Domain"])
    if not _NAME.match(name):
        raise ApiError("InvalidParameter.DomainInvalid", "The domain is not correct.")
    for zone in services.zones:
        if zone.name == name and zone.owner == call.owner:
            raise ApiError("FailedOperation.DomainExists", "The domain is in your list already.")
        if zone.name == name and zone.owner != ELSEWHERE:
            raise ApiError("FailedOperation.DomainOwnedByOtherUser", "Another account has added the domain.")
    servers = tuple(
        Record(random_number(10), "@", "NS", f"{server}.", 86_400, updated=call.time, default_ns=True)
        for server in NAME_SERVERS
    )
    zone = Zone(random_number(9), name, call.owner, call.time, call.time, servers)
    services.zones.put(zone_key(zone), zone)
    return {"DomainInfo": {
        "Id": zone.id, "Domain": name, "Punycode": name, "GradeNsList": list(NAME_SERVERS),
    }}


async def delete_domain(call: Call) -> dict[str, Any]:
    """DeleteDomain (1427/56191)."""
    call.services.zones.remove(zone_key(find_zone(call)))
    return {}


async def describe_domain_list(call: Call) -> dict[str, Any]:
    """DescribeDomainList (1427/56172). An empty list is an error, as documented."""
    zones = call.services.zones.where(owner=call.owner)
    if call.get("Type", "ALL") in ("SHARE", "ISMARK", "PAUSE", "VIP", "SHARE_OUT") or call.get("Tags"):
        zones = []  # no zone here is shared, marked, paused, paid or tagged
    keyword = call.get("Keyword", "").lower()
    zones = [zone for zone in zones if keyword in zone.name]
    total = len(zones)
    offset, limit = call.get("Offset", 0), call.get("Limit", 3000)
    page = zones[offset : offset + limit]
    if not page:
        raise ApiError("ResourceNotFound.NoDataOfDomain", "There is no domain.")
    zeros = ("ShareTotal", "VipTotal", "PauseTotal", "ErrorTotal", "LockTotal", "SpamTotal", "VipExpire",
             "ShareOutTotal", "GroupTotal")
    return {
        "DomainCountInfo": {
            "DomainTotal": total, "AllTotal": total, "MineTotal": total, **dict.fromkeys(zeros, 0),
        },
        "DomainList": [_item(call, zone) for zone in page],
    }


def _elsewhere(call: Call, zone: Zone) -> bool:
    """The registrar's name servers are not DNSPod's."""
    return call.services.zones.get(f"{ELSEWHERE}/{zone.name}") is not None


def _item(call: Call, zone: Zone) -> dict[str, Any]:
    return {
        "DomainId": zone.id, "Name": zone.name, "Status": "ENABLE", "TTL": DEFAULT_TTL,
        "CNAMESpeedup": "DISABLE", "DNSStatus": "DNSERROR" if _elsewhere(call, zone) else "",
        "Grade": GRADE, "GroupId": 1, "SearchEnginePush": "NO", "Remark": "", "Punycode": zone.name,
        "EffectiveDNS": list(NAME_SERVERS), "GradeLevel": GRADE_LEVEL, "GradeTitle": GRADE_TITLE,
        "IsVip": "NO", "VipStartAt": "0000-00-00 00:00:00", "VipEndAt": "0000-00-00 00:00:00",
        "VipAutoRenew": "NO", "RecordCount": len(zone.records), "CreatedOn": local_time(zone.created),
        "UpdatedOn": local_time(zone.updated), "Owner": f"qcloud_uin_{call.signer.uin}@qcloud.com",
        "TagList": [],
    }


async def describe_domain(call: Call) -> dict[str, Any]:
    """DescribeDomain (1427/56173)."""
    zone = find_zone(call)
    status = "dnserror" if _elsewhere(call, zone) else ""
    return {"DomainInfo": {
        "DomainId": zone.id, "Status": "ENABLE", "Grade": GRADE, "GroupId": 1, "IsMark": "no",
        "TTL": DEFAULT_TTL, "CnameSpeedup": "disable", "CNAMESpeedup": "disable", "Remark": "",
        "Punycode": zone.name, "DnsStatus": status, "DNSStatus": status, "DnspodNsList": list(NAME_SERVERS),
        "Domain": zone.name, "GradeLevel": GRADE_LEVEL, "GradeTitle": GRADE_TITLE,
        "UserId": int(call.owner), "Uin": call.signer.uin, "IsVip": "no",
        "Owner": f"qcloud_uin_{call.signer.uin}@qcloud.com", "OwnerNick": "",
        "CreatedOn": local_time(zone.created), "UpdatedOn": local_time(zone.updated),
        "ActualNsList": ["ns1.registrar.example"] if status else list(NAME_SERVERS),
        "RecordCount": len(zone.records), "IsGracePeriod": "no", "VipBuffered": "no",
        "VipStartAt": "0000-00-00 00:00:00", "VipEndAt": "0000-00-00 00:00:00", "VipAutoRenew": "no",
        "VipResourceId": "", "IsSubDomain": False, "TagList": [], "SearchEnginePush": "no",
        "SlaveDNS": "no",
    }}
