"""Cloud Log Service 2020-10-16: searching the topics that the CDN writes to."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from sitepub.local.cloud_api.actions import Action, Call, Service
from sitepub.local.cloud_api.cls.topics import describe_logsets, describe_topics
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.shapes import number, text
from sitepub.local.services.log_topics import REGION, LogTopic

CURSOR_LIMIT = 10_000
"""Records that can be read through one cursor (614/56447)."""
_CURSOR_SECONDS = 3600
_TERM = re.compile(r'host:"([^"]+)"')


async def search_log(call: Call) -> dict[str, Any]:
    """SearchLog (614/56447), without statistics. Of the query language only ``*`` and ``host:"…"``, joined
    with OR, are understood; anything else is a syntax error here."""
    topic = call.services.log_topics.get(_topic_id(call))
    if topic is None or topic.owner != call.owner or call.region != REGION:
        raise ApiError("ResourceNotFound.TopicNotExist", "The topic does not exist in this region.")
    begin, end = call.parameters["From"], call.parameters["To"]
    if end < begin:
        raise ApiError("InvalidParameterValue", "To is before From.")
    limit, order = call.get("Limit", 100), call.get("Sort", "desc")
    offset = offset_of(call)
    hosts = hosts_of(topic, call.get("QueryString", ""))
    found = records(call, topic, hosts, begin, end)
    if order == "desc":
        found.reverse()
    results = found[offset : offset + limit]
    reached = offset + len(results)
    return {
        "Context": cursor_to(call, reached), "ListOver": reached >= len(found), "Analysis": False,
        "Results": results, "SamplingRate": 1.0, "ColNames": None, "Columns": None, "AnalysisRecords": None,
        "AnalysisResults": None, "Topics": None,
    }


def _topic_id(call: Call) -> str:
    """TopicId, or the one of Topics: searching several at once is not spoken here."""
    topics = call.get("Topics", [])
    if len(topics) > 1:
        raise ApiError("UnsupportedOperation", "The embedded cloud searches one topic at a time.")
    found = str(call.get("TopicId") or (topics[0].get("TopicId") if topics else "") or "")
    if not found:
        raise ApiError("MissingParameter", "The request is missing a required parameter `TopicId`.")
    return found


def records(call: Call, topic: LogTopic, hosts: list[str], begin: int, end: int) -> list[dict[str, Any]]:
    """Log records of the hosts from `begin` to before `end` (Unix milliseconds). Times are whole seconds, as the CDN
    writes them."""
    bound = topic.hosts or {}
    visits = call.access_log.edge(hosts, begin / 1000 - 1, end / 1000)
    return [
        {
            "Time": second * 1000, "TopicId": topic.id, "TopicName": topic.name, "Source": "127.0.0.1",
            "FileName": "", "PkgId": visit["request_id"][:16].upper(), "PkgLogId": str(visit["id"]),
            "HostName": "", "LogJson": _log(call, visit, second), "RawLog": "", "IndexStatus": "", "HighLights": [],
        }
        for visit in visits
        if begin <= (second := int(visit["time"])) * 1000 < end and visit["time"] >= bound[visit["host"]]
    ]


def _log(call: Call, visit: dict[str, Any], second: int) -> str:
    """The fields of real-time logs (CDN 228/35380)."""
    path, _, query = visit["path"].partition("?")
    return json.dumps({
        "app_id": int(call.owner), "client_ip": visit["remote"], "file_size": visit["sent"],
        "hit": visit["cache"] or "-", "host": visit["host"], "http_code": visit["status"], "isp": -1,
        "method": visit["method"], "param": query or "-", "proto": "HTTP/1.1", "prov": -1,
        "referer": visit["referer"] or "-", "request_range": "-", "request_time": visit["milliseconds"],
        "request_port": "-", "rsp_size": visit["sent"], "time": second, "ua": visit["agent"] or "-",
        "url": path, "uuid": visit["request_id"], "version": 1,
    })


def hosts_of(topic: LogTopic, query: str) -> list[str]:
    if not topic.enabled:
        return []
    bound = list(topic.hosts or ())
    if query.strip() in ("", "*"):
        return bound
    terms = [_TERM.fullmatch(part.strip()) for part in query.split(" OR ")]
    wanted = {term[1].lower() for term in terms if term is not None}
    if None in terms:
        raise ApiError("FailedOperation.SyntaxError", "The query is not understood here.")
    return [host for host in bound if host in wanted]


def _fixed(call: Call) -> str:
    """Hash of what stays the same in a query that goes on from a cursor."""
    kept = {name: value for name, value in call.parameters.items() if name != "Context"}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]


def cursor_to(call: Call, reached: int) -> str:
    plain = json.dumps([_fixed(call), reached, call.time])
    return base64.b64encode(plain.encode()).decode()


def offset_of(call: Call) -> int:
    cursor, offset = call.get("Context", ""), call.get("Offset", 0)
    if not cursor:
        return int(offset)
    if offset:
        raise ApiError("InvalidParameter", "Offset and Context exclude each other.")
    try:
        fixed, reached, made = json.loads(base64.b64decode(cursor))
    except ValueError:
        raise ApiError("InvalidParameterValue", "The Context is none of this service.") from None
    if fixed != _fixed(call):
        raise ApiError("InvalidParameterValue", "The Context is that of another question.")
    if call.time - made > _CURSOR_SECONDS:
        raise ApiError("InvalidParameterValue", "The Context is too old.")
    if reached >= CURSOR_LIMIT:
        raise ApiError("LimitExceeded.LogSearch", f"A Context leads to {CURSOR_LIMIT} logs at most.")
    return int(reached)


CLS = Service("cls", "2020-10-16", {
    "DescribeLogsets": Action(describe_logsets, {"Offset": number(0), "Limit": number(1, 100)}),
    "DescribeTopics": Action(describe_topics, {"Offset": number(0), "Limit": number(1, 100)}),
    "SearchLog": Action(search_log, {
        "From": number(0), "To": number(0), "QuerySyntax": number(0, 1), "SyntaxRule": number(0, 1),
        "Limit": number(1, 1000), "Offset": number(0), "Sort": text("asc", "desc"),
    }),
}, regional=True)
