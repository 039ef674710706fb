"""The CDN's logs: real-time logs to topics of the log service, and packed files of every hour.

CDN API 2018-06-06: CreateClsLogTopic and its like (data structures LogSetInfo, TopicInfo), and
DescribeCdnDomainLogs (228/39007).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sitepub.local.cloud_api.actions import Action, Call
from sitepub.local.cloud_api.cdn.checks import VALUE_ERROR, bad, check_account
from sitepub.local.cloud_api.clock import local_time, parse_time
from sitepub.local.cloud_api.cls import topics
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.shapes import number, text
from sitepub.local.services.log_topics import REGION, LogTopic
from sitepub.local.visits import cdn_files

MOST_TOPICS = 10
"""In one logset (CDN 228/35380)."""
_AREAS = ("mainland", "overseas")


def logset_of(call: Call) -> str:
    """Every account has one logset of the CDN, with a name of its own."""
    return topics.logset_of(call.owner)


def _topics(call: Call) -> list[LogTopic]:
    return call.services.log_topics.where(owner=call.owner)


def _topic(call: Call) -> LogTopic:
    check_account(call)
    topic = call.services.log_topics.get(call.parameters["TopicId"])
    if call.parameters["LogsetId"] != logset_of(call):
        raise ApiError("InvalidParameter.ClsInvalidLogsetId", "There is no such logset.")
    if topic is None or topic.owner != call.owner:
        raise ApiError("InvalidParameter.CdnClsTopicNotExist", "There is no such topic.")
    return topic


def _bound(call: Call, before: LogTopic) -> LogTopic:
    """The topic with the hosts of a call. Hosts that it had keep the time from which their visits count."""
    hosts: dict[str, float] = {}
    areas: dict[str, list[str]] = {}
    for one in call.get("DomainAreaConfigs", []):
        host = one["Domain"].lower()
        domain = call.services.cdn_domains.get(host)
        if domain is None or domain.owner != call.owner:
            raise ApiError("ResourceNotFound.CdnHostNotExists", f"{host} is not one of the account's.")
        hosts[host] = (before.hosts or {}).get(host, call.time)
        areas[host] = list(one.get("Area") or _AREAS[:1])
    return replace(before, hosts=hosts, areas=areas)


async def create_topic(call: Call) -> dict[str, Any]:
    """CreateClsLogTopic."""
    check_account(call)
    name = call.parameters["TopicName"]
    if call.get("LogsetId", logset_of(call)) != logset_of(call):
        raise ApiError("InvalidParameter.ClsInvalidLogsetId", "There is no such logset.")
    if any(topic.name == name for topic in _topics(call)):
        raise ApiError("InvalidParameter.CdnClsDuplicateTopic", f"There is a topic {name} already.")
    if len(_topics(call)) >= MOST_TOPICS:
        raise ApiError("LimitExceeded.CdnClsTooManyTopics", f"There are {MOST_TOPICS} topics already.")
    topic = _bound(call, LogTopic(str(uuid.uuid4()), call.owner, name, call.time))
    call.services.log_topics.put(topic.id, topic)
    return {"TopicId": topic.id}


async def manage_topic_domains(call: Call) -> dict[str, Any]:
    """ManageClsTopicDomains: these hosts and no others."""
    topic = _bound(call, _topic(call))
    call.services.log_topics.put(topic.id, topic)
    return {}


async def list_topics(call: Call) -> dict[str, Any]:
    """ListClsLogTopics. What RegionEn holds is not documented: the region's name is given."""
    check_account(call)
    return {
        "Logset": {
            "AppId": int(call.owner), "Channel": "cdn", "LogsetId": logset_of(call), "LogsetName": "cdn_logset",
            "IsDefault": 1, "LogsetSavePeriod": 7, "CreateTime": local_time(0), "Region": "上海",
            "Deleted": "0", "RegionEn": REGION,
        },
        "Topics": [
            {
                "TopicId": topic.id, "TopicName": topic.name, "Enabled": int(topic.enabled),
                "CreateTime": local_time(topic.created), "Channel": "cdn", "Deleted": "0",
            }
            for topic in _topics(call)
        ],
        "ExtraLogset": [],
    }


async def list_topic_domains(call: Call) -> dict[str, Any]:
    """ListClsTopicDomains."""
    topic = _topic(call)
    return {
        "AppId": int(call.owner), "Channel": "cdn", "LogsetId": logset_of(call), "TopicId": topic.id,
        "DomainAreaConfigs": [
            {"Domain": host, "Area": (topic.areas or {}).get(host, [])} for host in topic.hosts or ()
        ],
        "TopicName": topic.name, "UpdateTime": local_time(topic.created), "InheritDomainTags": False,
    }


async def disable_topic(call: Call) -> dict[str, Any]:
    """DisableClsLogTopic."""
    topic = replace(_topic(call), enabled=False)
    call.services.log_topics.put(topic.id, topic)
    return {}


async def enable_topic(call: Call) -> dict[str, Any]:
    """EnableClsLogTopic."""
    topic = replace(_topic(call), enabled=True)
    call.services.log_topics.put(topic.id, topic)
    return {}


async def delete_topic(call: Call) -> dict[str, Any]:
    """DeleteClsLogTopic."""
    call.services.log_topics.remove(_topic(call).id)
    return {}


async def describe_domain_logs(call: Call) -> dict[str, Any]:
    """DescribeCdnDomainLogs: the files of the hours of a host that had visits."""
    check_account(call)
    host = call.parameters["Domain"].lower()
    domain = call.services.cdn_domains.get(host)
    if domain is None or domain.owner != call.owner:
        raise ApiError("ResourceNotFound.CdnHostNotExists", f"{host} is not one of the account's.")
    begin, end = parse_time(call.parameters["StartTime"]), parse_time(call.parameters["EndTime"])
    if begin is None or end is None or end < begin:
        raise bad("StartTime and EndTime must be times such as 2018-08-08 00:00:00.")
    area = call.get("Area", "mainland")
    files = []
    if area in ("mainland", "global"):
        files = cdn_files.files(call.access_log, host, begin, end)
    offset, limit = call.get("Offset", 0), call.get("Limit", 100)
    return {
        "DomainLogs": [
            {
                "StartTime": local_time(file.start), "EndTime": local_time(file.start + 3599),
                "LogPath": cdn_files.address(call.addresses, file), "Area": "mainland",
                "LogName": file.name, "FileSize": file.size,
            }
            for file in files[offset : offset + limit]
        ],
        "TotalCount": len(files),
    }


_CHANNEL = {"Channel": text("cdn", "ecdn")}

LOG_ACTIONS: Mapping[str, Action] = {
    "CreateClsLogTopic": Action(create_topic, _CHANNEL, VALUE_ERROR),
    "DeleteClsLogTopic": Action(delete_topic, _CHANNEL, VALUE_ERROR),
    "DescribeCdnDomainLogs": Action(describe_domain_logs, {
        "Offset": number(0), "Limit": number(1, 1000), "Area": text("mainland", "overseas", "global"),
        "LogType": text("access"),
    }, VALUE_ERROR),
    "DisableClsLogTopic": Action(disable_topic, _CHANNEL, VALUE_ERROR),
    "EnableClsLogTopic": Action(enable_topic, _CHANNEL, VALUE_ERROR),
    "ListClsLogTopics": Action(list_topics, _CHANNEL, VALUE_ERROR),
    "ListClsTopicDomains": Action(list_topic_domains, _CHANNEL, VALUE_ERROR),
    "ManageClsTopicDomains": Action(manage_topic_domains, _CHANNEL, VALUE_ERROR),
}
