"""DNSPod: the zones of the account and the records in them (DNSPod API 1427, version 2021-03-23)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sitepub.domains.host_names import ascii_name, zone_of
from sitepub.domains.service_api import ServiceApi
from sitepub.errors import CloudError, NotFound

_PAGE = 3000
DEFAULT_LINE = "默认"
"""RecordLine of all visitors that have no line of their own; its RecordLineId is "0"."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A domain in the account's DNSPod."""

    name: str
    """As DNSPod names it; may hold letters of any script."""
    paused: bool = False
    """Paused by the owner or blocked: it is not answered for."""
    delegated: bool = True
    """Its registrar names DNSPod's servers; otherwise records here have no effect."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a zone."""

    id: int
    name: str
    """Below the zone; "@" is the zone itself."""
    type: str
    value: str
    line: str = DEFAULT_LINE
    enabled: bool = True
    ttl: int = 600
    weight: int | None = None
    remark: str = ""
    default_ns: bool = False
    """One of DNSPod's own NS records."""

    def says(self, type: str, value: str) -> bool:
        """Whether it is of this type and value; names are compared as DNS does."""
        if self.type != type:
            return False
        if type == "TXT":
            return self.value.strip('"') == value.strip('"')
        return ascii_name(self.value) == ascii_name(value)


class DnsPod:
    """Reads are kept for the life of the object (zones only). Safe for many threads."""

    def __init__(self, api: ServiceApi) -> None:
        self._api = api
        self._zones: tuple[Zone, ...] | None = None
        self._lock = threading.Lock()

    def zones(self) -> tuple[Zone, ...]:
        """Every zone of the account, also those that others share with it."""
        with self._lock:
            if self._zones is None:
                self._zones = tuple(self._read_zones())
            return self._zones

    def _read_zones(self) -> list[Zone]:
        zones: list[Zone] = []
        while True:
            try:
                answer = self._call("DescribeDomainList", {"Type": "ALL", "Offset": len(zones),
                                                           "Limit": _PAGE})
            except NotFound:
                return zones
            page = answer.get("DomainList") or []
            zones += [Zone(str(each.get("Name") or each.get("Punycode")),
                           paused=str(each.get("Status", "ENABLE")).upper() in ("PAUSE", "SPAM", "LOCK"),
                           delegated=str(each.get("DNSStatus") or "").upper() != "DNSERROR")
                      for each in page]
            if len(page) < _PAGE:
                return zones

    def zone_for(self, host: str) -> Zone | None:
        """The zone that holds this name: the longest match, so that a zone of a subdomain comes first."""
        zones = {zone.name: zone for zone in self.zones()}
        name = zone_of(host, zones)
        return zones[name] if name is not None else None

    def records(self, zone: str, name: str) -> tuple[Record, ...]:
        """All records of one name, of every type and line. May be up to 30 seconds behind (1427/56166)."""
        try:
            answer = self._call("DescribeRecordList", {"Domain": zone, "SubDomain": name, "Limit": _PAGE,
                                                       "ErrorOnEmpty": "no"})
        except NotFound as error:
            if error.code.startswith("ResourceNotFound.NoDataOfRecord"):
                return ()
            raise
        return tuple(_record(each) for each in answer.get("RecordList") or ()
                     if str(each.get("Name", name)).lower() == name.lower())

    def create(self, zone: str, name: str, type: str, value: str) -> int:
        """Add a record on the default line; its id. An existing one is refused with the code
        InvalidParameter.DomainRecordExist."""
        answer = self._call("CreateRecord", {"Domain": zone, "SubDomain": name, "RecordType": type,
                                             "RecordLine": DEFAULT_LINE, "Value": value})
        return int(answer.get("RecordId") or 0)

    def modify(self, zone: str, record: Record, type: str, value: str) -> None:
        """Give a record another type and value, and enable it.

        Everything is sent again: a SubDomain left out would become "@" (1427/56157)."""
        params: dict[str, Any] = {
            "Domain": zone, "RecordId": record.id, "SubDomain": record.name, "RecordType": type,
            "RecordLine": record.line, "Value": value, "TTL": record.ttl, "Status": "ENABLE"}
        if record.remark:
            params["Remark"] = record.remark
        if record.weight and record.type == type:
            params["Weight"] = record.weight
        self._call("ModifyRecord", params)

    def delete(self, zone: str, record_id: int) -> None:
        """Delete a record; one that is gone is fine."""
        try:
            self._call("DeleteRecord", {"Domain": zone, "RecordId": record_id})
        except CloudError as error:
            if not isinstance(error, NotFound) and error.code != "InvalidParameter.RecordIdInvalid":
                raise

    def _call(self, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return self._api.call("dnspod", action, params, host=str(params.get("Domain", "")))


def _record(answer: Mapping[str, Any]) -> Record:
    line_id = str(answer.get("LineId", ""))
    return Record(
        id=int(answer["RecordId"]), name=str(answer["Name"]), type=str(answer["Type"]),
        value=str(answer.get("Value", "")),
        # An account in another language may name the default line otherwise; its id is the same.
        line=DEFAULT_LINE if line_id == "0" else str(answer.get("Line") or DEFAULT_LINE),
        enabled=str(answer.get("Status", "ENABLE")).upper() != "DISABLE", ttl=int(answer.get("TTL") or 600),
        weight=answer.get("Weight"), remark=str(answer.get("Remark") or ""), default_ns=bool(answer.get("DefaultNS")))
