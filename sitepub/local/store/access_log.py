"""The log of visits: one row per answer, in a database beside that of the objects.

Rows are collected in memory and written a few times a second, so a visit costs no transaction; they are
written before they are read, and when the cloud is closed.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sitepub.local.base.messages import Request, Response
from sitepub.local.store.buckets import Bucket

FLUSH_SECONDS = 0.25
KEPT = 200_000
"""Visits that are kept; older ones go."""
PAGE = 1_000
"""Visits that one query answers at most."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS visits (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket TEXT NOT NULL,
    deliver INTEGER NOT NULL,   -- 1: waits for the delivery of bucket logging
    visit TEXT NOT NULL         -- JSON
);
CREATE TABLE IF NOT EXISTS log (epoch TEXT NOT NULL);   -- one row
CREATE INDEX IF NOT EXISTS visits_of_bucket ON visits (bucket, id);
CREATE INDEX IF NOT EXISTS visits_to_deliver ON visits (bucket, id) WHERE deliver = 1;
"""


@dataclass(frozen=True, slots=True)
class Visit:
    """One answered request, with the fields of COS logging (436/16920). `time`: Unix seconds, its end."""

    time: float
    bucket: str
    region: str
    host: str
    event: str
    remote: str
    secret_id: str
    method: str
    path: str
    """Request target as sent: percent-encoded path and query."""
    status: int
    error: str
    received: int
    """Bytes of the request's body."""
    sent: int
    """Bytes of the answer's body."""
    milliseconds: int
    agent: str
    referer: str
    website: bool
    request_id: str
    edge: str = ""
    """`cdn` or `edgeone` when the edge answered; `bucket` is then the one behind it, or empty."""
    cache: str = ""
    """`hit` or `miss` on the edge."""
    via_edge: bool = False
    """An origin pull, or what an edge function fetched: the edge asked on behalf of a visitor."""
    parent: str = ""
    """`request_id` of the visit that an edge function fetched this for."""


