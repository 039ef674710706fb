"""The steps of a large plan, packed. A step is made when it is asked for; the file in it comes from the site."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import fields
from functools import partial
from heapq import merge
from itertools import accumulate, count, groupby
from typing import overload

from sitepub.publish.plan import Action, Phase, Reason, Step, Steps
from sitepub.site.many.packed import Packed, Packing, Row, packed
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
_SHORT = 4
"""Fields of a row whose rest is as in :data:`_PLAIN`."""
_DELETE = _ACTION[Action.DELETE]
_NEW = frozenset({_REASON[Reason.NEW], _REASON[Reason.RENAMED]})
Kinds = Mapping[tuple[Action, Reason], int]
"""How many steps do what, and why."""


class _StepOfRow(Step):
    """A step of which nothing is made before it is asked for: neither its file nor what the row says."""

    __slots__ = ("_files", "_found", "_row")
    _row: Row
    _files: Mapping[str, SiteFile] | None
    _found: SiteFile | None

    def __init__(self, action: Action, key: str, phase: Phase, reason: Reason, file: SiteFile | None = None,
                 source_key: str | None = None, source_etag: str | None = None, guarded: bool = False,
                 foreign_etag: str = "", adopted: bool = False, from_kept: bool = False) -> None:
        _SET_ROW(self, (key, _ACTION[action], _PHASE[phase], _REASON[reason], source_key, source_etag, guarded,
                        foreign_etag, adopted, from_kept))
        _SET_FILES(self, None)
        _SET_FOUND(self, file)

    @property
    def key(self) -> str:
        return self._row[0]  # type: ignore[no-any-return]

    @property
    def action(self) -> Action:
        return _ACTIONS[self._row[1]]

    @property
    def phase(self) -> Phase:
        return _PHASES[self._row[2]]

    @property
    def reason(self) -> Reason:
        return _REASONS[self._row[3]]

    @property
    def file(self) -> SiteFile | None:
        if self._found is None and self._files is not None and self.action is not Action.DELETE:
            _SET_FOUND(self, self._files[self.key])
        return self._found

    @property
    def source_key(self) -> str | None:
        return self._row[4] if len(self._row) > _SHORT else None

    @property
    def source_etag(self) -> str | None:
        return self._row[5] if len(self._row) > _SHORT else None

    @property
    def guarded(self) -> bool:
        return len(self._row) > _SHORT and self._row[6]

    @property
    def foreign_etag(self) -> str:
        return self._row[7] if len(self._row) > _SHORT else ""

    @property
    def adopted(self) -> bool:
        return len(self._row) > _SHORT and self._row[8]

    @property
    def from_kept(self) -> bool:
        return len(self._row) > _SHORT and self._row[9]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Step):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _COMPARED)

    __hash__ = None  # type: ignore[assignment]


_NEW_STEP = _StepOfRow.__new__
# A step is frozen, and made more often than anything else.
_SET_ROW, _SET_FILES, _SET_FOUND = (vars(_StepOfRow)[name].__set__ for name in ("_row", "_files", "_found"))
_COMPARED = tuple(each.name for each in fields(Step) if each.compare)


class PackedSteps(Steps):
    """Runs of steps, each in the order of its keys."""

    def __init__(self, runs: Sequence[Packed[Step]], kinds: Sequence[Kinds], files: Mapping[str, SiteFile],
                 large: Set[str], bytes_sent: int | None = None) -> None:
        """``kinds``: of each run. ``large``: the keys of files of :data:`LARGE` bytes or more. ``bytes_sent``: by all;
        ``None``: that is not known."""
        self.runs = runs
        self.large = large
        self._files = files
        self._ends = list(accumulate(map(len, runs)))
        self._kinds = kinds
        self._bytes_sent = bytes_sent
        self._some: dict[frozenset[int], PackedSteps] = {}
        """Those with certain actions, that were asked for."""

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

    def some(self, numbers: Iterable[int]) -> Iterator[Step]:
        for run, inside in groupby(numbers, partial(bisect_right, self._ends)):
            start = self._ends[run - 1] if run else 0
            yield from self.runs[run].some(number - start for number in inside)

    def find(self, key: str) -> int:
        """The number of the step for this key; -1: there is none."""
        for number, run in enumerate(self.runs):
            at = run.find(key)
            if at >= 0:
                return at + (self._ends[number - 1] if number else 0)
        return -1

    def by_key(self) -> Iterator[tuple[Row, int]]:
        """Row and number of all steps, in the order of the keys."""
        starts = [0, *self._ends]
        numbered = [zip(run.rows(), count(start)) for start, run in zip(starts, self.runs, strict=False)]
        return merge(*numbered) if len(numbered) > 1 else iter(numbered[0] if numbered else ())

    def of(self, *actions: Action) -> Sequence[Step]:
        wanted = frozenset(_ACTION[action] for action in actions)
        found = self._some.get(wanted)
        if found is None:
            found = self._some[wanted] = self._only(
                lambda kind: kind[0] in actions, lambda row: row[1] in wanted,
                bytes_sent=self._bytes_sent if Action.UPLOAD in actions else 0)
        return found

    def because(self, *reasons: Reason) -> Sequence[Step]:
        wanted = frozenset(_REASON[reason] for reason in reasons)
        return self._only(lambda kind: kind[1] in reasons, lambda row: row[3] in wanted)

    def _only(self, is_one: Callable[[tuple[Action, Reason]], bool], stays: Callable[[Row], bool],
              bytes_sent: int | None = None) -> PackedSteps:
        """Those that are of certain kinds. No row is read of a run that has no other, or none of them."""
        runs: list[Packed[Step]] = []
        kinds: list[Kinds] = []
        for run, there in zip(self.runs, self._kinds, strict=True):
            some = {kind: number for kind, number in there.items() if number and is_one(kind)}
            left = sum(some.values())
            if left:
                runs.append(run if left == len(run) else run.of_rows(stays))
                kinds.append(some)
        if sum(map(len, runs)) == len(self):
            return self
        return PackedSteps(runs, kinds, self._files, self.large, bytes_sent)

    def count(self, *actions: Action) -> int:
        return sum(number for kinds in self._kinds for (action, _), number in kinds.items() if action in actions)

    @property
    def bytes_sent(self) -> int:
        if self._bytes_sent is None:
            self._bytes_sent = sum(step.bytes_sent for step in self.of(Action.UPLOAD))
        return self._bytes_sent

    @property
    def files(self) -> Mapping[str, SiteFile]:
        """Those that the steps are about."""
        return self._files

    def file_of(self, row: Row) -> SiteFile | None:
        """That of a step."""
        return None if row[1] == _DELETE else self._files[row[0]]

    def with_files(self, files: Mapping[str, SiteFile]) -> PackedSteps:
        """The same steps about other files of the same keys."""
        return PackedSteps([run.made_by(_maker(files)) for run in self.runs], self._kinds, files, self.large,
                           self._bytes_sent)

    def guarded(self, guard: Callable[[str], tuple[bool, str]]) -> PackedSteps:
        """With another guard and foreign ETag for each key that is new."""
        def change(row: Row) -> Row:
            if row[3] not in _NEW:
                return row
            rest = row[_SHORT:] or _PLAIN
            rest = (rest[0], rest[1], *guard(row[0]), *rest[4:])
            return row[:_SHORT] if rest == _PLAIN else row[:_SHORT] + rest

        return PackedSteps([packed(map(change, run.rows()), _maker(self._files), keyed=True) for run in self.runs],
                           self._kinds, self._files, self.large, self._bytes_sent)

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
        self._make = _maker(files)
        self._runs: dict[tuple[int, int], tuple[Packing[Step], Counter[tuple[Action, Reason]]]] = {}
        self._bytes_sent = 0
        self._large: set[str] = set()

    def add(self, step: Step, rank: int, *, in_run: bool = False) -> None:
        """``rank``: the order of deletions; 0 for all others. ``in_run``: it is the number of the run."""
        place = (0 if in_run else _PHASE[step.phase]), rank
        found = self._runs.get(place)
        if found is None:
            found = self._runs[place] = Packing(self._make, keyed=True), Counter()
        run, kinds = found
        kinds[step.action, step.reason] += 1
        self._bytes_sent += step.bytes_sent
        if step.file is not None and step.file.size >= LARGE:
            self._large.add(step.key)
        rest: Row = (step.source_key, step.source_etag, step.guarded, step.foreign_etag, step.adopted, step.from_kept)
        row = (step.key, _ACTION[step.action], _PHASE[step.phase], _REASON[step.reason])
        run.add(row if rest == _PLAIN else row + rest)

    def done(self) -> PackedSteps:
        runs = [self._runs[place] for place in sorted(self._runs)]
        return PackedSteps([run.done() for run, _ in runs], [kinds for _, kinds in runs], self._files, self._large,
                           self._bytes_sent)


def _maker(files: Mapping[str, SiteFile]) -> Callable[[Row], Step]:
    """Makes steps of rows."""
    def make(row: Row) -> Step:
        step = _NEW_STEP(_StepOfRow)
        _SET_ROW(step, row)
        _SET_FILES(step, files)
        _SET_FOUND(step, None)
        return step

    return make
