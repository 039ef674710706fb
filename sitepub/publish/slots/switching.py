"""Turns slots on for hosts that are online, and off again; and takes away the slots that are not needed any more. Each
under the lock of the site."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from sitepub.config.site_rules import SiteRules
from sitepub.domains.purge.plan import EVERYTHING
from sitepub.errors import CloudError, NotFound, PartlyDone, SitepubError
from sitepub.publish.deploying.options import PublishOptions, UnderLock
from sitepub.publish.locking.lock import Lock
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.plan import Plan
from sitepub.publish.prepare import Prepared
from sitepub.publish.release.going_back import ReleasedFiles
from sitepub.publish.slots.copies import Source
from sitepub.publish.slots.filling import fill, open_slot, prepare_slot, refuse_what_is_not_whole
from sitepub.publish.slots.pointer import Pointer
from sitepub.publish.slots.routes import as_led, idle, moved, names_of, routes_of, site_of
from sitepub.publish.slots.website_rules import bring_rules
from sitepub.publish.states.releases import Releases
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.slot_state import FOLDER, STATES, Slot, Slots
from sitepub.publish.states.state import LiveShare, State
from sitepub.settings.wanted import WantedSettings
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cos.website_config import WebsiteConfig
from sitepub.terminal.sizes import counted

_DELETED_AT_ONCE = 1000
_DONE = (Status.PUBLISHED, Status.UNCHANGED)


@dataclass(slots=True)
class Held:
    """The state of a site under its lock. Every change is saved at once."""

    remote: Remote
    lock: Lock
    lost: threading.Event
    state: State

    def save(self, **changes: object) -> None:
        self.lock.still_ours()
        self.state = self.remote.states.save(msgspec.structs.replace(self.state, **changes))


@contextmanager
def held(remote: Remote) -> Iterator[Held | None]:
    """``None``: there is no such site. Raises Refused when another run has the lock."""
    lost = threading.Event()
    with Lock(remote.states.store, remote.states.prefix, on_lost=lost.set, patience=remote.patience) as lock:
        state = remote.states.load()
        yield Held(remote, lock, lost, state) if state is not None else None


def lead(site: Held, pointer: Pointer, hosts: Collection[str], count: int, wanted: WantedSettings,
         options: PublishOptions) -> Outcome | None:
    """Have the visitors of these hosts, which are online, led to the live slot; without one, a slot is filled from the
    bucket's root first. Answers how that went; ``None``: nothing had to be filled. Raises SitepubError."""
    state, remote = site.state, site.remote
    slots = state.slots or Slots()
    outcome, apart = None, slots.apart or state.slots is None
    website = _website(remote, state, wanted)
    led = pointer.read(sorted({*hosts, *slots.hosts}))
    slots = as_led(slots, (route for route in led.values() if route.site == site_of(state)))
    before = slots
    if not slots.live:
        name = idle(slots, state.shares, count)
        if slots.slot(name) is None:
            site.save(slots=slots.with_slot(Slot(name)))
        slots, outcome = _first_fill(site, slots, name, wanted, options)
        if outcome is not None and outcome.status not in _DONE:
            return outcome
        before = slots
        slots, apart = moved(slots, name, at=_now(), until=0, shows=""), False
    slots = bring_rules(remote.settings, slots, slots.live, website, site.lock.check)
    slots = msgspec.structs.replace(slots, hosts=tuple(sorted(hosts)))
    gone = set(led) - set(hosts)
    routes = routes_of(slots, site=site_of(state), website=website, hosts=slots.hosts, count=count,
                       shares=state.shares, whole=[one.name for one in slots.all if one.release])
    if slots == state.slots and not slots.moving and {route.host: route for route in routes} == dict(led):
        site.lock.check()
        pointer.ensure(slots.hosts)
        return outcome
    # Until the routes are as they are to be, no slot counts as live that visitors may not get.
    site.save(slots=msgspec.structs.replace(before, hosts=tuple(sorted({*hosts, *gone})), moving=True, apart=True,
                                            rules=slots.rules))
    if gone:
        site.lock.check()
        pointer.forget(sorted(gone), site_of(state))
    site.lock.check()
    pointer.ensure(slots.hosts)
    site.lock.check()
    pointer.point(routes)
    site.save(slots=msgspec.structs.replace(slots, moving=False, apart=apart))
    return outcome


