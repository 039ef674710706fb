"""Where shards lie in the state bucket: each an object of its own that never changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import msgspec

from sitepub.errors import NotFound
from sitepub.publish.states.packed import Unreadable, decoded, packed_binary, unpacked
from sitepub.publish.states.root import damaged
from sitepub.publish.states.shards import Shard, ShardRef
from sitepub.tencent.cos.store import ObjectStore
from sitepub.threads import all_of, side_by_side

_AT_ONCE = 16
_HEADERS = {"Content-Type": "application/gzip", "Cache-Control": "no-store"}
_DECODER = msgspec.msgpack.Decoder(Shard)


class ShardStore:
    """Implements :class:`~sitepub.publish.states.sharded.Reader`."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self.store = store
        self.prefix = f"{prefix}shards/"
        self.headers: dict[str, Mapping[str, str]] = {}
        """Response headers by their hash: all that were read, and those that the writer has named."""
        self._known: dict[str, Shard] = {}

    def key(self, name: str) -> str:
        return self.prefix + name

    def read(self, refs: Sequence[ShardRef], *, keep: bool = True) -> Sequence[Shard]:
        known = self._known
        missing = [ref for ref in refs if ref.name not in known]
        found = dict(zip((ref.name for ref in missing),
                         side_by_side((partial(self._get, ref) for ref in missing), _AT_ONCE), strict=True))
        for shard in found.values():
            self.headers.update(shard.headers)
        if keep:
            known.update(found)
        return [known[ref.name] if ref.name in known else found[ref.name] for ref in refs]

    def knows(self, ref: ShardRef) -> bool:
        return ref.name in self._known

    def _get(self, ref: ShardRef) -> Shard:
        key = self.key(ref.name)
        where = f"{self.store.bucket}/{key}"
        try:
            shard = decoded(unpacked(self.store.get(key).data, where), _DECODER)
        except NotFound:
            raise damaged(where, "it is missing. If a deploy has ended in this moment, it may have cleared it away: run"
                                 " again") from None
        except Unreadable as error:
            raise damaged(where, error) from error
        if not shard.entries or shard.ref() != ref:
            raise damaged(where, "it holds something else than its name says")
        return shard

    def write(self, shards: Mapping[str, Shard], *, keep: bool = True, beside: Iterable[Callable[[], None]] = ()
              ) -> None:
        """Those that are not written yet. ``keep``: they are likely to be asked for. ``beside``: what is done at the
        same time. Raises what the cloud answers, when nothing is under way any more."""
        all_of((*beside, *(partial(self._put, name, shard) for name, shard in shards.items())), _AT_ONCE)
        if keep:
            self._known.update(shards)

    def _put(self, name: str, shard: Shard) -> None:
        self.store.put(self.key(name), packed_binary(shard), _HEADERS)

    def learn(self, headers: Iterable[tuple[str, Mapping[str, str]]]) -> None:
        """Hash and response headers of what is going to be written."""
        self.headers.update(headers)
