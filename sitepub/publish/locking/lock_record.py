"""What the lock object says, and what is made of it. Whatever lies there (people write such objects, too) is read as a
lock or as none: nothing in it can break a run, or hold a site for ever."""

from __future__ import annotations

import hashlib
import math
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from sitepub.errors import NotFound, Refused
from sitepub.publish.locking.owner import is_dead
from sitepub.tencent.cos.store import Fetched, ObjectStore
from sitepub.terminal.moments import dated

LONGEST_LEASE = 600.0
"""Seconds. A record that says more does not hold a site for longer."""
_LARGEST = 64 * 1024
_NAME = re.compile(r"[0-9A-Za-z]{1,64}")
_LATEST = 253_402_300_799.0
"""The last second that the calendar of datetime knows."""
LEFT_BEHIND: set[str] = set()
"""Tokens of locks that this process has tried to give back and could not."""


class LockRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What the lock object says."""

    token: str
    who: str
    pid: int
    space: str
    """:func:`~sitepub.publish.locking.owner.process_space` of the holder."""
    process_started: str
    since: float
    """Unix seconds by the holder's clock: for people, nothing is decided with it."""
    renewed: float
    lease: float
    """Seconds that the lock lives without being renewed."""
    fenced: bool = False
    """Whether the holder signs its writes so that the cloud refuses them after the lease."""


# Made before there are threads: msgspec may crash when several of them are the first to need a type.
_decode = msgspec.json.Decoder(LockRecord).decode


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that was found."""

    record: LockRecord
    age: float
    """Seconds since its last renewal."""
    cloud_time: float | None = None
    """The cloud's clock when it answered, in Unix seconds."""

    @property
    def lease(self) -> float:
        return min(self.record.lease, LONGEST_LEASE)

    @property
    def gone(self) -> bool:
        """Its process is known to be dead, or it is one that this very process could not give back, because the
        network was gone just then."""
        record = self.record
        return is_dead(record.space, record.pid, record.process_started) or record.token in LEFT_BEHIND

    @property
    def outlived(self) -> bool:
        """Whether another run may take it over. Its holder may still be there and not know that."""
        return self.age > self.lease or self.gone

    @property
    def claim(self) -> str:
        """What the name of the object ends with that stands for taking over exactly this lock."""
        token = self.record.token
        if _NAME.fullmatch(token):
            return token
        return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def holder(self) -> str:
        return self.record.who[:200] or "another run"


def read_lock(store: ObjectStore, key: str) -> Held | None:
    """Who holds the lock; ``None`` when it is free. A damaged lock object counts as one that expired."""
    try:
        fetched = store.get(key)
    except NotFound:
        return None
    record = _decoded(fetched.data)
    if record is None:
        return Held(LockRecord(token="", who="another run", pid=0, space="", process_started="", since=0.0,
                               renewed=0.0, lease=0.0), 1.0, _cloud_time(fetched))
    return Held(record, _age(fetched, record), _cloud_time(fetched))


def _decoded(data: bytes) -> LockRecord | None:
    if len(data) > _LARGEST:
        return None
    try:
        record = _decode(data)
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        return None
    if not all(math.isfinite(number) for number in (record.since, record.renewed, record.lease)):
        return None
    # No system counts its processes beyond this.
    return record if 0 <= record.pid < 2**32 else msgspec.structs.replace(record, pid=0)


def _cloud_time(fetched: Fetched) -> float | None:
    try:
        return parsedate_to_datetime(fetched.headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError, OverflowError):
        return None


def _age(fetched: Fetched, record: LockRecord) -> float:
    try:
        written = parsedate_to_datetime(fetched.headers["last-modified"])
        now = parsedate_to_datetime(fetched.headers["date"])
        return max(0.0, (now - written).total_seconds())
    except (KeyError, ValueError, TypeError, OverflowError):
        # Never seen from COS; a store that tells no times leaves only the clocks of the two computers.
        age = time.time() - record.renewed
        # A time that is far from coming is none: such a lock would last until then.
        return age if age > -LONGEST_LEASE else math.inf


def held(holder: Held) -> Refused:
    """The error for a run that finds the lock held."""
    since = holder.record.since
    begun = f" since {dated(datetime.fromtimestamp(since, UTC).isoformat())}" if 0 <= since <= _LATEST else ""
    left = max(0, round(holder.lease - holder.age))
    return Refused(
        f"{holder.holder} is deploying this site{begun}",
        hint=f"wait until it is done; if it died, the lock ends by itself in {left} seconds", code="Locked")
