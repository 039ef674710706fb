"""Purging and prefetching (CDN API 228/37870 to 228/37876)."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import quote, urlsplit

from sitepub.local.base.pace import begin
from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.cdn.checks import bad, check_account
from sitepub.local.cloud_api.clock import local_day, local_time, parse_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.services import tasks
from sitepub.local.services.records import OFFLINE, CdnDomain
from sitepub.local.services.services import random_number
from sitepub.local.services.tasks import EdgeTask
from sitepub.local.services.zones import normal

AREAS = ("mainland", "overseas")
_LONGEST = 1024
"""Characters of a URL."""
_LIMITS = {
    # kind: day's limit, limit of a call, error codes
    "url": ("url_day", "url_batch", "LimitExceeded.CdnPurgeUrlExceedDayLimit",
            "LimitExceeded.CdnPurgeUrlExceedBatchLimit"),
    "path": ("path_day", "path_batch", "LimitExceeded.CdnPurgePathExceedDayLimit",
             "LimitExceeded.CdnPurgePathExceedBatchLimit"),
    "push": ("push_day", "push_batch", "LimitExceeded.CdnPushExceedDayLimit",
             "LimitExceeded.CdnPushExceedBatchLimit"),
}
_EVENTS = {("url", "delete"): "url", ("path", "delete"): "prefix", ("path", "flush"): "flush"}
"""The kind of purge that the edge carries out."""
_SAFE = "%!#$&'()*+,/:;=?@[]~-._"


async def purge_urls(call: Call) -> dict[str, Any]:
    """PurgeUrlsCache."""
    return _submit(call, "url", call.parameters["Urls"], "delete")


async def purge_paths(call: Call) -> dict[str, Any]:
    """PurgePathCache. A directory ends with a slash; what one without means is not documented, so it is
    refused."""
    for path in call.parameters["Paths"]:
        if not urlsplit(path).path.endswith("/"):
            raise bad(f"{path} is not a directory: it must end with a slash.")
    return _submit(call, "path", call.parameters["Paths"], call.parameters["FlushType"])


async def push_urls(call: Call) -> dict[str, Any]:
    """PushUrlsCache."""
    return _submit(call, "push", call.parameters["Urls"], "")


def _submit(call: Call, kind: str, targets: list[str], method: str) -> dict[str, Any]:
    check_account(call)
    services = call.services
    if not targets:
        raise bad("There is nothing to do.")
    day_limit, batch_limit, day_code, batch_code = _LIMITS[kind]
    quota = services.switches.quota
    if len(targets) > getattr(quota, batch_limit):
        raise ApiError(batch_code, f"A call takes at most {getattr(quota, batch_limit)}.")
    areas: Counter[str] = Counter()
    for target in targets:
        areas.update(_areas(call, kind, _domain(call, target, kind)))
    day = local_day(call.time)
    for area, number in areas.items():
        spent = tasks.used(services.tasks, owner=call.owner, kind=kind, area=area, day=day)
        if spent + number > getattr(quota, day_limit):
            raise ApiError(day_code, f"The quota of the day is {getattr(quota, day_limit)} in {area}.")
    wanted = tuple(quote(one, safe=_SAFE) if call.get("UrlEncode") else one for one in targets)
    task = EdgeTask(
        str(random_number(19)), call.owner, "cdn", kind, wanted, method, dict(areas),
        "global" if len(areas) > 1 else next(iter(areas)), "", begin(call.time, call.services.pace), day,
    )
    tasks.keep(services.tasks, task)
    for target in wanted:
        if kind == "push":
            services.prefetch(target)
        else:
            services.purge(_EVENTS[kind, method], target)
    return {"TaskId": task.id}


def _domain(call: Call, target: str, kind: str) -> CdnDomain:
    """The account's host that a URL is of. Raises ApiError."""
    try:
        parts = urlsplit(target)
        host = normal(parts.hostname or "")
    except ValueError:
        raise bad(f"{target!r} is not a URL.") from None
    if parts.scheme not in ("http", "https") or not host:
        raise bad(f"{target!r} must begin with http:// or https://")
    if len(target) > _LONGEST:
        raise ApiError("InvalidParameter.CdnUrlExceedLength", "The URL is too long.")
    if "*" in host:
        verb = "Push" if kind == "push" else "Purge"
        raise ApiError(f"InvalidParameter.Cdn{verb}WildcardNotAllowed", "A wildcard host is not allowed.")
    domain = call.services.cdn_domains.get(host)
    if domain is None or domain.owner != call.owner:
        raise ApiError("UnauthorizedOperation.CdnHostUnauthorized", f"{host} is not one of the account's.")
    if domain.status(call.time, call.services.pace) == OFFLINE:
        if kind == "push":
            raise ApiError("ResourceUnavailable.CdnHostIsNotOnline", f"{host} is offline.")
        raise ApiError("InvalidParameter.CDNStatusInvalidDomain", f"{host} is offline.")
    return domain


