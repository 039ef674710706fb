"""One host, one site: a claim in the state bucket says which site a host belongs to.

``hosts/<host>.json`` beside the states of all sites of the region. It is created with forbid-overwrite, so of
two deploys at the same moment one wins. Other regions have state buckets of their own: they are asked before a host
is claimed, and of two deploys at the same moment there both may win.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec

from sitepub.domains.times import now_iso
from sitepub.errors import NotFound, Position, PreconditionFailed, Refused, SitepubError
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cos.store import ObjectStore

PREFIX = "hosts/"
CLAIMED = "HostClaimed"
_STATE_BUCKET = "sitepub-state-{region}-{app_id}"
"""The name that a state bucket has when ``state.bucket`` does not say otherwise."""
_HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-store"}


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Who has a host."""

    app: str
    stage: str
    name: str
    state: str
    """Key of that site's state in the same bucket; a claim whose state is gone counts for nothing."""
    at: str = ""


def nowhere(_host: str) -> None:
    """There are no other regions."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of one site. ``mine`` is written for it, without a time."""

    store: ObjectStore
    mine: Claim
    elsewhere: Callable[[str], tuple[str, Claim] | None] = nowhere
    """Host → the other region where another site has it, and that site."""

    def check(self, host: str, position: Position | None) -> None:
        """Raises :class:`~sitepub.errors.Refused` when another site has the host. Changes nothing."""
        claim = self._read(host)
        if claim is not None and self._is_mine(claim):
            return
        holder = self._alive(claim)
        region, holder = ("", holder) if holder is not None else self.elsewhere(host) or ("", None)
        if holder is not None:
            raise Refused(
                f"{host} is claimed by the site {holder.name} (app {holder.app}, stage {holder.stage}"
                f"{', in ' + region if region else ''})",
                code=CLAIMED, position=position,
                hint="Remove the host from that site and deploy it, or run sitepub remove there; a host can"
                     " show one site only.")

    def holder(self, host: str) -> Claim | None:
        """The other site that has the host; ``None``: it is free, or ours."""
        return self._alive(self._read(host))

    def _alive(self, claim: Claim | None) -> Claim | None:
        """The claim of another site that is there."""
        if claim is None or self._is_mine(claim) or self.store.head(claim.state) is None:
            return None
        return claim

    def take(self, host: str, position: Position | None) -> None:
        """Raises Refused when another site has it, also one that took it a moment ago."""
        body = msgspec.json.encode(msgspec.structs.replace(self.mine, at=now_iso()))
        try:
            self.store.put(_key(host), body, _HEADERS, forbid_overwrite=True)
        except PreconditionFailed:
            self.check(host, position)
            claim = self._read(host)
            if claim is None or not self._is_mine(claim):
                # Of a site that does not exist any more.
                self.store.put(_key(host), body, _HEADERS)

    def release(self, host: str) -> None:
        claim = self._read(host)
        if claim is not None and self._is_mine(claim):
            self.store.delete([_key(host)])

    def _is_mine(self, claim: Claim) -> bool:
        return (claim.app, claim.stage, claim.name) == (self.mine.app, self.mine.stage, self.mine.name)

    def _read(self, host: str) -> Claim | None:
        try:
            data = self.store.get(_key(host)).data
        except NotFound:
            return None
        try:
            return _decode(data)
        except msgspec.MsgspecError:
            # It does not say whose it is: as good as none.
            return None


class ClaimsElsewhere:
    """Looks for another site that has a host in another region. A reminder, no lock: regions that cannot be asked
    are left out. Safe for many threads."""

    def __init__(self, cloud: Cloud, mine: Claim) -> None:
        self._cloud = cloud
        self._mine = mine
        self._found: Sequence[tuple[str, str]] | None = None
        self._lock = threading.Lock()

    def __call__(self, host: str) -> tuple[str, Claim] | None:
        """The region, and the site; ``None``: none that can be seen."""
        from sitepub.tencent.cos.object_store import CosObjectStore

        for region, bucket in self._buckets():
            store = CosObjectStore(replace(self._cloud, region=region, accelerate=False), bucket, connections=1)
            try:
                holder = Claims(store, self._mine).holder(host)
            except SitepubError:
                continue
            finally:
                store.close()
            if holder is not None:
                return region, holder
        return None

    def _buckets(self) -> Sequence[tuple[str, str]]:
        """Region and name of the account's state buckets in other regions. Asked for once."""
        from sitepub.tencent.cos.bucket_settings import regions_of_buckets

        with self._lock:
            if self._found is None:
                try:
                    listed = regions_of_buckets(self._cloud)
                except SitepubError:
                    listed = {}
                self._found = sorted(
                    (region, bucket) for bucket, region in listed.items() if region != self._cloud.region
                    and bucket == _STATE_BUCKET.format(region=region, app_id=self._cloud.app_id))
            return self._found


# Made before there are threads: msgspec may crash when several of them are the first to need a type.
_decode = msgspec.json.Decoder(Claim).decode


def _key(host: str) -> str:
    # A star in a key is asking for trouble, and no host has an underscore.
    return f"{PREFIX}{host.replace('*', '_any')}.json"
