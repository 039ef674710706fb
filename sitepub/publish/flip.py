"""The order in which a plan is carried out (pure): waves of jobs, each begun when the one before has succeeded in full.

What no visitor can see yet goes straight to its place, and what replaces something live is made ready; only then the
site changes, by copies on the server. So a page or an asset never goes live before every new file that it may name, and
a slow line delays the deploy, not the visitors' view of it.
"""

from __future__ import annotations

from array import array
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import overload

import msgspec

from sitepub.publish.phases import names_assets
from sitepub.publish.plan import Action, Phase, Plan, Reason, Step, Steps
from sitepub.publish.release.content import Content, keepable
from sitepub.publish.states.manifest import Entry
from sitepub.site.fresh_files import is_service_worker

_NOT_LIVE = frozenset({Reason.NEW, Reason.RENAMED, Reason.MISSING})
_LIVE = tuple(reason for reason in Reason if reason not in _NOT_LIVE)
_NOT_NEW = tuple(reason for reason in Reason if reason not in (Reason.NEW, Reason.RENAMED))
_PHASES = (Phase.ASSETS, Phase.DATA, Phase.PAGES, Phase.LAST)


class Work(Enum):
    KEEP = "keep"
    """Copy what is live to the kept content."""
    STAGE = "stage"
    """Bring the new content to the kept content."""
    GO_LIVE = "go live"
    """Write, copy or set headers at the place itself."""


class Job(msgspec.Struct, frozen=True):
    work: Work
    step: Step
    others: tuple[Step, ...] = ()
    """KEEP: steps under whose keys the same content is live."""
    number: int = -1
    """GO_LIVE: of the step in the plan."""


class Jobs(Sequence[Job]):
    """Some jobs, and after them the steps with these numbers, which go live: each is made when it is asked for."""

    def __init__(self, steps: Sequence[Step], numbers: Sequence[int], first: Sequence[Job] = ()) -> None:
        self._steps = steps
        self._numbers = numbers
        self._first = first

    def __len__(self) -> int:
        return len(self._first) + len(self._numbers)

    def __iter__(self) -> Iterator[Job]:
        yield from self._first
        steps, numbers = self._steps, self._numbers
        found = steps.some(numbers) if isinstance(steps, Steps) else (steps[number] for number in numbers)
        for number, step in zip(numbers, found, strict=True):
            yield Job(Work.GO_LIVE, step, number=number)

    @overload
    def __getitem__(self, at: int) -> Job: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Job]: ...

    def __getitem__(self, at: int | slice) -> Job | Sequence[Job]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        at = range(len(self))[at]
        if at < len(self._first):
            return self._first[at]
        number = self._numbers[at - len(self._first)]
        return Job(Work.GO_LIVE, self._steps[number], number=number)


@dataclass(frozen=True, slots=True)
class Wave:
    jobs: Jobs
    changes_site: bool = False
    """Whether visitors see what it does."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a run knows of the kept content, and what it keeps."""

    there: Container[Content] = frozenset()
    """Known to be kept already."""
    stages: bool = True
    """Whether content is made ready first; ``sitepub dev`` uploads straight to its place."""
    released: Container[str] | None = None
    """Keys whose content belongs to a release: nothing else has to be kept. ``None``: that is not known."""


NOTHING_KEPT = Keeping(stages=False, released=frozenset())


def made_ready(plan: Plan, keeping: Keeping) -> list[Job]:
    """What the first wave makes ready, and no visitor sees."""
    jobs = [Job(Work.KEEP, steps[0], tuple(steps[1:])) for steps in _to_keep(plan, keeping)]
    staged: set[Content] = set()
    for step in plan.because(*_LIVE):
        if _stages(step, plan, keeping):
            content = content_of(step)
            if content not in staged and content not in keeping.there:
                jobs.append(Job(Work.STAGE, step))
            staged.add(content)
    return jobs


