"""The difference between a site and its bucket, as a plan (pure)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from types import MappingProxyType

from msgspec.structs import replace as replaced

from sitepub.publish.many.steps import MANY, Sorting
from sitepub.publish.phases import deletion_rank, phase_of
from sitepub.publish.plan import Action, Phase, Plan, Reason, Step
from sitepub.publish.reconcile import Known, reconcile
from sitepub.publish.release.content import COPY_LIMIT
from sitepub.publish.retention import AT_ONCE, LET_GO, Retention, is_page
from sitepub.publish.states.manifest import Entry, Manifest
from sitepub.publish.states.state import JournalStep
from sitepub.site.many.files import in_order
from sitepub.site.snapshot import SiteFile, Snapshot
from sitepub.tencent.cos.store import Listed

THERE_BEFORE = "it was there before, with the same content"
CHANGED = "it was changed after sitepub had uploaded it"
OF_ANOTHER_SITE = "another site in this bucket has it"

_PHASES = {phase: number for number, phase in enumerate(Phase)}


class _CopySources:
    """Content → a key that has it and keeps it until the deletions, which come last: a key that this plan
    overwrites with other content is no source. The first key in order, so that plans are repeatable."""

    def __init__(self, known: Known, snapshot: Snapshot, elsewhere: Manifest) -> None:
        self._known = known
        self._snapshot = snapshot
        self._elsewhere = elsewhere
        self._keys: dict[tuple[str, int], str] | None = None

    def find(self, file: SiteFile) -> str | None:
        if not 0 < file.size <= COPY_LIMIT:
            return None
        if self._keys is None:
            self._keys = {}
            for key, entry in self._known.owned.items():
                self._offer(self._keys, key, entry.md5, entry.size)
            for key, entry in self._elsewhere.items():
                self._offer(self._keys, key, entry.md5, entry.size)
            for key, there in self._known.foreign.items():
                # The ETag of a multipart upload ("…-N") says nothing about the content.
                self._offer(self._keys, key, "" if "-" in there.etag else there.etag, there.size)
        return self._keys.get((file.md5, file.size))

    def etag(self, key: str) -> str:
        entry = self._known.owned.get(key) or self._elsewhere.get(key)
        return entry.etag if entry is not None else self._known.foreign[key].etag

    def _offer(self, keys: dict[tuple[str, int], str], key: str, md5: str, size: int) -> None:
        wanted = self._snapshot.files.get(key)
        if not md5 or (wanted is not None and (wanted.md5, wanted.size) != (md5, size)):
            return
        first = keys.get((md5, size))
        if first is None or key < first:
            keys[md5, size] = key


def diff(snapshot: Snapshot, manifest: Manifest, *, listing: Mapping[str, Listed] | None = None,
         journal: Iterable[JournalStep] = (), force: bool = False, replace: bool = False,
         prefix: str = "", shared: Container[str] = (), elsewhere: Manifest = MappingProxyType({}),
         retention: Retention = AT_ONCE) -> Plan:
    """The steps that make the bucket equal to the snapshot.

    Without a ``listing`` the manifest is trusted. With one (no manifest yet, ``--verify``, a ``journal``
    that a killed run left, ``replace``) the bucket itself is compared. The listing must show every key of
    the manifest, the journal and the snapshot that exists.

    Objects of others are never deleted unless ``replace``, and then only below ``prefix``; those of other sites
    (``shared``) not even then. ``force`` uploads every file again. ``elsewhere``: objects of the site that stay as they
    are and whose content may be copied. ``retention``: how long what the site has dropped stays.
    """
    if replace and listing is None:
        raise ValueError("replace needs a listing")
    journal = tuple(journal)
    known = reconcile(manifest, journal, listing)
    sources = None if force else _CopySources(known, snapshot, elsewhere)
    steps = _Collected(snapshot)
    moved: dict[str, Entry] = {}
    unchanged = 0
    for file in in_order(snapshot.files):
        step = _write(file, known, sources, snapshot, force=force)
        if step is None:
            unchanged += 1
            if known.owned[file.key].until:
                moved[file.key] = replaced(known.owned[file.key], until=0)
        else:
            steps.add(step)
    gone = {key: not_ours(key, known, shared) for key in known.owned if key not in snapshot.files}
    left = {key: OF_ANOTHER_SITE if key in shared else "" for key in known.foreign if key not in snapshot.files}
    given_up = {}
    foreign = []
    # Pages that a killed run has not deleted any more were live until now, and what they name stays from now on. So
    # does what is named by a file that such a run had taken back into the site, and that is dropped again.
    late = known.listed and any(
        (entry.until == LET_GO and is_page(key)) or (bool(journal) and not entry.until and key in gone)
        for key, entry in known.owned.items())
    for key, why in sorted([*gone.items(), *left.items()]):
        if key in gone and not why:
            entry = known.owned[key]
            renewed = late and entry.until > LET_GO
            if entry.until and not renewed and not retention.is_over(entry.until):
                continue
            until = retention.until(key) if renewed or not entry.until else 0
            if until:
                moved[key] = replaced(entry, until=until)
                continue
            reason = Reason.EXPIRED if entry.until > LET_GO else Reason.REMOVED
            steps.add(Step(Action.DELETE, key, Phase.DELETIONS, reason))
        elif replace and key.startswith(prefix) and why != OF_ANOTHER_SITE:
            assert listing is not None
            steps.add(Step(Action.DELETE, key, Phase.DELETIONS, Reason.REPLACED, foreign_etag=listing[key].etag))
        elif key in gone:
            given_up[key] = why
        else:
            foreign.append(key)
    owned = known.owned
    if given_up:
        owned = {key: entry for key, entry in owned.items() if key not in given_up}
    return Plan(steps.in_order(), unchanged, owned, tuple(foreign), given_up, moved, known.listed)


def not_ours(key: str, known: Known, shared: Container[str]) -> str:
    """Why an object in the manifest is not sitepub's to delete; "": it is."""
    if key in shared:
        return OF_ANOTHER_SITE
    if key in known.drifted:
        return CHANGED
    return THERE_BEFORE if known.owned[key].adopted else ""