def _first_fill(site: Held, slots: Slots, name: str, wanted: WantedSettings, options: PublishOptions
                ) -> tuple[Slots, Outcome | None]:
    """A slot gets what the bucket's root holds."""
    state, remote = site.state, site.remote
    manifest = ShardedManifest.of(state.manifest)
    release = state.release.id if state.release is not None else ""
    if not release or state.pending is not None:
        raise SitepubError("the last deploy has not ended: what is in the bucket may be a part of it",
                           code="Unfinished", hint="run it again: sitepub deploy")
    snapshot = Snapshot(ReleasedFiles(manifest), rules=state.rules or SiteRules())
    slot = open_slot(remote, name)
    prepared = prepare_slot(slot, snapshot, wanted, [Source.of(state)],
                            verify=site.lock.taken_over)
    held = slots.with_slot(Slot(name, release))
    if not prepared.plan and slot.whole == release:
        assert slot.state is not None
        refuse_what_is_not_whole(slot, slot.state)
        return held, None
    root = Prepared(state, state, wanted, (), Plan(), verify=False, force=False)
    return held, fill(UnderLock(remote, snapshot, root, options, site.lock, site.lost), slot, prepared, release)


def _website(remote: Remote, state: State, wanted: WantedSettings) -> WebsiteConfig:
    """The settings of the release that is live."""
    if state.release is not None:
        with suppress(NotFound):
            found = Releases(remote.states.store, remote.states.prefix, remote.states.shards).read(
                state.release.id, state).record.website
            if found is not None:
                return found
    return wanted.website


def off(site: Held, pointer: Pointer) -> int:
    """No slots any more: the bucket's root answers. How many objects were deleted. The root must hold what is to be
    seen. Raises SitepubError; what is not done then, the next run does."""
    slots = site.state.slots
    if slots is None:
        return 0
    if slots.hosts:
        site.save(slots=msgspec.structs.replace(slots, moving=True))
        site.lock.check()
        pointer.forget(slots.hosts, site_of(site.state))
        # Answers of the root may be in the cache of the edge since before there were slots.
        site.save(slots=msgspec.structs.replace(slots, live="", before="", until=0, hosts=(), moving=False),
                  shares=(), unpurged=(EVERYTHING,))
    gone = empty(site, {one.name for one in slots.all})
    if slots.rules:
        site.lock.check()
        site.remote.settings.put_folder_rules(FOLDER, ())
    # The bucket may have settings that are for routers.
    site.save(slots=None, settings_hash="", shares=())
    return gone


def surplus(slots: Slots, count: int, now: float, shares: Iterable[LiveShare]) -> set[str]:
    """Slots that a smaller ``releases.slots`` leaves over and that no visitor needs."""
    needed = {slots.live, slots.before if slots.until > now else "",
              *(slot.name for one in shares if (slot := slots.holding(one.release)) is not None)}
    return {one.name for one in slots.all if one.name not in names_of(count) and one.name not in needed}


def empty(site: Held, names: Collection[str]) -> int:
    """Delete what lies in slots that no visitor gets, and what is remembered of them. How many objects were deleted."""
    count = 0
    for name in sorted(names):
        store, prefix = site.remote.states.store, f"{site.remote.states.prefix}{STATES}{name}/"
        slot = open_slot(site.remote, name)
        keys = [there.key for there in slot.remote.store.list()]
        _delete(site, slot.remote.store.delete, keys)
        with suppress(CloudError):
            slot.remote.store.discard_uploads_below("")
        # The root of the state goes last: as long as it is there, the rest can be found again.
        rest = sorted((there.key for there in store.list(prefix)), key=lambda key: key == slot.remote.states.key)
        _delete(site, store.delete, rest)
        count += len(keys)
        slots = site.state.slots
        if slots is not None:
            left = msgspec.structs.replace(slots, all=tuple(one for one in slots.all if one.name != name))
            site.state = msgspec.structs.replace(site.state, slots=left)
    return count


def _delete(site: Held, delete: Callable[[Sequence[str]], Sequence[object]], keys: Sequence[str]) -> None:
    for start in range(0, len(keys), _DELETED_AT_ONCE):
        site.lock.check()
        failed = delete(keys[start:start + _DELETED_AT_ONCE])
        if failed:
            raise PartlyDone(f"{counted(len(failed), 'object')} of a slot could not be deleted",
                             hint="run the same command again to do the rest")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