class AccessLog:
    """The visits of one data folder. Only the thread of the event loop may use it."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)
        self._news = asyncio.Event()
        self._closing = False
        self._waiting: list[tuple[str, int, str]] = []
        self._scheduled = False
        self._schedule: Callable[[], None] | None = None

    def deliver_with(self, schedule: Callable[[], None]) -> None:
        """Call ``schedule`` for every visit that waits for the delivery of bucket logging."""
        self._schedule = schedule

    def add(self, visit: Visit, *, deliver: bool = False) -> None:
        """Add a visit; it is written within FLUSH_SECONDS. ``deliver``: for bucket logging."""
        values = {field.name: getattr(visit, field.name) for field in fields(Visit)}
        self._waiting.append((visit.bucket, int(deliver), json.dumps(values, ensure_ascii=True)))
        self._news.set()
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
        if deliver and self._schedule is not None:
            self._schedule()

    @property
    def epoch(self) -> str:
        """Random name of this log: numbers of visits mean something only within it."""
        found = self._connection.execute("SELECT epoch FROM log").fetchone()
        if found is None:
            found = (secrets.token_hex(8),)
            with self._connection as connection:
                connection.execute("INSERT INTO log (epoch) VALUES (?)", found)
        return str(found[0])

    async def news(self, seconds: float) -> bool:
        """Wait for the next visit, at most ``seconds``. False when none came or the server stops."""
        if self._closing or seconds <= 0:
            return False
        self._news.clear()
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return False
        return not self._closing

    def stop_waiting(self) -> None:
        """The server stops: end every wait for new visits."""
        self._closing = True
        self._news.set()

    def flush(self) -> None:
        """Write what waits."""
        self._scheduled = False
        if not self._waiting:
            return
        rows, self._waiting = self._waiting, []
        with self._connection as connection:
            connection.executemany("INSERT INTO visits (bucket, deliver, visit) VALUES (?, ?, ?)", rows)
            connection.execute("DELETE FROM visits WHERE id <= (SELECT max(id) FROM visits) - ?", (KEPT,))

    def after(self, number: int, *, bucket: str = "", host: str = "", since: float = 0.0,
              limit: int = PAGE) -> list[dict[str, Any]]:
        """Visits with a higher number, oldest first; each has its number as `id`. `since`: Unix seconds."""
        self.flush()
        condition, values = "id > ?", list[Any]([number])
        if bucket:
            condition, values = f"{condition} AND bucket = ?", [*values, bucket]
        if host:
            condition, values = f"{condition} AND json_extract(visit, '$.host') = ?", [*values, host]
        if since:
            condition, values = f"{condition} AND json_extract(visit, '$.time') >= ?", [*values, since]
        values.append(limit)
        rows = self._connection.execute(
            f"SELECT id, visit FROM visits WHERE {condition} ORDER BY id LIMIT ?", values
        )
        return [{"id": row[0], **json.loads(row[1])} for row in rows]

    def edge(self, hosts: Sequence[str], begin: float, end: float, product: str = "cdn") -> list[dict[str, Any]]:
        """What an edge (`cdn`, `edgeone`) answered for these hosts from `begin` to before `end`, oldest first;
        each has its number as `id`."""
        self.flush()
        marks = ", ".join("?" * len(hosts))
        rows = self._connection.execute(
            "SELECT id, visit FROM visits WHERE json_extract(visit, '$.edge') = ?"
            f" AND json_extract(visit, '$.host') IN ({marks}) AND json_extract(visit, '$.time') >= ?"
            " AND json_extract(visit, '$.time') < ? ORDER BY id", (product, *hosts, begin, end)
        )
        return [{"id": row[0], **json.loads(row[1])} for row in rows]

    def edge_hours(self, host: str, product: str = "cdn") -> list[int]:
        """The hours in which an edge answered for a host: their beginnings, Unix seconds, in order."""
        self.flush()
        rows = self._connection.execute(
            "SELECT DISTINCT CAST(json_extract(visit, '$.time') / 3600 AS INTEGER) * 3600 AS hour FROM visits"
            " WHERE json_extract(visit, '$.edge') = ? AND json_extract(visit, '$.host') = ? ORDER BY hour",
            (product, host),
        )
        return [row[0] for row in rows]

    def last(self, *, bucket: str = "", host: str = "", limit: int = PAGE) -> list[dict[str, Any]]:
        """The newest visits, oldest first."""
        self.flush()
        condition, values = "1", list[Any]()
        if bucket:
            condition, values = "bucket = ?", [bucket]
        if host:
            condition, values = f"{condition} AND json_extract(visit, '$.host') = ?", [*values, host]
        rows = self._connection.execute(
            f"SELECT id, visit FROM visits WHERE {condition} ORDER BY id DESC LIMIT ?", (*values, limit)
        ).fetchall()
        return [{"id": row[0], **json.loads(row[1])} for row in reversed(rows)]

    def to_deliver(self, bucket: str) -> list[tuple[int, Visit]]:
        """Numbered visits that bucket logging has not delivered yet."""
        self.flush()
        rows = self._connection.execute(
            "SELECT id, visit FROM visits WHERE bucket = ? AND deliver = 1 ORDER BY id", (bucket,)
        )
        return [(row[0], Visit(**json.loads(row[1]))) for row in rows]

    def buckets_to_deliver(self) -> list[str]:
        self.flush()
        rows = self._connection.execute("SELECT DISTINCT bucket FROM visits WHERE deliver = 1")
        return [row[0] for row in rows]

    def delivered(self, numbers: Sequence[int]) -> None:
        with self._connection as connection:
            connection.executemany("UPDATE visits SET deliver = 0 WHERE id = ?", ((one,) for one in numbers))

    def close(self) -> None:
        """Write what waits."""
        self.flush()
        self._connection.close()


def record(log: AccessLog, request: Request, bucket: Bucket, response: Response, operation: str, *,
           deliver: bool) -> None:
    """Add an answer of a bucket's XML API or website host to the log. Called for every such answer.

    ``operation``: name of the event (``GetObject``). ``deliver``: the bucket has logging."""
    now = time.time()
    length = response.length if response.length is not None else len(response.body)
    headers = request.headers
    log.add(Visit(
        time=round(now, 3),
        bucket=bucket.name,
        region=bucket.region,
        host=request.service.name,
        event=operation,
        remote=request.remote,
        secret_id=request.signer.secret_id if request.signer else "",
        method=request.method,
        path=request.target,
        status=response.status,
        error=response.error_code,
        received=request.content_length or 0,
        sent=0 if request.method == "HEAD" else length,
        milliseconds=max(0, round((now - request.time) * 1000)),
        agent=headers.get("User-Agent", ""),
        referer=headers.get("Referer", ""),
        website=operation == "GetWebsite",
        request_id=request.request_id,
        via_edge=request.via_edge,
    ), deliver=deliver)
