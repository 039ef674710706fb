"""What the hosts of the CDN served, counted from their visits (CDN API 228/30986), and what a certificate covers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.cdn.checks import bad, check_account
from sitepub.local.cloud_api.clock import local_time, parse_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.services.certificate_reading import CertificateProblem, covers, read_certificate

_STEPS = {"min": 60, "5min": 300, "hour": 3600, "day": 86400}
_LONGEST = 90 * 86400
_HIT = "HIT"
Visits = list[dict[str, Any]]


def _of_status(first: int) -> Callable[[Visits], float]:
    return lambda visits: float(sum(one["status"] // 100 == first for one in visits))


def _is_hit(visit: dict[str, Any]) -> bool:
    return str(visit.get("cache", "")).upper() == _HIT


_COUNTS: dict[str, Callable[[Visits], float]] = {
    "flux": lambda visits: float(sum(one["sent"] for one in visits)),
    "request": lambda visits: float(len(visits)),
    "hitRequest": lambda visits: float(sum(_is_hit(one) for one in visits)),
    "hitFlux": lambda visits: float(sum(one["sent"] for one in visits if _is_hit(one))),
    **{f"{first}xx": _of_status(first) for first in (2, 3, 4, 5)},
}


async def describe_cdn_data(call: Call) -> dict[str, Any]:
    """DescribeCdnData (228/30986): sums of what the embedded edge served. Rates and bandwidth follow from those."""
    check_account(call)
    begin, end = (parse_time(call.parameters[name].replace("T", " ")) for name in ("StartTime", "EndTime"))
    if begin is None or end is None or end < begin or end - begin > _LONGEST:
        raise bad("StartTime and EndTime must be times such as 2018-09-04 10:40:00, at most 90 days apart.")
    usual = "min" if end - begin <= 86400 else "5min" if end - begin <= 31 * 86400 else "day"
    interval = call.get("Interval") or usual
    metric, step = call.parameters["Metric"], _STEPS[interval]
    mine = [domain.host for domain in call.services.cdn_domains.where(owner=call.owner)]
    hosts = [host.lower() for host in call.get("Domains", [])] or mine
    if not set(hosts) <= set(mine):
        raise ApiError("ResourceNotFound.CdnHostNotExists", "A domain is not on the CDN of this account.")
    visits = call.access_log.edge(hosts, begin, end + step) if hosts else []
    groups = {host: [one for one in visits if one["host"] == host] for host in hosts} \
        if call.get("Detail") else {"all" if len(hosts) != 1 else hosts[0]: visits}
    return {"Interval": interval, "Data": [
        {"Resource": name, "CdnData": [_data(metric, found, begin, end, step)]} for name, found in groups.items()]}


def _data(metric: str, visits: Visits, begin: float, end: float, step: int) -> dict[str, Any]:
    first = int(begin) // step * step
    slots: dict[int, Visits] = {moment: [] for moment in range(first, int(end) + 1, step)}
    for one in visits:
        slot = int(one["time"]) // step * step
        if slot in slots:
            slots[slot].append(one)
    values = [_value(metric, found, step) for found in slots.values()]
    detail = [{"Time": local_time(moment), "Value": one} for moment, one in zip(slots, values, strict=True)]
    kind = "max" if metric.startswith("bandwidth") else "avg" if metric.endswith("Rate") else "sum"
    total = {"max": max(values), "avg": _value(metric, visits, step), "sum": sum(values)}[kind]
    return {"Metric": metric.replace("xx", "XX"), "DetailData": detail,
            "SummarizedData": {"Name": kind, "Value": float(total)}}


def _value(metric: str, visits: Visits, step: int) -> float:
    if metric.startswith("bandwidth"):
        return _COUNTS["flux"](visits) * 8 / step
    if metric in ("requestHitRate", "fluxHitRate"):
        part, whole = ("hitRequest", "request") if metric.startswith("request") else ("hitFlux", "flux")
        all_of = _COUNTS[whole](visits)
        return 100 * _COUNTS[part](visits) / all_of if all_of else 0.0
    # In and out are one here: nothing is fetched for another area.
    name = "flux" if metric.startswith("flux") else "request" if metric == "statusCode" else metric
    return _COUNTS[name](visits)


async def describe_cert_domains(call: Call) -> dict[str, Any]:
    """DescribeCertDomains (228/42491): the account's hosts that a certificate covers, and which of them have one."""
    check_account(call)
    if call.get("CertId"):
        certificate = call.services.certificates.get(call.parameters["CertId"])
        if certificate is None or certificate.owner != call.owner:
            raise ApiError("InvalidParameter.CdnCertInfoNotFound", "The certificate does not exist.")
        names = certificate.names
    elif call.get("Cert"):
        try:
            names = read_certificate(call.parameters["Cert"]).names
        except CertificateProblem as problem:
            raise ApiError("InvalidParameter.CdnCertNotPem", problem.message) from problem
    else:
        raise bad("Either Cert or CertId is needed.")
    found = [one for one in call.services.cdn_domains.where(owner=call.owner) if covers(names, one.host)]
    return {"Domains": [one.host for one in found],
            "CertifiedDomains": [one.host for one in found if (one.settings["Https"] or {}).get("CertInfo")]}
