"""Bucket logging: every five minutes the visits become an object of the target bucket (COS API 436/16920)."""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
import traceback
from collections.abc import Iterable
from urllib.parse import quote

from sitepub.local.base.times import iso_time
from sitepub.local.cos.bucket import logging_document
from sitepub.local.store.access_log import AccessLog, Visit
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.content import INLINE_LIMIT, Content, FileWriter, small_content
from sitepub.local.store.storage import Storage
from sitepub.local.store.stored import NewObject, store

INTERVAL = 300
"""Seconds between two deliveries, counted from the full hour."""


class LogDelivery:
    """Delivers the visits of buckets with logging. Used by the thread of the event loop only."""

    def __init__(self, storage: Storage, log: AccessLog) -> None:
        self._storage = storage
        self._log = log
        self._next: asyncio.TimerHandle | None = None
        self._running: set[asyncio.Task[int]] = set()

    def schedule(self) -> None:
        """Deliver what waits at the end of the running five minutes."""
        if self._next is None:
            self._next = asyncio.get_running_loop().call_later(INTERVAL - time.time() % INTERVAL, self._start)

    def close(self) -> None:
        """Deliver nothing more. Visits that were not delivered are delivered after the next start."""
        if self._next is not None:
            self._next.cancel()

    async def deliver(self) -> int:
        """Write a log object for every bucket with visits that were not delivered; the number of objects."""
        written = 0
        for name in self._log.buckets_to_deliver():
            waiting = self._log.to_deliver(name)
            target = self._target(name)
            if target is not None:
                bucket, prefix = target
                await self._write(bucket, _key(prefix, time.time()), lines(visit for _, visit in waiting))
                written += 1
            self._log.delivered([number for number, _ in waiting])
        return written

    def _start(self) -> None:
        self._next = None
        task = asyncio.ensure_future(self.deliver())
        self._running.add(task)  # the loop itself keeps no task alive
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[int]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            traceback.print_exception(error, file=sys.stderr)

    def _target(self, name: str) -> tuple[Bucket, str] | None:
        """Where the logs of a bucket go now; None when logging was turned off or the target is gone."""
        buckets = self._storage.buckets
        source = buckets.find(name)
        document = self._storage.database.get_configuration(source.id, "logging") if source else None
        target = logging_document.parse(document) if document else None
        bucket = buckets.find(target.bucket) if target else None
        return (bucket, target.prefix) if bucket is not None and target is not None else None

    async def _write(self, bucket: Bucket, key: str, data: bytes) -> None:
        content = await self._content(data)
        new = NewObject(key, content, content.etag, "Content-Type\ntext/plain")
        await self._storage.database.write(lambda transaction: store(transaction, bucket, new))

    async def _content(self, data: bytes) -> Content:
        if len(data) <= INLINE_LIMIT:
            return small_content(data)
        async with FileWriter(self._storage.content) as writer:
            await writer.write(data)
            return await writer.finish()


def _key(prefix: str, now: float) -> str:
    moment = time.gmtime(now)
    day, clock = time.strftime("%Y/%m/%d", moment), time.strftime("%Y%m%d%H%M%S", moment)
    return f"{prefix}{day}/{clock}_{secrets.token_hex(4)}_000"


def lines(visits: Iterable[Visit]) -> bytes:
    """The content of a log object: a line for each visit, 30 fields separated by spaces, `-` for an empty one."""
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
