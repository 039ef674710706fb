"""One line of a COS access log: thirty fields, separated by blanks (COS 436/16920)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from urllib.parse import unquote

from sitepub.logs.visit import Visit, split_target

_NAMES = ("eventVersion", "bucketName", "qcsRegion", "eventTime", "eventSource", "eventName", "remoteIp",
          "userSecretKeyId", "reservedField", "reqBytesSent", "deltaDataSize", "reqPath", "reqMethod",
          "userAgent", "resHttpCode", "resErrorCode", "resErrorMsg", "resBytesSent", "resTotalTime",
          "logSourceType", "storageClass", "accountId", "resTurnAroundTime", "requester", "requestId",
          "objectSize", "versionId", "targetStorageClass", "referer", "requestUri")
_LEAST = _NAMES.index("resHttpCode") + 1


def parse_line(line: str) -> Visit | None:
    """``None`` for what is no such line, and for signed requests: no visitor signs."""
    words = line.split()
    if len(words) < _LEAST:
        return None
    fields = {name: "" if word == "-" else word for name, word in zip(_NAMES, words, strict=False)}
    time = _time(fields["eventTime"])
    if time is None or not fields["resHttpCode"].isdigit() or fields["userSecretKeyId"]:
        return None
    path, query = split_target(_target(fields))
    taken = fields.get("resTotalTime", "")
    sent = fields.get("resBytesSent", "")
    return Visit(
        time=time,
        status=int(fields["resHttpCode"]),
        method=fields["reqMethod"].upper() or "GET",
        host=fields["eventSource"],
        path=path,
        query=query,
        bytes=int(sent) if sent.isdigit() else 0,
        seconds=int(taken) / 1000 if taken.isdigit() else None,
        client=fields["remoteIp"],
        # Blanks are percent-encoded in the log.
        agent=unquote(fields["userAgent"]),
        referer=fields.get("referer", ""),
        id=fields.get("requestId") or hashlib.sha256(line.encode("utf-8", "surrogateescape")).hexdigest()[:32],
    )


def _target(fields: dict[str, str]) -> str:
    """``requestUri`` has the query; it may be a target or ``GET /path HTTP/1.1`` with blanks encoded."""
    uri = fields.get("requestUri", "")
    if uri.startswith(("/", "http://", "https://")):
        return uri
    for word in unquote(uri).split() if "%20" in uri or "+" in uri else ():
        if word.startswith("/"):
            return word
    path = fields["reqPath"]
    return path if path.startswith("/") else "/" + path


def _time(text: str) -> datetime | None:
    """``2026-11-20T10:15:30Z``."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
