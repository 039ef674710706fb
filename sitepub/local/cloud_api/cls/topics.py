"""What topics and logsets there are: here those that the CDN's logs go to."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.clock import local_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.services.log_topics import REGION, LogTopic

LOGSET = "cdn_logset"
_ASSUMER = "CDN"


def logset_of(owner: str) -> str:
    """Every account has one logset of the CDN, with a name of its own."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"cdn-logset/{owner}"))


async def describe_topics(call: Call) -> dict[str, Any]:
    """DescribeTopics (614/56454): of this region."""
    topics = call.services.log_topics.where(owner=call.owner) if call.region == REGION else []
    found = _filtered(call, topics, {
        "topicId": lambda topic: topic.id, "topicName": lambda topic: topic.name,
        "logsetId": lambda topic: logset_of(topic.owner), "assumerName": lambda _: _ASSUMER,
    })
    return {"Topics": [_topic(one) for one in _page(call, found)], "TotalCount": len(found)}


async def describe_logsets(call: Call) -> dict[str, Any]:
    """DescribeLogsets (614/58624)."""
    topics = call.services.log_topics.where(owner=call.owner) if call.region == REGION else []
    rows = [{
        "LogsetId": logset_of(call.owner), "LogsetName": LOGSET, "TopicCount": len(topics), "MetricTopicCount": 0,
        "CreateTime": local_time(min(one.created for one in topics)), "AssumerUin": 0, "AssumerName": _ASSUMER,
        "Tags": [], "RoleName": "",
    }] if topics else []
    found = _filtered(call, rows, {
        "logsetId": lambda row: row["LogsetId"], "logsetName": lambda row: row["LogsetName"],
        "assumerName": lambda row: row["AssumerName"],
    })
    return {"Logsets": _page(call, found), "TotalCount": len(found)}


def _filtered(call: Call, rows: list[Any], fields: dict[str, Callable[[Any], str]]) -> list[Any]:
    """Filters name their field as `topicId` or `TopicId`; tags are none here."""
    for given in call.get("Filters", []):
        name = given.get("Key") or given.get("Name") or ""
        read = fields.get(name[:1].lower() + name[1:])
        if read is None:
            raise ApiError("InvalidParameter", f"There is no filter {name}.")
        rows = [row for row in rows if any(value in read(row) for value in given["Values"])]
    return rows


def _page(call: Call, rows: list[Any]) -> list[Any]:
    offset = call.get("Offset", 0)
    return rows[offset : offset + call.get("Limit", 20)]


def _topic(topic: LogTopic) -> dict[str, Any]:
    return {
        "LogsetId": logset_of(topic.owner), "TopicId": topic.id, "TopicName": topic.name, "PartitionCount": 1,
        "Index": True, "AssumerUin": 0, "AssumerName": _ASSUMER, "CreateTime": local_time(topic.created),
        "Status": topic.enabled, "Tags": [], "RoleName": "", "AutoSplit": True, "MaxSplitPartitions": 50,
        "StorageType": "hot", "Period": 30, "SubAssumerName": "", "Describes": "", "HotPeriod": 0, "KeyId": "",
        "BizType": 0, "IsWebTracking": False,
    }
