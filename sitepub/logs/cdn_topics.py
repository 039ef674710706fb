"""Finding the log service topic that the CDN writes a host's visits to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sitepub.errors import AccessDenied, CloudError
from sitepub.logs.cls_topic import Api

DEFAULT_REGION = "ap-shanghai"
"""Where the CDN's own logset is (CDN API, ListClsLogTopics: "Shanghai region")."""


@dataclass(frozen=True, slots=True)
class Topic:
    id: str
    region: str
    hosts: tuple[str, ...] = ()
    """Of the hosts that were looked for, those that it has."""


def find_topics(api: Api, hosts: Sequence[str]) -> tuple[Topic, ...]:
    """The topics that are switched on and get visits of these hosts, most hosts first; none: no real-time
    logs are set up.

    Asks ListClsLogTopics and, for every topic, ListClsTopicDomains (CDN API 2018-06-06). Reading them may be
    forbidden, or the CDN never activated: then there is none either. Raises NetworkError, CredentialsError.
    """
    wanted = {host.lower() for host in hosts}
    found = []
    try:
        for logset, topic, region in _topics(api):
            answer = api.call("cdn", "2018-06-06", "ListClsTopicDomains", {
                "LogsetId": logset, "TopicId": topic, "Channel": "cdn"})
            there = {str(one.get("Domain", "")).lower() for one in answer.get("DomainAreaConfigs") or ()}
            if common := wanted & there:
                found.append(Topic(topic, region, tuple(sorted(common))))
    except AccessDenied:
        return ()
    except CloudError as error:
        if error.code.startswith(("ResourceNotFound", "UnauthorizedOperation", "OperationDenied",
                                  "UnsupportedOperation", "InvalidParameter.Cls")):
            return ()
        raise
    return tuple(sorted(found, key=lambda one: (-len(one.hosts), one.id)))


def _topics(api: Api) -> Iterator[tuple[str, str, str]]:
    """Logset, topic and region of every topic that is switched on."""
    answer = api.call("cdn", "2018-06-06", "ListClsLogTopics", {"Channel": "cdn"})
    yield from _enabled(answer.get("Logset"), answer.get("Topics"))
    for extra in answer.get("ExtraLogset") or ():
        if isinstance(extra, Mapping):
            yield from _enabled(extra.get("Logset"), extra.get("Topics"))


def _enabled(logset: Any, topics: Any) -> Iterator[tuple[str, str, str]]:
    if not isinstance(logset, Mapping) or not logset.get("LogsetId"):
        return
    for topic in topics or ():
        # A topic that was deleted in the log service stays in this list, marked so.
        deleted = str(topic.get("Deleted") or "").lower() in ("1", "true", "yes")
        if topic.get("TopicId") and not deleted and topic.get("Enabled") not in (0, "0", "off", False):
            yield str(logset["LogsetId"]), str(topic["TopicId"]), _region(logset)


def _region(logset: Mapping[str, Any]) -> str:
    """The API names the region in two fields whose form is not documented: a name such as ap-guangzhou is
    believed, anything else means the CDN's own."""
    for name in ("RegionEn", "Region"):
        value = str(logset.get(name) or "").strip().lower()
        if value.count("-") >= 1 and value.replace("-", "").isalnum() and value.isascii():
            return value
        if value.isascii() and value.isalpha():
            return f"ap-{value}"
    return DEFAULT_REGION
