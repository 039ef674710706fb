"""Releases: a record of every deploy, newest first, the last twenty kept."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import msgspec

from sitepub.errors import NotFound, SitepubError
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.packed import Unreadable, decoded, packed, unpacked
from sitepub.publish.states.state import ReleaseInfo
from sitepub.tencent.cos.store import ObjectStore

KEEP = 20
_ID = re.compile(r"^(\d{8}T\d{6}Z)-[0-9a-f]{6}$")


class ReleaseRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that says what was live: enough to compare, and to find the content again."""

    version: int
    info: ReleaseInfo
    bucket: str
    region: str
    uploaded: int = 0
    copied: int = 0
    headers: int = 0
    deleted: int = 0
    unchanged: int = 0
    manifest: dict[str, Entry] = {}


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


_DECODER = msgspec.json.Decoder(ReleaseRecord)


class Releases:
    """The records of one site, below ``<prefix>releases/`` in the state bucket."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self.store = store
        self.prefix = f"{prefix}releases/"

    def _key(self, release: str) -> str:
        return f"{self.prefix}{release}.json.gz"

    def write(self, record: ReleaseRecord) -> None:
        self.store.put(self._key(record.info.id), packed(record), {"Content-Type": "application/gzip"})

    def ids(self) -> list[str]:
        """Newest first; objects that are not release records are passed over."""
        names = (listed.key.removeprefix(self.prefix).removesuffix(".json.gz")
                 for listed in self.store.list(self.prefix))
        return sorted((name for name in names if _ID.match(name)), reverse=True)

    def read(self, release: str) -> ReleaseRecord:
        """Raises :class:`~sitepub.errors.NotFound` for an unknown id."""
        try:
            data = self.store.get(self._key(release)).data
        except NotFound as error:
            raise NotFound(f"there is no release {release}", code="NoSuchRelease", status=404) from error
        try:
            return decoded(unpacked(data, self._key(release)), _DECODER)
        except Unreadable as error:
            raise SitepubError(f"the record of release {release} is damaged: {error}",
                               code="ReleaseDamaged") from error

    def prune(self, keep: int = KEEP) -> list[str]:
        """Delete all but the newest ``keep`` records; answers the ids that went."""
        old = self.ids()[keep:]
        if old:
            self.store.delete([self._key(release) for release in old])
        return old
