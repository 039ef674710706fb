"""Purging and prefetching on EdgeOne (1552/80703, 1552/80701)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from sitepub.local.base.pace import begin
from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.clock import local_day, parse_time, utc_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.teo.zones import filtered, find_zone
from sitepub.local.services import tasks
from sitepub.local.services.records import TeoZone
from sitepub.local.services.services import random_name
from sitepub.local.services.switches import Quota
from sitepub.local.services.tasks import EdgeTask
from sitepub.local.services.zones import normal

_SAFE = "%!#$&'()*+,/:;=?@[]~-._"
_PURGES = ("purge_prefix", "purge_url", "purge_host", "purge_all", "purge_cache_tag")
_AREA = "all"
"""Quotas of EdgeOne do not depend on the area."""


async def create_purge_task(call: Call) -> dict[str, Any]:
    """CreatePurgeTask: what is not of the site is in FailedList, the rest is done."""
    zone, kind = find_zone(call), call.parameters["Type"]
    targets = call.get("Targets", [])
    if kind == "purge_cache_tag":
        raise ApiError("UnsupportedOperation", "The embedded cloud knows no cache tags.")
    if kind == "purge_all":
        if targets:
            raise ApiError("InvalidParameter.Target", "purge_all takes no targets.")
        targets = [zone.name]
    elif not targets:
        raise ApiError("InvalidParameter.Target", "There are no targets.")
    return _submit(call, zone, kind, targets, call.get("Method", "invalidate"))


async def create_prefetch_task(call: Call) -> dict[str, Any]:
    """CreatePrefetchTask."""
    if not call.get("ZoneId"):
        raise ApiError("MissingParameter", "The request is missing a required parameter `ZoneId`.")
    targets = call.get("Targets", [])
    if not targets:
        raise ApiError("InvalidParameter.Target", "There are no targets.")
    return _submit(call, find_zone(call), "prefetch", targets, "")


async def describe_content_quota(call: Call) -> dict[str, Any]:
    """DescribeContentQuota (1145/80704): for each kind what a call takes, what a day has, and what of it is left."""
    zone = find_zone(call)

    def of(kind: str, named: str = "") -> dict[str, Any]:
        batch, daily = _limits(call.services.switches.quota, kind)
        return {"Type": named or kind, "Batch": batch, "Daily": daily,
                "DailyAvailable": max(0, daily - _spent(call, zone, kind))}

    return {"PurgeQuota": [of(kind) for kind in _PURGES], "PrefetchQuota": [of("prefetch", "prefetch_url")]}


def _limits(quota: Quota, kind: str) -> tuple[int, int]:
    """Of a call and of a day."""
    if kind in ("purge_url", "prefetch"):
        return quota.edgeone_batch, quota.edgeone_day
    if kind == "purge_prefix":
        return quota.edgeone_prefix_batch, quota.edgeone_prefix_day
    return quota.edgeone_host_batch, quota.edgeone_host_day


def _spent(call: Call, zone: TeoZone, kind: str) -> int:
    return tasks.used(call.services.tasks, owner=call.owner, kind=kind, area=zone.id, day=local_day(call.time))


def _submit(call: Call, zone: TeoZone, kind: str, targets: list[str], method: str) -> dict[str, Any]:
    services, day = call.services, local_day(call.time)
    batch, daily = _limits(services.switches.quota, kind)
    if len(targets) > batch:
        raise ApiError("LimitExceeded.BatchQuota", f"A call takes at most {batch}.")
    wanted = [quote(one, safe=_SAFE) if call.get("EncodeUrl") else one for one in targets]
    taken = [one for one in wanted if kind == "purge_all" or _of_zone(call, zone, kind, one)]
    refused = [one for one in wanted if one not in taken]
    if _spent(call, zone, kind) + len(taken) > daily:
        raise ApiError("LimitExceeded.DailyQuota", f"The quota of the day is {daily}.")
    failed = [{"Reason": "The target is not of the site.", "Targets": refused}] if refused else []
    if not taken:
        return {"JobId": "", "FailedList": failed}
    task = EdgeTask(
        random_name(14), call.owner, "edgeone", kind, tuple(taken), method, {zone.id: len(taken)}, _AREA,
        zone.id, begin(call.time, call.services.pace), day,
    )
    tasks.keep(services.tasks, task)
    for one in taken:
        _tell_edge(call, zone, kind, one, method)
    return {"JobId": task.id, "FailedList": failed}


def _tell_edge(call: Call, zone: TeoZone, kind: str, target: str, method: str) -> None:
    services = call.services
    if kind == "prefetch":
        services.prefetch(target)
    elif kind == "purge_all":
        for domain in services.teo_domains.where(zone=zone.id):
            services.purge("host", domain.host)
    elif kind == "purge_prefix":
        services.purge("prefix" if method == "delete" else "flush", target)
    elif kind == "purge_host":
        services.purge("host", normal(urlsplit(target).hostname or target))
    else:
        services.purge("url", target)


def _of_zone(call: Call, zone: TeoZone, kind: str, target: str) -> bool:
    """Whether a target is of one of the site's hosts. URLs and prefixes need a scheme; a host has none."""
    try:
        parts = urlsplit(target)
        host = normal(parts.hostname or "")
    except ValueError:
        return False
    if kind == "purge_host" and "/" not in target:
        host = normal(target)
        if host.startswith("*."):
            return False  # whole hosts are purged by their names (1552/80703)
    elif parts.scheme not in ("http", "https"):
        return False
    domains = call.services.teo_domains
    domain = domains.get(host) or domains.get(f"*.{host.partition('.')[2]}")
    return domain is not None and domain.zone == zone.id


