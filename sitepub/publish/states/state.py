"""What sitepub remembers of a site, as values. ``root`` says what of it lies in which form in the private state bucket,
``state_store`` reads and writes it. Nothing secret is in it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import cast, overload

import msgspec

from sitepub.config.site_rules import SiteRules
from sitepub.domains.records import HostRecord
from sitepub.errors import CloudError
from sitepub.publish.plan import Action, Step, Steps
from sitepub.publish.project.mark import ProjectMark
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.sharded import Owned, ShardedManifest
from sitepub.publish.states.slot_state import Slots
from sitepub.tencent.cos.store import SINGLE_MAX, ObjectStore

FEW_STEPS = 200
"""Steps of a journal that a root holds at most; more lie in an object of their own."""
VERSION = 2
"""Of the form in the bucket. 1 was one document with the whole manifest."""


class JournalStep(msgspec.Struct, frozen=True, array_like=True):
    """A step that a run was about to do. Whether it happened is found out from a listing."""

    action: Action
    key: str
    md5: str = ""
    size: int = 0
    headers_hash: str = ""
    foreign_etag: str = ""
    """ETag of the foreign object under this key when the run began: while the object still has it, it
    is theirs."""
    guarded: bool = False
    """Whether the key was free was not checked: an object there with this content may be foreign, with
    other headers."""
    adopted: bool = False
    """The object had this content before, and it was not sitepub that put it there."""

    @classmethod
    def of(cls, step: Step) -> JournalStep:
        if step.file is None:
            return cls(step.action, step.key)
        file = step.file
        return cls(step.action, step.key, file.md5, file.size, file.headers_hash, step.foreign_etag,
                   step.guarded, step.adopted)


class _JournalSteps(Sequence[JournalStep]):
    """Those of a plan with very many, each made when it is asked for."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[JournalStep]:
        return map(JournalStep.of, self._steps)

    @overload
    def __getitem__(self, at: int) -> JournalStep: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[JournalStep]: ...

    def __getitem__(self, at: int | slice) -> JournalStep | Sequence[JournalStep]:
        if isinstance(at, slice):
            return [JournalStep.of(step) for step in self._steps[at]]
        return JournalStep.of(self._steps[at])


class Journal(msgspec.Struct, frozen=True):
    """Written before the first object is touched, taken away when the run is over. A run that finds one
    knows that another was killed, and lists the bucket instead of trusting the manifest."""

    release: str
    started: str
    """UTC, ISO 8601."""
    by: str
    steps: tuple[JournalStep, ...] = ()
    ended: bool = False
    """The run came to its end, and nothing of it is under way any more: what failed is in here."""

    @classmethod
    def of(cls, release: str, started: str, by: str, steps: Iterable[Step], *, ended: bool = False) -> Journal:
        if isinstance(steps, Steps) and len(steps) > FEW_STEPS:
            # As good as a tuple: what is written is made of it one step after the other.
            return cls(release, started, by, cast("tuple[JournalStep, ...]", _JournalSteps(steps)), ended)
        return cls(release, started, by, tuple(JournalStep.of(step) for step in steps), ended)

    @property
    def large_uploads(self) -> Mapping[str, JournalStep]:
        """Steps whose content may have been on its way in parts, by key: a kill leaves an unfinished upload there."""
        return {step.key: step for step in self.steps
                if step.action in (Action.UPLOAD, Action.COPY) and step.size > SINGLE_MAX}


class Unsure(msgspec.Struct, frozen=True):
    """Left by a run that took the lock from another which may still be there (its computer sleeps, say) and have
    requests under way. Until nothing can come of them any more, every run lists the bucket instead of trusting the
    manifest."""

    until: float
    """Unix seconds by the cloud's clock."""
    steps: tuple[JournalStep, ...] = ()
    """What the other may write: found under a key that the site does not have, it is the site's own."""


class Created(msgspec.Struct, frozen=True):
    """A bucket that sitepub made. Written down just before it is made, so that a kill forgets none."""

    bucket: str
    region: str
    at: str
    """UTC, ISO 8601."""


class ReleaseInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who published what and when."""

    id: str
    """Sorts by time: ``20261120T213000Z-ab12cd``."""
    at: str
    """UTC, ISO 8601."""
    by: str
    """``user@host``."""
    commit: str | None = None
    """Git commit of the source folder, 40 hex digits, with ``+`` behind it when files were changed."""
    message: str | None = None
    """What was said of the release (``-m``), or the first line of that commit's message."""
    branch: str | None = None
    """Git branch of the source folder."""
    where: str | None = None
    """Address of the CI run that made it."""
    actor: str | None = None
    """Who started that run."""
    request: str | None = None
    """Number of the pull or merge request that it was for."""
    of: str = ""
    """The release that it brought back, or another stage's that it took over (``stage:id``)."""
    seconds: float = 0.0
    """How long it took, from the lock on."""
    files: int = 0
    bytes: int = 0


class ReleaseMark(msgspec.Struct, frozen=True):
    """A name that a user gave to a release. A marked release is kept with its content."""

    release: str
    name: str
    at: str
    by: str


