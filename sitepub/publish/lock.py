"""The lock: one deploy of a site at a time, across computers.

An object in the state bucket, created with ``x-cos-forbid-overwrite`` and held by a lease that a daemon
thread renews. Whether a lease has run out is decided by the cloud's clock alone: the answer that brings the
lock object says when it was written (Last-Modified) and what time it is there (Date), so computers with
wrong clocks do not rob each other. Because forbid-overwrite has no effect in a bucket that ever had
versioning, the holder also reads its own token back, and looks again before it commits anything.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType

import msgspec

from sitepub.errors import NotFound, PreconditionFailed, Refused, SitepubError
from sitepub.publish.owner import is_dead, process_space, started_at, who
from sitepub.tencent.store import Fetched, ObjectStore

LEASE = 60.0
RENEWAL = 15.0
_TRIES = 5
_LEFT_BEHIND: set[str] = set()
"""Tokens of locks that this process has tried to give back and could not."""
_HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-store"}


class LockRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What the lock object says."""

    token: str
    who: str
    pid: int
    space: str
    """:func:`~sitepub.publish.owner.process_space` of the holder."""
    process_started: str
    since: float
    """Unix seconds by the holder's clock: for people, nothing is decided with it."""
    renewed: float
    lease: float
    """Seconds that the lock lives without being renewed."""


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that was found."""

    record: LockRecord
    age: float
    """Seconds since its last renewal."""

    @property
    def outlived(self) -> bool:
        """Its lease ran out, its process is known to be dead, or it is one that this very process could not
        give back, because the network was gone just then."""
        record = self.record
        return (self.age > record.lease or is_dead(record.space, record.pid, record.process_started)
                or (record.token in _LEFT_BEHIND))


class Lock:
    """A context manager: acquired on entry, always given back on exit.

    Raises :class:`~sitepub.errors.Refused` when somebody else holds it; says who, since when, and until
    when at the latest."""

    def __init__(self, store: ObjectStore, prefix: str, *, lease: float = LEASE, renewal: float = RENEWAL,
                 on_lost: Callable[[], None] | None = None) -> None:
        self.store = store
        self.key = f"{prefix}lock"
        self._lease = lease
        self._renewal = renewal
        self._on_lost = on_lost
        self._token = secrets.token_hex(8)
        self._since = time.time()
        self._lost = threading.Event()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Lock:
        try:
            self.acquire()
        except BaseException:
            # It may have been created all the same, and only the answer got lost.
            _LEFT_BEHIND.add(self._token)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.release()

    # -- taking ----------------------------------------------------------------------------------------

    def acquire(self) -> None:
        for _ in range(_TRIES):
            try:
                self.store.put(self.key, self._record(), _HEADERS, forbid_overwrite=True)
            except PreconditionFailed:
                holder = read_lock(self.store, self.key)
                if holder is None:
                    continue
                if holder.record.token != self._token and not self._take_over(holder):
                    raise _held(holder) from None
            found = read_lock(self.store, self.key)
            if found is not None and found.record.token == self._token:
                self._thread = threading.Thread(target=self._renew, name="publish-lock", daemon=True)
                self._thread.start()
                return
            if found is not None and not found.outlived:
                raise _held(found)
        raise Refused("the lock of this site changes hands too quickly", code="Locked",
                      hint="somebody else is deploying it; try again in a minute")

    def _take_over(self, holder: Held) -> bool:
        """Replace the lock of somebody who is gone. Of several who try, one wins: he who creates the object
        that stands for taking over exactly this token."""
        if not holder.outlived:
            return False
        claim = f"{self.key}-over-{holder.record.token}"
        try:
            self.store.put(claim, self._record(), _HEADERS, forbid_overwrite=True)
        except PreconditionFailed:
            other = read_lock(self.store, claim)
            if other is not None and other.outlived:
                # Its owner died between two requests; the next try finds the way clear.
                self.store.delete([claim])
                return True
            if other is not None:
                raise _held(other) from None
            return True
        try:
            again = read_lock(self.store, self.key)
            if again is None or again.record.token == holder.record.token:
                self.store.put(self.key, self._record(), _HEADERS)
        finally:
            self.store.delete([claim])
        return True

    def _record(self) -> bytes:
        return msgspec.json.encode(LockRecord(
            token=self._token, who=who(), pid=os.getpid(), space=process_space(),
            process_started=started_at(os.getpid()), since=self._since, renewed=time.time(),
            lease=self._lease))

    # -- holding ---------------------------------------------------------------------------------------

    def still_ours(self) -> None:
        """Look again. Raises :class:`~sitepub.errors.Refused` when the lock was lost (this computer slept
        longer than the lease, or somebody deleted the object)."""
        found = None if self._lost.is_set() else read_lock(self.store, self.key)
        if found is None or found.record.token != self._token:
            self._lose()
            raise Refused("the lock of this site was lost while deploying"
                          + (f": {found.record.who} has it now" if found is not None else ""),
                          code="LockLost", hint="deploy again once the other run is over")

    def _lose(self) -> None:
        self._lost.set()
        if self._on_lost is not None:
            self._on_lost()

    def _renew(self) -> None:
        while not self._end.wait(self._renewal):
            try:
                found = read_lock(self.store, self.key)
                if found is None or found.record.token != self._token:
                    self._lose()
                    return
                self.store.put(self.key, self._record(), _HEADERS)
            except SitepubError:
                # The network may be back before the lease ends; still_ours() decides.
                continue

    # -- giving back -----------------------------------------------------------------------------------

    def release(self) -> None:
        """Give the lock back, if it is still ours. A failure is no error: the lease ends by itself."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        _LEFT_BEHIND.add(self._token)
        try:
            found = read_lock(self.store, self.key)
            if found is not None and found.record.token == self._token:
                self.store.delete([self.key])
        except SitepubError:
            return
        _LEFT_BEHIND.discard(self._token)


# Made before there are threads: msgspec may crash when several of them are the first to need a type.
_decode = msgspec.json.Decoder(LockRecord).decode


def read_lock(store: ObjectStore, key: str) -> Held | None:
    """Who holds the lock; ``None`` when nobody does. A damaged lock object counts as one that expired."""
    try:
        fetched = store.get(key)
    except NotFound:
        return None
    try:
        record = _decode(fetched.data)
    except msgspec.MsgspecError:
        return Held(LockRecord(token="", who="somebody", pid=0, space="", process_started="", since=0.0,
                               renewed=0.0, lease=0.0), 1.0)
    return Held(record, _age(fetched, record))


def _age(fetched: Fetched, record: LockRecord) -> float:
    try:
        written = parsedate_to_datetime(fetched.headers["last-modified"])
        now = parsedate_to_datetime(fetched.headers["date"])
        return (now - written).total_seconds()
    except (KeyError, ValueError, TypeError):
        # Never seen from COS; a store that tells no times leaves only the clocks of the two computers.
        return time.time() - record.renewed


def _held(holder: Held) -> Refused:
    since = datetime.fromtimestamp(holder.record.since, UTC)
    left = max(0, round(holder.record.lease - holder.age))
    return Refused(
        f"{holder.record.who} is deploying this site since {since:%Y-%m-%d %H:%M:%S} UTC",
        hint=f"wait until it is done; if it died, the lock ends by itself in {left} seconds", code="Locked")
