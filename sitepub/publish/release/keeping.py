"""What a run has to keep of the site that it changes, and what is kept already."""

from __future__ import annotations

from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass

from sitepub.errors import AccessDenied
from sitepub.publish.flip import Keeping
from sitepub.publish.release.content import KeptContent
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.state import State


@dataclass(frozen=True, slots=True)
class _Released:
    """The keys whose content belongs to a release. What lies over the shards was written after the last one; ``None``
    there means that the site has dropped the file since, and it is to be deleted. One that got new headers only has the
    content that it had."""

    manifest: ShardedManifest

    def __contains__(self, key: object) -> bool:
        now = self.manifest.changes.get(key) if isinstance(key, str) else None
        if now is None:
            return True
        before = ShardedManifest(self.manifest.refs, self.manifest.reader).get(str(key))
        return before is not None and (before.md5, before.size) == (now.md5, now.size)


def unfinished(base: State) -> bool:
    """Whether a run before this one did not end."""
    return base.pending is not None or base.litter


def keeping_of(base: State, content: KeptContent, *, direct: bool) -> Keeping:
    """``direct``: new content goes straight to its place. After a run that did not end the kept content is listed, so
    that nothing is sent twice."""
    there: Container[tuple[str, int]] = frozenset()
    if unfinished(base):
        with suppress(AccessDenied):  # a key may be allowed no listing
            there = frozenset(one for one, _ in content.there())
    if direct and not unfinished(base):
        # Of a file that is saved ten times, only what the last release had is kept.
        return Keeping(there, stages=False, released=_Released(ShardedManifest.of(base.manifest)))
    return Keeping(there, stages=not direct)
