"""The engine: does the steps of a plan, many at a time, phase after phase."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from sitepub.errors import Interrupted, NotFound, PreconditionFailed, Refused, SitepubError
from sitepub.publish.diff import COPY_LIMIT
from sitepub.publish.locking.lock import LOST
from sitepub.publish.phases import deletion_rank
from sitepub.publish.plan import Action, Phase, Plan, Reason, Step
from sitepub.publish.progress import Progress, Silent
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.sharded import Owned
from sitepub.publish.workers import EitherEvent, Workers
from sitepub.tencent.cos.store import ObjectStore, Stored

DEFAULT_THREADS = 128
HOPELESS = 50
"""So many failures in a row without one success, and a phase starts no more: the network is gone or the
key may not write here, and 10,000 more attempts would only take longer to say so."""
_LARGE = 16 * 1024**2
"""Bytes from which an upload under way is broken off on Ctrl-C instead of finished."""
_DELETIONS_PER_CALL = 1000
AT_ONCE = 1
"""Until when an object stays that is about to be deleted: long ago."""
WRITING_PHASES = (Phase.ASSETS, Phase.DATA, Phase.PAGES, Phase.LAST)


@dataclass(frozen=True, slots=True)
class Failure:
    step: Step
    error: Exception

    def __str__(self) -> str:
        return f"{self.step.key}: {self.error}"


@dataclass(frozen=True, slots=True)
class Counts:
    uploaded: int = 0
    copied: int = 0
    headers: int = 0
    deleted: int = 0
    unchanged: int = 0

    @property
    def changed(self) -> int:
        return self.uploaded + self.copied + self.headers + self.deleted


class Engine:
    """Carries out one plan. What it has done so far can be read at any time."""

    def __init__(self, plan: Plan, store: ObjectStore, *, progress: Progress | None = None,
                 stop: threading.Event | None = None, threads: int = DEFAULT_THREADS,
                 check: Callable[[], None] = lambda: None) -> None:
        """``check`` is called before every write, and raises when nothing may be written any more."""
        self.plan = plan
        self.store = store
        self.progress: Progress = progress or Silent()
        self.stop = stop or threading.Event()
        self._check = check
        self._giving_up = threading.Event()
        self._lock = threading.Lock()
        self._changes: dict[str, Entry | None] = {}
        self._begun: set[str] = set()
        self._done: dict[str, Action] = {}
        self._failures: list[Failure] = []
        self._bytes = 0
        self._failed_in_a_row = 0
        self._halt = EitherEvent(self.stop, self._giving_up)
        count = max(1, min(threads, len(plan.steps)))
        self._workers: Workers[Step] = Workers(count, self._attempt, self._halt)

    # -- doing -----------------------------------------------------------------------------------------

    def write(self) -> bool:
        """Upload, copy and set headers: assets, then pages, then what speaks of pages. A phase begins only
        when the one before has succeeded in full, so no page goes live without a file that it needs.
        True when everything was written."""
        self.progress.planned(len(self.plan.steps), self.plan.bytes_to_send)
        for phase in WRITING_PHASES:
            steps = sorted(self.plan.in_phase(phase), key=_biggest_first)
            if steps:
                self._workers.run(steps)
                if self._workers.left_behind:
                    # Nothing may arrive in the bucket after the lock was given back.
                    self.store.close()
            if not all(step.key in self._done for step in steps):
                return False
        return True

    def leave(self, plan: Plan) -> None:
        """Go on with this plan, which deletes less."""
        kept = {step.key for step in plan.deletions}
        with self._lock:
            for step in self.plan.deletions:
                if step.key not in kept:
                    self._changes[step.key] = None
        self.plan = replace(plan, known=self.plan.known)

    def let_go(self) -> None:
        """The site is live without what is to be deleted: that is not a part of it any more."""
        with self._lock:
            for step in self.plan.deletions:
                if (entry := self.plan.known.get(step.key)) is not None:
                    self._changes[step.key] = msgspec.structs.replace(entry, until=AT_ONCE)

    def delete(self) -> bool:
        """Delete what the site does not have any more; pages first, the files they need afterwards."""
        ranks: dict[int, list[Step]] = {}
        for step in self.plan.deletions:
            ranks.setdefault(deletion_rank(step.key), []).append(step)
        for rank in sorted(ranks):
            steps = ranks[rank]
            for start in range(0, len(steps), _DELETIONS_PER_CALL):
                if self.stop.is_set() or not self._delete(steps[start:start + _DELETIONS_PER_CALL]):
                    return False
        return True

    def close(self) -> None:
        self._workers.close()

    # -- what was done ---------------------------------------------------------------------------------

    @property
    def owned(self) -> Owned:
        """What sitepub owns in the bucket now."""
        with self._lock:
            changes = dict(self._changes)
        known = self.plan.known
        if isinstance(known, Owned):
            return known.changed(changes)
        now = {key: entry for key, entry in {**known, **changes}.items() if entry is not None}
        return Owned.of(now)

    @property
    def failures(self) -> tuple[Failure, ...]:
        with self._lock:
            return tuple(sorted(self._failures, key=lambda failure: failure.step.key))

    @property
    def undone(self) -> tuple[Step, ...]:
        """Steps that failed or were not begun."""
        with self._lock:
            return tuple(step for step in self.plan.steps if step.key not in self._done)

    @property
    def in_doubt(self) -> tuple[Step, ...]:
        """Steps that were begun and not finished: they may have happened all the same."""
        with self._lock:
            return tuple(step for step in self.plan.steps if step.key in self._begun and step.key not in self._done)

    @property
    def counts(self) -> Counts:
        with self._lock:
            done = list(self._done.values())
        return Counts(done.count(Action.UPLOAD), done.count(Action.COPY), done.count(Action.HEADERS),
                      done.count(Action.DELETE), self.plan.unchanged)

    @property
    def bytes_sent(self) -> int:
        """Bytes of content in finished uploads."""
        return self._bytes

    # -- one step --------------------------------------------------------------------------------------

    def _attempt(self, step: Step) -> None:
        self.progress.started(step)
        with self._lock:
            self._begun.add(step.key)
        try:
            self._check()
            done = self._write(step)
        except Interrupted:
            return
        except Exception as error:
            if not _is_lost(error):
                self._fail([Failure(step, error)])
            return
        file = step.file
        assert file is not None
        with self._lock:
            self._failed_in_a_row = 0
            self._changes[step.key] = Entry.of(file, done.stored.etag, adopted=done.adopted,
                                                   written=done.stored.written)
            self._done[step.key] = done.action
            if done.action is Action.UPLOAD:
                self._bytes += file.size
        self.progress.finished(step)

    def _write(self, step: Step) -> _Done:
        assert step.file is not None
        if step.new and step.foreign_etag:
            return self._settle_conflict(step)
        if step.action is Action.UPLOAD:
            return self._upload(step)
        # A copy cannot be told to leave alone what is there.
        if step.action is Action.COPY and step.new and self.store.head(step.key) is not None:
            return self._settle_conflict(step)
        assert step.source_key is not None
        try:
            stored = self.store.copy(step.key, step.source_key, step.file.headers,
                                     if_match=step.source_etag, retry=self._retry_of(step))
            return _Done(step.action, stored, step.adopted)
        except NotFound:
            # Somebody took away the source: the content is still at hand.
            return self._upload(step, adopted=False)
        except PreconditionFailed:
            if step.adopted:
                raise self._of_others(step) from None
            return self._upload(step)

    def _upload(self, step: Step, *, adopted: bool | None = None, again: bool = False) -> _Done:
        """Upload the file; a new key only if it is free. ``adopted``: another answer than the step's. ``again``: it was
        taken a moment ago, and then free."""
        file = step.file
        assert file is not None
        body = file.data if file.data is not None else file.path
        if body is None:
            raise ValueError(f"{file.key} has neither data nor path")
        try:
            stored = self.store.put(file.key, body, file.headers, md5=file.md5, forbid_overwrite=step.new,
                                    sent=_Sent(self.progress, step, self.stop),
                                    retry=self._retry_of(step))
        except PreconditionFailed:
            if not step.new:
                raise
            if again:
                raise self._of_others(step) from None
            return self._settle_conflict(step)
        return _Done(Action.UPLOAD, stored, step.adopted if adopted is None else adopted)

    def _settle_conflict(self, step: Step) -> _Done:
        """A key that was believed to be free is taken. The same content is adopted; anything else is left alone."""
        file = step.file
        assert file is not None
        there = self.store.head(step.key)
        if there is None:
            return self._upload(step, again=True)
        if there.etag != file.md5 or there.size != file.size:
            raise self._of_others(step)
        adopted = replace(step, reason=Reason.ADOPTED, adopted=True)
        if not 0 < file.size <= COPY_LIMIT:
            return self._upload(adopted)
        try:
            return _Done(Action.HEADERS, self.store.copy(step.key, step.key, file.headers, if_match=there.etag,
                                                         retry=self._retry_of(step)), adopted=True)
        except PreconditionFailed:
            raise self._of_others(step) from None

    @staticmethod
    def _of_others(step: Step) -> Refused:
        return Refused(f"{step.key} exists in the bucket, and sitepub did not upload it",
                       hint="run with --verify: the plan then shows what would be replaced", code="ForeignObject")

    def _retry_of(self, step: Step) -> _Retried:
        return _Retried(self.progress, step, self.stop)

    def _delete(self, steps: Sequence[Step]) -> bool:
        for step in steps:
            self.progress.started(step)
        try:
            self._check()
            refused: Mapping[str, Exception] = {
                failure.key: SitepubError(failure.message, code=failure.code)
                for failure in self.store.delete([step.key for step in steps])}
        except Exception as error:
            if not _is_lost(error):
                self._fail([Failure(step, error) for step in steps])
            return False
        for step in steps:
            if step.key in refused:
                continue
            with self._lock:
                self._changes[step.key] = None
                self._done[step.key] = Action.DELETE
            self.progress.finished(step)
        self._fail([Failure(step, refused[step.key]) for step in steps if step.key in refused])
        return not refused

    def _fail(self, failures: Sequence[Failure]) -> None:
        with self._lock:
            self._failures.extend(failures)
            self._failed_in_a_row += len(failures)
            if self._failed_in_a_row >= HOPELESS:
                self._giving_up.set()
        for failure in failures:
            self.progress.failed(failure.step, failure.error)


def _is_lost(error: Exception) -> bool:
    """The run has lost its lock: it ends, and no single file is to blame."""
    return isinstance(error, Refused) and error.code == LOST


def _biggest_first(step: Step) -> tuple[int, str]:
    return -(step.file.size if step.file is not None else 0), step.key


@dataclass(frozen=True, slots=True)
class _Done:
    """What was done with a step in the end."""

    action: Action
    stored: Stored
    """The bucket's answer."""
    adopted: bool
    """The object with this content was there before, and not sitepub's."""


@dataclass(frozen=True, slots=True)
class _Sent:
    progress: Progress
    step: Step
    stop: threading.Event

    def __call__(self, count: int) -> None:
        self.progress.sent(self.step, count)
        if count > 0 and self.stop.is_set() and self.step.bytes_sent >= _LARGE:
            raise Interrupted(f"the upload of {self.step.key} was interrupted")


@dataclass(frozen=True, slots=True)
class _Retried:
    progress: Progress
    step: Step
    stop: threading.Event

    def __call__(self, error: Exception, wait: float) -> None:
        if self.stop.is_set():
            raise Interrupted(f"{self.step.key} was not tried again") from error
        self.progress.retried(self.step, error, wait)
