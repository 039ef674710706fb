"""The steps of a large plan, packed. A step is made when it is asked for; the file in it comes from the site."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import fields
from heapq import merge
from itertools import accumulate
from typing import overload

from sitepub.publish.plan import Action, Phase, Reason, Step, Steps
from sitepub.site.many.packed import Packed, Packing, Row
from sitepub.site.snapshot import SiteFile

MANY = 2000
"""Steps from which on a plan is packed."""
LARGE = 1024 * 1024
"""Bytes from which on a file is sent before the others."""
_ACTIONS, _PHASES, _REASONS = tuple(Action), tuple(Phase), tuple(Reason)
_ACTION = {action: number for number, action in enumerate(_ACTIONS)}
_PHASE = {phase: number for number, phase in enumerate(_PHASES)}
_REASON = {reason: number for number, reason in enumerate(_REASONS)}
_PLAIN: tuple[object, ...] = (None, None, False, "", False, False)


class _StepOfRow(Step):
    """A step whose file is looked up when it is asked for."""

    __slots__ = ("_files", "_found")
    _files: Mapping[str, SiteFile] | None
    _found: SiteFile | None

    def __init__(self, action: Action, key: str, phase: Phase, reason: Reason, file: SiteFile | None = None,
                 source_key: str | None = None, source_etag: str | None = None, guarded: bool = False,
                 foreign_etag: str = "", adopted: bool = False, from_kept: bool = False, *,
                 files: Mapping[str, SiteFile] | None = None) -> None:
        give = object.__setattr__
        give(self, "action", action)
        give(self, "key", key)
        give(self, "phase", phase)
        give(self, "reason", reason)
        give(self, "_files", files)
        give(self, "_found", file)
        give(self, "source_key", source_key)
        give(self, "source_etag", source_etag)
        give(self, "guarded", guarded)
        give(self, "foreign_etag", foreign_etag)
        give(self, "adopted", adopted)
        give(self, "from_kept", from_kept)

    @property
    def file(self) -> SiteFile | None:
        if self._found is None and self._files is not None and self.action is not Action.DELETE:
            object.__setattr__(self, "_found", self._files[self.key])
        return self._found

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Step):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _COMPARED)

    __hash__ = None  # type: ignore[assignment]


_COMPARED = tuple(each.name for each in fields(Step) if each.compare)


class PackedSteps(Steps):
    """Runs of steps, each in the order of its keys."""

    def __init__(self, runs: Sequence[Packed[Step]], kinds: Mapping[tuple[Action, Reason], int], bytes_sent: int,
                 files: Mapping[str, SiteFile], large: Set[str]) -> None:
        """``large``: the keys of files of :data:`LARGE` bytes or more."""
        self.runs = runs
        self.large = large
        self._files = files
        self._ends = list(accumulate(map(len, runs)))
        self._kinds = kinds
        self._bytes_sent = bytes_sent

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[Step]:
        for run in self.runs:
            yield from run

    @overload
    def __getitem__(self, at: int) -> Step: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Step]: ...

    def __getitem__(self, at: int | slice) -> Step | Sequence[Step]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        if at < 0:
            at += len(self)
        if not 0 <= at < len(self):
            raise IndexError(at)
        number = bisect_right(self._ends, at)
        return self.runs[number][at - (self._ends[number - 1] if number else 0)]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return len(self) == len(other) and all(one == another for one, another in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def find(self, key: str) -> int:
        """The number of the step for this key; -1: there is none."""
        for number, run in enumerate(self.runs):
            at = run.find(key)
            if at >= 0:
                return at + (self._ends[number - 1] if number else 0)
        return -1

    def by_key(self) -> Iterator[tuple[str, int]]:
        """Key and number of all steps, in the order of the keys."""
        starts = [0, *self._ends]
        return merge(*(((row[0], at) for at, row in enumerate(run.rows(), start))
                       for start, run in zip(starts, self.runs, strict=False)))

    def of(self, *actions: Action) -> Sequence[Step]:
        count = self.count(*actions)
        if not count:
            return ()
        return self if count == len(self) else tuple(step for step in self if step.action in actions)

    def because(self, *reasons: Reason) -> Sequence[Step]:
        count = sum(number for (_, reason), number in self._kinds.items() if reason in reasons)
        if not count:
            return ()
        return self if count == len(self) else tuple(step for step in self if step.reason in reasons)

    def count(self, *actions: Action) -> int:
        return sum(number for (action, _), number in self._kinds.items() if action in actions)

    @property
    def bytes_sent(self) -> int:
        return self._bytes_sent

    @property
    def files(self) -> Mapping[str, SiteFile]:
        """Those that the steps are about."""
        return self._files

    def with_files(self, files: Mapping[str, SiteFile]) -> PackedSteps:
        """The same steps about other files of the same keys."""
        return PackedSteps(self.runs, self._kinds, self._bytes_sent, files, self.large)

    def changed(self, change: Callable[[Step], Step]) -> PackedSteps:
        """With other steps for the same keys, in the same phases."""
        return self._through(change, lambda _step: True)

    def only(self, stays: Callable[[Step], bool]) -> PackedSteps:
        return self._through(lambda step: step, stays)

    def _through(self, change: Callable[[Step], Step], stays: Callable[[Step], bool]) -> PackedSteps:
        sorting = Sorting(self._files)
        for number, run in enumerate(self.runs):
            for step in run:
                if stays(step):
                    sorting.add(change(step), number, in_run=True)
        return sorting.done()


class Sorting:
    """Steps on their way into a plan: they come in the order of their keys, and are sorted by phase and rank."""

    def __init__(self, files: Mapping[str, SiteFile]) -> None:
        """``files``: those that the steps are about."""
        self._files = files
        self._runs: dict[tuple[int, int], Packing[Step]] = {}
        self._kinds: Counter[tuple[Action, Reason]] = Counter()
        self._bytes_sent = 0
        self._large: set[str] = set()

    def add(self, step: Step, rank: int, *, in_run: bool = False) -> None:
        """``rank``: the order of deletions; 0 for all others. ``in_run``: it is the number of the run."""
        place = (0 if in_run else _PHASE[step.phase]), rank
        run = self._runs.get(place)
        if run is None:
            run = self._runs[place] = Packing(self._step, keyed=True)
        self._kinds[step.action, step.reason] += 1
        self._bytes_sent += step.bytes_sent
        if step.file is not None and step.file.size >= LARGE:
            self._large.add(step.key)
        rest: Row = (step.source_key, step.source_etag, step.guarded, step.foreign_etag, step.adopted, step.from_kept)
        row = (step.key, _ACTION[step.action], _PHASE[step.phase], _REASON[step.reason])
        run.add(row if rest == _PLAIN else row + rest)

    def _step(self, row: Row) -> Step:
        return _StepOfRow(_ACTIONS[row[1]], row[0], _PHASES[row[2]], _REASONS[row[3]], None, *row[4:],
                          files=self._files)

    def done(self) -> PackedSteps:
        return PackedSteps([self._runs[place].done() for place in sorted(self._runs)], self._kinds, self._bytes_sent,
                           self._files, self._large)
