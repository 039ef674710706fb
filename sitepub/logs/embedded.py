"""The embedded cloud's own feed of visits: at once, and past its restarts."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sitepub.embedded.cloud import find
from sitepub.embedded.data_folder import data_folder
from sitepub.errors import NetworkError
from sitepub.logs.merge import Seen
from sitepub.logs.source import Note
from sitepub.logs.visit import Cache, Visit, from_unix, split_target
from sitepub.tencent.cloud import Embedded
from sitepub.tencent.embedded_proof import EmbeddedConnection

Where = Callable[[], Embedded | None]
"""The embedded cloud now; ``None`` while it does not run. Asked again after a failure:
it may come back on another port."""

PAGE = 1000
_WAIT = 20.0
"""Seconds that a question waits for news."""
_PAUSE = 0.25
"""Seconds between two looks whether it runs again."""


def where_embedded(environ: Mapping[str, str]) -> Where:
    """Finds the running embedded cloud of this environment; it is not started."""

    def where() -> Embedded | None:
        running = find(data_folder(environ))
        return running.address if running is not None else None

    return where


class EmbeddedFeed:
    """The visits of one bucket. Implements :class:`source.Source`."""

    name = "the embedded cloud"
    delay = "at once"

    def __init__(self, where: Where, bucket: str) -> None:
        self._where = where
        self._bucket = bucket
        self._connection: EmbeddedConnection | None = None
        self._closed = threading.Event()

    def read(self, since: datetime) -> Iterator[Visit]:
        place = _Place()
        while True:
            try:
                page = self._ask(place, since=since, wait=0)
            except OSError:
                # A kept connection may have ended; a restart is waited for only by those who follow.
                try:
                    page = self._ask(place, since=since, wait=0)
                except OSError as error:
                    raise _unreachable(error) from error
            yield from self._visits(page, place)
            if len(page) < PAGE:
                return

    def follow(self, stop: threading.Event, since: datetime | None = None,
               note: Note | None = None) -> Iterator[Visit]:
        start = since or datetime.now(UTC)
        place = _Place()
        lost = False
        # A short question first: what is there already is told at once, also when nothing new comes.
        wait = 0.0
        while not stop.is_set() and not self._closed.is_set():
            try:
                page = self._ask(place, since=start, wait=wait)
            except OSError:
                if not lost and note is not None and not stop.is_set():
                    note("the embedded cloud is not running: waiting for it")
                lost = True
                # The first answer afterwards tells whether this is still the same log.
                wait = 0.0
                stop.wait(_PAUSE)
                continue
            if lost and note is not None:
                note("the embedded cloud is back")
            lost, wait = False, _WAIT
            yield from self._visits(page, place)

    def close(self) -> None:
        self._closed.set()
        self._hang_up(self._connection)

    def _ask(self, place: _Place, *, since: datetime, wait: float) -> list[dict[str, Any]]:
        """One page of visits after the place. Raises OSError when there is no whole answer."""
        query = (f"/-/logs?bucket={self._bucket}&after={place.after}&limit={PAGE}&wait={wait:g}"
                 f"&since={since.timestamp():.3f}")
        connection = self._connection
        try:
            if connection is None:
                connection = self._connection = self._connect()
            connection.timeout = wait + 30
            connection.ask("GET", query)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise OSError(f"it answered {answer.status}")
            page = [json.loads(line) for line in body.splitlines()]
        except (http.client.HTTPException, ValueError, OSError) as error:
            self._hang_up(connection)
            self._connection = None
            raise OSError(str(error) or type(error).__name__) from error
        epoch = answer.headers.get("x-log-epoch", "")
        if place.epoch and epoch != place.epoch:
            # Another log: the data was wiped, and its numbers begin anew.
            place.epoch, place.after, place.seen = epoch, 0, Seen()
            return self._ask(place, since=since, wait=0)
        place.epoch = epoch
        return page

    def _connect(self) -> EmbeddedConnection:
        where = self._where()
        if where is None:
            raise OSError("it does not run")
        return EmbeddedConnection(where, _WAIT + 30)

    @staticmethod
    def _hang_up(connection: http.client.HTTPConnection | None) -> None:
        """Close it while another thread reads from it: the read ends at once."""
        if connection is None:
            return
        with contextlib.suppress(OSError, AttributeError):
            connection.sock.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            connection.close()

    @staticmethod
    def _visits(page: list[dict[str, Any]], place: _Place) -> Iterator[Visit]:
        for record in sorted(page, key=lambda one: int(one["id"])):
            number = int(record["id"])
            new = place.seen.take(str(number), number)
            # First, so that a visit is not told again when its taker does not come back for the rest.
            place.after = max(place.after, number)
            visit = parse(record, place.epoch) if new else None
            if visit is not None:
                yield visit
        place.seen.forget_before(place.after - 10 * PAGE)


class _Place:
    """How far a reader got, and in which log."""

    def __init__(self) -> None:
        self.epoch = ""
        self.after = 0
        self.seen = Seen()


def parse(record: Mapping[str, Any], epoch: str = "") -> Visit | None:
    """A visit as the feed delivers it. ``None`` for what no visitor did: signed requests (sitepub's own) and
    what the edge asked for on behalf of a visitor, whose visit the edge reports."""
    if record.get("secret_id") or record.get("via_edge"):
        return None
    path, query = split_target(str(record["path"]))
    cache: Cache | None = {"hit": "hit", "miss": "miss"}.get(str(record.get("cache", "")))  # type: ignore[assignment]
    return Visit(
        time=from_unix(float(record["time"])),
        status=int(record["status"]),
        method=str(record["method"]).upper(),
        host=str(record["host"]),
        path=path,
        query=query,
        bytes=int(record["sent"]),
        seconds=int(record["milliseconds"]) / 1000,
        cache=cache,
        client=str(record["remote"]),
        agent=str(record["agent"]),
        referer=str(record["referer"]),
        id=f"{epoch}-{record['id']}",
    )


def _unreachable(error: OSError) -> NetworkError:
    return NetworkError(f"The embedded cloud does not answer: {error}.", hint="start it: sitepub local start")


