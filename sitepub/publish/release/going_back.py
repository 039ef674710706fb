"""A release as a site that can be published: its content lies in the kept content or under other keys of the bucket.

``prepare`` and ``publish`` take it like the snapshot of a folder. So everything holds for going back that holds for a
deploy: the plan with its reasons, the guards, the order, the journal, what a kill leaves behind.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence

from sitepub.config.site_rules import SiteRules
from sitepub.errors import SitepubError
from sitepub.publish.flip import content_of
from sitepub.publish.looking import look_at
from sitepub.publish.plan import Plan
from sitepub.publish.release.content import KeptContent
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.releases import Release
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.shards import ShardRef
from sitepub.site.snapshot import SiteFile, Snapshot

_SHOWN = 10


class ReleasedFiles(Mapping[str, SiteFile]):
    """The files of a manifest, read shard by shard, where they are asked for."""

    def __init__(self, manifest: ShardedManifest) -> None:
        self.manifest = manifest
        self._headers: dict[str, Mapping[str, str]] = {}

    @property
    def refs(self) -> tuple[ShardRef, ...]:
        return self.manifest.refs

    def keys_in(self, refs: Sequence[ShardRef]) -> Iterator[str]:
        """The keys of some of the shards."""
        for shard in self.manifest.reader.read(refs):
            yield from shard.entries

    def __getitem__(self, key: str) -> SiteFile:
        return self._file(key, self.manifest[key])

    def __contains__(self, key: object) -> bool:
        return key in self.manifest

    def __iter__(self) -> Iterator[str]:
        return iter(self.manifest)

    def __len__(self) -> int:
        return len(self.manifest)

    def _file(self, key: str, entry: Entry) -> SiteFile:
        if entry.headers_hash not in self._headers:
            self._headers.update(self.manifest.headers_of([key]))
        headers = self._headers.get(entry.headers_hash)
        if headers is None:
            # What lies over the shards has its headers in the root.
            headers = self.manifest.reader.headers.get(entry.headers_hash)
        if headers is None:
            raise SitepubError(f"the response headers that {key} had in this release are not known",
                               code="HeadersNotKnown", hint="deploy that commit again, or go to a newer release")
        return SiteFile(key, entry.size, entry.md5, headers, entry.headers_hash, data=None if entry.size else b"")


def site_of(release: Release) -> Snapshot:
    """What was live with a release. Raises SitepubError when its content is not kept any more."""
    if not release.kept:
        raise SitepubError(f"the content of release {release.id} is not kept any more", code="ContentNotKept",
                           hint="`releases.keep` says how many are kept; deploy its commit again"
                           + (f": {release.info.commit}" if release.info.commit else ""))
    return Snapshot(ReleasedFiles(release.manifest), rules=release.record.rules or SiteRules())


def content_missing(plan: Plan, content: KeptContent, stop: threading.Event | None = None) -> list[str]:
    """Keys of a plan whose content should lie in the kept content when they go live, and will not."""
    wanted = {content_of(step): step.key for step in plan.copies if step.from_kept}
    if not wanted:
        return []
    # What is replaced or deleted is kept before.
    leaving = {(entry.md5, entry.size) for step in plan.steps if (entry := plan.known.get(step.key)) is not None}
    names = {content.key(one): key for one, key in wanted.items() if one not in leaving}
    there = look_at(content.store, names, stop or threading.Event()).there
    return sorted(key for name, key in names.items() if name not in there)


def content_not_kept(keys: Sequence[str]) -> SitepubError:
    more = f"\n  … and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    shown = "\n".join(f"  {key}" for key in keys[:_SHOWN])
    what = "1 file" if len(keys) == 1 else f"{len(keys)} files"
    return SitepubError(f"the content of {what} of this release is not kept:\n{shown}{more}", code="ContentNotKept",
                        hint="another program changed or deleted it before it could be kept; deploy that commit again")