class _Collected:
    """Steps of a plan: a list, as long as they are few."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._few: list[Step] = []
        self._many: Sorting | None = None

    def add(self, step: Step) -> None:
        """Files in the order of their keys, then deletions in theirs."""
        if self._many is not None:
            self._many.add(step, _rank(step))
            return
        self._few.append(step)
        if len(self._few) > MANY:
            self._many = Sorting(self._snapshot.files)
            for one in self._few:
                self._many.add(one, _rank(one))
            self._few = []

    def in_order(self) -> Sequence[Step]:
        if self._many is not None:
            return self._many.done()
        return tuple(sorted(self._few, key=lambda step: (_PHASES[step.phase], _rank(step), step.key)))


def _rank(step: Step) -> int:
    return deletion_rank(step.key) if step.action is Action.DELETE else 0


def _write(file: SiteFile, known: Known, sources: _CopySources | None, snapshot: Snapshot, *,
           force: bool) -> Step | None:
    """The step that brings one file to the bucket; ``None`` when it is there as it should be."""
    entry = known.owned.get(file.key)
    if entry is not None:
        same = entry.md5 == file.md5 and entry.size == file.size
        if force:
            return Step(Action.UPLOAD, file.key, phase_of(file), Reason.FORCED, file, adopted=same and entry.adopted)
        if same:
            if entry.headers_hash == file.headers_hash:
                return None
            reason = Reason.HEADERS if entry.headers_hash else Reason.UNKNOWN_HEADERS
            return _same_content(file, reason, entry.etag, adopted=entry.adopted)
        reason = Reason.DRIFTED if file.key in known.drifted else Reason.CONTENT
        return _content(file, reason, known, sources, snapshot)
    if file.key in known.foreign:
        there = known.foreign[file.key]
        if there.etag == file.md5 and there.size == file.size:
            if force:
                return Step(Action.UPLOAD, file.key, phase_of(file), Reason.ADOPTED, file, foreign_etag=there.etag,
                            adopted=True)
            return _same_content(file, Reason.ADOPTED, there.etag, adopted=True, foreign=True)
        return _content(file, Reason.TAKEN_OVER, known, sources, snapshot)
    reason = Reason.MISSING if file.key in known.missing else Reason.NEW
    return _content(file, reason, known, sources, snapshot)


def _same_content(file: SiteFile, reason: Reason, etag: str, *, adopted: bool, foreign: bool = False) -> Step:
    """The right content is there; a copy onto itself gives it the right headers."""
    foreign_etag = etag if foreign else ""
    if not 0 < file.size <= COPY_LIMIT:
        return Step(Action.UPLOAD, file.key, phase_of(file), reason, file, foreign_etag=foreign_etag, adopted=adopted)
    return Step(Action.HEADERS, file.key, phase_of(file), reason, file, file.key, etag,
                foreign_etag=foreign_etag, adopted=adopted)


def _content(file: SiteFile, reason: Reason, known: Known, sources: _CopySources | None,
             snapshot: Snapshot) -> Step:
    """Bring the content: by a copy on the server if the bucket has it under another key, else by upload."""
    guarded = reason is Reason.NEW and not known.listed
    foreign_etag = known.foreign[file.key].etag if file.key in known.foreign else ""
    source = sources.find(file) if sources is not None else None
    if (sources is None or source is None) and not file.has_body:
        # A file of a release: its content is not at hand.
        return Step(Action.COPY, file.key, phase_of(file), reason, file, guarded=guarded, foreign_etag=foreign_etag,
                    from_kept=not file.copies)
    if sources is None or source is None:
        return Step(Action.UPLOAD, file.key, phase_of(file), reason, file,
                    guarded=guarded, foreign_etag=foreign_etag)
    if reason is Reason.NEW and source in known.owned and source not in snapshot.files:
        reason = Reason.RENAMED
    return Step(Action.COPY, file.key, phase_of(file), reason, file, source, sources.etag(source),
                guarded=guarded, foreign_etag=foreign_etag)
