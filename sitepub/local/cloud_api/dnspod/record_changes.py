"""DNSPod's shorter ways to make, change and find records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.dnspod.domains import find_zone
from sitepub.local.cloud_api.dnspod.records import (
    create_record,
    find_record,
    modify_record,
    replace_record,
    shown_record,
)
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.services.zones import Record


async def create_txt_record(call: Call) -> dict[str, Any]:
    """CreateTXTRecord (1427/107160): CreateRecord for the one type."""
    return await create_record(replace(call, parameters={**call.parameters, "RecordType": "TXT"}))


async def modify_record_status(call: Call) -> dict[str, Any]:
    """ModifyRecordStatus (1427/56167)."""
    status = call.parameters["Status"].upper()
    if status not in ("ENABLE", "DISABLE"):
        raise ApiError("InvalidParameterValue", "Status is ENABLE or DISABLE.")
    zone = find_zone(call)
    old = find_record(zone, call.parameters["RecordId"])
    if old.default_ns:
        raise ApiError("InvalidParameter.DomainNotAllowedModifyRecords", "The NS records are the zone's own.")
    replace_record(call, zone, replace(old, enabled=status == "ENABLE", updated=call.time))
    return {"RecordId": old.id}


async def modify_dynamic_dns(call: Call) -> dict[str, Any]:
    """ModifyDynamicDNS (1427/56158): the address of an A or AAAA record; without a value the caller's own."""
    old = find_record(find_zone(call), call.parameters["RecordId"])
    if old.type not in ("A", "AAAA"):
        raise ApiError("InvalidParameter.RecordTypeInvalid", "Only A and AAAA records change so.")
    given = {"SubDomain": old.name, **call.parameters, "RecordType": old.type, "Remark": old.remark,
             "Value": call.get("Value") or "127.0.0.1", "TTL": call.get("TTL", call.get("Ttl", old.ttl))}
    return await modify_record(replace(call, parameters=given))


async def describe_record_filter_list(call: Call) -> dict[str, Any]:
    """DescribeRecordFilterList (1427/95540): each filter takes several values."""
    found = [record for record in find_zone(call).records if _fits(call, record)]
    attribute = call.get("SortField", "").lower()
    if attribute in ("name", "type", "value", "weight", "mx", "ttl", "line"):
        found.sort(key=lambda record: str(getattr(record, attribute)), reverse=call.get("SortType") == "DESC")
    offset = call.get("Offset", 0)
    page = found[offset : offset + call.get("Limit", 100)]
    return {
        "RecordCountInfo": {"SubdomainCount": len({record.name for record in found}), "ListCount": len(page),
                            "TotalCount": len(found)},
        "RecordList": [shown_record(record) for record in page],
    }


def _fits(call: Call, record: Record) -> bool:
    name, value = call.get("SubDomain", "").lower(), call.get("RecordValue", "").lower()
    keyword = call.get("Keyword", "").lower()
    lists = {"RecordType": record.type, "RecordLine": record.line,
             "RecordStatus": "ENABLE" if record.enabled else "DISABLE"}
    bounds = {"TTL": record.ttl, "MX": record.mx, "Weight": record.weight or 0}
    return (
        (name == record.name if call.get("IsExactSubDomain") and name else name in record.name)
        and value in record.value.lower() and call.get("Remark", "") in record.remark
        and (keyword in record.name or keyword in record.value.lower())
        and all(not call.get(key) or mine in call.parameters[key] for key, mine in lists.items())
        and all(call.get(f"{key}Begin", 0) <= mine <= call.get(f"{key}End", mine) for key, mine in bounds.items())
    )
