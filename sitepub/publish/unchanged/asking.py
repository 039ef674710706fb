"""Asks whether the state of a site is still the one that is remembered: one request, answered with 304 if it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sitepub.config.project import Project
from sitepub.errors import NotFound
from sitepub.publish.unchanged.remembered import Remembered
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cos.store import Fetched

if TYPE_CHECKING:
    from sitepub.tencent.cos.object_store import CosObjectStore

STATE = "state.json.gz"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the state bucket answered."""

    store: CosObjectStore
    fetched: Fetched | None
    """The root of now; ``None``: there is none."""
    remembered: Remembered | None
    """When the root is still that one."""
    now: float
    """Unix seconds by the cloud's clock."""

    @property
    def due(self) -> bool:
        """Something that the site has dropped is to go now."""
        return self.remembered is not None and 0 < self.remembered.due <= self.now


def ask(project: Project, cloud: Cloud, remembered: Remembered) -> Asked:
    """Raises what the cloud answers."""
    from sitepub.tencent.cos.object_store import CosObjectStore

    store = CosObjectStore(replace(cloud, accelerate=False), project.state_bucket_for(cloud.app_id), connections=128)
    try:
        key = project.state_prefix + STATE
        if not remembered.etag:
            return Asked(store, store.get(key), None, time.time())
        fetched, headers = store.get_unless(key, remembered.etag)
    except NotFound:
        return Asked(store, None, None, time.time())
    except BaseException:
        store.close()
        raise
    if fetched is not None:
        return Asked(store, fetched, None, time.time())
    from email.utils import parsedate_to_datetime

    try:
        now = parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError, OverflowError):
        now = time.time()
    return Asked(store, remembered.fetched(headers), remembered, now)