class LiveShare(msgspec.Struct, frozen=True, omit_defaults=True):
    """A release that some of the visitors get, beside the one that is live for all others."""

    release: str
    share: float
    """Of the visitors, between 0 and 1."""
    since: str
    """UTC, ISO 8601."""
    by: str
    commit: str | None = None
    branch: str | None = None
    message: str | None = None
    paused: bool = False
    """No visitor gets it now: the slot is being filled with the release that takes its place."""


class Former(msgspec.Struct, frozen=True):
    """A bucket that this site lived in before ``bucketName`` was changed. ``remove`` takes it too."""

    bucket: str
    region: str
    manifest: Mapping[str, Entry]
    created: Created | None = None
    pending: Journal | None = None


class OwnFile(msgspec.Struct, frozen=True):
    """A file of a site that its preview replaces by another: promoted, the site has this one."""

    headers: dict[str, str]
    data: bytes


class PreviewInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Says that a state is that of a preview."""

    name: str
    expires: int
    """Unix seconds by the cloud's clock."""
    branch: str | None = None
    """The git branch that it shows."""
    by_branch: bool = False
    """It has its name from the branch."""
    shared: bool = False
    """Others know the branch: a remote has it, or a CI system built it."""
    robots: OwnFile | None = None
    """The site's own robots.txt; ``None``: it has none."""
    host: str = ""
    """Its host, whose visitors a router leads to its folder of the site's bucket; "": it has a bucket of its own."""


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state of one site in one stage."""

    version: int
    """Of the form that it was read from."""
    app: str
    stage: str
    name: str
    region: str
    bucket: str
    manifest: Mapping[str, Entry] = {}
    """The files of the site."""
    retained: Mapping[str, Entry] = {}
    """What the site has dropped and what stays live for a while, for pages that are open."""
    due: int = 0
    """Unix seconds: when the first of the retained is to go; 0: there are none."""
    pending: Journal | None = None
    created: Created | None = None
    settings_hash: str = ""
    """Hash of the wanted settings that were last applied in full; "" when not known."""
    rules: SiteRules | None = None
    """Of `_headers` and `_redirects`, as they were last applied."""
    said: tuple[str, ...] | None = None
    """What serverless.yml mentioned then (:mod:`settings.ownership`); ``None`` in states of older versions."""
    release: ReleaseInfo | None = None
    former: tuple[Former, ...] = ()
    hosts: dict[str, HostRecord] = {}
    """Custom domains by name."""
    unpurged: tuple[str, ...] = ()
    """Keys that changed and were not purged from the hosts yet; ``*`` stands for all of them."""
    unsure: Unsure | None = None
    projects: tuple[ProjectMark, ...] = ()
    """Where the project has been published from, the last one last; ``()`` in states of older versions."""
    marks: tuple[ReleaseMark, ...] = ()
    shares: tuple[LiveShare, ...] = ()
    """Releases that are live for a share of the visitors."""
    slots: Slots | None = None
    """``None``: the bucket's root is all that there is."""
    folder: str = ""
    """Of the bucket, with a slash behind it: what is published lies there, and its keys are written down without
    it. "": the bucket's root."""
    oldest: str = ""
    """The oldest release whose content is kept; what is older is a record only. "": there is none yet."""
    kept: int = 0
    """How many releases are kept with their content, those with a mark that are older not counted."""
    litter: bool = False
    """Something may lie in the state bucket that nothing names: a run did not end, or a sweep."""
    preview: PreviewInfo | None = None
    """``None``: this is the site itself."""

    def keeps(self, release: str) -> bool:
        """Whether the content of a release is kept."""
        return not self.is_unfinished(release) and ((bool(self.oldest) and release >= self.oldest) or release in {
            *(mark.release for mark in self.marks), *(share.release for share in self.shares)})

    def is_unfinished(self, release: str) -> bool:
        """Whether it is one that a run is making, or was killed while it did: its record is written before the root
        that makes a release of it."""
        return (self.pending is not None and release == self.pending.release
                and (self.release is None or release != self.release.id))

    @property
    def owned(self) -> Owned:
        """All that sitepub owns in the bucket."""
        return Owned(ShardedManifest.of(self.manifest), ShardedManifest.of(self.retained))


def resumable(journal: Journal | None, steps: Iterable[Step]) -> frozenset[str]:
    """Keys to which ``steps`` send the very content and headers that a run was sending which did not end: parts of
    them that are there need not be sent again. Whatever differs is discarded (:func:`discard_leftovers`), so an upload
    that is there is always the one that the last journal names."""
    before = journal.large_uploads if journal is not None else {}
    if not before:
        return frozenset()
    return frozenset(step.key for step in steps if (old := before.get(step.key)) is not None and step.file is not None
                     and (old.md5, old.size, old.headers_hash)
                     == (step.file.md5, step.file.size, step.file.headers_hash))


def discard_leftovers(store: ObjectStore, journal: Journal | None, but: Container[str] = ()) -> None:
    """Throw away what uploads in parts of a killed run have left in the bucket, ``but`` what is resumed. A key pair
    that may not do that is no reason to fail: they cost a little, and no user sees them."""
    keys = [key for key in (journal.large_uploads if journal is not None else ()) if key not in but]
    if keys:
        with suppress(CloudError):
            store.discard_uploads(keys)
