"""Takes a site down again: what sitepub made, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from sitepub.config.previews import PREVIEWS, PREVIEWS_FOLDER
from sitepub.config.repository.git import has_commit
from sitepub.errors import AccessDenied, CloudError, NotFound, SitepubError
from sitepub.publish.apply import Engine, Failure
from sitepub.publish.bucket_mates import mates_in
from sitepub.publish.locking.lock import Lock, is_claim, read_lock
from sitepub.publish.locking.owner import who
from sitepub.publish.locking.takeover import journal_of_before
from sitepub.publish.made_anew import made_anew
from sitepub.publish.plan import Plan
from sitepub.publish.previews.found import names_of_previews
from sitepub.publish.progress import Progress
from sitepub.publish.project.mark import project_here
from sitepub.publish.project.same_project import Kin, OtherProject, kin_of
from sitepub.publish.removal_plan import (
    IN_A_FOLDER,
    MADE_ANEW,
    BucketRemoval,
    Removal,
    RemovalOptions,
    Removed,
    plan_removal,
)
from sitepub.publish.slots.folder_store import FolderStore
from sitepub.publish.states.manifest import Manifest
from sitepub.publish.states.remote import MARKER, Remote
from sitepub.publish.states.slot_state import FOLDER, NAMES
from sitepub.publish.states.state import Created, Journal, State, discard_leftovers
from sitepub.publish.workers import EitherEvent
from sitepub.settings.bucket import Bucket
from sitepub.tencent.cos.bucket_settings import BucketStatus
from sitepub.tencent.cos.store import ObjectStore


def prepare_removal(remote: Remote, options: RemovalOptions | None = None) -> Removal | None:
    """Check every bucket of the site; changes nothing. ``None``: sitepub knows of no such site."""
    options = options or RemovalOptions()
    found = remote.states.load()
    if found is None:
        return None
    current = _look(found.bucket, remote, found, found.owned, journal_of_before(found), found.created, options,
                    found.folder)
    former = (_look(one.bucket, remote, found, one.manifest, one.pending, one.created, options)
              for one in found.former)
    return Removal(found, (current, *former), options, _other(remote, found))


def _other(remote: Remote, found: State) -> OtherProject | None:
    folder = remote.project.root
    kin = kin_of(project_here(folder, remote.environ), found, lambda commit: has_commit(folder, commit, remote.environ))
    if kin is Kin.SAME:
        return None
    live = len(found.manifest)
    return OtherProject(f"{found.name} (stage {found.stage})", kin, live, live, "files", found.projects[-1],
                        found.release)


def _look(bucket: str, remote: Remote, site: State, manifest: Manifest, journal: Journal | None,
          created: Created | None, options: RemovalOptions, folder: str = "") -> BucketRemoval:
    store, settings = _reach(remote, bucket, folder)
    status = settings.head()
    if status is BucketStatus.FOREIGN:
        return BucketRemoval(bucket, Plan(), 0, bucket_stays="it belongs to another account now")
    others = (*(f"{FOLDER}{name}/" for name in NAMES if site.slots is not None), *_folders_of_previews(remote, folder))
    listing = ({there.key: there for there in store.list() if not there.key.startswith(others)}
               if status is BucketStatus.OURS else None)
    steps = journal.steps if journal is not None else ()
    if listing is not None and not folder and made_anew(manifest, steps, listing,
                                                        lambda: settings.get_website() is not None):
        return plan_removal(bucket, {}, None, None, listing, options, stays=MADE_ANEW)
    if folder:
        plan = plan_removal(bucket, manifest, journal, None, listing, options)
        return replace(plan, folder=folder, bucket_stays=IN_A_FOLDER)
    mates = mates_in(remote, bucket, each=options.adopted) if listing is not None else ()
    return plan_removal(bucket, manifest, journal, created, listing, options, mates)


def _folders_of_previews(remote: Remote, folder: str) -> tuple[str, ...]:
    """What lies there goes with the previews, each by its own state."""
    if folder or not remote.project.previews.routed:
        return ()
    try:
        return tuple(f"{PREVIEWS_FOLDER}{name}/" for name in names_of_previews(remote))
    except (AccessDenied, NotFound):
        return ()  # a key may be allowed no listing there


def _reach(remote: Remote, bucket: str, folder: str = "") -> tuple[ObjectStore, Bucket]:
    if (bucket, folder) == (remote.bucket, remote.folder):
        return remote.store, remote.settings
    store, settings = remote.elsewhere(bucket)
    return FolderStore(store, folder) if folder else store, settings


def remove(remote: Remote, removal: Removal, *, progress: Progress | None = None,
           stop: threading.Event | None = None,
           approve: Callable[[Removal], None] | None = None) -> Removed:
    """Carry a removal out. ``approve`` is asked again when another run deployed since it was prepared.

    Raises :class:`~sitepub.errors.Refused` when the lock is held or was lost, and what the cloud answers."""
    lost = threading.Event()
    stopped = EitherEvent(stop or threading.Event(), lost)
    with Lock(remote.states.store, remote.states.prefix, on_lost=lost.set, patience=remote.patience) as lock:
        # The answer to a question may have taken a while: what was put over a file of the site since then stays.
        again = prepare_removal(remote, removal.options)
        if again is None:
            return Removed(0, 0, (), ())
        if approve is not None and again.found != removal.found:
            approve(again)
        removal = again
        removed = _Taking(remote, removal, lock, progress, stopped).down()
    if removed.failures or removed.interrupted:
        return removed
    stays = _delete_state_bucket(remote)
    if stays is None:
        return replace(removed, buckets=(*removed.buckets, remote.states.store.bucket))
    return replace(removed, state_bucket_stays=stays)


class _Taking:
    """One removal under the lock."""

    def __init__(self, remote: Remote, removal: Removal, lock: Lock, progress: Progress | None,
                 stop: threading.Event) -> None:
        self.remote = remote
        self.removal = removal
        self.lock = lock
        self.progress = progress
        self.stop = stop
        self.failures: list[Failure] = []
        self.deleted: list[str] = []
        self.objects = 0
        self.bytes = 0
        self.left: list[BucketRemoval] = []

    def down(self) -> Removed:
        self._open_journal()
        if self.progress is not None:
            self.progress.planned(sum(len(bucket.plan.steps) for bucket in self.removal.buckets), 0)
        complete = True
        for bucket in self.removal.buckets:
            complete = self._empty(bucket) and complete
        if complete or self.lock.is_lost:
            self.lock.still_ours()
            self._forget()
        return Removed(self.objects, self.bytes, tuple(self.deleted), tuple(self.left),
                       tuple(self.failures), interrupted=not complete)

    def _open_journal(self) -> None:
        """From now on the manifest is not to be trusted without looking."""
        found = self.removal.found
        before = journal_of_before(found)
        old = before.steps if before is not None else ()
        self.lock.check()
        journal = Journal(_unfinished_release(found), datetime.now(UTC).isoformat(timespec="seconds"), who(),
                          tuple(old))
        self.remote.states.save(msgspec.structs.replace(found, pending=journal, settings_hash=""))

    def _empty(self, removal: BucketRemoval) -> bool:
        if not removal.exists:
            return True
        store, settings = _reach(self.remote, removal.bucket, removal.folder)
        discard_leftovers(store, removal.journal)
        engine = Engine(removal.plan, store, progress=self.progress, stop=self.stop, check=self.lock.check)
        done = engine.delete()
        self.failures += engine.failures
        self.objects += engine.counts.deleted
        self.bytes += removal.bytes if done else 0
        if not done:
            return False
        self.lock.check()
        stays = removal.bucket_stays or _delete_bucket(settings)
        if stays is None:
            self.deleted.append(removal.bucket)
        elif not removal.folder or removal.left:
            self.left.append(replace(removal, bucket_stays=stays))
        return True

    def _forget(self) -> None:
        """The state goes last: as long as it is there, ``remove`` can be run again. It names nothing any more of what
        is deleted before it, so a run that finds it reads nothing that is not there."""
        states = self.remote.states
        journal = Journal(_unfinished_release(self.removal.found), datetime.now(UTC).isoformat(timespec="seconds"),
                          who(), ended=True)
        states.save(msgspec.structs.replace(
            self.removal.found, manifest={}, retained={}, due=0, former=(), release=None, marks=(), shares=(),
            oldest="", kept=0, litter=True, settings_hash="", pending=journal))
        previews = states.prefix + PREVIEWS  # states of their own
        keys = [there.key for there in states.store.list(states.prefix)
                if there.key not in (self.lock.key, states.key) and not there.key.startswith(previews)]
        if keys:
            states.store.delete(keys)
        with suppress(CloudError):  # they cost a little, and no user sees them
            states.store.discard_uploads_below(states.prefix)
        states.delete()


def _unfinished_release(found: State) -> str:
    """Id of a release whose record may be there of a run that did not end. The journal goes on naming it: without that,
    a removal that is killed would make a release of it, with shards and content that were never written."""
    release = found.pending.release if found.pending is not None else ""
    return release if found.is_unfinished(release) else ""


def _delete_bucket(settings: Bucket) -> str | None:
    """Delete an empty bucket; answers why that was not possible."""
    try:
        settings.delete()
    except CloudError as error:
        if error.code != "BucketNotEmpty":
            raise
        return "something else is in it (another object, an old version or an unfinished upload)"
    return None


def _delete_state_bucket(remote: Remote) -> str | None:
    """Delete the state bucket if sitepub made it and it is not in use; answers why it stays. Trouble here
    is no failure: the site is gone."""
    try:
        return _try_to_delete_state_bucket(remote)
    except SitepubError as error:
        return error.message


def _try_to_delete_state_bucket(remote: Remote) -> str | None:
    store = remote.states.store
    marked = False
    abandoned: list[str] = []
    for listed in store.list():
        if listed.key == MARKER:
            marked = True
        elif _is_abandoned_lock(store, listed.key):
            abandoned.append(listed.key)
        else:
            return "other sites keep their state in it"
    if not marked:
        return "sitepub did not create it"
    if abandoned:
        store.delete(abandoned)
    marker = store.get(MARKER)
    store.delete([MARKER])
    stays = _delete_bucket(remote.state_settings)
    if stays is not None:
        # Another deploy began meanwhile.
        store.put(MARKER, marker.data, {"Content-Type": "text/plain; charset=utf-8"})
    return stays


def _is_abandoned_lock(store: ObjectStore, key: str) -> bool:
    """Left by a run that was killed before its site had any state."""
    held = read_lock(store, key) if key.endswith("/lock") or is_claim(key) else None
    return held is not None and held.outlived
