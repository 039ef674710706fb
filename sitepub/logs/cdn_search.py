"""Visits from a log service topic, asked for through the CDN's own API (SearchClsLog, CDN API 228/42191).

For those who may use the CDN but not the log service. It is the poorer way: a hundred records an answer, of the
last seven days, without a name for a record, in whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sitepub.errors import CloudError, SitepubError
from sitepub.logs.cls_topic import Api, ClsTopic, Pace
from sitepub.logs.offline_line import CHINA

PAGE = 100
"""Records a question brings at most (228/42191)."""
KEPT = 7 * 24 * 3600 * 1000
"""Milliseconds: nothing older can be asked for (228/42191)."""
PACE = Pace(every=5.0, settle=8.0)
"""Twenty questions a second are allowed, and an answer brings a tenth of what the log service's does."""


class CdnSearch(ClsTopic):
    """One topic. ``uuid``, which the CDN writes into a record, tells what was seen already."""

    def __init__(self, api: Api, logset: str, topic: str, hosts: Sequence[str] = (), *, pace: Pace | None = None,
                 **more: Any) -> None:
        super().__init__(api, topic, hosts, pace=pace or PACE, **more)
        self.name = f"CLS topic {topic}, through the CDN"
        self._logset = logset

    def _search(self, begin: int, end: int, where: Mapping[str, Any]
                ) -> tuple[list[Mapping[str, Any]], bool, str]:
        earliest = int(self._clock() * 1000) - KEPT
        # Whole seconds, and one more: whether the end itself belongs to the span is not documented.
        answer = self._api.call("cdn", "2018-06-06", "SearchClsLog", {
            "LogsetId": self._logset, "TopicIds": self._topic, "StartTime": _clock(max(begin, earliest)),
            "EndTime": _clock(max(end, earliest) + 1000), "Limit": PAGE, "Channel": "cdn", "Sort": "asc",
            "Query": self._wanted() or "*", **where})
        logs = answer.get("Logs") or {}
        records: list[Mapping[str, Any]] = [
            _record(one) for one in logs.get("Results") or () if isinstance(one, Mapping)]
        return records, bool(logs.get("Listover", True)) or not records, str(logs.get("Context") or "")

    def _count_on(self, begin: int, end: int, offset: int  # noqa: ARG002
                  ) -> Iterator[list[Mapping[str, Any]]]:
        when = datetime.fromtimestamp(begin // 1000, UTC)
        raise SitepubError(f"The CDN tells no more than {offset:,} visits of one second, and at {when:%H:%M:%S} UTC "
                           "there are more.", code="TooManyVisits", hint="allow these credentials cls:SearchLog")


def refused(topic: ClsTopic) -> bool:
    """Whether the log service refuses these credentials, so that the CDN has to be asked."""
    try:
        topic.probe()
    except CloudError as error:
        return error.code.startswith(("UnauthorizedOperation", "AuthFailure.UnauthorizedOperation"))
    except SitepubError:
        # Something else, which may pass or will be told when visits are read.
        return False
    return False


def _record(one: Mapping[str, Any]) -> dict[str, Any]:
    """As the log service names it."""
    return {"Time": _time(str(one.get("Timestamp") or "")), "LogJson": one.get("Content")}


def _time(text: str) -> int | None:
    """Unix milliseconds of ``2026-11-20 10:15:30`` (China's time), or of a number of seconds or milliseconds."""
    if text.isascii() and text.isdigit():
        return int(text) * (1000 if len(text) < 12 else 1)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return round((moment if moment.tzinfo is not None else moment.replace(tzinfo=CHINA)).timestamp() * 1000)


def _clock(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1000, UTC).astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