def waves(plan: Plan, keeping: Keeping, *, ready: bool = False) -> Iterator[Wave]:
    """New assets with all that is made ready, those that name others last; new data, new pages, new feeds and the like.
    Then what replaces something: assets, data, pages, and last what speaks of pages. A service worker always comes
    last, because it makes browsers fetch at once what it names. ``ready``: :func:`made_ready` was done before."""
    steps = plan.steps
    hidden = {phase: array("L") for phase in _PHASES}
    seen = {phase: array("L") for phase in _PHASES}
    entries = array("L")
    """New scripts and style sheets that name others."""
    headers: list[Step] = []
    sources: set[str | None] = set()
    from_kept = False
    first = [] if ready else made_ready(plan, keeping)
    new_headers = plan.count(Action.HEADERS) > 0
    for number, step in enumerate(steps):
        action = step.action
        if action is Action.DELETE:
            continue
        if action is Action.COPY:
            if new_headers:
                sources.add(step.source_key)
            from_kept = from_kept or step.from_kept
        elif action is Action.HEADERS:
            headers.append(step)
        new, phase = _is_hidden(step), step.phase
        if new and phase is Phase.ASSETS and names_assets(step.key):
            entries.append(number)
        else:
            (hidden if new else seen)[phase].append(number)
    if from_kept and first:
        # Some of what is kept now may be what goes live under another key.
        yield Wave(Jobs(steps, (), first))
        first = []
    for jobs, numbers in ((first, hidden[Phase.ASSETS]), ([], entries), *(([], hidden[one]) for one in _PHASES[1:])):
        if jobs or numbers:
            yield Wave(Jobs(steps, numbers, jobs))
    # A copy names the ETag that its source must have, and new headers may change it.
    later = {step.key for step in headers if step.key in sources}
    last = array("L")
    for phase in _PHASES:
        numbers = seen[phase]
        if later:
            last.extend(number for number in numbers if steps[number].key in later)
            numbers = array("L", (number for number in numbers if steps[number].key not in later))
        if numbers:
            yield Wave(Jobs(steps, numbers), changes_site=True)
    if last:
        yield Wave(Jobs(steps, last), changes_site=True)


def _stages(step: Step, plan: Plan, keeping: Keeping) -> bool:
    """Whether its content is to be brought to the kept content."""
    return (step.action is not Action.DELETE and not _is_hidden(step) and not step.from_kept
            and is_staged(step, plan.known, keeping))


def content_of(step: Step) -> Content:
    assert step.file is not None
    return step.file.md5, step.file.size


def is_staged(step: Step, known: Mapping[str, Entry], keeping: Keeping) -> bool:
    """Whether the content of this step lies in the kept content before it goes live."""
    if step.from_kept:
        return True
    brings = step.action is Action.UPLOAD or step.from_elsewhere
    if not keeping.stages or not brings or step.reason in _NOT_LIVE:
        return False
    return keepable(content_of(step)) and not _is_same(step, known.get(step.key)) and not step.adopted


def _is_same(step: Step, entry: Entry | None) -> bool:
    return entry is not None and (entry.md5, entry.size) == content_of(step)


def _arrives_first(step: Step, plan: Plan, keeping: Keeping) -> bool:
    """Whether this step brings its content to another place before anything is replaced. What goes straight over a file
    that is live (``sitepub dev``) may come after the last place that has had the same content is overwritten."""
    if step.file is None or step.from_kept or _is_same(step, plan.known.get(step.key)):
        return False
    return step.source_key is not None or _is_hidden(step) or is_staged(step, plan.known, keeping)


def _is_hidden(step: Step) -> bool:
    """No visitor can see yet what it writes."""
    return step.reason in _NOT_LIVE and not (
        step.phase is Phase.LAST and is_service_worker(step.key.rpartition("/")[2]))


def _to_keep(plan: Plan, keeping: Keeping) -> Iterable[list[Step]]:
    """For each content that has to be kept, since it is nowhere else afterwards, the steps that replace or delete
    it."""
    steps = plan.because(*_NOT_NEW)
    if not plan.known or not steps:
        return ()
    # Where it arrives it would belong to no release.
    arriving = ({content_of(step) for step in plan.steps if _arrives_first(step, plan, keeping)}
                if keeping.released is None else set())
    needed = {content_of(step) for step in plan.copies if step.from_kept}
    found: dict[Content, list[Step]] = {}
    for step in steps:
        entry = plan.known.get(step.key)
        if entry is None or entry.kept or (step.file is not None and _is_same(step, entry)):
            continue
        content = entry.md5, entry.size
        if not keepable(content) or content in arriving or content in keeping.there:
            continue
        if keeping.released is None or step.key in keeping.released or content in needed:
            found.setdefault(content, []).append(step)
    return found.values()