async def describe_purge_tasks(call: Call) -> dict[str, Any]:
    """DescribePurgeTasks (1552/80700): by job-id, or between two times."""
    return _tasks(call, purge=True)


async def describe_prefetch_tasks(call: Call) -> dict[str, Any]:
    """DescribePrefetchTasks (1552/80702)."""
    return _tasks(call, purge=False)


def _tasks(call: Call, *, purge: bool) -> dict[str, Any]:
    """Of one site, or of all where none is named."""
    zones = [find_zone(call).id] if call.get("ZoneId") is not None else [
        zone.id for zone in call.services.teo_zones.where(owner=call.owner)]
    named = {given["Name"] for given in call.get("Filters", [])}
    if "job-id" not in named and not (call.get("StartTime") and call.get("EndTime")):
        raise ApiError("MissingParameter", "Either StartTime and EndTime or the filter job-id is required.")
    earliest, latest = _moment(call, "StartTime", 0.0), _moment(call, "EndTime", float("inf"))
    rows = []
    for task in call.services.tasks.where(owner=call.owner, product="edgeone"):
        if task.zone not in zones:
            continue
        if (task.kind != "prefetch") != purge or not earliest <= task.change.since < latest + 1:
            continue
        done = not task.change.under_way(call.time, call.services.pace)
        end = task.change.ends(call.services.pace) if done else task.change.since
        rows += [{
            "JobId": task.id, "Target": target, "Type": task.kind, "Method": task.method,
            "Status": "success" if done else "processing", "CreateTime": utc_time(task.change.since),
            "UpdateTime": utc_time(end), "FailType": "", "FailMessage": "",
        } for target in task.targets]
    rows.reverse()
    rows = filtered(call, rows, {
        "job-id": lambda row: [row["JobId"]], "target": lambda row: [row["Target"]],
        "domains": lambda row: [normal(urlsplit(row["Target"]).hostname or row["Target"])],
        "statuses": lambda row: [row["Status"]], "type": lambda row: [row["Type"]],
    }, ("target",))
    offset = call.get("Offset", 0)
    return {"TotalCount": len(rows), "Tasks": rows[offset : offset + call.get("Limit", 20)]}


def _moment(call: Call, name: str, default: float) -> float:
    text = call.get(name)
    moment = parse_time(text) if text else default
    if moment is None:
        raise ApiError("InvalidParameter", f"{name} must be a time such as 2026-11-20T00:00:00Z.")
    return moment
