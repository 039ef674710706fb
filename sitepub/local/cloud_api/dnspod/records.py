"""DNSPod's actions about records."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.clock import local_time
from sitepub.local.cloud_api.dnspod.domains import DEFAULT_TTL, find_zone, zone_key
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.services.dns_values import TYPES, valid_value
from sitepub.local.services.services import Services, random_number
from sitepub.local.services.zones import Record, Zone

LEAST_TTL = 600
"""Seconds, in the free plan."""
SAME_NAME = 2
"""Records of one name, type and line in the free plan (A and AAAA are balanced between them)."""
_LINES = {"默认": "0", "电信": "10=0", "联通": "10=1", "移动": "10=3", "境外": "3=0", "境内": "7=0"}
_LABEL = re.compile(r"(?:\*|[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)\Z")
_HOST_VALUES = ("CNAME", "NS", "MX")


async def describe_record_list(call: Call) -> dict[str, Any]:
    """DescribeRecordList (1427/56166). An empty list is an error unless `ErrorOnEmpty` is `no`."""
    zone = find_zone(call)
    records = _filtered(call, zone)
    if call.get("SortField", "").lower() in ("name", "type", "value", "ttl"):
        attribute = call.parameters["SortField"].lower()
        records.sort(key=lambda record: getattr(record, attribute), reverse=call.get("SortType") == "DESC")
    offset, limit = call.get("Offset", 0), call.get("Limit", 100)
    page = records[offset : offset + limit]
    if not page and call.get("ErrorOnEmpty", "yes") != "no":
        raise ApiError("ResourceNotFound.NoDataOfRecord", "The record list is empty.")
    return {
        "RecordCountInfo": {
            "SubdomainCount": len({record.name for record in records}), "ListCount": len(page),
            "TotalCount": len(records),
        },
        "RecordList": [shown_record(record) for record in page],
    }


def _filtered(call: Call, zone: Zone) -> list[Record]:
    name = call.get("Subdomain") or call.get("SubDomain")
    line_id = call.get("RecordLineId") or _LINES.get(call.get("RecordLine", ""))
    keyword = call.get("Keyword", "").lower()
    return [
        record for record in zone.records
        if (not name or record.name == name.lower())
        and (not call.get("RecordType") or record.type == call.parameters["RecordType"].upper())
        and (line_id is None or record.line_id == line_id)
        and (keyword in record.name or keyword in record.value.lower())
    ]


def shown_record(record: Record) -> dict[str, Any]:
    return {
        "RecordId": record.id, "Value": record.value, "Status": "ENABLE" if record.enabled else "DISABLE",
        "UpdatedOn": local_time(record.updated), "Name": record.name, "Line": record.line,
        "LineId": record.line_id, "Type": record.type, "Weight": record.weight, "MonitorStatus": "",
        "Remark": record.remark, "TTL": record.ttl, "MX": record.mx, "DefaultNS": record.default_ns,
    }


async def describe_record(call: Call) -> dict[str, Any]:
    """DescribeRecord (1427/56168)."""
    zone = find_zone(call)
    record = find_record(zone, call.parameters["RecordId"])
    return {"RecordInfo": {
        "Id": record.id, "SubDomain": record.name, "RecordType": record.type, "RecordLine": record.line,
        "RecordLineId": record.line_id, "Value": record.value, "Weight": record.weight, "MX": record.mx,
        "TTL": record.ttl, "Enabled": int(record.enabled), "MonitorStatus": "", "Remark": record.remark,
        "UpdatedOn": local_time(record.updated), "DomainId": zone.id,
    }}


def find_record(zone: Zone, number: int) -> Record:
    """Raises ApiError."""
    for record in zone.records:
        if record.id == number:
            return record
    raise ApiError("InvalidParameter.RecordIdInvalid", "The record id is wrong.")


async def create_record(call: Call) -> dict[str, Any]:
    """CreateRecord (1427/56180)."""
    zone = find_zone(call)
    record = _wanted(call, random_number(10))
    _check_beside(zone, record)
    _store(call.services, zone, (*zone.records, record), call.time)
    return {"RecordId": record.id}


async def modify_record(call: Call) -> dict[str, Any]:
    """ModifyRecord (1427/56157). A SubDomain that is left out is `@`; so does every other parameter go back
    to its default."""
    zone = find_zone(call)
    old = find_record(zone, call.parameters["RecordId"])
    if old.default_ns:
        raise ApiError("InvalidParameter.DomainNotAllowedModifyRecords", "The NS records are the zone's own.")
    record = _wanted(call, old.id)
    replace_record(call, zone, record)
    return {"RecordId": record.id}


def replace_record(call: Call, zone: Zone, record: Record) -> None:
    """Put a record in the place of the one with its id. Raises ApiError when it cannot be beside others."""
    _check_beside(zone, record)
    records = tuple(record if other.id == record.id else other for other in zone.records)
    _store(call.services, zone, records, call.time)


async def delete_record(call: Call) -> dict[str, Any]:
    """DeleteRecord (1427/56176)."""
    zone = find_zone(call)
    old = find_record(zone, call.parameters["RecordId"])
    if old.default_ns:
        raise ApiError("InvalidParameter.DomainNotAllowedModifyRecords", "The NS records are the zone's own.")
    remove_record(call.services, zone, old.id, call.time)
    return {}


def remove_record(services: Services, zone: Zone, number: int, now: float) -> None:
    _store(services, zone, tuple(record for record in zone.records if record.id != number), now)


def add_record(services: Services, zone: Zone, record: Record, now: float) -> None:
    """Add a record that a service of the cloud made itself. Raises ApiError when it cannot be beside others."""
    _check_beside(zone, record)
    _store(services, zone, (*zone.records, record), now)


def _store(services: Services, zone: Zone, records: tuple[Record, ...], now: float) -> None:
    services.zones.put(zone_key(zone), replace(zone, records=records, updated=now))


def _wanted(call: Call, number: int) -> Record:
    kind = call.parameters["RecordType"].upper()
    if kind not in TYPES or kind == "SOA":
        raise ApiError("InvalidParameter.RecordTypeInvalid", "The record type is wrong.")
    name = call.get("SubDomain", "@").lower() or "@"
    labels = name.split(".")
    if name != "@" and (len(name) > 200 or not all(_LABEL.match(label) for label in labels)
                        or "*" in labels[1:]):
        raise ApiError("InvalidParameter.SubdomainInvalid", "The subdomain is wrong.")
    value = call.parameters["Value"]
    if kind in _HOST_VALUES and value and not value.endswith("."):
        value += "."
    if not value.strip() or not valid_value(kind, value):
        raise ApiError("InvalidParameter.RecordValueInvalid", "The record value is wrong.")
    if kind == "TXT" and len(value.encode()) > 2048:
        raise ApiError("InvalidParameter.RecordValueLengthInvalid", "The record value is too long.")
    line, line_id = _line(call)
    ttl = call.get("TTL", DEFAULT_TTL)
    if not LEAST_TTL <= ttl <= 604_800:
        raise ApiError("LimitExceeded.RecordTtlLimit", f"The TTL must be from {LEAST_TTL} to 604800 seconds.")
    weight = call.get("Weight")
    if weight is not None and not 0 <= weight <= 100:
        raise ApiError("InvalidParameter.InvalidWeight", "The weight must be from 0 to 100.")
    mx = call.get("MX", 0)
    if kind == "MX" and not 1 <= mx <= 50:
        raise ApiError("InvalidParameter.MxInvalid", "The MX priority must be from 1 to 50.")
    status = call.get("Status", "ENABLE").upper()
    if status not in ("ENABLE", "DISABLE"):
        raise ApiError("InvalidParameterValue", "Status is ENABLE or DISABLE.")
    return Record(number, name, kind, value, ttl, line, line_id, weight, mx if kind == "MX" else 0,
                  status == "ENABLE", call.get("Remark", ""), call.time)


def _line(call: Call) -> tuple[str, str]:
    names = {number: name for name, number in _LINES.items()}
    if call.get("RecordLineId") is not None:  # takes precedence over the name
        if call.parameters["RecordLineId"] not in names:
            raise ApiError("InvalidParameter.RecordLineInvalid", "The record line is wrong.")
        return names[call.parameters["RecordLineId"]], call.parameters["RecordLineId"]
    line = call.parameters["RecordLine"]
    if line not in _LINES:
        raise ApiError("InvalidParameter.RecordLineInvalid", "The record line is wrong.")
    return line, _LINES[line]


def _check_beside(zone: Zone, record: Record) -> None:
    """Whether a record can be in the zone together with the others.

    A CNAME is alone on its name and line (RFC 1034 3.6.2), but for the zone's own NS records: the service
    takes one at the zone's name. That it also takes one beside MX and TXT there is not documented, so it
    does not here."""
    others = [other for other in zone.at(record.name)
              if other.id != record.id and other.line_id == record.line_id and record.enabled
              and not other.default_ns]
    for other in others:
        if (other.type, other.value) == (record.type, record.value):
            raise ApiError("InvalidParameter.DomainRecordExist", "The record exists already.")
        if "CNAME" in (record.type, other.type):
            raise ApiError(
                "InvalidParameter.DomainRecordExist",
                f"The record conflicts with the {other.type} record of the same name.",
            )
    same = [other for other in others if other.type == record.type and record.type in ("A", "AAAA")]
    if len(same) >= SAME_NAME:
        raise ApiError("LimitExceeded.SubdomainRollLimit", "Too many records of this type and name.")
