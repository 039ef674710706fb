"""Back to a release that a slot holds: the routes move, and nothing else. No object is written, copied or deleted; the
bucket's root follows with the next deploy."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import msgspec

from sitepub.publish.locking.owner import who
from sitepub.publish.release.origin import Origin
from sitepub.publish.slots.filling import OpenSlot, open_slot
from sitepub.publish.slots.pointer import Pointer
from sitepub.publish.slots.routes import as_led, moved, routes_of, site_of
from sitepub.publish.slots.switching import Held
from sitepub.publish.slots.website_rules import bring_rules
from sitepub.publish.states.releases import Release, ReleaseRecord, Releases, new_release_id
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.shards import ShardRef
from sitepub.publish.states.state import Journal, ReleaseInfo, State
from sitepub.tencent.cos.website_config import WebsiteConfig


def slot_with(remote: Remote, state: State, release: Release, now: WebsiteConfig) -> OpenSlot | None:
    """The slot that holds a release whole, so that moving the routes is enough. ``now``: the website settings that the
    bucket has; where those of the release differ in what holds for the whole bucket, it is not. One GET a slot."""
    slots, website = state.slots, release.record.website
    if slots is None or not slots.hosts or website is None or release.record.manifest:
        return None
    if (website.auto_addressing, website.redirect_https) != (now.auto_addressing, now.redirect_https):
        return None
    first = slots.holding(release.id)
    for one in sorted(slots.all, key=lambda one: one != first):
        slot = open_slot(remote, one.name)
        if slot.whole and slot.state is not None and _site(slot.state) == _of(release.manifest.refs):
            return slot
    return None


def _site(state: State) -> list[tuple[str, str]] | None:
    manifest = ShardedManifest.of(state.manifest)
    return None if manifest.changes else _of(manifest.refs)


def _of(refs: tuple[ShardRef, ...]) -> list[tuple[str, str]]:
    """Keys, contents and headers; ETags and times are those of other objects."""
    return [(ref.first, ref.site) for ref in refs]


def is_there(slot: OpenSlot, website: WebsiteConfig) -> bool:
    """Asks for the index document and the error document: another program may have emptied the bucket."""
    assert slot.state is not None
    for key in (website.index, website.error or ""):
        entry = slot.state.manifest.get(key) if key else None
        if entry is not None:
            there = slot.remote.store.head(key)
            if there is None or there.etag != entry.etag:
                return False
    return True


def point_back(site: Held, pointer: Pointer, slot: OpenSlot, release: Release, origin: Origin, count: int) -> None:
    """Visitors get the slot. The release that is live then is a new one, which names the same files. Raises what the
    cloud answers; a run that is killed here is carried to its end, or undone, by the next."""
    began = time.monotonic()
    state, remote, website = site.state, site.remote, release.record.website
    assert website is not None and state.slots is not None and slot.state is not None
    releases = Releases(remote.states.store, remote.states.prefix, remote.states.shards)
    before = as_led(state.slots, pointer.read(state.slots.hosts).values())
    old = state.release.id if state.release is not None else ""
    info = _info(release, origin, max([old, *(one.release for one in before.all)]))
    after = moved(before, slot.name, at=info.at, until=_until(remote), shows=info.id)
    after = bring_rules(remote.settings, after, slot.name, website, site.lock.check)
    pending = state.pending
    if pending is not None and not pending.steps and pending.release not in ("", old):
        site.lock.check()
        releases.delete(pending.release)  # of a run like this one that did not end
        pending = None
    root = state.slots.root or old
    journal = pending or Journal(info.id, info.at, info.by)
    site.save(pending=journal, slots=msgspec.structs.replace(before, moving=True, apart=True, root=root))
    pointer.point(routes_of(after, site=site_of(state), website=website, hosts=after.hosts, count=count,
                            shares=(), whole=[one.name for one in after.all if one.release]))
    site.lock.check()
    info = msgspec.structs.replace(info, seconds=round(time.monotonic() - began, 3))
    releases.write(ReleaseRecord.of(
        info, bucket=state.bucket, region=state.region, unchanged=info.files, shards=release.record.shards,
        website=website, settings_hash=release.record.settings_hash, rules=release.record.rules))
    site.save(pending=pending, release=info, kept=state.kept + 1, oldest=state.oldest or info.id,
              rules=release.record.rules, shares=(),
              slots=msgspec.structs.replace(after, moving=False, apart=True, root=root))


def _until(remote: Remote) -> int:
    keep = remote.project.releases.keep_assets
    return int(remote.states.cloud_time) + keep if keep else 0


def _info(release: Release, origin: Origin, last: str) -> ReleaseInfo:
    now = datetime.now(UTC)
    return ReleaseInfo(
        id=new_release_id(now, last or None), at=now.isoformat(timespec="seconds"), by=who(), commit=origin.commit,
        message=origin.message, branch=origin.branch, where=origin.where, of=origin.of, actor=origin.actor,
        request=origin.request, files=release.info.files, bytes=release.info.bytes)
