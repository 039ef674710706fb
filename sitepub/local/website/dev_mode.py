"""Live reload of the local preview: which buckets are in dev mode, and the browsers that listen.

A publisher reports what it does with ``POST /-/live`` on loopback, a JSON object::

    {"bucket": "site-1250000000", "event": "published", "changed": ["css/site.css"], "message": ""}

``publishing``  Visitors wait from now on, at most PATIENCE seconds, so they never get half of a publish.
``published``   They go on; browsers show what is new. ``changed``: the keys written or deleted. ``null``:
                unknown, pages are loaded anew. An empty list: nothing is new, only an overlay goes away.
``failed``      They go on with what there was; browsers show ``message``, the build's own words.
``alive``       Nothing happened; the publisher is still there. Every event says that as well.
``off``         Dev mode ends.

Any event but ``off`` begins dev mode of a bucket, which ends when SILENCE seconds pass without one. Of several
publishers of one bucket each names itself (``"publisher"``, any text): dev mode ends with the last. The
answer: ``{"generation", "browsers", "silence", "failing"}``: SILENCE, and whether a failure is being shown.

The generation of a bucket counts its publishes and survives restarts of the embedded cloud: a browser that
finds its connection again compares, and knows whether it missed one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from sitepub.local.base.errors import ServiceError
from sitepub.local.store.database import Database

PATIENCE = 30.0
"""Seconds that a visitor waits for the end of a publish, counted from its beginning."""
SILENCE = 30.0
"""Seconds without an event after which a publisher counts as ended."""
PING = 10.0
"""Seconds between two signs of life on a quiet event stream."""
QUEUE = 32
"""Events that one browser may be behind; one that is further behind is dropped, and connects again."""
MOST_KEYS = 200
"""Changed keys that are named to browsers; more, and they load the page anew."""
MOST_BUCKETS = 64
MOST_PUBLISHERS = 64
MOST_TEXT = 64 * 1024
"""Characters of a message."""
_MOST_NAME = 64
EVENTS = ("publishing", "published", "failed", "alive", "off")

_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{0,61}\Z")


class Listener:
    """One browser's event stream."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)
        """Events as they go out; None ends the stream."""
        self.task: asyncio.Task[Any] | None = None

    def put(self, event: bytes | None) -> bool:
        """Whether it could be taken. A browser that does not read loses its connection."""
        try:
            self.queue.put_nowait(event)
        except asyncio.QueueFull:
            if self.task is not None:
                self.task.cancel()
            return False
        return True


class DevBucket:
    """Dev mode of one bucket."""

    def __init__(self, bucket: str, generation: int) -> None:
        self.bucket = bucket
        self.generation = generation
        self.failure = ""
        """Message of the last build if it failed; empty after success."""
        self.listeners: set[Listener] = set()
        self.last_event: dict[str, float] = {}
        """Publisher → when its last event came (monotonic seconds)."""
        self._beginner = ""
        self._settled = asyncio.Event()
        self._settled.set()
        self._began = 0.0

    def begin(self, publisher: str) -> None:
        """A publish began: visitors wait."""
        self._beginner = publisher
        self._settled.clear()
        self._began = time.monotonic()

    def settle(self) -> None:
        """A publish ended, with success or not: visitors go on."""
        self._settled.set()

    def leave(self, publisher: str) -> None:
        """A publisher has ended."""
        self.last_event.pop(publisher, None)
        if self._beginner == publisher:
            self.settle()

    async def settled(self) -> None:
        """Wait for the end of a publish that is under way, at most PATIENCE seconds from its beginning."""
        left = self._began + PATIENCE - time.monotonic()
        if not self._settled.is_set() and left > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._settled.wait(), left)

    def send(self, name: str, **values: Any) -> None:
        """Send an event to every browser."""
        event = sse(name, {"generation": self.generation, **values})
        for listener in [one for one in self.listeners if not one.put(event)]:
            self.listeners.discard(listener)

    async def events(self) -> AsyncGenerator[bytes, None]:
        """The event stream of one browser: first the state, then every event, until dev mode ends."""
        listener = Listener()
        listener.task = asyncio.current_task()
        self.listeners.add(listener)
        try:
            yield b"retry: 500\n\n" + sse("state", {"generation": self.generation, "message": self.failure})
            while True:
                try:
                    event = await asyncio.wait_for(listener.queue.get(), PING)
                except TimeoutError:
                    yield b": quiet\n\n"
                    continue
                if event is None:
                    return
                yield event
        finally:
            self.listeners.discard(listener)

    def close(self) -> None:
        """End every event stream, and let waiting visitors go on."""
        self.settle()
        for listener in self.listeners:
            listener.put(None)