def _areas(call: Call, kind: str, domain: CdnDomain) -> tuple[str, ...]:
    """Areas in which a target counts: those of its host, or the one that the call names."""
    own = AREAS if domain.settings["Area"] == "global" else (domain.settings["Area"],)
    asked = call.get("Area") or ("mainland" if kind == "push" else None)
    if asked is None:
        return own
    wanted = AREAS if asked == "global" else (asked,)
    if not set(wanted) <= set(own):
        raise bad(f"{domain.host} is not accelerated in {asked}.")
    return wanted


async def describe_purge_tasks(call: Call) -> dict[str, Any]:
    """DescribePurgeTasks: by TaskId or from a StartTime."""
    rows = _tasks(call, ("url", "path"))
    wanted = call.get("PurgeType")
    logs = [
        {
            "TaskId": task.id, "Url": target, "Status": status, "PurgeType": task.kind,
            "FlushType": task.method, "CreateTime": local_time(task.change.since),
        }
        for task, target, status in rows if wanted is None or task.kind == wanted
    ]
    return {"PurgeLogs": _page(call, logs), "TotalCount": len(logs)}


async def describe_push_tasks(call: Call) -> dict[str, Any]:
    """DescribePushTasks: by TaskId or from a StartTime."""
    logs = [
        {
            "TaskId": task.id, "Url": target, "Status": status, "Percent": 100 if status == "done" else 0,
            "CreateTime": local_time(task.change.since), "Area": task.area,
            "UpdateTime": local_time(task.change.ends(call.services.pace) if status == "done"
                                     else task.change.since),
        }
        for task, target, status in _tasks(call, ("push",))
    ]
    return {"PushLogs": _page(call, logs), "TotalCount": len(logs)}


def _page(call: Call, logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    offset = call.get("Offset", 0)
    return logs[offset : offset + call.get("Limit", 20)]


def _tasks(call: Call, kinds: tuple[str, ...]) -> list[tuple[EdgeTask, str, str]]:
    """Task, target, status; the newest first."""
    check_account(call)
    if not call.get("TaskId") and not call.get("StartTime"):
        raise ApiError("MissingParameter", "Either TaskId or StartTime is required.")
    begin_time, end_time = _moment(call, "StartTime", 0.0), _moment(call, "EndTime", float("inf"))
    found = []
    for task in call.services.tasks.where(owner=call.owner, product="cdn"):
        if task.kind not in kinds or not begin_time <= task.change.since < end_time + 1:
            continue
        if call.get("TaskId") and task.id != call.parameters["TaskId"]:
            continue
        status = "process" if task.change.under_way(call.time, call.services.pace) else "done"
        if call.get("Status", status) != status or call.get("Area", task.area) != task.area:
            continue
        keyword = call.get("Keyword")
        found += [(task, target, status) for target in task.targets
                  if not keyword or target == keyword or urlsplit(target).hostname == keyword]
    found.reverse()
    return found


def _moment(call: Call, name: str, default: float) -> float:
    text = call.get(name)
    if not text:
        return default
    moment = parse_time(text)
    if moment is None:
        raise bad(f"{name} must be a time such as 2018-08-08 00:00:00.")
    return moment


async def describe_purge_quota(call: Call) -> dict[str, Any]:
    """DescribePurgeQuota."""
    return {"UrlPurge": _quota(call, "url"), "PathPurge": _quota(call, "path")}


async def describe_push_quota(call: Call) -> dict[str, Any]:
    """DescribePushQuota."""
    return {"UrlPush": _quota(call, "push")}


def _quota(call: Call, kind: str) -> list[dict[str, Any]]:
    check_account(call)
    services, day = call.services, local_day(call.time)
    day_limit, batch_limit, _, _ = _LIMITS[kind]
    total: int = getattr(services.switches.quota, day_limit)
    return [
        {
            "Batch": getattr(services.switches.quota, batch_limit), "Total": total, "Area": area,
            "Available": max(0, total - tasks.used(
                services.tasks, owner=call.owner, kind=kind, area=area, day=day
            )),
        }
        for area in AREAS
    ]
