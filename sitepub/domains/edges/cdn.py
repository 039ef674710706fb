"""The classic CDN as an edge (API 2018-06-06)."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from sitepub.domains.edges.cdn_wanted import add_request, check_redirect, create_leaves, update_leaves, update_request
from sitepub.domains.edges.edge import (
    EdgeState,
    EdgeStatus,
    FreeCertificates,
    OwnershipWanted,
    PurgeKind,
    PurgeQuota,
    Report,
    WantedDomain,
)
from sitepub.domains.edges.waiting import Waiting
from sitepub.domains.host_names import registered_domain
from sitepub.domains.records import EdgeKind, TxtRecord
from sitepub.domains.service_api import ServiceApi
from sitepub.domains.steps import Leaf
from sitepub.domains.times import gmt8_to_iso
from sitepub.errors import CloudError, NotFound

_NOT_VERIFIED = "UnauthorizedOperation.CdnDomainRecordNotVerified"
_NOT_SEEN = frozenset({_NOT_VERIFIED, "UnauthorizedOperation.CdnTxtRecordValueNotMatch"})
_BUSY = "ResourceInUse.CdnOpInProgress"
_STATUS = {"online": EdgeStatus.ONLINE, "processing": EdgeStatus.PROCESSING, "closing": EdgeStatus.PROCESSING,
           "offline": EdgeStatus.OFFLINE, "rejected": EdgeStatus.REJECTED}


class Cdn:
    """See :class:`edge.Edge`."""

    kind: EdgeKind = "cdn"
    word = "the CDN"
    free_certificates: FreeCertificates | None = None
    known_cname = ""
    zones = None
    certificate_time = 30.0

    def __init__(self, api: ServiceApi, *, waiting: Waiting | None = None) -> None:
        self._api = api
        self._waiting = waiting or Waiting()

    def describe(self, host: str) -> EdgeState | None:
        answer = self._api.call("cdn", "DescribeDomainsConfig", {
            "Filters": [{"Name": "domain", "Value": [host], "Fuzzy": False}], "Offset": 0, "Limit": 100},
            host=host)
        found = next((one for one in answer.get("Domains") or () if one.get("Domain") == host), None)
        return None if found is None else _state(found)

    def check(self, wanted: WantedDomain) -> None:
        """The CDN has every setting that serverless.yml knows."""

    def differences(self, wanted: WantedDomain, state: EdgeState | None) -> tuple[Leaf, ...]:
        check_redirect(wanted, None if state is None else state.config)
        if state is None:
            return create_leaves(wanted)
        return update_leaves(wanted, state.config)

    def create(self, wanted: WantedDomain) -> None:
        host = wanted.host.host
        try:
            self._api.call("cdn", "AddCdnDomain", {"Domain": host, **add_request(wanted)}, host=host)
        except CloudError as error:
            if error.code == _NOT_VERIFIED:
                raise OwnershipWanted(self._txt(host)) from error
            if error.code != "ResourceInUse.CdnHostExists":
                raise
            # An earlier run was killed before it saw the answer. What leads elsewhere was made by others.
            there = self.describe(host)
            if there is None or there.origin != wanted.origin:
                raise

    def _txt(self, host: str) -> TxtRecord:
        answer = self._api.call("cdn", "CreateVerifyRecord", {"Domain": host}, host=host)
        name = str(answer.get("SubDomain") or "_cdnauth")
        # The record stands on the registered domain, the shortest of the names whose files would do as well.
        zones = [str(one) for one in answer.get("FileVerifyDomains") or () if f".{host}".endswith(f".{one}")]
        zone = min(zones, key=len, default=registered_domain(host))
        full = name if f".{name}".endswith(f".{zone}") else f"{name}.{zone}"
        return TxtRecord(name=full, value=str(answer.get("Record") or ""))

    def names_proof(self) -> bool:
        return True

    def prove_ownership(self, host: str) -> bool:
        try:
            answer = self._api.call("cdn", "VerifyDomainRecord", {"Domain": host, "VerifyType": "dns"}, host=host)
        except CloudError as error:
            if error.code in _NOT_SEEN:
                return False
            raise
        return bool(answer.get("Result"))

    def update(self, wanted: WantedDomain, state: EdgeState) -> None:
        request = update_request(wanted, state.config)
        if request:
            self._api.call("cdn", "UpdateDomainConfig", {"Domain": state.host, **request}, host=state.host)

    def start(self, state: EdgeState) -> None:
        self._api.call("cdn", "StartCdnDomain", {"Domain": state.host}, host=state.host)

    def stop(self, state: EdgeState) -> None:
        self._api.call("cdn", "StopCdnDomain", {"Domain": state.host}, host=state.host)

    def delete(self, state: EdgeState) -> None:
        try:
            self._api.call("cdn", "DeleteCdnDomain", {"Domain": state.host}, host=state.host)
        except NotFound:
            return

    def tidy(self, host: str, zone: str) -> None:
        """Nothing is made beside a domain here."""

    def wait(self, host: str, status: EdgeStatus | None, *, report: Report,
             stop: threading.Event | None = None) -> EdgeState | None:
        return self._waiting.until(host, lambda: self.describe(host), status, report=report, stop=stop)

    # Purge and prefetch

    def quota_pool(self, host: str, area: str) -> str:  # noqa: ARG002 - one for the account, by area
        return area

    def purge_quota(self, host: str, area: str) -> PurgeQuota:  # noqa: ARG002
        answer = self._api.call("cdn", "DescribePurgeQuota", {})
        urls, folders = _quotas(answer.get("UrlPurge"), area), _quotas(answer.get("PathPurge"), area)
        return PurgeQuota(
            urls=min((one["Available"] for one in urls), default=0),
            folders=min((one["Available"] for one in folders), default=0),
            urls_a_call=min((one["Batch"] for one in urls), default=1000),
            folders_a_call=min((one["Batch"] for one in folders), default=100))

    def purge(self, host: str, kind: PurgeKind, addresses: Sequence[str], *, area: str,  # noqa: ARG002
              flush_type: str = "flush") -> tuple[str, ...]:
        # Without an area it is that of the domain itself. No UrlEncode: the addresses are encoded already.
        if kind is PurgeKind.URLS:
            answer = self._api.call("cdn", "PurgeUrlsCache", {
                "Urls": list(addresses)}, host=host)
        else:
            paths = [f"{scheme}://{host}/" for scheme in ("http", "https")] if kind is PurgeKind.HOST else addresses
            answer = self._api.call("cdn", "PurgePathCache", {
                "Paths": list(paths), "FlushType": flush_type}, host=host)
        return (str(answer.get("TaskId", "")),)

    def purge_status(self, tasks: Sequence[str]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for task in tasks:
            answer = self._api.call("cdn", "DescribePurgeTasks", {"TaskId": task, "Limit": 1000})
            states = {str(one.get("Status")) for one in answer.get("PurgeLogs") or ()}
            found[task] = "fail" if "fail" in states else "process" if "process" in states or not states else "done"
        return found

    def prefetch(self, addresses: Sequence[str], *, area: str, user_agent: str = "") -> tuple[str, ...]:
        agent = {"UserAgent": user_agent} if user_agent else {}
        answer = self._api.call("cdn", "PushUrlsCache", {"Urls": list(addresses), "Area": area, **agent})
        return (str(answer.get("TaskId", "")),)


def _quotas(found: Any, area: str) -> list[dict[str, int]]:
    """The quotas that count for an area; "global" uses both."""
    quotas = [one for one in found or () if isinstance(one, Mapping)]
    return [{"Available": int(one.get("Available") or 0), "Batch": int(one.get("Batch") or 0)}
            for one in quotas if area == "global" or one.get("Area") in (area, "global", None)]


def _state(found: Mapping[str, Any]) -> EdgeState:
    https = found.get("Https") or {}
    certificate = https.get("CertInfo") or {}
    origin = found.get("Origin") or {}
    status = str(found.get("Status") or "")
    said = status
    if https.get("SslStatus") == "failed":
        said = "the certificate could not be deployed"
    disabled = str(found.get("Disable") or "normal")
    # A domain that is only locked against changes ("readonly") serves its visitors.
    closed = "" if disabled in ("normal", "readonly") else disabled
    if closed:
        said = f"{status}, closed by the cloud ({closed})"
    return EdgeState(
        host=str(found.get("Domain")), status=_STATUS.get(status, EdgeStatus.PROCESSING),
        cname=str(found.get("Cname") or ""), origin=str(next(iter(origin.get("Origins") or ()), "")),
        https=https.get("Switch") == "on", certificate_id=str(certificate.get("CertId") or ""),
        certificate_until=gmt8_to_iso(str(certificate.get("ExpireTime") or "")),
        said=said, closed=closed, config=found)