class DevMode:
    """The buckets in dev mode."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._buckets: dict[str, DevBucket] = {}
        self._check: asyncio.TimerHandle | None = None

    def bucket(self, bucket: str) -> DevBucket | None:
        """Dev mode of a bucket, by its full name; None when it is not in dev mode."""
        return self._buckets.get(bucket) if self._buckets else None

    @property
    def publishers(self) -> int:
        """Number of publishers now, of all buckets."""
        return len({publisher for dev in self._buckets.values() for publisher in dev.last_event})

    async def take(self, body: bytes) -> dict[str, Any]:
        """``POST /-/live``. Raises ServiceError InvalidArgument."""
        bucket, event, changed, message, publisher = _event(body)
        dev = self._buckets.get(bucket)
        if event == "off":
            if dev is not None:
                dev.leave(publisher)
                if not dev.last_event:
                    self._end(dev)
            return {"generation": self._generation(bucket), "browsers": 0, "silence": SILENCE}
        if dev is None:
            if len(self._buckets) >= MOST_BUCKETS:
                raise ServiceError("InvalidArgument", f"More than {MOST_BUCKETS} buckets are in dev mode.")
            dev = self._buckets[bucket] = DevBucket(bucket, self._generation(bucket))
        if publisher not in dev.last_event and len(dev.last_event) >= MOST_PUBLISHERS:
            raise ServiceError("InvalidArgument", f"More than {MOST_PUBLISHERS} publishers of one bucket.")
        dev.last_event[publisher] = time.monotonic()
        self._watch()
        if event == "publishing":
            dev.begin(publisher)
        elif event == "published":
            await self._published(dev, changed)
        elif event == "failed":
            dev.failure = message or "The build failed."
            dev.settle()
            dev.send("failed", message=dev.failure)
        return {"generation": dev.generation, "browsers": len(dev.listeners), "silence": SILENCE,
                "failing": bool(dev.failure)}

    async def _published(self, dev: DevBucket, changed: list[str] | None) -> None:
        dev.failure = ""
        if changed is None or changed:
            dev.generation += 1
            name, value = f"live:{dev.bucket}", str(dev.generation)
            await self._database.write(lambda transaction: transaction.execute(
                "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (name, value)).rowcount)
        dev.settle()
        if changed is not None and len(changed) > MOST_KEYS:
            changed = None
        dev.send("published", changed=changed)

    def _generation(self, bucket: str) -> int:
        row = self._database.one("SELECT value FROM settings WHERE name=?", (f"live:{bucket}",))
        return int(row[0]) if row is not None else 0

    def _end(self, dev: DevBucket) -> None:
        self._buckets.pop(dev.bucket, None)
        dev.send("off")
        dev.close()

    def _watch(self) -> None:
        if self._check is None and self._buckets:
            first = min(moment for dev in self._buckets.values() for moment in dev.last_event.values())
            delay = max(0.05, first + SILENCE - time.monotonic())
            self._check = asyncio.get_running_loop().call_later(delay, self._look)

    def _look(self) -> None:
        self._check = None
        now = time.monotonic()
        for dev in list(self._buckets.values()):
            for publisher in [one for one, moment in dev.last_event.items() if now - moment >= SILENCE]:
                dev.leave(publisher)
            if not dev.last_event:
                self._end(dev)
        self._watch()

    def close(self) -> None:
        """The embedded cloud stops: end all streams; browsers connect again later."""
        if self._check is not None:
            self._check.cancel()
        for dev in self._buckets.values():
            dev.close()
        self._buckets.clear()


def sse(name: str, values: Mapping[str, Any]) -> bytes:
    """An event as EventSource reads it: ASCII JSON has no line breaks."""
    return f"event: {name}\ndata: {json.dumps(values)}\n\n".encode()


def _event(body: bytes) -> tuple[str, str, list[str] | None, str, str]:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ServiceError("InvalidArgument", f"expected JSON: {error}") from error
    if not isinstance(given, dict):
        raise ServiceError("InvalidArgument", "expected a JSON object")
    unknown = sorted(set(given) - {"bucket", "event", "changed", "message", "publisher"})
    if unknown:
        raise ServiceError("InvalidArgument", f"unknown: {', '.join(unknown)}"[:200])
    bucket, event = given.get("bucket"), given.get("event")
    if not isinstance(bucket, str) or not _BUCKET.match(bucket):
        raise ServiceError("InvalidArgument", "bucket: expected a bucket's full name")
    if event not in EVENTS:
        raise ServiceError("InvalidArgument", f"event: expected one of {', '.join(EVENTS)}")
    changed, message = given.get("changed"), given.get("message") or ""
    if changed is not None and not (isinstance(changed, list) and all(isinstance(key, str) for key in changed)):
        raise ServiceError("InvalidArgument", "changed: expected a list of keys, or null")
    if not isinstance(message, str):
        raise ServiceError("InvalidArgument", "message: expected text")
    publisher = given.get("publisher") or ""
    if not isinstance(publisher, str) or len(publisher) > _MOST_NAME:
        raise ServiceError("InvalidArgument", f"publisher: expected at most {_MOST_NAME} characters")
    return bucket, event, changed, _ESCAPES.sub("", message)[:MOST_TEXT], publisher
