"""Bucket logging: every five minutes the visits become an object of the target bucket (COS API 436/16920)."""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
import traceback
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

from sitepub.local.base.times import iso_time
from sitepub.local.cos.bucket import logging_document
from sitepub.local.store.access_log import Visit
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.content import INLINE_LIMIT, Content, FileWriter, small_content
from sitepub.local.store.stored import NewObject, store

if TYPE_CHECKING:
    from sitepub.local.cloud import LocalCloud

INTERVAL = 300
"""Seconds between two deliveries, counted from the full hour."""

_running: set[asyncio.Task[int]] = set()


def schedule(cloud: LocalCloud) -> None:
    """See to it that what waits is delivered at the end of the running five minutes."""
    if cloud.access_log.next_delivery is None:
        delay = INTERVAL - time.time() % INTERVAL
        cloud.access_log.next_delivery = asyncio.get_running_loop().call_later(delay, _start, cloud)


def _start(cloud: LocalCloud) -> None:
    cloud.access_log.next_delivery = None
    task = asyncio.ensure_future(deliver(cloud))
    _running.add(task)  # the loop itself keeps no task alive
    task.add_done_callback(_ended)


def _ended(task: asyncio.Task[int]) -> None:
    _running.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        traceback.print_exception(error, file=sys.stderr)


async def deliver(cloud: LocalCloud) -> int:
    """Write a log object for every bucket that has undelivered visits; returns how many were written."""
    written = 0
    for name in cloud.access_log.buckets_to_deliver():
        waiting = cloud.access_log.to_deliver(name)
        target = _target(cloud, name)
        if target is not None:
            bucket, prefix = target
            await _write(cloud, bucket, _key(prefix, time.time()), lines(visit for _, visit in waiting))
            written += 1
        cloud.access_log.delivered([number for number, _ in waiting])
    return written


def _target(cloud: LocalCloud, name: str) -> tuple[Bucket, str] | None:
    """Where the logs of a bucket go now; None when logging was turned off or the target is gone."""
    source = cloud.buckets.find(name)
    document = cloud.database.get_configuration(source.id, "logging") if source else None
    target = logging_document.parse(document) if document else None
    bucket = cloud.buckets.find(target.bucket) if target else None
    return (bucket, target.prefix) if bucket is not None and target is not None else None


def _key(prefix: str, now: float) -> str:
    moment = time.gmtime(now)
    day, clock = time.strftime("%Y/%m/%d", moment), time.strftime("%Y%m%d%H%M%S", moment)
    return f"{prefix}{day}/{clock}_{secrets.token_hex(4)}_000"


async def _write(cloud: LocalCloud, bucket: Bucket, key: str, data: bytes) -> None:
    content = await _content(cloud, data)
    new = NewObject(key, content, content.etag, "Content-Type\ntext/plain")
    await cloud.database.write(lambda transaction: store(transaction, bucket, new))


async def _content(cloud: LocalCloud, data: bytes) -> Content:
    if len(data) <= INLINE_LIMIT:
        return small_content(data)
    async with FileWriter(cloud.content) as writer:
        await writer.write(data)
        return await writer.finish()


def lines(visits: Iterable[Visit]) -> bytes:
    """The visits as a log object holds them: one a line, 30 fields, separated by a space, `-` for nothing."""
    return "".join(" ".join(map(_word, _fields(visit))) + "\n" for visit in visits).encode()


def _word(value: object) -> str:
    """A field without blanks: they are percent-encoded."""
    return quote(str(value), safe="/!$&'()*+,;=:@-._~%?#[]", errors="surrogateescape") or "-"


def _fields(visit: Visit) -> tuple[object, ...]:
    path = visit.path.partition("?")[0]
    return (
        "1.0", visit.bucket, visit.region, iso_time(visit.time, milliseconds=False), visit.host, visit.event,
        visit.remote, visit.secret_id, "", visit.received, 0, path, visit.method.lower(), visit.agent,
        visit.status, visit.error, "", visit.sent, visit.milliseconds, "USER", "STANDARD", "",
        visit.milliseconds, "", visit.request_id, "", "", "", visit.referer, visit.path,
    )
