"""The claims in other regions: each has a state bucket of its own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from sitepub.domains.hosts.claims import Claim, Claims
from sitepub.errors import SitepubError
from sitepub.tencent.cloud import Cloud

_BUCKET = "sitepub-state-{region}-{app_id}"
"""The name that a state bucket has when ``state.bucket`` does not say otherwise."""


class ClaimsElsewhere:
    """Looks for another site that has a host in another region. A reminder, no lock: regions that cannot be asked
    are left out. Safe for many threads."""

    def __init__(self, cloud: Cloud, mine: Claim) -> None:
        self._cloud = cloud
        self._mine = mine
        self._found: Sequence[tuple[str, str]] | None = None
        self._lock = threading.Lock()

    def __call__(self, host: str) -> tuple[str, Claim] | None:
        """The region, and the site; ``None``: nobody that can be seen."""
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
                    and bucket == _BUCKET.format(region=region, app_id=self._cloud.app_id))
            return self._found
