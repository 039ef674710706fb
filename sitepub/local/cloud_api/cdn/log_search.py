"""The CDN's own search in its log topics: SearchClsLog (228/42191)."""

from __future__ import annotations

from typing import Any

from sitepub.local.cloud_api.actions import Action, Call
from sitepub.local.cloud_api.cdn.checks import VALUE_ERROR, bad, check_account
from sitepub.local.cloud_api.cdn.logs import logset_of
from sitepub.local.cloud_api.clock import local_time, parse_time
from sitepub.local.cloud_api.cls import actions
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.shapes import number, text

_KEPT = 7 * 24 * 3600
"""Seconds: "the last 7 days" (228/42191)."""


async def search_cls_log(call: Call) -> dict[str, Any]:
    """Of one topic. Whether EndTime belongs to the span is not documented: here it does not."""
    check_account(call)
    if call.parameters["LogsetId"] != logset_of(call):
        raise ApiError("InvalidParameter.ClsInvalidLogsetId", "There is no such logset.")
    topic = call.services.log_topics.get(call.parameters["TopicIds"])
    if topic is None or topic.owner != call.owner:
        raise ApiError("ResourceNotFound.ClsTopicNotExist", "There is no such topic.")
    begin, end = parse_time(call.parameters["StartTime"]), parse_time(call.parameters["EndTime"])
    if begin is None or end is None or end < begin:
        raise bad("StartTime and EndTime must be times such as 2021-02-01 00:00:00.")
    if begin < call.time - _KEPT - 60:
        raise bad("Logs of the last 7 days can be searched.")
    hosts = actions.hosts_of(topic, call.get("Query", ""))
    found = actions.records(call, topic, hosts, round(begin * 1000), round(end * 1000))
    if call.get("Sort", "desc") == "desc":
        found.reverse()
    offset = actions.offset_of(call)
    results = found[offset : offset + call.parameters["Limit"]]
    reached = offset + len(results)
    return {"Logs": {
        "Context": actions.cursor_to(call, reached), "Listover": reached >= len(found),
        "Results": [
            {
                "TopicId": topic.id, "TopicName": topic.name, "Timestamp": local_time(one["Time"] / 1000),
                "Content": one["LogJson"], "Filename": "", "Source": "127.0.0.1",
            }
            for one in results
        ],
    }}


SEARCH_ACTIONS = {
    "SearchClsLog": Action(search_cls_log, {
        "LogsetId": text(required=True), "TopicIds": text(required=True), "StartTime": text(required=True),
        "EndTime": text(required=True), "Limit": number(1, 100, required=True), "Channel": text("cdn", "ecdn"),
        "Query": text(), "Context": text(), "Sort": text("asc", "desc"),
    }, VALUE_ERROR),
}
