"""What a slot holds, as a site that can go live: the cloud copies it from there."""

from __future__ import annotations

from dataclasses import replace

from sitepub.config.site_rules import SiteRules
from sitepub.errors import SitepubError
from sitepub.publish.release.going_back import ReleasedFiles
from sitepub.publish.slots.filling import OpenSlot, open_slot
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.state import LiveShare, State
from sitepub.site.snapshot import SiteFile, Snapshot, StoredCopy


class SlotFiles(ReleasedFiles):
    """The files of a slot."""

    def __init__(self, manifest: ShardedManifest, state: State, folder: str) -> None:
        super().__init__(manifest)
        self._state = state
        self._folder = folder

    def _file(self, key: str, entry: Entry) -> SiteFile:
        file = super()._file(key, entry)
        if not entry.size:
            return file
        return replace(file, copies=(
            StoredCopy(self._state.bucket, self._state.region, self._folder + key, entry.etag),))


def shared_slot(remote: Remote, state: State, share: LiveShare) -> OpenSlot | None:
    """The slot of a share, when it holds that release whole."""
    there = state.slots.holding(share.release) if state.slots is not None and not share.paused else None
    slot = open_slot(remote, there.name) if there is not None else None
    return slot if slot is not None and slot.whole and there is not None and slot.whole == there.release else None


def shared_site(remote: Remote, state: State, share: LiveShare) -> Snapshot:
    """What the visitors of a share get. Raises SitepubError when its slot is not whole."""
    slot = shared_slot(remote, state, share)
    if slot is None or slot.state is None:
        raise SitepubError(f"the slot of the share does not hold {share.release} whole: a deploy into it has not ended",
                           code="Unfinished", hint="run that deploy again; sitepub traffic 0 ends the share")
    manifest = ShardedManifest.of(slot.state.manifest)
    return Snapshot(SlotFiles(manifest, slot.state, slot.remote.folder), rules=slot.state.rules or SiteRules())
