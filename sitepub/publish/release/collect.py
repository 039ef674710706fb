"""Clears away what is not needed any more: mark and sweep, under the lock of the site.

Marked is what the root of now, the roots of kept releases and those of previews name: shards, and content by MD5 and
size. Everything else of ours below the site's prefix goes. It is safe because every run that writes there holds the
lock: no run can be about to name what is swept. A run that lost its lock writes and deletes nothing any more (the
fence), and nothing is swept while the state says that such a run may still have requests under way. Killed in the
middle, what is left is as unneeded as before; the state says that there is litter until a sweep has come to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import msgspec

from sitepub.config.previews import PREVIEWS
from sitepub.config.project import Releases as Policy
from sitepub.errors import AccessDenied, SitepubError
from sitepub.publish.release.content import Content, KeptContent
from sitepub.publish.states.releases import Releases, released_at
from sitepub.publish.states.root import decode_as
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.shards import ShardRef
from sitepub.publish.states.state import State
from sitepub.publish.states.state_store import JOURNAL, OVERLAY, StateStore
from sitepub.threads import side_by_side

_DELETED_AT_ONCE = 1000
_READ_AT_ONCE = 64
_DAY = 86400
_OLD = frozenset({"buckets.json"})
"""Of version 1."""


class _Refs(msgspec.Struct, frozen=True):
    """What every root says of its shards."""

    shards: tuple[ShardRef, ...] = ()
    retained: tuple[ShardRef, ...] = ()


_REFS = msgspec.json.Decoder(_Refs)


def is_due(state: State, policy: Policy, now: float) -> bool:
    """Whether more releases are kept than the project wants, by so many that a sweep is worth its requests."""
    if state.kept > policy.number + max(1, policy.number // 10):
        return True
    at = released_at(state.oldest) if policy.age is not None and state.kept > 1 else None
    return at is not None and policy.age is not None and at.timestamp() < now - policy.age - _DAY


def oldest_kept(ids: list[str], policy: Policy, now: float) -> str:
    """The oldest release to keep. ``ids``: newest first; that one is live and always kept."""
    kept = ids[:policy.number]
    if policy.age is not None:
        earliest = now - policy.age
        kept = [one for one in kept if (at := released_at(one)) is None or at.timestamp() >= earliest] or kept[:1]
    return kept[-1] if kept else ""


def kept_after(state: State, release: str, releases: Releases, policy: Policy, now: float) -> State:
    """The state with one release more; says which ones are kept now."""
    state = msgspec.structs.replace(state, kept=state.kept + 1, oldest=state.oldest or release)
    if not is_due(state, policy, now):
        return state
    try:
        ids = [one for one in releases.ids() if one >= state.oldest]
    except AccessDenied:  # a key may be allowed no listing
        return state
    oldest = oldest_kept(ids, policy, now)
    return msgspec.structs.replace(state, oldest=oldest, kept=sum(one >= oldest for one in ids), litter=True)


@dataclass(frozen=True, slots=True)
class Swept:
    """How much went."""

    shards: int = 0
    contents: int = 0
    others: int = 0


class Sweep:
    """One sweep of one site, under its lock."""

    def __init__(self, states: StateStore, state: State, check: Callable[[], None]) -> None:
        """``check`` raises when the lock is not ours any more."""
        self.states = states
        self.state = state
        self.check = check
        self.content = KeptContent(states.store, states.prefix)
        self.releases = Releases(states.store, states.prefix, states.shards)

    def run(self) -> Swept:
        """Raises what the cloud answers; what was not deleted then stays for the next sweep."""
        shards: dict[str, str] = {}
        contents: dict[Content, str] = {}
        roots: list[str] = []
        others: list[str] = []
        prefix = self.states.prefix
        for listed in self.states.store.list(prefix):
            name = listed.key.removeprefix(prefix)
            content = self.content.content_of(listed.key)
            release = self.releases.id_of(listed.key)
            if listed.key.startswith(self.states.shards.prefix):
                shards[listed.key.removeprefix(self.states.shards.prefix)] = listed.key
            elif content is not None:
                contents[content] = listed.key
            elif name.startswith(PREVIEWS):
                # A preview has its state in a folder of its own, with all that it needs, and clears it away itself.
                if "/" not in name.removeprefix(PREVIEWS):
                    roots.append(listed.key)
            elif release is not None and self.state.keeps(release):
                roots.append(listed.key)
            elif name in _OLD or name.startswith((OVERLAY, JOURNAL)):
                others.append(listed.key)
        needed = self._needed(roots)
        unneeded = dict(contents)
        for name in needed:
            shards.pop(name, None)
        for entries in self._entries(list(needed.values()), unneeded):
            for content in entries:
                unneeded.pop(content, None)
        self._delete([*shards.values(), *unneeded.values(), *others])
        with suppress(AccessDenied):
            self.states.store.discard_uploads_below(self.content.prefix)
        return Swept(len(shards), len(unneeded), len(others))

    def _needed(self, roots: list[str]) -> dict[str, ShardRef]:
        """The shards that anything names, by name."""
        refs = [ref for manifest in (self.state.manifest, self.state.retained,
                                     *(former.manifest for former in self.state.former))
                for ref in ShardedManifest.of(manifest).refs]
        for found in side_by_side((partial(self._refs_of, key) for key in roots), 16):
            refs += found
        return {ref.name: ref for ref in refs}

    def _refs_of(self, key: str) -> list[ShardRef]:
        # What a newer sitepub has written may name its shards in another way: then nothing is swept.
        root = decode_as(self.states.store.get(key).data, _REFS, f"{self.states.store.bucket}/{key}")
        return [*root.shards, *root.retained]

    def _entries(self, refs: list[ShardRef], unneeded: dict[Content, str]) -> Iterator[list[Content]]:
        """What is named, a shard at a time; no more is read once everything that is there is known to be needed."""
        over = [entry for manifest in (self.state.manifest, self.state.retained)
                for entry in ShardedManifest.of(manifest).changes.values()]
        yield [(entry.md5, entry.size) for entry in over if entry is not None]
        for start in range(0, len(refs), _READ_AT_ONCE):
            if not unneeded:
                return
            for shard in self.states.shards.read(refs[start:start + _READ_AT_ONCE], keep=False):
                yield [(entry.md5, entry.size) for entry in shard.entries.values()]

    def _delete(self, keys: list[str]) -> None:
        for start in range(0, len(keys), _DELETED_AT_ONCE):
            self.check()
            failed = self.states.store.delete(keys[start:start + _DELETED_AT_ONCE])
            if failed:
                raise SitepubError(f"{failed[0].key} could not be deleted: {failed[0].message}", code=failed[0].code)
