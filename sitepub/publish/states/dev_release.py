"""The end of a ``sitepub dev``: one release for the whole run, and all of it in shards."""

from __future__ import annotations

import msgspec

from sitepub.publish.apply import Counts
from sitepub.publish.locking.lock import Lock
from sitepub.publish.release.origin import origin_here
from sitepub.publish.states.dev_overlay import OverlayStates
from sitepub.publish.states.releases import ReleaseRecord, Releases
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.tencent.cos.website_config import WebsiteConfig


def record_dev_release(remote: Remote, states: OverlayStates, counts: Counts,
                       website: WebsiteConfig | None) -> bool:
    """Record one release and fold the overlay into the shards; publishes nothing. ``False``: nothing to write.

    ``counts``: what the run did, for the record. ``website``: the website settings that it published with last, so that
    going back to it brings them back. A publish that did not end keeps its journal, for the
    next deploy to finish. Raises what the cloud answers; nothing is lost then, since the next deploy reads
    the changes too."""
    if not states.written:
        return False
    with Lock(states.store, states.prefix) as lock:
        state = states.load()
        if state is None or not states.written or state.pending is not None or state.release is None:
            return False
        origin = origin_here(remote.project.root, remote.environ)
        release = msgspec.structs.replace(state.release, commit=origin.commit, message=origin.message,
                                          branch=origin.branch, where=origin.where, actor=origin.actor,
                                          request=origin.request)
        lock.check()
        state = states.settled(msgspec.structs.replace(state, release=release, kept=state.kept + 1,
                                                       oldest=state.oldest or release.id))
        Releases(states.store, states.prefix, states.shards).write(ReleaseRecord.of(
            release, bucket=state.bucket, region=state.region, uploaded=counts.uploaded,
            copied=counts.copied, headers=counts.headers, deleted=counts.deleted, unchanged=counts.unchanged,
            shards=ShardedManifest.of(state.manifest).refs, website=website,
            settings_hash=state.settings_hash, rules=state.rules))
        lock.check()
        states.fold(state)
        return True
