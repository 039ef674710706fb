"""The engine: does the steps of a plan, many at a time, phase after phase."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import msgspec

from sitepub.errors import Interrupted, Refused, SitepubError
from sitepub.publish.flip import NOTHING_KEPT, Job, Keeping, Wave, Work, content_of, is_staged, made_ready, waves
from sitepub.publish.locking.lock import LOST
from sitepub.publish.many.steps import MANY, PackedSteps
from sitepub.publish.many.written import Also, Written
from sitepub.publish.outcome import Counts as Counts
from sitepub.publish.phases import deletion_rank
from sitepub.publish.placing import NOTHING_RESUMED, Placer, Resumed
from sitepub.publish.plan import Action, Plan, Step
from sitepub.publish.progress import Progress, Silent
from sitepub.publish.release.content import Content, KeptContent
from sitepub.publish.retention import LET_GO
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.sharded import Owned
from sitepub.publish.workers import EitherEvent, Workers
from sitepub.tencent.cos.store import ObjectStore

DEFAULT_THREADS = 128
HOPELESS = 50
"""So many failures in a row without one success, and a phase starts no more: the network is gone or the
key may not write here, and 10,000 more attempts would only take longer to say so."""
_DELETIONS_PER_CALL = 1000
_WRITES = (Action.UPLOAD, Action.COPY, Action.HEADERS)
_FEW = 100
_LITTLE = 1024**2
"""Bytes. What so few steps have to make ready is made ready while the journal is written."""


@dataclass(frozen=True, slots=True)
class Failure:
    step: Step
    error: Exception

    def __str__(self) -> str:
        return f"{self.step.key}: {self.error}"


class Engine:
    """Carries out one plan. What it has done so far can be read at any time."""

    def __init__(self, plan: Plan, store: ObjectStore, *, progress: Progress | None = None,
                 stop: threading.Event | None = None, threads: int = DEFAULT_THREADS,
                 check: Callable[[], None] = lambda: None, content: KeptContent | None = None,
                 keeping: Keeping = NOTHING_KEPT, resumed: Resumed = NOTHING_RESUMED) -> None:
        """``check`` is called before every write, and raises when nothing may be written any more. Without ``content``
        nothing is kept, and everything is uploaded straight to its place."""
        self.plan = plan
        self.store = store
        self.keeping = keeping if content is not None else NOTHING_KEPT
        self.progress: Progress = progress or Silent()
        self.stop = stop or threading.Event()
        self._check = check
        self._giving_up = threading.Event()
        self._lock = threading.Lock()
        self._changes: dict[str, Entry | None] = {}
        self._written = Written(plan.steps) if isinstance(plan.steps, PackedSteps) else None
        """In place of the changes, when there are very many."""
        self._large = plan.steps.large if isinstance(plan.steps, PackedSteps) else None
        self._succeeded = 0
        """Jobs."""
        self._ready: bool | None = None
        """Whether all was made ready that has to be; ``None``: that was not tried yet."""
        self._begun: set[str] = set()
        """Keys of steps that were begun and are not done."""
        self._done: set[str] = set()
        self._counts: Counter[Action] = Counter()
        self._failures: list[Failure] = []
        self._bytes = 0
        self._failed_in_a_row = 0
        self._kept: set[Content] = set()
        self._placer = Placer(store, content, self.progress, self.stop, resumed)
        self._halt = EitherEvent(self.stop, self._giving_up)
        # Some steps are two jobs at once: the old content is kept while the new one is made ready.
        count = max(1, min(threads, 2 * len(plan.steps)))
        self._workers: Workers[Job] = Workers(count, self._attempt, self._halt)

    # -- doing -----------------------------------------------------------------------------------------

    def make_ready(self, meanwhile: Callable[[], None]) -> None:
        """Do ``meanwhile``, and make ready what the flip needs at the same time, if that is little; else :meth:`write`
        does it. What is made ready lies in the kept content alone: nothing that is live changes."""
        steps = self.plan.steps
        jobs: list[Job] = []
        if len(steps) <= _FEW and self.plan.bytes_to_send <= _LITTLE:
            jobs = made_ready(self.plan, self.keeping)
        if not jobs:
            meanwhile()
            return
        self.progress.planned(len(steps), self.plan.bytes_to_send)
        self._workers.begin(jobs)
        try:
            meanwhile()
        finally:
            self._workers.finish()
            self._close_if_left_behind()
        self._ready = self._succeeded == len(jobs)

    def write(self, beside: Callable[[], None] | None = None) -> bool:
        """Upload, copy and set headers, wave after wave (:mod:`~sitepub.publish.flip`). A wave begins only when the one
        before has succeeded in full, so nothing goes live without a file that it needs. True when everything was
        written. ``beside`` is done during the only wave of a few steps that are made ready already, and raises when
        nothing may be written any more."""
        if self._ready is None:
            self.progress.planned(len(self.plan.steps), self.plan.bytes_to_send)
        elif not self._ready:
            return False
        found: Iterable[Wave] = waves(self.plan, self.keeping, ready=self._ready is not None)
        if self._ready:
            found = tuple(found)
            beside = beside if len(found) == 1 else None
        else:
            beside = None
        for wave in found:
            before = self._succeeded
            jobs = _biggest_first(wave.jobs, self._large)
            if beside is None:
                self._workers.run(jobs, len(wave.jobs))
            else:
                self._workers.begin(jobs, len(wave.jobs))
                try:
                    beside()
                finally:
                    self._workers.finish()
            self._close_if_left_behind()
            if self._succeeded - before < len(wave.jobs):
                return False
        return True

    def _close_if_left_behind(self) -> None:
        if self._workers.left_behind:
            # Nothing may arrive in the bucket after the lock was given back.
            self.store.close()

    def leave(self, plan: Plan) -> None:
        """Go on with this plan, which deletes less."""
        kept = {step.key for step in plan.deletions}
        with self._lock:
            for step in self.plan.deletions:
                if step.key not in kept:
                    self._changes[step.key] = None
        self.plan = replace(plan, known=self.plan.known)

    def take_back(self) -> None:
        """Nothing is written yet. What the site had dropped and has again belongs to it from now on, even if this run
        does not end: a page that it puts live may name it, and then it has to stay for that page's visitors."""
        again = {key: entry for key, entry in self.plan.moved.items() if not entry.until}
        known = self.plan.known
        dropped = known.retained if isinstance(known, Owned) else known
        for step in self.plan.of(*_WRITES) if len(dropped) else ():
            before = dropped.get(step.key)
            if before is not None and before.until:
                again[step.key] = msgspec.structs.replace(before, until=0)
        with self._lock:
            self._changes.update(again)

    def let_go(self) -> None:
        """The site is live: what it has dropped is not a part of it any more, and what it has again is."""
        with self._lock:
            self._changes.update(self.plan.moved)
            for step in self.plan.deletions:
                if (entry := self.plan.known.get(step.key)) is not None:
                    self._changes[step.key] = msgspec.structs.replace(entry, until=LET_GO)

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
            changes: Mapping[str, Entry | None] = dict(self._changes)
        if self._written is not None:
            changes = Also(self._written, changes) if changes else self._written
            if any(entry is not None and entry.until for entry in self._changes.values()):
                changes = dict(changes.items())
        known = self.plan.known
        if isinstance(known, Owned):
            return known.changed(changes)
        return Owned.of(known).changed(changes)

    @property
    def failures(self) -> tuple[Failure, ...]:
        with self._lock:
            return tuple(sorted(self._failures, key=lambda failure: failure.step.key))

    @property
    def undone(self) -> tuple[Step, ...]:
        """Steps that failed or were not begun."""
        with self._lock:
            steps = self.plan.steps
            if len(self._done) + (len(self._written) if self._written is not None else 0) == len(steps):
                return ()  # a plan has one step for a key
            return tuple(step for number, step in enumerate(steps) if not self._is_done(number, step.key))

    @property
    def in_doubt(self) -> tuple[Step, ...]:
        """Steps that were begun and not finished: they may have happened all the same."""
        with self._lock:
            return tuple(step for step in self.plan.steps if step.key in self._begun) if self._begun else ()

    @property
    def counts(self) -> Counts:
        with self._lock:
            done = self._counts
            return Counts(done[Action.UPLOAD], done[Action.COPY], done[Action.HEADERS], done[Action.DELETE],
                          self.plan.unchanged)

    @property
    def bytes_sent(self) -> int:
        """Bytes of content in finished uploads."""
        return self._bytes

    # -- one step --------------------------------------------------------------------------------------

    def _attempt(self, job: Job) -> None:
        step = job.step
        try:
            self._check()
            if job.work is Work.KEEP:
                self._keep(job)
            elif job.work is Work.STAGE:
                self._stage(step)
            else:
                self._go_live(step, job.number)
        except Interrupted:
            return
        except Exception as error:
            if not _is_lost(error):
                self._fail([Failure(step, error)])
            return
        with self._lock:
            self._failed_in_a_row = 0
            self._succeeded += 1

    def _keep(self, job: Job) -> None:
        for step in (job.step, *job.others):
            entry = self.plan.known[step.key]
            if self._placer.keep(step, entry):
                with self._lock:
                    self._kept.add((entry.md5, entry.size))
                return

    def _stage(self, step: Step) -> None:
        self.progress.started(step)
        self._placer.stage(step)
        with self._lock:
            self._kept.add(content_of(step))

    def _go_live(self, step: Step, number: int) -> None:
        self.progress.started(step)
        with self._lock:
            self._begun.add(step.key)
        staged = is_staged(step, self.plan.known, self.keeping)
        done = self._placer.go_live(step, staged=staged)
        file = step.file
        assert file is not None
        with self._lock:
            kept = done.from_kept or (not staged and self._is_kept(step))
            self._wrote(step, number, Entry.of(file, done.stored.etag, adopted=done.adopted, kept=kept,
                                               written=done.stored.written), done.action)
            if done.action is Action.UPLOAD:
                self._bytes += file.size
        self.progress.finished(step)

    def _wrote(self, step: Step, number: int, entry: Entry | None, action: Action) -> None:
        if self._written is not None and number >= 0:
            self._written.wrote(number, entry)
        else:
            self._changes[step.key] = entry
            self._done.add(step.key)
        self._begun.discard(step.key)
        self._counts[action] += 1

    def _is_done(self, number: int, key: str) -> bool:
        return key in self._done or (self._written is not None and self._written.is_done(number))

    def _is_kept(self, step: Step) -> bool:
        content = content_of(step)
        if content in self._kept or content in self.keeping.there:
            return True
        for key in (step.source_key, None if step.new else step.key):
            entry = self.plan.known.get(key) if key is not None else None
            if entry is not None and entry.kept and (entry.md5, entry.size) == content:
                return True
        return False

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
                self._wrote(step, -1, None, Action.DELETE)
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


def _biggest_first(jobs: Sequence[Job], large: Container[str] | None) -> Iterable[Job]:
    """Of very many jobs only the large ones come first (``large``: their keys)."""
    if large is None or len(jobs) <= MANY:
        return sorted(jobs, key=_order)
    if not large:
        return jobs
    return chain(sorted((job for job in jobs if job.step.key in large), key=_order),
                 (job for job in jobs if job.step.key not in large))


def _order(job: Job) -> tuple[int, str]:
    return -(job.step.file.size if job.step.file is not None else 0), job.step.key
