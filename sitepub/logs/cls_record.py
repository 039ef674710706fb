"""A record of an edge as JSON: ``LogJson`` of CLS, ``Content`` of the CDN's own search, a line of EdgeOne's files.

The names are those of the CDN's real-time logs (CDN 228/35380) and of EdgeOne's logs (1145/61300). Published
samples differ in names, in units and in whether numbers are text, so what is read here is read tolerantly: a
field that is missing or odd is left out of the visit, and only a record without a path is none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sitepub.logs.visit import Visit, cache_of, from_unix, split_target

_NAMES: dict[str, tuple[str, ...]] = {
    "status": ("http_code", "status", "status_code", "code", "httpcode", "edgeresponsestatuscode"),
    "method": ("method", "http_method", "request_method", "requestmethod"),
    "host": ("host", "domain", "requesthost"),
    "path": ("url", "path", "uri", "request_url", "requesturl"),
    "query": ("param", "params", "query", "query_string", "args", "requesturlquerystring"),
    "bytes": ("rsp_size", "response_size", "bytes_sent", "size", "bytes", "edgeresponsebytes"),
    "taken": ("request_time", "response_time", "cost", "duration", "edgeresponsetime"),
    "cache": ("hit", "cache", "cache_status", "hit_status", "edgecachestatus"),
    "client": ("client_ip", "clientip", "remote_addr", "ip"),
    "agent": ("ua", "user_agent", "useragent", "http_user_agent", "requestua"),
    "referer": ("referer", "referrer", "http_referer", "requestreferer"),
    "time": ("time", "timestamp", "log_time", "requesttime"),
    "id": ("uuid", "request_id", "requestid"),
}
_NOTHING = {"", "-", "null", "(null)", "none", "NULL"}


def parse_record(text: str, *, time_ms: int | None = None, id: str = "") -> Visit | None:
    """A record's JSON as a visit; ``None`` when it is none (other text, no path, no time).

    ``time_ms``: the service's own time of the record, for records without one. ``id``: its own name for it;
    else the record's, else one made of its text.
    """
    try:
        found = json.loads(text)
    except ValueError:
        return None
    if isinstance(found, str):
        # Some deliveries wrap the object once more.
        return parse_record(found, time_ms=time_ms, id=id) if found != text else None
    if not isinstance(found, Mapping):
        return None
    fields = {str(name).lower().removeprefix("__tag__."): value for name, value in found.items()}
    if str(fields.get("edgefunctionsubrequest")) == "1":
        # Made by a function at the edge on behalf of a visit that has its own record.
        return None
    target = _text(fields, "path")
    moment = _moment(fields, time_ms)
    if not target or moment is None:
        return None
    try:
        time = from_unix(moment)
    except ValueError:
        return None
    path, query = split_target(target)
    query = query or _text(fields, "query").removeprefix("?")
    size = _number(fields, "bytes")
    return Visit(
        time=time,
        status=max(int(_number(fields, "status") or 0), 0),
        method=_text(fields, "method").upper() or "GET",
        host=_text(fields, "host"),
        path=path if path.startswith("/") else "/" + path,
        query=query,
        bytes=int(size) if size is not None and size > 0 else 0,
        seconds=_seconds(fields),
        cache=cache_of(_text(fields, "cache")),
        client=_text(fields, "client"),
        agent=_text(fields, "agent"),
        referer=_text(fields, "referer"),
        id=id or _text(fields, "id") or hashlib.sha256(text.encode()).hexdigest()[:32],
    )


def _value(fields: Mapping[str, Any], name: str) -> Any:
    return next((fields[key] for key in _NAMES[name] if fields.get(key) is not None), None)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = _value(fields, name)
    text = str(value).strip() if isinstance(value, str | int | float) else ""
    return "" if text in _NOTHING else text


def _number(fields: Mapping[str, Any], name: str) -> float | None:
    text = _text(fields, name)
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e18 else None


def _moment(fields: Mapping[str, Any], time_ms: int | None) -> float | None:
    """Unix seconds. The CDN writes seconds; others milliseconds, micro- or nanoseconds; EdgeOne ISO 8601."""
    number = _number(fields, "time")
    if number is None:
        number = _iso(_text(fields, "time"))
    if number is None or number <= 0:
        return None if time_ms is None else time_ms / 1000
    while number > 1e11:
        number /= 1000
    if time_ms is not None and number == int(number) and int(number) == time_ms // 1000:
        # Of the same second, the service's own time is the more exact one.
        return time_ms / 1000
    return number


def _iso(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _seconds(fields: Mapping[str, Any]) -> float | None:
    """The CDN's ``request_time`` and EdgeOne's are whole milliseconds; a value with a point in it is seconds."""
    number = _number(fields, "taken")
    if number is None or number < 0:
        return None
    return number if "." in _text(fields, "taken") else number / 1000
