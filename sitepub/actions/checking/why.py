"""Why so much changed: asked by `plan` when over half of the pages differ. A few old pages are fetched for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sitepub.actions.releases.difference import Contents
from sitepub.check.changes.advice import advice, written_in
from sitepub.check.changes.explain import SAMPLES, Reason, Versions, reasons
from sitepub.check.check import charset_of
from sitepub.config.project import Project
from sitepub.errors import Position, SitepubError
from sitepub.publish.plan import Reason as StepReason
from sitepub.publish.plan import Step
from sitepub.publish.prepare import Prepared
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.remote import Remote
from sitepub.site.detect.frameworks import detect
from sitepub.site.snapshot import Snapshot
from sitepub.threads import side_by_side

_LEAST = 3
"""Pages that must differ."""
_LARGEST = 2_000_000
"""Bytes of a page that is fetched."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One change that the pages have in common."""

    reason: Reason
    advice: str
    source: Position | None = None
    """Where it may come from, in the templates."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why over half of the pages differ."""

    changed: int
    pages: int
    """Pages of the live release that the new site has, too."""
    compared: int
    tool: str
    """The framework by its id, "" when it is not known."""
    reasons: tuple[Explained, ...] = ()
    """Empty: the pages that were compared have nothing in common that differs."""


def why(project: Project, remote: Remote, prepared: Prepared, snapshot: Snapshot) -> Why | None:
    """``None``: not so much has changed. What cannot be fetched is left out: this is no part of the plan."""
    changed = [step for step in prepared.plan.steps if step.reason is StepReason.CONTENT and step.file is not None
               and step.file.is_page]
    if len(changed) < _LEAST:
        return None
    new = {step.key for step in prepared.plan.steps if step.new}
    pages = sum(1 for file in snapshot if file.is_page and file.key not in new)
    if 2 * len(changed) <= pages:
        return None
    versions = _versions(remote, prepared, _spread(changed))
    if not versions:
        return None
    found = detect(project.root)
    tool, output = found.id if found is not None else "", snapshot.root or project.root
    return Why(len(changed), pages, len(versions), tool, tuple(
        Explained(one, advice(tool, one.cause), _source(project, output, one)) for one in reasons(versions)))


def _spread(steps: list[Step]) -> list[Step]:
    """A few of them, from the whole of the site."""
    small = [step for step in steps if step.file is not None and step.file.size <= _LARGEST]
    return small[::max(1, len(small) // SAMPLES)][:SAMPLES]


def _versions(remote: Remote, prepared: Prepared, steps: list[Step]) -> list[Versions]:
    contents, known = Contents(remote, prepared.base), prepared.plan.known

    def read(step: Step) -> Versions | None:
        entry: Entry | None = known.get(step.key)
        if entry is None or entry.size > _LARGEST or step.file is None or step.file.path is None:
            return None
        try:
            before, after = contents.content(step.key, entry), step.file.path.read_bytes()
        except (SitepubError, OSError):
            return None
        charset = charset_of(step.file)
        return None if before is None else Versions(step.key, _text(before, charset), _text(after, charset))

    found = side_by_side([lambda step=step: read(step) for step in steps])  # type: ignore[misc]
    return [one for one in found if one is not None]


def _text(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset, "replace")
    except LookupError:
        return data.decode("utf-8", "replace")


def _source(project: Project, output: Path, reason: Reason) -> Position | None:
    place = written_in(project.root, output, reason.cause, reason.piece)
    return Position(*place) if place is not None else None
