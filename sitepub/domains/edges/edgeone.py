"""EdgeOne as an edge (API teo 2022-09-01): an acceleration domain in a zone."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sitepub.domains.edges.cdn_wanted import DOWNLOAD_HEADERS
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
from sitepub.domains.edges.edgeone_certificates import EdgeOneCertificates
from sitepub.domains.edges.edgeone_rules import delete_rule, find_rules, is_right, write_rule, write_site_rule
from sitepub.domains.edges.edgeone_site_rules import is_as_wanted, lines_of, site_rule
from sitepub.domains.edges.waiting import Waiting
from sitepub.domains.records import EdgeKind
from sitepub.domains.service_api import ServiceApi
from sitepub.domains.steps import Leaf
from sitepub.domains.times import gmt8_to_iso
from sitepub.domains.zones.zones import Zones, proof_record
from sitepub.errors import AccessDenied, CloudError, ConfigError, NotFound, Problem

_STATUS = {"online": EdgeStatus.ONLINE, "process": EdgeStatus.PROCESSING, "offline": EdgeStatus.OFFLINE,
           "init": EdgeStatus.PROCESSING}
_GONE = frozenset({"InvalidParameter.DomainNotFound", "InvalidParameter.HostNotFound",
                   "ResourceUnavailable.HostNotFound", "ResourceUnavailable.DomainNotFound"})
_TASKS = {"success": "done", "failed": "fail", "timeout": "fail", "canceled": "fail"}
_TYPES = {PurgeKind.URLS: "purge_url", PurgeKind.FOLDERS: "purge_prefix", PurgeKind.HOST: "purge_host"}
_UNKNOWN_QUOTA = PurgeQuota(urls=1000, folders=100, urls_a_call=100, folders_a_call=10, hosts=10)
"""Where EdgeOne does not say: moderate, as a plan may have less."""


class EdgeOne:
    """See :class:`edge.Edge`."""

    kind: EdgeKind = "edgeone"
    word = "EdgeOne"
    known_cname = ""
    certificate_time = 30.0

    def __init__(self, api: ServiceApi, *, waiting: Waiting | None = None) -> None:
        self._api = api
        self._waiting = waiting or Waiting()
        self.zones: Zones = Zones(api)
        self.free_certificates: FreeCertificates | None = EdgeOneCertificates(api, self.zone)

    # Zones

    def zone(self, host: str) -> Mapping[str, Any] | None:
        """The zone (EdgeOne: site) that a host belongs to, as the API describes it."""
        return self.zones.zone(host)

    def _zone_id(self, wanted: WantedDomain) -> str:
        host = wanted.host
        zone = self.zone(host.host)
        if zone is None:
            raise ConfigError(Problem(
                f"{host.host} lies in no EdgeOne zone of this account", host.position,
                "Run `sitepub deploy --verify`: it creates the zone. Or use another `edge`."))
        return str(zone.get("ZoneId"))

    # The domain

    def describe(self, host: str) -> EdgeState | None:
        zone = self.zone(host)
        if zone is None:
            return None
        answer = self._api.call("teo", "DescribeAccelerationDomains", {
            "ZoneId": zone.get("ZoneId"), "Limit": 200,
            "Filters": [{"Name": "domain-name", "Values": [host], "Fuzzy": False}]}, host=host)
        found = next((one for one in answer.get("AccelerationDomains") or ()
                      if one.get("DomainName") == host), None)
        if found is None:
            return None
        rule, of_site = find_rules(self._api, str(found.get("ZoneId")), host)
        return _state({**found, "Rule": rule, "SiteRule": of_site})

    def check(self, wanted: WantedDomain) -> None:
        """Its zone is checked with the steps that the zone needs."""

    def differences(self, wanted: WantedDomain, state: EdgeState | None) -> tuple[Leaf, ...]:
        return tuple(_differences(wanted, state))

    def create(self, wanted: WantedDomain) -> None:
        host = wanted.host.host
        try:
            answer = self._api.call("teo", "CreateAccelerationDomain", {
                "ZoneId": self._zone_id(wanted), "DomainName": host, "OriginInfo": _origin(wanted),
                "OriginProtocol": _protocol(wanted)}, host=host)
        except CloudError as error:
            # An earlier run was killed before it saw the answer. What leads elsewhere was made by others.
            there = self.describe(host) if error.code.startswith("ResourceInUse") else None
            if there is None or there.origin != wanted.origin:
                raise
            return
        txt = proof_record(answer.get("OwnershipVerification"), host)
        if txt is not None:
            raise OwnershipWanted(txt)
        write_rule(self._api, self._zone_id(wanted), host)
        if wanted.host.rules:
            write_site_rule(self._api, self._zone_id(wanted), host, site_rule(host, wanted.host.rules))

    def names_proof(self) -> bool:
        return True

    def prove_ownership(self, host: str) -> bool:
        answer = self._api.call("teo", "VerifyOwnership", {"Domain": host}, host=host)
        return answer.get("Status") == "success"

    def update(self, wanted: WantedDomain, state: EdgeState) -> None:
        changed = {leaf.path.partition(".")[0] for leaf in _differences(wanted, state)}
        where = {"ZoneId": state.zone}
        if "L7AccRule" in changed:
            write_rule(self._api, state.zone, state.host)
        if "SiteRule" in changed:
            write_site_rule(self._api, state.zone, state.host, site_rule(state.host, wanted.host.rules))
        if changed & {"OriginInfo", "OriginProtocol"}:
            self._api.call("teo", "ModifyAccelerationDomain", {
                **where, "DomainName": state.host, "OriginInfo": _origin(wanted),
                "OriginProtocol": _protocol(wanted)}, host=state.host)
            if "Certificate" in changed:
                # The next step takes no domain that is being deployed.
                self.wait(state.host, None, report=lambda _text: None)
        if "Certificate" in changed:
            mode, id = _certificate(wanted)
            self._api.call("teo", "ModifyHostsCertificate", {
                **where, "Hosts": [state.host], "Mode": mode,
                **({"ServerCertInfo": [{"CertId": id}]} if id else {})}, host=state.host)

    def start(self, state: EdgeState) -> None:
        self._switch(state, "online")

    def stop(self, state: EdgeState) -> None:
        self._switch(state, "offline")

    def _switch(self, state: EdgeState, status: str) -> None:
        self._api.call("teo", "ModifyAccelerationDomainStatuses", {
            "ZoneId": state.zone, "DomainNames": [state.host], "Status": status, "Force": False},
            host=state.host)

    def delete(self, state: EdgeState) -> None:
        # The rule first: a run that is killed in between finds the domain, and comes here again.
        delete_rule(self._api, state.zone, state.host)
        try:
            self._api.call("teo", "DeleteAccelerationDomains", {
                "ZoneId": state.zone, "DomainNames": [state.host], "Force": False}, host=state.host)
        except NotFound:
            return
        except CloudError as error:
            if error.code not in _GONE:
                raise

    def tidy(self, host: str, zone: str) -> None:
        there = self.zone(host)
        if there is not None and there.get("ZoneId") == zone:
            delete_rule(self._api, zone, host)

    def wait(self, host: str, status: EdgeStatus | None, *, report: Report,
             stop: threading.Event | None = None) -> EdgeState | None:
        return self._waiting.until(host, lambda: self.describe(host), status, report=report, stop=stop)

    # Purge and prefetch

    def quota_pool(self, host: str, area: str) -> str:  # noqa: ARG002 - each zone has that of its plan
        return self._zone_of(host)

    def purge_quota(self, host: str, area: str) -> PurgeQuota:  # noqa: ARG002
        """DescribeContentQuota (1145/80704). A key that may not ask it purges all the same: what is over the quota is
        refused then."""
        try:
            answer = self._api.call("teo", "DescribeContentQuota", {"ZoneId": self._zone_of(host)}, host=host)
        except AccessDenied:
            return _UNKNOWN_QUOTA
        return quota_of(answer.get("PurgeQuota"))

    def _zone_of(self, host: str) -> str:
        zone = self.zone(host)
        if zone is None:
            raise NotFound(f"{host} lies in no EdgeOne zone of this account", code="ZoneNotFound")
        return str(zone.get("ZoneId"))

    def purge(self, host: str, kind: PurgeKind, addresses: Sequence[str], *, area: str,  # noqa: ARG002
              flush_type: str = "flush") -> tuple[str, ...]:
        targets = [host] if kind is PurgeKind.HOST else list(addresses)
        method = {} if kind is PurgeKind.URLS else {
            "Method": "delete" if flush_type == "delete" else "invalidate"}
        return self._task("CreatePurgeTask", host, {"Type": _TYPES[kind], "Targets": targets, **method})

    def _task(self, action: str, host: str, params: Mapping[str, Any]) -> tuple[str, ...]:
        zone = self._zone_of(host)
        answer = self._api.call("teo", action, {"ZoneId": zone, **params}, host=host)
        failed = [f"{', '.join(one.get('Targets') or ())}: {one.get('Reason')}"
                  for one in answer.get("FailedList") or ()]
        if failed:
            raise CloudError(f"{host}: EdgeOne refused {'; '.join(failed[:5])}", code="PurgeRefused",
                             request_id=str(answer.get("RequestId") or "") or None)
        return (f"{zone}/{answer.get('JobId')}",)

    def purge_status(self, tasks: Sequence[str]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for task in tasks:
            zone, _, job = task.rpartition("/")
            answer = self._api.call("teo", "DescribePurgeTasks", {
                "ZoneId": zone, "Limit": 1000, "Filters": [{"Name": "job-id", "Values": [job]}]})
            states = {_TASKS.get(str(one.get("Status")), "process") for one in answer.get("Tasks") or ()}
            found[task] = "fail" if "fail" in states else "process" if "process" in states or not states else "done"
        return found

    def prefetch(self, addresses: Sequence[str], *, area: str,  # noqa: ARG002
                 user_agent: str = "") -> tuple[str, ...]:
        from urllib.parse import urlsplit

        headers = {"Headers": [{"Name": "User-Agent", "Value": user_agent}]} if user_agent else {}
        by_host: dict[str, list[str]] = {}
        for address in addresses:
            by_host.setdefault(urlsplit(address).hostname or "", []).append(address)
        return tuple(task for host, own in by_host.items()
                     for task in self._task("CreatePrefetchTask", host, {"Targets": own, **headers}))


def quota_of(found: Any) -> PurgeQuota:
    """From what EdgeOne says of each kind of purge. A kind that it does not name, the plan does not have."""
    if found is None:
        return _UNKNOWN_QUOTA
    kinds = {str(one.get("Type")): one for one in found if isinstance(one, Mapping)}

    def of(kind: PurgeKind) -> tuple[int, int]:
        one = kinds.get(_TYPES[kind]) or {}
        batch, left = int(one.get("Batch") or 0), int(one.get("DailyAvailable") or 0)
        return (max(left, 0), batch) if batch > 0 else (0, 1)

    (urls, urls_a_call), (folders, folders_a_call), (hosts, _) = map(
        of, (PurgeKind.URLS, PurgeKind.FOLDERS, PurgeKind.HOST))
    return PurgeQuota(urls, folders, urls_a_call, folders_a_call, hosts)


def _origin(wanted: WantedDomain) -> dict[str, Any]:
    # The type COS takes the plain bucket host, which has no index and error documents.
    return {"OriginType": "IP_DOMAIN", "Origin": wanted.origin, "HostHeader": wanted.origin}


def _protocol(wanted: WantedDomain) -> str:
    return wanted.origin_protocol.upper()


def _certificate(wanted: WantedDomain) -> tuple[str, str]:
    """(mode, id of the SSL service); mode "" leaves it alone."""
    https = wanted.host.https
    if https is None:
        return "", ""
    if https.get("switch") == "off":
        return "disable", ""
    if wanted.free_certificate:
        return "eofreecert_manual" if wanted.by_record else "eofreecert", ""
    return ("sslcert", wanted.certificate.id) if wanted.certificate is not None else ("", "")


def _differences(wanted: WantedDomain, state: EdgeState | None) -> Iterator[Leaf]:
    config = state.config if state is not None else {}
    origin = config.get("OriginDetail") or {}
    for name, value in _origin(wanted).items():
        if origin.get(name) != value:
            yield Leaf(f"OriginInfo.{name}", origin.get(name), value)
    if not is_right(config.get("Rule"), wanted.host.host):
        yield Leaf("L7AccRule.ModifyResponseHeader", None, [f"del {header}" for header in DOWNLOAD_HEADERS])
    rules = wanted.host.rules
    if rules is not None and not is_as_wanted(config.get("SiteRule"), site_rule(wanted.host.host, rules)):
        known = lines_of(wanted.rules_before) if config.get("SiteRule") is not None else []
        yield Leaf("SiteRule", known, lines_of(rules))
    if config.get("OriginProtocol") != _protocol(wanted):
        yield Leaf("OriginProtocol", config.get("OriginProtocol"), _protocol(wanted))
    mode, id = _certificate(wanted)
    there = config.get("Certificate") or {}
    before = str(there.get("Mode") or "disable")
    if mode and before != mode:
        yield Leaf("Certificate.Mode", before, mode)
    ids = [str(one.get("CertId") or "") for one in there.get("List") or ()]
    if id and (before != mode or ids != [id]):
        yield Leaf("Certificate.ServerCertInfo", ids, [id])


def _state(found: Mapping[str, Any]) -> EdgeState:
    certificate = found.get("Certificate") or {}
    mode, listed = str(certificate.get("Mode") or "disable"), certificate.get("List") or ()
    ids = [str(one.get("CertId") or "") for one in listed]
    until = [gmt8_to_iso(str(one.get("ExpireTime") or "")) for one in listed]
    status = str(found.get("DomainStatus") or "")
    said = "waiting for the proof of ownership" if found.get("IdentificationStatus") == "pending" else status
    deploying = any(one.get("Status") in ("processing", "applying") for one in listed)
    failed = any(one.get("Status") in ("failed", "issued") for one in listed)
    if deploying and status == "online":
        status, said = "process", "the certificate is being deployed"
    elif failed:
        said = "the certificate could not be deployed"
    return EdgeState(
        host=str(found.get("DomainName")), status=_STATUS.get(status, EdgeStatus.PROCESSING),
        cname=str(found.get("Cname") or ""), origin=str((found.get("OriginDetail") or {}).get("Origin") or ""),
        https=mode != "disable" and not deploying, certificate_id=ids[0] if ids and mode == "sslcert" else "",
        certificate_until="" if failed else min((one for one in until if one), default=""),
        zone=str(found.get("ZoneId")),
        ownership=proof_record(found.get("OwnershipVerification"), str(found.get("DomainName")))
        if found.get("IdentificationStatus") == "pending" else None,
        said=said, config=found)
