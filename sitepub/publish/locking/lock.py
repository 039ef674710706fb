"""The lock: one deploy of a site at a time, across computers.

An object in the state bucket, created with ``x-cos-forbid-overwrite`` and held by a lease that a daemon
thread renews. Whether a lease has run out is decided by the cloud's clock alone: the answer that brings the
lock object says when it was written (Last-Modified) and what time it is there (Date), so computers with
wrong clocks do not rob each other. Because forbid-overwrite has no effect in a bucket that ever had
versioning, a lock is looked for first where an answer has shown that; the holder also reads its own token back, and
looks again before it commits anything.

The holder may sleep (a closed laptop, a frozen runner) for longer than its lease, and wake up when another run
else has the lock. So it asks its own clock before every write whether the write is sure to end within the
lease; in doubt it reads the lock first. And it signs its writes so that the cloud refuses them afterwards.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import TracebackType

import msgspec

from sitepub.errors import PreconditionFailed, Refused, SitepubError
from sitepub.publish.locking.lease import LEASE, Lease, Moment, lease_seconds
from sitepub.publish.locking.lock_record import LEFT_BEHIND, Held, LockRecord, held, read_lock
from sitepub.publish.locking.owner import process_space, started_at, who
from sitepub.publish.locking.patience import Patience, Waiting
from sitepub.tencent.cos.store import ObjectStore
from sitepub.tencent.fence import Fence
from sitepub.threads import side_by_side

__all__ = ["LEASE", "Held", "Lock", "LockRecord", "is_claim", "read_lock"]

LOST = "LockLost"
"""Code of the error that ends a run which lost its lock."""
_TRIES = 5
_OVER = "-over-"
RECENT = 1.0
"""Seconds for which it counts as known that the lock is ours, once it was seen to be."""
_HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-store"}


class Lock:
    """A context manager: acquired on entry, always given back on exit. Implements
    :class:`~sitepub.tencent.fence.Guard`.

    Raises :class:`~sitepub.errors.Refused` when another run holds it; says who, since when, and until
    when at the latest."""

    def __init__(self, store: ObjectStore, prefix: str, *, lease: float | None = None,
                 renewal: float | None = None, on_lost: Callable[[], None] | None = None,
                 patience: Patience | None = None, meanwhile: Callable[[], None] | None = None) -> None:
        """``meanwhile``: done while the token is read back, so after the lock was written; once for each try, and its
        failure is that of the acquisition."""
        self.store = store
        self.key = f"{prefix}lock"
        self.taken_over = False
        """Whether it was taken from a holder that may still be there, and may still write what it had begun."""
        self.taken_from_fenced = False
        """Whether that holder signs its writes so that the cloud refuses them after its lease."""
        self.found_free = True
        """Whether it was free."""
        self.cloud_time: float | None = None
        """The cloud's clock when it was acquired, in Unix seconds."""
        self._lease = Lease(lease_seconds() if lease is None else lease)
        self._renewal = self._lease.renewal if renewal is None else renewal
        self._on_lost = on_lost
        self._patience = patience or Patience()
        self._meanwhile = meanwhile
        self._looked: Moment | None = None
        """Before it was last seen to be ours."""
        self._blind = False
        self._token = secrets.token_hex(8)
        self._since = time.time()
        self._fence: Fence = getattr(store, "fence", None) or Fence()
        self._mutex = threading.RLock()
        self._lost = threading.Event()
        self._why_lost = "the lock of this site was lost while deploying"
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Lock:
        try:
            self.acquire()
        except BaseException:
            # It may have been created all the same, and only the answer got lost.
            LEFT_BEHIND.add(self._token)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.release()

    # -- taking ----------------------------------------------------------------------------------------

    def acquire(self) -> None:
        """Take the lock; while another run has it, wait as long as the patience lasts."""
        waiting = Waiting(self._patience)
        while True:
            try:
                self._acquire()
                return
            except Refused as error:
                if error.code != "Locked":
                    raise
                waiting.again(error)

    def _acquire(self) -> None:
        for _ in range(_TRIES):
            try:
                self._create()
            except PreconditionFailed:
                holder = read_lock(self.store, self.key)
                if holder is None:
                    continue
                if holder.record.token != self._token:
                    if not holder.outlived:
                        raise held(holder) from None
                    if self._take_over(holder):
                        self.found_free = False
                        self.taken_over = not holder.gone
                        self.taken_from_fenced = holder.record.fenced
            at = Moment.now()
            found = self._read_back()
            if found is not None and found.record.token == self._token:
                self._looked = at
                self._lease.heard(at, found.age, found.cloud_time)
                self.cloud_time = found.cloud_time
                if self._blind:
                    self.taken_over = self.taken_from_fenced = True
                if not self.found_free:
                    self.tidy()
                self._fence.put_up(self)
                self._thread = threading.Thread(target=self._renew, name="publish-lock", daemon=True)
                self._thread.start()
                return
            if found is not None and not found.outlived:
                raise held(found)
        raise Refused("the lock of this site changes hands too quickly", code="Locked",
                      hint="another run is deploying it; try again in a minute")

    def _create(self) -> None:
        """Raises :class:`~sitepub.errors.PreconditionFailed` when there is a lock. Forbid-overwrite has no effect in a
        bucket that has, or had, versioning: there the lock is looked for first. What only the answer shows to be such a
        bucket may have had a lock that is replaced now: it counts as taken over."""
        known = self._versioned
        if known and read_lock(self.store, self.key) is not None:
            raise PreconditionFailed("there is a lock", code="FileAlreadyExists", status=409)
        self._write(forbid_overwrite=True)
        self._blind = self._versioned and not known

    @property
    def _versioned(self) -> bool:
        return getattr(self.store, "versioned", False)

    def _read_back(self) -> Held | None:
        if self._meanwhile is None:
            return read_lock(self.store, self.key)
        found, _ = side_by_side((partial(read_lock, self.store, self.key), self._meanwhile))
        return found

    def _take_over(self, holder: Held) -> bool:
        """Replace the lock of a run that is gone; whether that was done. Of several that try, one wins: the one
        that creates the object for the take-over of this very token. A holder that slept too long needs it, too."""
        claim = f"{self.key}{_OVER}{holder.claim}"
        begun = Moment.now()
        try:
            self.store.put(claim, self._record(), _HEADERS, forbid_overwrite=True)
        except PreconditionFailed:
            other = read_lock(self.store, claim)
            if other is not None and other.outlived:
                # Its owner died between two requests; the next try finds the way clear.
                self.store.delete([claim])
                return False
            if other is not None:
                raise held(other) from None
            return False
        try:
            again = read_lock(self.store, self.key)
            if again is None or again.record.token != holder.record.token:
                return False
            if not again.outlived and again.record.token != self._token:
                return False
            # Whoever slept here may find that its claim was taken away, and another made.
            if begun.age > self._lease.seconds / 2:
                return False
            self._write()
            return True
        finally:
            if begun.age < self._lease.seconds:
                # One that stays has a lease, too.
                with suppress(SitepubError):
                    self.store.delete([claim])

    def tidy(self) -> None:
        """Delete the claims of those who died while they took the lock over."""
        with suppress(SitepubError), self._fence.lifted():
            old = [there.key for there in self.store.list(self.key + _OVER)
                   if (claim := read_lock(self.store, there.key)) is not None and claim.outlived]
            if old:
                self.store.delete(old)

    def _write(self, *, forbid_overwrite: bool = False) -> None:
        at = Moment.now()
        self.store.put(self.key, self._record(), _HEADERS, forbid_overwrite=forbid_overwrite)
        self._lease.renewed(at)

    def _record(self) -> bytes:
        return msgspec.json.encode(LockRecord(
            token=self._token, who=who(), pid=os.getpid(), space=process_space(),
            process_started=started_at(os.getpid()), since=self._since, renewed=time.time(),
            lease=self._lease.seconds, fenced=True))

    # -- holding ---------------------------------------------------------------------------------------

    def check(self) -> None:
        """To be asked before every write. No request as long as the write is sure to end within the lease; in
        doubt the lock is read, and renewed. Raises :class:`~sitepub.errors.Refused` when it was lost, and what
        the cloud answers when it cannot be read."""
        if self._lost.is_set():
            raise self._is_lost()
        if self._lease.certain:
            return
        with self._mutex:
            if not self._lease.certain:
                self._extend()

    def window(self) -> tuple[float, float] | None:
        return self._lease.window()

    @property
    def is_lost(self) -> bool:
        """Whether it is known that it was lost."""
        return self._lost.is_set()

    def still_ours(self, *, within: float = 0.0) -> None:
        """Look again, whatever the clocks say; not if it was seen to be ours within so many seconds. Raises
        :class:`~sitepub.errors.Refused` when the lock was lost (this computer slept longer than the lease, or the
        object was deleted)."""
        with self._mutex:
            if not self._seen(within):
                self._look()
            if not self._lease.certain:
                self._extend()

    def _seen(self, within: float) -> bool:
        return not self._lost.is_set() and self._looked is not None and self._looked.age < within

    def _look(self) -> Held:
        if self._lost.is_set():
            raise self._is_lost()
        at = Moment.now()
        found = read_lock(self.store, self.key)
        if found is None or found.record.token != self._token:
            self._lose(found)
            raise self._is_lost()
        self._looked = at
        self._lease.heard(at, found.age, found.cloud_time)
        return found

    def _extend(self) -> None:
        """Renew the lease. One that may have run out is renewed as another would take it over."""
        with self._own_requests():
            found = self._look()
            if self._lease.alive:
                deadline, before = Moment.now(), self._lease.left
                self._write()
                if deadline.age < before:
                    return
                # It took so long that somebody may have had the lock in between.
                self._lose(None)
                raise self._is_lost()
            try:
                again = self._take_over(found)
            except Refused:
                again = False
            if not again:
                self._lose(read_lock(self.store, self.key))
                raise self._is_lost()

    @contextmanager
    def _own_requests(self) -> Iterator[None]:
        with self._mutex, self._fence.lifted():
            yield

    def _lose(self, found: Held | None) -> None:
        if found is not None and found.record.token != self._token:
            self._why_lost = f"the lock of this site was lost while deploying: {found.holder} has it now"
        self._lost.set()
        if self._on_lost is not None:
            self._on_lost()

    def _is_lost(self) -> Refused:
        return Refused(self._why_lost, code=LOST, hint="deploy again once the other run is over")

    def _renew(self) -> None:
        while not self._end.wait(self._renewal):
            try:
                self._extend()
            except Refused:
                return
            except SitepubError:
                # The network may be back before the lease ends; check() decides.
                continue

    # -- giving back -----------------------------------------------------------------------------------

    def release(self) -> None:
        """Give the lock back, if it is still ours. A failure is no error: the lease ends by itself."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        LEFT_BEHIND.add(self._token)
        try:
            with self._own_requests():
                self._give_back()
        except SitepubError:
            return
        finally:
            self._fence.take_down(self)
        LEFT_BEHIND.discard(self._token)

    def _give_back(self) -> None:
        if not self._seen(RECENT) or not self._lease.certain:
            found = read_lock(self.store, self.key)
            if found is None or found.record.token != self._token:
                return
        if not self._lease.certain and not self._lost.is_set():
            # It may be somebody else's before the deletion gets there.
            try:
                self._extend()
            except Refused:
                return
        self.store.delete([self.key])


def is_claim(key: str) -> bool:
    """Whether this is the key of an object that stands for taking a lock over."""
    return f"/lock{_OVER}" in key
