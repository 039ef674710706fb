"""Releases: what was live, and who published it. A release is a root: it names the shards of its manifest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec

from sitepub.config.site_rules import SiteRules
from sitepub.errors import NotFound, SitepubError
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.packed import packed
from sitepub.publish.states.root import READER, decode_as
from sitepub.publish.states.sharded import Reader, ShardedManifest
from sitepub.publish.states.shards import ShardRef
from sitepub.publish.states.state import VERSION, ReleaseInfo, State
from sitepub.tencent.cos.store import ObjectStore
from sitepub.tencent.cos.website_config import WebsiteConfig
from sitepub.threads import side_by_side

FOLDER = "releases/"
_SUFFIX = ".json.gz"
_ID = re.compile(r"^(\d{8}T\d{6}Z)-[0-9a-f]{6}$")


class ReleaseRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What lies in the bucket: enough to compare, and to find the content again."""

    version: int
    reader: str = ""
    """The first version of sitepub that can read it."""
    info: ReleaseInfo
    bucket: str
    region: str
    uploaded: int = 0
    copied: int = 0
    headers: int = 0
    deleted: int = 0
    unchanged: int = 0
    shards: tuple[ShardRef, ...] = ()
    website: WebsiteConfig | None = None
    """The website settings that went with it."""
    rules: SiteRules | None = None
    """Of `_headers` and `_redirects`, that went with it."""
    settings_hash: str = ""
    """Hash of all settings that went with it."""
    manifest: dict[str, Entry] = {}
    """Of version 1, whose content was not kept."""

    @classmethod
    def of(cls, info: ReleaseInfo, **fields: object) -> ReleaseRecord:
        return cls(version=VERSION, reader=READER, info=info, **fields)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Release:
    """A release that was read. Its manifest is read shard by shard, where it is asked for."""

    record: ReleaseRecord
    manifest: ShardedManifest
    kept: bool
    """Whether its content is kept, so that it can go live again."""

    @property
    def info(self) -> ReleaseInfo:
        return self.record.info

    @property
    def id(self) -> str:
        return self.record.info.id


def new_release_id(at: datetime, after: str | None = None) -> str:
    """An id that sorts by time: ``20261120T213000Z-ab12cd`` (UTC; the hex digits are the fraction of the
    second in 1/2^24). Always greater than ``after``, the release before, whatever that computer's clock."""
    moment = at.astimezone(UTC)
    fraction = moment.microsecond * 2**24 // 1_000_000
    new = f"{moment:%Y%m%dT%H%M%SZ}-{fraction:06x}"
    found = _ID.match(after) if after is not None else None
    if found is None or after is None or new > after:
        return new
    later = datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) + timedelta(seconds=1)
    return new_release_id(later)


def released_at(release: str) -> datetime | None:
    """When a release of this id was made; ``None`` when it is no id."""
    found = _ID.match(release)
    return datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if found else None


_DECODER = msgspec.json.Decoder(ReleaseRecord)


class Releases:
    """The releases of one site, below ``<prefix>releases/`` in the state bucket."""

    def __init__(self, store: ObjectStore, prefix: str, reader: Reader) -> None:
        self.store = store
        self.prefix = prefix + FOLDER
        self._reader = reader

    def key(self, release: str) -> str:
        return f"{self.prefix}{release}{_SUFFIX}"

    def write(self, record: ReleaseRecord) -> None:
        """Its shards are there already."""
        self.store.put(self.key(record.info.id), packed(record), {"Content-Type": "application/gzip"})

    def delete(self, release: str) -> None:
        """One that is not there is no error."""
        if released_at(release) is not None:
            self.store.delete([self.key(release)])

    def ids(self, state: State | None = None) -> list[str]:
        """Newest first; objects that are not releases are passed over. ``state``: so are those that it knows nothing
        of yet."""
        return sorted((release for listed in self.store.list(self.prefix)
                       if (release := self.id_of(listed.key)) is not None
                       and not (state is not None and state.is_unfinished(release))), reverse=True)

    def later(self, state: State) -> str:
        """The newest release of which the root knows nothing, although it was made after the one that the root names:
        an old copy of the root was put back. "": there is none. Raises what the cloud answers."""
        if state.release is None:
            return ""
        later = (self.id_of(listed.key) for listed in self.store.list(self.prefix, after=self.key(state.release.id)))
        return max((one for one in later if one is not None and not state.is_unfinished(one)), default="")

    def id_of(self, key: str) -> str | None:
        """The release whose object this is."""
        name = key.removeprefix(self.prefix).removesuffix(_SUFFIX)
        return name if _ID.match(name) and self.key(name) == key else None

    def read(self, release: str, state: State | None) -> Release:
        """``state``: says which releases are kept with their content.

        Raises :class:`~sitepub.errors.NotFound` for an unknown id, and SitepubError for a record that is damaged or
        of a newer sitepub."""
        key = self.key(release)
        try:
            data = self.store.get(key).data
        except NotFound as error:
            raise NotFound(f"there is no release {release}", code="NoSuchRelease", status=404) from error
        try:
            record = decode_as(data, _DECODER, f"{self.store.bucket}/{key}")
        except SitepubError as error:
            if error.code != "StateDamaged":
                raise
            raise SitepubError(f"the record of release {release} is damaged: {error.message}",
                               code="ReleaseDamaged", hint="the other releases are not touched by it") from error
        kept = record.version >= VERSION and state is not None and state.keeps(release)
        return Release(record, ShardedManifest(record.shards, self._reader, record.manifest), kept)

    def latest(self, count: int, state: State | None) -> list[Release]:
        """The newest releases, newest first."""
        return side_by_side(partial(self.read, release, state) for release in self.ids(state)[:count])
