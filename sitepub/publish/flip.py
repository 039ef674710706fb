"""The order in which a plan is carried out (pure): waves of jobs, each begun when the one before has succeeded in full.

What no visitor can see yet goes straight to its place, and what replaces something live is made ready; only then the
site changes, by copies on the server. So a page or an asset never goes live before every new file that it may name, and
a slow line delays the deploy, not the visitors' view of it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from sitepub.publish.phases import names_assets
from sitepub.publish.plan import Action, Phase, Plan, Reason, Step
from sitepub.publish.release.content import Content, keepable
from sitepub.publish.states.manifest import Entry
from sitepub.site.fresh_files import is_service_worker

_NOT_LIVE = frozenset({Reason.NEW, Reason.RENAMED, Reason.MISSING})
_PHASES = (Phase.ASSETS, Phase.DATA, Phase.PAGES, Phase.LAST)


class Work(Enum):
    KEEP = "keep"
    """Copy what is live to the kept content."""
    STAGE = "stage"
    """Bring the new content to the kept content."""
    GO_LIVE = "go live"
    """Write, copy or set headers at the place itself."""


@dataclass(frozen=True, slots=True)
class Job:
    work: Work
    step: Step
    others: tuple[Step, ...] = ()
    """KEEP: steps under whose keys the same content is live."""

    @property
    def name(self) -> tuple[Work, str]:
        return self.work, self.step.key


@dataclass(frozen=True, slots=True)
class Wave:
    jobs: tuple[Job, ...]
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


def waves(plan: Plan, keeping: Keeping) -> Iterator[Wave]:
    """New assets with all that is made ready, those that name others last; new data, new pages, new feeds and the like.
    Then what replaces something: assets, data, pages, and last what speaks of pages. A service worker always comes
    last, because it makes browsers fetch at once what it names."""
    hidden: dict[Phase, list[Job]] = {phase: [] for phase in _PHASES}
    seen: dict[Phase, list[Job]] = {phase: [] for phase in _PHASES}
    ready = [Job(Work.KEEP, steps[0], tuple(steps[1:])) for steps in _to_keep(plan, keeping)]
    staged: set[Content] = set()
    for step in plan.steps:
        if step.action is Action.DELETE:
            continue
        new = step.reason in _NOT_LIVE and not (
            step.phase is Phase.LAST and is_service_worker(step.key.rpartition("/")[2]))
        (hidden if new else seen)[step.phase].append(Job(Work.GO_LIVE, step))
        if new or step.from_kept or not is_staged(step, plan.known, keeping):
            continue
        content = content_of(step)
        if content not in staged and content not in keeping.there:
            ready.append(Job(Work.STAGE, step))
        staged.add(content)
    if any(step.from_kept for step in plan.steps) and ready:
        # Some of what is kept now may be what goes live under another key.
        yield Wave(tuple(ready))
        ready = []
    entries = [job for job in hidden[Phase.ASSETS] if names_assets(job.step.key)]
    others = [job for job in hidden[Phase.ASSETS] if not names_assets(job.step.key)]
    for jobs in (ready + others, entries, *(hidden[phase] for phase in _PHASES[1:])):
        if jobs:
            yield Wave(tuple(jobs))
    # A copy names the ETag that its source must have, and new headers may change it.
    sources = {step.source_key for step in plan.steps if step.action is Action.COPY}
    later = {job.step.key for jobs in seen.values() for job in jobs
             if job.step.action is Action.HEADERS and job.step.key in sources}
    for jobs in (*([job for job in seen[phase] if job.step.key not in later] for phase in _PHASES),
                 [job for phase in _PHASES for job in seen[phase] if job.step.key in later]):
        if jobs:
            yield Wave(tuple(jobs), changes_site=True)


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


def _to_keep(plan: Plan, keeping: Keeping) -> Iterable[list[Step]]:
    """For each content that has to be kept, since it is nowhere else afterwards, the steps that replace or delete
    it."""
    arriving = {content_of(step) for step in plan.steps
                if step.file is not None and not step.from_kept and not _is_same(step, plan.known.get(step.key))}
    if keeping.released is not None:
        # Where it arrives it would belong to no release.
        arriving = set()
    needed = {content_of(step) for step in plan.steps if step.from_kept}
    found: dict[Content, list[Step]] = {}
    for step in plan.steps:
        entry = plan.known.get(step.key)
        if entry is None or entry.kept or (step.file is not None and _is_same(step, entry)):
            continue
        content = entry.md5, entry.size
        if not keepable(content) or content in arriving or content in keeping.there:
            continue
        if keeping.released is None or step.key in keeping.released or content in needed:
            found.setdefault(content, []).append(step)
    return found.values()
